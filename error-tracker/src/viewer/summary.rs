//! Short descriptions of issues for pages and exports.

use serde::Serialize;

use crate::event::{Cause, Event, Issue};
use crate::store::UserSketch;

/// Returns the heading of an issue: its short type. It is never empty, because it is a link.
pub(super) fn title(issue: &Issue) -> String {
    match issue.short_type() {
        title if title.trim().is_empty() => "?".to_owned(),
        title => title,
    }
}

/// The number of users whom an issue affected.
#[derive(Clone, Copy, Serialize)]
pub(super) struct UserCount {
    pub(super) count: u64,
    pub(super) is_estimate: bool,
}

impl UserCount {
    pub(super) fn of(issue: &Issue) -> Self {
        Self { count: issue.users, is_estimate: issue.users > UserSketch::MAX_EXACT }
    }
}

/// Returns at most 200 characters of the first line that has text.
pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// Returns the words of a text on one line.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns the event's headline, or the issue's message if no event is stored.
pub(super) fn headline(issue: &Issue, event: &Event) -> String {
    match event.headline() {
        headline if headline.is_empty() => issue.message.clone(),
        headline => headline,
    }
}

/// Returns the chain of the outermost error, and the innermost error if the chain does not contain
/// it.
pub(super) fn causes(event: &Event) -> Vec<Cause> {
    let mut causes = event.chain.clone();
    if !causes.is_empty() && causes.iter().all(|cause| !cause.message.contains(&event.message)) {
        let (type_name, variant) = (Some(event.type_name.clone()), event.variant.clone());
        causes.push(Cause { type_name, variant, message: event.message.clone() });
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::{first_line, title};
    use crate::event::Issue;

    #[test]
    fn a_type_called_error_is_titled_with_its_module() {
        let title = |path: &str| title(&Issue { type_name: path.into(), ..Issue::default() });
        assert_eq!(title("std::io::error::Error"), "io::Error");
        assert_eq!(title("serde_json::error::Error"), "serde_json::Error");
        assert_eq!(title("Error"), "Error");
        assert_eq!(title("shop::OrderError"), "OrderError");
        assert_eq!(title(""), "?");
    }

    #[test]
    fn a_message_is_shown_by_its_first_line() {
        assert_eq!(first_line("\n  \n a \nb"), "a");
        assert_eq!(first_line(&"é".repeat(300)).chars().count(), 201);
    }
}
