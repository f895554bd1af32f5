//! Finds user, password and secret paths in URLs.

use std::ops::Range;

use super::appearance::{SecretSuspicion, looks_secret};

/// Schemes whose paths often contain an `@`: `https://host:8080/@user`.
const SCHEMES_WITH_AT_IN_PATHS: [&str; 8] =
    ["http", "https", "ws", "wss", "file", "git", "data", "ipfs"];
/// Words in place of the password which say that the user is a token.
const TOKEN_MARKERS: [&str; 4] = ["x-oauth-basic", "x-access-token", "x-token-auth", "oauth2"];

/// Addresses whose path is secret, and whether only its first part is.
const HOOKS: [(&str, bool); 9] = [
    ("hooks.slack.com/services/", false),
    ("hooks.slack.com/workflows/", false),
    ("hooks.slack.com/triggers/", false),
    ("outlook.office.com/webhook/", false),
    ("hooks.zapier.com/hooks/catch/", false),
    ("hook.integromat.com/", false),
    ("discord.com/api/webhooks/", false),
    ("discordapp.com/api/webhooks/", false),
    ("api.telegram.org/bot", true),
];

/// Returns the secret part of the path of `url`, which has no scheme.
fn hook(url: &str) -> Option<Range<usize>> {
    let (address, is_part) = HOOKS.iter().find(|(address, _)| url.starts_with(address))?;
    let path = &url[address.len()..];
    let ends = |c: char| matches!(c, '?' | '#' | ')' | ',' | '\'') || *is_part && c == '/';
    let length = path.find(ends).unwrap_or(path.len());
    (length > 0).then(|| address.len()..address.len() + length)
}

/// Returns whether the parameter at `begin` belongs to the address to which a login server (OAuth)
/// sends its answer: `?code=..&state=..`.
pub(super) fn is_answer_of_login(text: &str, begin: usize) -> bool {
    const NEAR: usize = 128;
    if !text[..begin].ends_with(['?', '&']) {
        return false;
    }
    let from = text.ceil_char_boundary(begin.saturating_sub(NEAR));
    let to = text.floor_char_boundary(begin + NEAR);
    let is_end = |c: char| c.is_whitespace() || c == '"';
    let before = text[from..begin].rsplit(is_end).next().unwrap_or_default();
    let after = text[begin..to].split(is_end).next().unwrap_or_default();
    before.contains("state=") || after.contains("state=")
}

/// Returns the secrets of the URL whose `://` is at `at`: a token in place of the user, and the
/// password; or the path of a known webhook. A password may contain `/`, `#`, `?` and `@` if it is
/// clear that they belong to it.
pub(super) fn userinfo(text: &str, at: usize) -> [Option<Range<usize>>; 2] {
    const MAX_LENGTH: usize = 4096;
    let start = at + 3;
    let text = &text[..text.floor_char_boundary(start + MAX_LENGTH)];
    let end = text[start..]
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '`' | '<' | '>' | '\\'));
    let url = &text[start..end.map_or(text.len(), |length| start + length)];
    let scheme = text[..at].rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let is_web = SCHEMES_WITH_AT_IN_PATHS.iter().any(|web| scheme.eq_ignore_ascii_case(web));
    let Some(host) = end_of_userinfo(url, is_web) else {
        return [hook(url).map(|path| start + path.start..start + path.end), None];
    };
    let (user, password) = match url[..host].split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (&url[..host], None),
    };
    let is_token = looks_secret(user, SecretSuspicion::Strong)
        || password.is_some_and(|password| TOKEN_MARKERS.contains(&password));
    let user_range = start..start + user.len();
    let password_range = start + user.len() + 1..start + host;
    [
        (is_token && !user.is_empty()).then_some(user_range),
        password.filter(|password| !password.is_empty()).map(|_| password_range),
    ]
}

/// Returns the place of the `@` after user and password at the start of `url`.
fn end_of_userinfo(url: &str, is_web: bool) -> Option<usize> {
    let authority = url.find(['/', '?', '#']).unwrap_or(url.len());
    if let Some(at) = url[..authority].rfind('@') {
        let host = &url[at + 1..authority];
        let is_host =
            host.contains(['.', ':', '(', '[']) || host == "localhost" || authority == url.len();
        let later = || url[authority..].rfind('@').map(|later| authority + later);
        // `p@a/ss@host`: the password goes on.
        let goes_on = |later: &usize| {
            !url[at..*later].contains(['?', '=', '&']) && !url[..*later].ends_with('/')
        };
        return if is_host { Some(at) } else { later().filter(goes_on).or(Some(at)) };
    }
    // The password contains a character that would end a host. A port does not.
    let brackets = if url.starts_with('[') { url.find(']')? } else { 0 };
    let colon = brackets + url.get(brackets..authority)?.find(':')?;
    let is_port = url[colon + 1..authority].bytes().all(|byte| byte.is_ascii_digit());
    if is_port && is_web {
        return None;
    }
    let at = url.rfind('@').filter(|at| !url[..*at].ends_with('/'))?;
    url[at + 1..].starts_with(|c: char| c.is_alphanumeric() || c == '[').then_some(at)
}
