/// The limits of a value's `Debug` text.
#[derive(Clone, Copy, Debug)]
pub(super) struct ValueLimits {
    pub(super) elements: usize,
    pub(super) string: usize,
    pub(super) recursion: usize,
}

struct OpenBracket {
    /// Lists, sets and maps count; structs and tuples are shown whole.
    counts: bool,
    elements: usize,
    /// The rest is left out because there are too many elements, and their number is shown.
    shows_count: bool,
}

impl ValueLimits {
    /// Cuts `value`, which is `Debug` text or looks like it: the inside of strings after `string`
    /// characters, lists, sets and maps after `elements` entries, and what is nested deeper than
    /// `recursion`. Text of any other shape comes out whole or cut, never disturbed.
    pub(super) fn cut(&self, value: &str) -> String {
        let mut out = String::with_capacity(value.len().min(4096));
        let mut open: Vec<OpenBracket> = Vec::new();
        // The depth of the innermost list whose rest is being left out.
        let mut skipping: Option<usize> = None;
        let mut chars = value.char_indices().peekable();
        let mut named = false;
        while let Some((at, c)) = chars.next() {
            let shown = skipping.is_none();
            match c {
                '"' => {
                    let end = end_of_string(value, at);
                    if shown {
                        self.string(&value[at..end], &mut out);
                    }
                    while chars.next_if(|(next, _)| *next < end).is_some() {}
                }
                '\'' => {
                    let end = end_of_char(value, at);
                    if shown {
                        out.push_str(&value[at..end]);
                    }
                    while chars.next_if(|(next, _)| *next < end).is_some() {}
                }
                '[' | '{' | '(' => {
                    if shown {
                        out.push(c);
                    }
                    open.push(OpenBracket {
                        counts: c == '[' || (c == '{' && !named),
                        elements: 0,
                        shows_count: false,
                    });
                    let too_deep = open.len() > self.recursion;
                    let none_wanted =
                        self.elements == 0 && open.last().is_some_and(|open| open.counts);
                    if shown && (too_deep || none_wanted) && !closes_at_once(&value[at + 1..]) {
                        out.push('…');
                        skipping = Some(open.len());
                    }
                }
                ']' | '}' | ')' => {
                    if let Some(depth) = skipping
                        && depth == open.len()
                    {
                        skipping = None;
                        if let Some(list) = open.last()
                            && list.shows_count
                        {
                            let more = list.elements + 1 - self.elements;
                            out.push_str(&format!(", … {more} more"));
                        }
                    }
                    open.pop();
                    if skipping.is_none() {
                        out.push(c);
                    }
                }
                ',' => {
                    let depth = open.len();
                    if let Some(list) = open.last_mut().filter(|list| list.counts) {
                        list.elements += 1;
                        if shown && list.elements >= self.elements && !ends_list(&value[at + 1..]) {
                            skipping = Some(depth);
                            list.shows_count = true;
                        }
                    }
                    if skipping.is_none() {
                        out.push(c);
                    }
                }
                _ if shown => out.push(c),
                _ => {}
            }
            if !c.is_whitespace() {
                named = c.is_alphanumeric() || matches!(c, '_' | '>');
            }
        }
        if skipping.is_some() && !out.ends_with('…') {
            out.push_str(", …");
        }
        out
    }

    fn string(&self, quoted: &str, out: &mut String) {
        let inside = quoted.strip_prefix('"').unwrap_or(quoted);
        let closed = inside.ends_with('"') && end_of_string(quoted, 0) == quoted.len();
        let text = if closed { &inside[..inside.len() - 1] } else { inside };
        let mut rest = text;
        for _ in 0..self.string {
            let Some(length) = unit(rest) else { break };
            rest = &rest[length..];
        }
        out.push('"');
        out.push_str(&text[..text.len() - rest.len()]);
        if !rest.is_empty() {
            out.push('…');
        }
        if closed {
            out.push('"');
        }
    }
}

/// Returns the length in bytes of the first character as it is shown: an escape such as `\u{1b}` is
/// one.
fn unit(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if first != '\\' {
        return Some(first.len_utf8());
    }
    if text.starts_with("\\u{") {
        // No escape is longer than `\u{10ffff}`.
        return Some(text.bytes().take(10).position(|byte| byte == b'}').map_or(3, |end| end + 1));
    }
    Some(1 + text[1..].chars().next().map_or(0, char::len_utf8))
}

/// Returns the byte behind the closing quote of the string that starts at `start`; the text's end
/// when it is not closed.
fn end_of_string(text: &str, start: usize) -> usize {
    let mut escaped = false;
    for (at, c) in text[start + 1..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return start + 1 + at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Returns the byte behind the character literal at `start`; behind the quote alone when it is an
/// apostrophe or a lifetime.
fn end_of_char(text: &str, start: usize) -> usize {
    let rest = &text[start + 1..];
    match unit(rest) {
        Some(length) if rest[length..].starts_with('\'') => start + 1 + length + 1,
        _ => start + 1,
    }
}

fn closes_at_once(rest: &str) -> bool {
    rest.trim_start().starts_with([']', '}', ')'])
}

/// Returns whether no element follows a comma before `rest`: the text or the bracket ends there, as
/// in pretty `Debug` text.
fn ends_list(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || closes_at_once(rest)
}

#[cfg(test)]
mod tests {
    use super::ValueLimits;

    fn limits(elements: usize, string: usize, recursion: usize) -> ValueLimits {
        ValueLimits { elements, string, recursion }
    }

    #[test]
    fn lists_sets_and_maps_are_cut_by_elements() {
        let limits = limits(2, 100, 9);
        assert_eq!(limits.cut("[1, 2, 3, 4]"), "[1, 2, … 2 more]");
        assert_eq!(limits.cut("[1, 2]"), "[1, 2]");
        assert_eq!(
            limits.cut(r#"{"a": [1, 2, 3], "b": 2, "c, d": 3}"#),
            r#"{"a": [1, 2, … 1 more], "b": 2, … 1 more}"#
        );
        assert_eq!(limits.cut("[[1, 2, 3], [4], [5, 6]]"), "[[1, 2, … 1 more], [4], … 1 more]");
        assert_eq!(limits.cut("[\n    1,\n    2,\n]"), "[\n    1,\n    2,\n]");
    }

    #[test]
    fn structs_and_tuples_keep_their_fields() {
        let limits = limits(1, 100, 9);
        assert_eq!(limits.cut("P { x: 1, y: 2, z: [1, 2] }"), "P { x: 1, y: 2, z: [1, … 1 more] }");
        assert_eq!(limits.cut("(1, 2, 3)"), "(1, 2, 3)");
    }

    #[test]
    fn strings_are_cut_by_characters_and_escapes_stay_whole() {
        let limits = limits(9, 3, 9);
        assert_eq!(limits.cut(r#""abcdef""#), r#""abc…""#);
        assert_eq!(limits.cut(r#""ab\u{1b}def""#), r#""ab\u{1b}…""#);
        assert_eq!(limits.cut(r#""a\"]""#), r#""a\"]""#);
        assert_eq!(
            limits.cut(r#"["日本語です", 'x', '"', "ab"]"#),
            r#"["日本語…", 'x', '"', "ab"]"#
        );
    }

    #[test]
    fn nesting_is_cut_by_depth() {
        let limits = limits(9, 9, 2);
        assert_eq!(
            limits.cut("A { b: B { c: C { d: 1 } }, e: [[]] }"),
            "A { b: B { c: C {…} }, e: [[]] }"
        );
        assert_eq!(limits.cut("[[[1, 2], 3]]"), "[[[…], 3]]");
        assert_eq!(limits.cut("Some(Some(Some(1)))"), "Some(Some(Some(…)))");
    }

    #[test]
    fn text_that_is_not_debug_text_survives() {
        let limits = limits(2, 5, 2);
        for text in ["", ")", "]]", "it's", "\\", "a, b, c, d", "<Debug panicked>", "'"] {
            assert_eq!(limits.cut(text), text);
        }
        assert_eq!(limits.cut("\"abc"), "\"abc");
        assert_eq!(limits.cut("[1, 2, 3, 4"), "[1, 2, …");
    }
}
