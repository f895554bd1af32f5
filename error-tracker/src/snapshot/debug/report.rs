//! Shortens the reports that anyhow, eyre, miette and error-stack write in `Debug`: over several
//! lines, with colours and a backtrace. A variable with such a report shows the message and the
//! causes.

use std::fmt;

/// How many bytes of a report are collected: a backtrace may be longer, but comes last.
const MAX_BYTES: usize = 64 * 1024;

/// Separates the lines of a report from the text of a `Debug`. `derive(Debug)` writes a single
/// line, so everything from the first line's end on may be a report.
#[derive(Default)]
pub(super) struct ReportFilter {
    /// The text from the end of the first line on.
    lines: Option<String>,
    escape: EscapeState,
    /// Text was written before.
    begun: bool,
}

/// The position in an escape sequence of a terminal.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum EscapeState {
    #[default]
    Outside,
    Begun,
    /// Up to a letter.
    Inside,
}

impl ReportFilter {
    /// Collects text, and returns the part before the first line's end, which is not collected.
    pub(super) fn take<'t>(&mut self, text: &'t str) -> Result<&'t str, fmt::Error> {
        let begun = std::mem::replace(&mut self.begun, true);
        if self.lines.is_none()
            && self.escape == EscapeState::Outside
            && (begun || !text.starts_with([' ', '\u{d7}']))
        {
            let Some(at) = text.bytes().position(|byte| matches!(byte, b'\n' | b'\x1b')) else {
                return Ok(text);
            };
            self.lines = Some(String::new());
            self.collect(&text[at..])?;
            return Ok(&text[..at]);
        }
        self.collect(text)?;
        Ok("")
    }

    fn collect(&mut self, text: &str) -> fmt::Result {
        let lines = self.lines.get_or_insert_default();
        for c in text.chars() {
            self.escape = match (self.escape, c) {
                (_, '\x1b') => EscapeState::Begun,
                (EscapeState::Begun, '[') => EscapeState::Inside,
                (EscapeState::Inside, c) if !c.is_ascii_alphabetic() => EscapeState::Inside,
                (EscapeState::Inside, _) => EscapeState::Outside,
                (EscapeState::Begun | EscapeState::Outside, c) => {
                    lines.push(c);
                    EscapeState::Outside
                }
            };
        }
        if lines.len() > MAX_BYTES { Err(fmt::Error) } else { Ok(()) }
    }

    /// Returns the collected lines, shortened if they are a report.
    pub(super) fn shortened(self) -> Option<String> {
        let lines = self.lines?;
        Some(shortened(&lines).unwrap_or(lines))
    }
}

/// The part of a report that a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReportPart {
    Message,
    Causes,
    /// Places, backtraces, and hints.
    Rest,
}

/// Returns the message and the causes of a report; `None` when the lines are not one.
fn shortened(lines: &str) -> Option<String> {
    let mut out = String::new();
    let (mut part, mut is_report, mut first) = (ReportPart::Message, false, true);
    for line in lines.lines() {
        let text = line.trim();
        if let Some(begun) = heading(text) {
            (part, is_report) = (begun, true);
            continue;
        }
        let plain = text.trim_start_matches([
            '\u{2502}', '\u{251c}', '\u{2570}', '\u{256d}', '\u{2500}', '\u{25b6}', '\u{2574}',
            '\u{d7}', ' ',
        ]);
        let marks = &text[..text.len() - plain.len()];
        let numbered = numbered(plain);
        let is_cause =
            marks.contains('\u{25b6}') || numbered.is_some() || part == ReportPart::Causes;
        is_report |= marks.contains(['\u{25b6}', '\u{2574}', '\u{d7}']);
        if text.is_empty() {
            continue;
        }
        if part == ReportPart::Rest || marks.contains(['\u{2574}', '\u{256d}']) || plain.is_empty()
        {
            let behind = behind_report(plain);
            out.push_str(behind);
            // The next element of a list may be a report as well.
            if behind.starts_with(',') && !is_field(&behind[1..]) {
                part = ReportPart::Message;
            }
            continue;
        }
        let plain = numbered.unwrap_or(plain);
        if is_cause
            && !(first
                && lines.starts_with('\n')
                && numbered.is_some()
                && out.is_empty()
                && part == ReportPart::Message)
        {
            out.push_str(": ");
        } else if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(plain);
        first = false;
    }
    is_report.then_some(out)
}

/// Returns the part that begins with this line.
fn heading(line: &str) -> Option<ReportPart> {
    if line == "Caused by:" {
        return Some(ReportPart::Causes);
    }
    let rest = [
        "Stack backtrace:",
        "Backtrace:",
        "Location:",
        "Backtrace omitted",
        "Run with ",
        "SpanTrace:",
        "Span trace:",
        "help:",
        "backtrace no. ",
    ];
    let is_rule = || line.starts_with('\u{2501}');
    (is_rule() || rest.iter().any(|rest| line.starts_with(rest))).then_some(ReportPart::Rest)
}

/// Returns the text of a numbered line, `0: text`.
fn numbered(line: &str) -> Option<&str> {
    let (number, text) = line.split_once(": ")?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// Returns what follows a report in its last line: the next field or element, or the end of the
/// struct or list around it.
fn behind_report(line: &str) -> &str {
    let mut depth = 0_i32;
    let mut before = 0;
    for (at, c) in line.char_indices() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' if depth == 0 => {
                return &line[if line[..at].ends_with(' ') { at - 1 } else { at }..];
            }
            ')' | ']' | '}' => depth -= 1,
            '>' if before != '-' as u32 => depth = (depth - 1).max(0),
            ',' if depth == 0 && (is_field(&line[at + 1..]) || ends_backtrace(&line[..at])) => {
                return &line[at..];
            }
            _ => {}
        }
        before = c as u32;
    }
    ""
}

/// Returns whether the next element may follow this line: it is a call of a backtrace (`12:
/// _start`), a place (`at src/main.rs:4:9`), or the empty line after one.
fn ends_backtrace(line: &str) -> bool {
    let mut parts = line.rsplit(':');
    let mut is_number = || parts.next().is_some_and(|part| part.parse::<u32>().is_ok());
    line.is_empty()
        || numbered(line).is_some()
        || is_number() && (line.starts_with("at ") || is_number())
}

/// Returns whether the text starts with ` name: `.
fn is_field(text: &str) -> bool {
    let Some(name) = text.strip_prefix(' ') else { return false };
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
    end > 0 && name[end..].starts_with(": ")
}

#[cfg(test)]
mod tests {
    use super::ReportFilter;

    fn shown(text: &str) -> String {
        let mut report = ReportFilter::default();
        // Piece by piece, as `Debug` writes it.
        let mut out = String::new();
        for piece in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
            out.push_str(report.take(piece).unwrap());
        }
        out + &report.shortened().unwrap_or_default()
    }

    const BACKTRACE: &str = "\n\nStack backtrace:\n   0: anyhow::error::<impl core::convert::From<E> for anyhow::Error>::from\n             at /home/x/anyhow/src/lib.rs:10:5\n   1: core::ops::function::FnOnce<(A, B)>::call_once{{vtable.shim}}\n  12: _start";

    #[test]
    fn an_anyhow_report_is_its_message_and_causes() {
        assert_eq!(shown("just a message"), "just a message");
        assert_eq!(shown("outer\n\nCaused by:\n    inner"), "outer: inner");
        assert_eq!(
            shown("outer\n\nCaused by:\n    0: middle\n    1: inner"),
            "outer: middle: inner"
        );
        assert_eq!(shown(&format!("message{BACKTRACE}")), "message");
        assert_eq!(shown(&format!("outer\n\nCaused by:\n    inner{BACKTRACE}")), "outer: inner");
    }

    #[test]
    fn a_report_inside_of_a_value_leaves_the_rest_of_it() {
        assert_eq!(shown(&format!("Some(message{BACKTRACE})")), "Some(message)");
        let text = format!(
            "Job {{ id: 7, error: Some(outer\n\nCaused by:\n    inner{BACKTRACE}), tries: 3 }}"
        );
        assert_eq!(shown(&text), "Job { id: 7, error: Some(outer: inner), tries: 3 }");
        let text = format!("Job {{ error: message{BACKTRACE}, tries: 3 }}");
        assert_eq!(shown(&text), "Job { error: message, tries: 3 }");
        assert_eq!(
            shown(&format!("Job {{ error: message{BACKTRACE} }}")),
            "Job { error: message }"
        );
    }

    #[test]
    fn each_report_of_a_list_is_shown() {
        let anyhow = format!(
            "first{BACKTRACE}, second\n\nCaused by:\n    inner{BACKTRACE}, third{BACKTRACE}"
        );
        assert_eq!(shown(&format!("[{anyhow}]")), "[first, second: inner, third]");
        assert_eq!(
            shown(&format!("Job {{ errors: [{anyhow}], id: 7 }}")),
            "Job { errors: [first, second: inner, third], id: 7 }"
        );
        let place = "\n\nLocation:\n    src/main.rs:4:9";
        assert_eq!(shown(&format!("[first{place}, second{place}]")), "[first, second]");
        assert_eq!(shown(&format!("[first{BACKTRACE}\n, second{BACKTRACE}\n]")), "[first, second]");
        assert_eq!(
            shown(&format!("(first{place}, Some(second{place}), 7)")),
            "(first, Some(second), 7)"
        );
    }

    #[test]
    fn an_eyre_report_has_no_colours_and_no_place() {
        let eyre = "outer\n\nCaused by:\n    inner\n\nLocation:\n    src/main.rs:4:9";
        assert_eq!(shown(eyre), "outer: inner");
        let colourful = "\n   0: \x1b[91mouter\x1b[0m\n   1: \x1b[91minner\x1b[0m\n\nLocation:\n   \x1b[35msrc/main.rs\x1b[0m:\x1b[35m4\x1b[0m\n\nBacktrace omitted. Run with RUST_BACKTRACE=1 environment variable to display it.";
        assert_eq!(shown(colourful), "outer: inner");
        assert_eq!(shown("\x1b[31mred\x1b[0m"), "red");
    }

    #[test]
    fn reports_of_miette_and_error_stack_are_message_and_causes() {
        assert_eq!(
            shown(
                "  \u{d7} outer\n  \u{251c}\u{2500}\u{25b6} middle\n  \u{2570}\u{2500}\u{25b6} inner\n  help: try again\n"
            ),
            "outer: middle: inner"
        );
        let stack = "outer\n\u{251c}\u{2574}at src/main.rs:4:9\n\u{251c}\u{2574}order 7\n\u{2502}\n\u{2570}\u{2500}\u{25b6} inner\n    \u{2570}\u{2574}at src/main.rs:3:9";
        assert_eq!(shown(stack), "outer: inner");
    }

    #[test]
    fn lines_that_are_not_a_report_stay() {
        let pretty = "Order {\n    id: 7,\n    note: \"Caused by\",\n}";
        assert_eq!(shown(pretty), pretty);
    }
}
