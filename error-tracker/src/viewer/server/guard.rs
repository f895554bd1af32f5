//! Decides which requests the standalone server accepts.

use std::net::{IpAddr, SocketAddr};

use crate::viewer::answer::{PageError, redirect};
use crate::viewer::{AccessToken, Viewer, ViewerRequest, ViewerResponse, status};

const COOKIE: &str = "error-tracker-token";

pub(super) struct RequestGuard {
    pub(super) address: SocketAddr,
    pub(super) token: Option<AccessToken>,
    pub(super) hosts: Vec<String>,
}

impl RequestGuard {
    /// Returns the answer that refuses a request; `None` if it is accepted.
    pub(super) fn check(&self, request: &ViewerRequest, viewer: &Viewer) -> Option<ViewerResponse> {
        let refuse = |status| Some(viewer.refuse(request, &PageError::new(status)));
        if !self.is_known_host(request) {
            return refuse(status::MISDIRECTED_REQUEST);
        }
        let token = self.token.as_ref()?;
        let in_cookie =
            cookies(request).any(|(name, value)| name == self.cookie() && token.matches(value));
        let asked = request.query();
        let given = form_urlencoded::parse(asked.as_bytes()).find(|(name, _)| name == "token");
        match given {
            Some((_, given)) if request.method() == "GET" && token.matches(&given) => {
                Some(self.exchange(request, token, asked))
            }
            _ if in_cookie => None,
            _ => refuse(status::UNAUTHORIZED),
        }
    }

    /// Puts the token into a cookie and redirects to the same page without it, so that it does not
    /// stay in the browser's history.
    fn exchange(
        &self,
        request: &ViewerRequest,
        token: &AccessToken,
        asked: &str,
    ) -> ViewerResponse {
        let rest = form_urlencoded::parse(asked.as_bytes()).filter(|(name, _)| name != "token");
        let rest = form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).finish();
        let page = request.path().rsplit('/').next().unwrap_or_default();
        let mark = if rest.is_empty() { "" } else { "?" };
        let mut answer = redirect(status::SEE_OTHER, format!("./{page}{mark}{rest}"));
        let cookie =
            format!("{}={}; HttpOnly; SameSite=Strict; Path=/", self.cookie(), token.as_str());
        answer.set("set-cookie", cookie);
        answer
    }

    /// Returns the cookie's name. It includes the port, because the ports of a host share their
    /// cookies.
    fn cookie(&self) -> String {
        format!("{COOKIE}-{}", self.address.port())
    }

    /// Returns whether the host is allowed. Another site can let its own name resolve to this
    /// address, but cannot make the browser send an allowed name.
    fn is_known_host(&self, request: &ViewerRequest) -> bool {
        let Some(name) = request.header("host").and_then(host) else { return false };
        let ip = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let bound = self.address.ip().to_canonical();
        match ip.map(|ip| ip.to_canonical()) {
            Ok(_) if bound.is_unspecified() => true,
            Ok(ip) => {
                ip == bound
                    || (bound.is_loopback() && ip.is_loopback())
                    || self.hosts.contains(&name)
            }
            Err(_) => name == "localhost" || self.hosts.contains(&name),
        }
    }
}

/// Returns a `Host` in lower case, without its port and trailing dot.
pub(super) fn host(header: &str) -> Option<String> {
    let name_ends = if header.starts_with('[') {
        header.find(']')? + 1
    } else {
        header.find(':').unwrap_or(header.len())
    };
    let (name, port) = header.split_at(name_ends);
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let is_host = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    is_host.then(|| name.trim_end_matches('.').to_ascii_lowercase())
}

fn cookies(request: &ViewerRequest) -> impl Iterator<Item = (&str, &str)> {
    let pairs = request.all("cookie").flat_map(|line| line.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('='))
}
