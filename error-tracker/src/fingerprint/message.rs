//! Messages without what differs from one occurrence to the next.

/// How many characters of a message group.
const KEPT: usize = 200;
/// How many bytes of a message are looked at: a quoted value may be long.
const SCANNED: usize = 4096;

/// The first line of `message`, with numbers, ids, hexadecimal, UUIDs, dates and addresses as `#`, quoted values
/// as `"*"`, and `<path>`, `<url>`, `<email>`; at most 200 characters. Names in backticks stay: they are the
/// program's own words (``called `Option::unwrap()` on a `None` value``).
pub(super) fn normalise(message: &str) -> String {
    let line = message.trim_start().lines().next().unwrap_or_default();
    let end = (0..=line.len().min(SCANNED)).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    let line = &line[..end];
    let mut out = Text(String::with_capacity(line.len().min(2 * KEPT)));
    let mut rest = line;
    // Whether a closing `'` may still follow; once a search failed every later one would.
    let mut apostrophes = true;
    let mut previous = ' ';
    while let Some(c) = rest.chars().next() {
        if out.is_full() {
            break;
        }
        if c == '"' {
            rest = after_quoted(&rest[1..]);
            out.push_quoted();
            previous = '"';
            continue;
        }
        if c == '\'' && apostrophes && !previous.is_alphanumeric() {
            if let Some(behind) = after_apostrophe(&rest[1..]) {
                rest = behind;
                out.push_quoted();
                previous = '"';
                continue;
            }
            apostrophes = false;
        }
        if is_delimiter(c) {
            out.push(c);
            previous = c;
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let (chunk, behind) = chunk(rest);
        out.push_chunk(chunk);
        previous = chunk.chars().next_back().unwrap_or(' ');
        rest = behind;
    }
    out.finish()
}

/// What follows the closing quotation mark; nothing where it is missing, as in a message that was cut.
fn after_quoted(text: &str) -> &str {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

/// What follows the closing `'`; one inside a word (`can't`) does not close.
fn after_apostrophe(text: &str) -> Option<&str> {
    text.match_indices('\'')
        .map(|(at, _)| &text[at + 1..])
        .find(|behind| !behind.chars().next().is_some_and(char::is_alphanumeric))
}

fn is_delimiter(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | ',' | ';' | '=' | '"' | '\'' | '`' | '|'
        )
}

/// Splits off what reaches to the next delimiter; a URL reaches further.
fn chunk(text: &str) -> (&str, &str) {
    let mut end = text.find(is_delimiter).unwrap_or(text.len());
    if text[..end].contains("://") {
        let ends_url = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | '`');
        end = text.find(ends_url).unwrap_or(text.len());
    }
    text.split_at(end)
}

struct Text(String);

impl Text {
    /// Bytes enough for any [`KEPT`] characters.
    fn is_full(&self) -> bool {
        self.0.len() > 4 * KEPT
    }

    fn finish(mut self) -> String {
        let text = self.0.trim_end();
        let end = text.char_indices().nth(KEPT).map_or(text.len(), |(at, _)| at);
        self.0.truncate(end);
        self.0
    }

    fn push(&mut self, c: char) {
        let c = if c.is_whitespace() { ' ' } else { c };
        if !(c == ' ' && self.0.ends_with(' ')) {
            self.0.push(c);
        }
    }

    /// A number joins the number before it, so that decimals, dates, times, addresses and lists of any length are
    /// all one `#`. Its sign goes too, but for a hyphen in a name (`order-17`).
    fn push_number(&mut self) {
        let unsigned = self.0.trim_end_matches(['-', '+']);
        if unsigned.is_empty() || unsigned.ends_with(is_delimiter) {
            self.0.truncate(unsigned.len());
        }
        self.join("#", &[", ", ",", ".", ":", "-", "+", "/", ""]);
    }

    fn push_quoted(&mut self) {
        self.join("\"*\"", &[", ", ","]);
    }

    /// Appends `mark`, unless another one with a joint goes just before.
    fn join(&mut self, mark: &str, joints: &[&str]) {
        let one_before = |joint: &&str| self.0.strip_suffix(*joint).filter(|before| before.ends_with(mark));
        match joints.iter().find_map(one_before).map(str::len) {
            Some(end) => self.0.truncate(end),
            None => self.0.push_str(mark),
        }
    }

    fn push_chunk(&mut self, chunk: &str) {
        let ends: &[char] = if chunk.contains("://") { &['.', ':'] } else { &['.', ':', '!', '?'] };
        let body = chunk.trim_end_matches(ends);
        let tail = &chunk[body.len()..];
        match whole(body) {
            Some("#") => self.push_number(),
            Some(name) => self.0.push_str(name),
            None => self.push_words(body),
        }
        self.0.push_str(tail);
    }

    fn push_words(&mut self, mut text: &str) {
        while let Some(c) = text.chars().next() {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            if !is_word(c) {
                self.0.push(c);
                text = &text[c.len_utf8()..];
                continue;
            }
            let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
            let word = &text[..end];
            text = &text[end..];
            if is_id(word) {
                self.push_number();
            } else {
                self.push_name(word);
            }
        }
    }

    /// A name; the digits in it count for nothing (`user42`).
    fn push_name(&mut self, word: &str) {
        let mut digits = false;
        for c in word.chars() {
            if c.is_numeric() {
                if !digits {
                    self.0.push('#');
                }
                digits = true;
            } else {
                digits = false;
                self.0.push(c);
            }
        }
    }
}

/// What stands for a chunk as a whole.
fn whole(chunk: &str) -> Option<&'static str> {
    let bytes = chunk.as_bytes();
    if chunk.contains("://") {
        return Some("<url>");
    }
    if is_path(chunk) {
        return Some("<path>");
    }
    if chunk.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.')) {
        return Some("<email>");
    }
    let is_uuid = bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let is_ipv6 = bytes.iter().filter(|byte| **byte == b':').count() >= 2
        && bytes.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
    (is_uuid || is_ipv6).then_some("#")
}

/// `/etc/x`, `./x`, `~/x`, `C:\x`, `a/b/c`, `src/main.rs:7`; but not `and/or`, `text/html` or `11/24/2026`.
fn is_path(chunk: &str) -> bool {
    let separator = |c: char| c == '/' || c == '\\';
    let Some(first) = chunk.find(separator) else { return false };
    let rest = &chunk[first + 1..];
    let rooted = match &chunk[..first] {
        "" => !rest.is_empty(),
        "." | ".." | "~" => true,
        start => start.len() == 2 && start.ends_with(':') && start.as_bytes()[0].is_ascii_alphabetic(),
    };
    let last = rest.rsplit(separator).next().unwrap_or(rest);
    let has_suffix =
        last.split_once('.').is_some_and(|(stem, suffix)| !stem.is_empty() && !suffix.is_empty());
    let lettered = chunk.contains(|c: char| c.is_alphabetic());
    rooted || lettered && (has_suffix || rest.contains(separator))
}

/// Numbers, hexadecimal from 8 digits, and words in which letters and digits alternate as in generated ids.
fn is_id(word: &str) -> bool {
    if word.starts_with(char::is_numeric) {
        return true;
    }
    if word.len() < 8 {
        return false;
    }
    if word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return true;
    }
    let mut changes = 0;
    let mut digit = false;
    for byte in word.bytes() {
        if byte == b'_' {
            return false;
        }
        changes += u32::from(byte.is_ascii_digit() != digit);
        digit = byte.is_ascii_digit();
    }
    changes >= 3
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{KEPT, normalise};

    #[test]
    fn what_differs_between_occurrences_is_replaced_and_words_stay() {
        for (message, expected) in [
            (
                "index out of bounds: the len is 3 but the index is 17",
                "index out of bounds: the len is # but the index is #",
            ),
            ("order 17 of user42 is gone", "order # of user# is gone"),
            ("called `Option::unwrap()` on a `None` value", "called `Option::unwrap()` on a `None` value"),
            ("can't open 'a b' of \"x \\\" y\": denied", "can't open \"*\" of \"*\": denied"),
            ("no /var/lib/x.db, ./y or C:\\z\\q.txt", "no <path>, <path> or <path>"),
            ("text/html and/or 50%", "text/html and/or #%"),
            ("GET https://a.b/c?d=1&e=2: 404 Not Found", "GET <url>: # Not Found"),
            ("at 2026-11-24T08:14:12.123Z or 2026-11-24", "at # or #"),
            ("peer 127.0.0.1:8080 or [::1]:80", "peer # or [#]:#"),
            ("took 1.5s, -3 left, sum=-1,000.25", "took # left, sum=#"),
            ("id 0xdeadBEEF 550e8400-e29b-41d4-a716-446655440000", "id # #"),
            ("mail to a.b@example.org failed.", "mail to <email> failed."),
            ("[1, 2, 3] of [4]", "[#] of [#]"),
            ("[\"a\", \"b\"] of order-17", "[\"*\"] of order-#"),
            ("  first\nsecond", "first"),
            ("cut \"value without an end", "cut \"*\""),
            ("", ""),
        ] {
            assert_eq!(normalise(message), expected, "{message:?}");
        }
    }

    fn value() -> impl Strategy<Value = (String, String)> {
        let pair = |pattern: &'static str| (pattern, pattern).prop_map(|(a, b)| (a, b));
        prop_oneof![
            any::<(i64, i64)>().prop_map(|(a, b)| (a.to_string(), b.to_string())),
            any::<(u8, u64)>().prop_map(|(a, b)| (a.to_string(), format!("{b}.5"))),
            pair("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            pair("0x[0-9a-fA-F]{1,16}"),
            pair("[0-9a-f]{16,40}"),
            any::<(String, String)>().prop_map(|(a, b)| (format!("{a:?}"), format!("{b:?}"))),
            pair("'[a-z 0-9]{0,30}'"),
            pair("/[a-z]{1,8}/[a-z0-9]{1,8}\\.[a-z]{3}"),
            pair("20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z"),
            pair("https://[a-z]{3,9}\\.org/[a-z0-9/=&?]{0,20}"),
            pair("[a-z]{1,8}@[a-z]{1,8}\\.com"),
        ]
    }

    proptest! {
        #[test]
        fn messages_that_differ_in_a_value_are_alike(before in "[a-z]{1,9} ", (a, b) in value(), behind in "( [a-z]{1,9})?") {
            let (a, b) = (format!("{before}{a}{behind}"), format!("{before}{b}{behind}"));
            prop_assert_eq!(normalise(&a), normalise(&b), "{:?} {:?}", a, b);
        }

        #[test]
        fn messages_that_differ_in_a_word_differ(a in "[g-z]{2,9}", b in "[g-z]{2,9}") {
            prop_assert_eq!(normalise(&format!("no {a} 7")) == normalise(&format!("no {b} 8")), a == b);
        }

        #[test]
        fn any_message_gives_a_bounded_line_without_digits(message in any::<String>()) {
            let text = normalise(&message);
            prop_assert!(text.chars().count() <= KEPT);
            prop_assert!(!text.contains(|c: char| c == '\n' || c.is_ascii_digit()));
        }
    }
}
