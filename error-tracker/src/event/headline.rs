//! What a list calls an event.

use super::short_type;

/// Longer headlines get no further causes.
const MAX_LENGTH: usize = 1_000;

/// Returns the first text with those of the others behind it that say something new. Of several each is one line.
pub(super) fn joined<'a>(mut texts: impl Iterator<Item = &'a str>) -> String {
    let Some(first) = texts.find(|text| !text.trim().is_empty()) else { return String::new() };
    let mut headline = first.to_owned();
    let mut has_causes = false;
    for cause in texts.map(first_line) {
        if cause.is_empty() || headline.len() > MAX_LENGTH || says(&headline, cause) {
            continue;
        }
        if !has_causes {
            headline = first_line(first).to_owned();
            has_causes = true;
        }
        headline.truncate(headline.trim_end_matches([':', '.', ' ']).len());
        headline.push_str(": ");
        headline.push_str(cause);
    }
    headline
}

fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// Returns whether a text has another one in it, not as a part of a word.
fn says(text: &str, part: &str) -> bool {
    let bare = part.trim_end_matches(['.', ':', ' ']);
    let part = if bare.is_empty() { part } else { bare };
    text.match_indices(part).any(|(at, found)| {
        let in_word = |beside: Option<char>, end: Option<char>| {
            beside.is_some_and(char::is_alphanumeric) && end.is_some_and(char::is_alphanumeric)
        };
        let (before, behind) = (&text[..at], &text[at + found.len()..]);
        !in_word(before.chars().next_back(), found.chars().next())
            && !in_word(behind.chars().next(), found.chars().next_back())
    })
}

/// Returns a type's last name with the variant. Names that many types have get that of their module or crate.
pub(super) fn type_with_home(path: &str, variant: Option<&str>) -> String {
    let short = short_type(path, variant);
    let plain = path.split('<').next().unwrap_or(path);
    let home = plain.rsplit_once("::").filter(|(_, name)| matches!(*name, "Error" | "ErrorKind"));
    let mut parts = home.into_iter().flat_map(|(home, _)| home.rsplit("::"));
    let Some(home) = parts.find(|part| !matches!(*part, "error" | "errors" | "err")) else {
        return short;
    };
    // These are modules of many crates.
    match parts.next().filter(|_| matches!(home, "de" | "ser")) {
        Some(owner) => format!("{owner}::{home}::{short}"),
        None => format!("{home}::{short}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{joined, type_with_home};

    #[test]
    fn a_headline_is_the_outermost_message_and_each_cause_with_new_text() {
        for (texts, expected) in [
            (&["only"][..], "only"),
            (&[], ""),
            (&["", " "], ""),
            (&["outer", "inner"], "outer: inner"),
            (&["outer: inner", "inner"], "outer: inner"),
            (&["outer: inner (17)", "inner (17)", "root"], "outer: inner (17): root"),
            (&["outer.", "inner."], "outer: inner."),
            (&["outer:", "inner"], "outer: inner"),
            (&["it is not there.", "it is not there"], "it is not there."),
            (&["outer", "inner", "inner", "outer"], "outer: inner"),
            (&["database", "a"], "database: a"),
            (&["no 15", "5"], "no 15: 5"),
            (&["", "inner"], "inner"),
            (&["outer\nmore", "inner\nof it"], "outer: inner"),
            (&["one line\nand another"], "one line\nand another"),
            (&["outer\ninner", "inner"], "outer\ninner"),
            (&["\n\n  outer", "\n inner"], "outer: inner"),
            (&["ü", "é"], "ü: é"),
        ] {
            assert_eq!(joined(texts.iter().copied()), expected, "{texts:?}");
        }
        assert!(
            joined(
                (0..1_000)
                    .map(|_| "wörd ".repeat(20))
                    .collect::<Vec<_>>()
                    .iter()
                    .map(|text| &**text)
            )
            .len()
                < 1_200
        );
        let long: Vec<String> = (0..1_000).map(|nth| format!("cause {nth}")).collect();
        assert!(joined(long.iter().map(|text| &**text)).len() < 1_200);
    }

    #[test]
    fn a_type_called_error_is_shown_with_its_module() {
        for (path, variant, expected) in [
            ("std::io::error::Error", Some("NotFound"), "io::Error::NotFound"),
            ("std::io::error::Error", None, "io::Error"),
            ("std::fmt::Error", None, "fmt::Error"),
            ("serde_json::error::Error", None, "serde_json::Error"),
            ("toml::de::Error", None, "toml::de::Error"),
            ("shop::Error<alloc::string::String>", None, "shop::Error<String>"),
            ("std::io::error::ErrorKind", Some("NotFound"), "io::ErrorKind::NotFound"),
            ("anyhow::Error", None, "anyhow::Error"),
            ("Error", None, "Error"),
            ("error::Error", None, "Error"),
            ("shop::OrderError", Some("Gone"), "OrderError::Gone"),
            ("alloc::boxed::Box<dyn core::error::Error>", None, "Box<dyn Error>"),
            ("panic", None, "panic"),
            ("", None, ""),
        ] {
            assert_eq!(type_with_home(path, variant), expected);
        }
    }
}
