//! Which failures are the same issue, before any of them is an event.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::fingerprint;
use crate::pipeline::Likeness;
use crate::trace::failure::Failure;

/// What a failure has in common with others. Those that are alike here have one fingerprint: it is made of the same, but
/// for names that several numbers may stand for. With `by_text` their texts must be equal, too.
pub(super) fn likeness(failure: &Failure, by_text: bool) -> Likeness {
    let Failure { kind, handled, innermost, variant, template, .. } = failure;
    let mut issue = DefaultHasher::new();
    (*kind as u8, handled, innermost.type_name, variant, template).hash(&mut issue);
    failure.scope.fingerprint().hash(&mut issue);
    let origin = failure.frames.first().map(|passed| passed.origin());
    origin.hash(&mut issue);
    if let Some(location) = &failure.location {
        (&location.file, location.line, location.column).hash(&mut issue);
    }
    let at_site = origin.is_some_and(|(_, is_site)| is_site);
    let mut text = DefaultHasher::new();
    innermost.message.hash(&mut text);
    let text = text.finish();
    let by_text = by_text || template.is_none() && fingerprint::needs_text(*kind, innermost.type_name, at_site);
    if by_text {
        text.hash(&mut issue);
    }
    Likeness { issue: issue.finish(), text }
}
