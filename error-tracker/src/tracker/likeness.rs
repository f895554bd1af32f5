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
    let origin = failure.frames.first().map(|passed| passed.origin());
    let ((function, site), at_site) = origin.unwrap_or_default();
    // One write is quicker than many.
    let numbers = [
        u64::from(*kind as u8) << 1 | u64::from(*handled),
        innermost.type_name.as_ptr().addr() as u64,
        innermost.type_name.len() as u64,
        function as u64,
        site.map_or(u64::MAX, u64::from),
    ];
    numbers.hash(&mut issue);
    if variant.is_some() || template.is_some() {
        (variant, template).hash(&mut issue);
    }
    if !failure.scope.fingerprint().is_empty() {
        failure.scope.fingerprint().hash(&mut issue);
    }
    if let Some(location) = &failure.location {
        (&location.file, location.line, location.column).hash(&mut issue);
    }
    let mut text = DefaultHasher::new();
    innermost.message.hash(&mut text);
    let text = text.finish();
    let by_text = by_text || template.is_none() && fingerprint::needs_text(*kind, innermost.type_name, at_site);
    if by_text {
        text.hash(&mut issue);
    }
    Likeness { issue: issue.finish(), text }
}
