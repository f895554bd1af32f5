//! Texts within the limits of the services that show them.

/// Returns the text on one line: control characters, line ends and characters that change the
/// direction of writing are removed or become spaces.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let mut line = String::with_capacity(text.len());
    for word in words.filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&error_tracker::format::escape(word));
    }
    line
}

/// Returns the first part of a text, at most `max` units of UTF-16, which is how most services
/// count. A text that was cut ends with `…`.
pub(crate) fn shortened(text: &str, max: usize) -> String {
    if units(text) <= max {
        return text.to_owned();
    }
    let mut left = max.saturating_sub(1);
    let kept = text.chars().take_while(|c| {
        let fits = c.len_utf16() <= left;
        left = left.saturating_sub(c.len_utf16());
        fits
    });
    let mut kept: String = kept.collect();
    kept.push('…');
    kept
}

/// Returns the last lines of a text, at most `max` units of UTF-16 in all. A text that was cut
/// begins with a line that says how many lines are missing. The end of a traceback has the error
/// and the place where it began.
pub(crate) fn last_lines(text: &str, max: usize) -> String {
    const NOTE: usize = 40;
    let text = text.trim_end();
    if units(text) <= max {
        return text.to_owned();
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut from = lines.len();
    let mut left = max.saturating_sub(NOTE);
    while from > 0 && units(lines[from - 1]) < left {
        from -= 1;
        left -= units(lines[from]) + 1;
    }
    if from == lines.len() {
        return shortened(lines[from - 1], max);
    }
    format!("… {} lines left out\n{}", grouped(from as u64), lines[from..].join("\n"))
}

/// Returns the number of UTF-16 units.
pub(crate) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Returns a number with a comma between thousands: `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, last_lines, one_line, shortened, units};

    #[test]
    fn a_line_has_no_control_characters() {
        assert_eq!(one_line("a\r\nBcc: b@c.example\t\x1b[31m"), r"a Bcc: b@c.example [31m");
        assert_eq!(one_line("  \n "), "");
        assert_eq!(one_line("a\u{202e}b"), r"a\u{202e}b");
    }

    #[test]
    fn no_text_is_longer_than_its_limit() {
        let text = "première ligne 🚀🚀\nseconde\ntroisième et dernière\n".repeat(20);
        for max in 45..300 {
            assert!(units(&shortened(&text, max)) <= max);
            assert!(units(&last_lines(&text, max)) <= max, "{max}");
        }
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcd", 3), "ab…");
        assert!(last_lines(&text, 100).ends_with("troisième et dernière"));
        assert!(last_lines(&text, 100).starts_with("… "));
    }

    #[test]
    fn thousands_are_separated() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
