//! Finds the name before a separator, and tells what kind of name it is.

use super::extent;
use super::lines;

/// Bytes of a name that are examined.
pub(super) const MAX_NAME: usize = 256;
/// Names of fields that contain a name.
pub(super) const LABELS: &[&str] =
    &["name", "key", "k", "header", "field", "param", "parameter", "property"];
/// Names of fields that contain the value for that name.
pub(super) const VALUES: &[&str] = &["value", "val", "v", "content", "default"];
/// Words that name a secret only together with the word before them: `card number`.
pub(super) const SECOND_WORDS: &[&str] =
    &["number", "card", "phrase", "code", "id", "by", "value", "word"];
/// Words between a name and its value in a sentence.
pub(super) const VERBS: &[&str] =
    &["is", "was", "provided", "given", "used", "received", "generated"];

/// Returns whether the last part of `name` is `pass`.
pub(super) fn is_pass(name: &str) -> bool {
    is_pass_variable(name)
        || name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("pass"))
}

/// Returns whether `name` is that of an environment variable for a password: `HTTP_PASS`.
pub(super) fn is_pass_variable(name: &str) -> bool {
    name.len() > "PASS".len()
        && name.ends_with("PASS")
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        && !["BYPASS", "COMPASS"].iter().any(|end| name.ends_with(end))
}

/// Returns whether the first word of `text` names a password. Unlike keys and tokens, passwords
/// have no names of their own.
pub(super) fn is_password(text: &str) -> bool {
    let name = text.split(' ').next().unwrap_or_default().to_ascii_lowercase();
    ["password", "passwd", "passphrase", "pwd"].iter().any(|end| name.ends_with(end))
}

pub(super) fn is_one_of(words: &[&str], name: &str) -> bool {
    words.iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// Returns the actual name, and whether it is quoted, if `name` is the type of a declaration
/// (`api_key: &str = "x"`), the verb of a sentence (`your password is: x`), or the last of several
/// quoted words.
pub(super) fn declared<'a>(text: &'a str, name: &'a str, quoted: bool) -> Option<(&'a str, bool)> {
    const MAX_NAME: usize = 40;
    let begin = name.as_ptr() as usize - text.as_ptr() as usize;
    let before = &text[..begin];
    if is_one_of(VERBS, name) {
        let (name, quoted) = name_before(before);
        return Some(declared(text, name, quoted).unwrap_or((name, quoted)));
    }
    // `'--password <PASSWORD>'`
    if name.is_empty() && quoted {
        let inner = extent::strip_closing_quote(before);
        return inner.strip_suffix('>').map(|inner| (name_before(inner).0, false));
    }
    // `password for bo: x`, `password for bo@localhost: x`
    let user = before.strip_suffix('@').unwrap_or(before);
    let user = if user.len() < before.len() {
        user.trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
    } else {
        user
    };
    let owner = user.strip_suffix("user ").unwrap_or(user);
    if !quoted
        && let Some(owned) =
            [" for ", " of ", " FOR "].iter().find_map(|word| owner.strip_suffix(word))
    {
        let (owned, quoted) = name_before(owned);
        // `password is generated for bo: x`
        let owned = declared(text, owned, quoted).map_or(owned, |(name, _)| name);
        return is_password(owned).then_some((owned, false));
    }
    if quoted {
        let words = before.strip_suffix(' ')?;
        let length = words
            .bytes()
            .rev()
            .take(MAX_NAME)
            .position(|byte| !byte.is_ascii_alphabetic() && byte != b' ')?;
        let open = words.len() - length;
        return words[..open]
            .ends_with(['"', '\''])
            .then(|| (&text[open..begin + name.len()], true));
    }
    if !matches!(name, "str" | "String" | "string") {
        return None;
    }
    let before = before.trim_end_matches(['&', '<', '\'']).trim_end_matches("Option");
    let before = before.trim_end_matches("static ").trim_end_matches(['&', '\'', '<']);
    Some(name_before(before.trim_end().strip_suffix(':')?))
}

/// Returns `text` without the end of its emphasis in HTML or Markdown: `<b>name</b>`, `**name**`.
fn without_emphasis(text: &str) -> &str {
    const MAX_TAG: usize = 8;
    let inner = text.strip_suffix('>').and_then(|tag| {
        let near = tag.ceil_char_boundary(tag.len().saturating_sub(MAX_TAG));
        tag[near..].rfind("</").map(|at| &tag[..near + at])
    });
    inner.unwrap_or(text).trim_end_matches('*')
}

/// Returns `text` without the constructor around a quoted name: `String("name")`.
pub(super) fn without_constructor(text: &str) -> &str {
    const MAX_CONSTRUCTOR: usize = MAX_NAME;
    let Some(inner) = text.strip_suffix(')').filter(|inner| inner.ends_with('"')) else {
        return text;
    };
    let near = inner.ceil_char_boundary(inner.len().saturating_sub(MAX_CONSTRUCTOR));
    let constructor = inner[near..].rfind('(').map_or("", |at| name_before(&inner[..near + at]).0);
    if constructor.starts_with(char::is_uppercase) { inner } else { text }
}

/// Returns whether `name` is that of a file of source code.
pub(super) fn is_file(name: &str) -> bool {
    const EXTENSIONS: &[&str] = &[
        "rs", "py", "js", "ts", "tsx", "jsx", "go", "java", "kt", "rb", "c", "cc", "cpp", "h",
        "cs", "php", "ex",
    ];
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| is_one_of(EXTENSIONS, extension))
}

/// Returns the name at the end of `before`, and whether it is quoted.
pub(super) fn name_before(before: &str) -> (&str, bool) {
    let before = lines::trim_end_blanks(before, false).trim_end_matches(']');
    let before = without_emphasis(before);
    let unquoted = extent::strip_closing_quote(before);
    let quoted = unquoted.len() < before.len();
    let unquoted = unquoted.trim_end_matches(']');
    let unquoted = unquoted.strip_suffix("%5D").unwrap_or(unquoted);
    let length =
        unquoted.bytes().rev().take(MAX_NAME).take_while(|byte| lines::is_name_byte(*byte)).count();
    let mut from = unquoted.len() - length;
    while !unquoted.is_char_boundary(from) {
        from += 1;
    }
    // The digits of an escape such as `%3F`.
    if unquoted[..from].ends_with('%') && unquoted.is_char_boundary(from + 2) {
        from += 2;
    }
    // The letter of an escape such as `\n`.
    if unquoted[..from].ends_with('\\') && unquoted[from..].starts_with(['n', 'r', 't']) {
        from += 1;
    }
    (&unquoted[from..], quoted)
}
