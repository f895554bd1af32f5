//! Recognises failures of the same issue before an event is built.

use std::cell::Cell;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::fingerprint;
use crate::pipeline::Likeness;
use crate::trace::distinction::ErrorDistinction;
use crate::trace::failure::Failure;

/// Returns the likeness of a failure. Failures with the same likeness have the same fingerprint;
/// the reverse need not hold. With `by_text` their texts are equal, too.
pub(super) fn likeness(failure: &Failure, by_text: bool) -> Likeness {
    let Failure { kind, handled, explicit, innermost, distinction, .. } = failure;
    let ErrorDistinction { variant, io_kind, by_text: distinguished_by_text } = distinction;
    let is_io = !io_kind.is_empty() && io_kind == variant;
    let template = failure.template.filter(|template| fingerprint::is_wording(template));
    let mut issue = DefaultHasher::new();
    let origin = failure.frames.first().map(super::super::trace::frame_record::FrameRecord::origin);
    let ((function, site), mut at_site) = origin.unwrap_or_default();
    // One write is faster than many.
    let numbers = [
        u64::from(*kind as u8) << 2 | u64::from(*explicit) << 1 | u64::from(*handled),
        innermost.type_name.as_ptr().addr() as u64,
        innermost.type_name.len() as u64,
        function as u64,
        site.map_or(u64::MAX, u64::from),
    ];
    numbers.hash(&mut issue);
    if !(variant.is_empty() && io_kind.is_empty()) {
        (variant, io_kind).hash(&mut issue);
    }
    if !failure.scope.fingerprint().is_empty() {
        failure.scope.fingerprint().hash(&mut issue);
    }
    if let Some(location) = &failure.location {
        (&location.file, location.line, location.column).hash(&mut issue);
    } else if failure.frames.is_empty()
        && let Some(request) = failure.scope.request()
    {
        (&request.method, &request.route, request.route.is_empty().then_some(&request.path))
            .hash(&mut issue);
        at_site = true;
    }
    let text = hash(&innermost.message);
    if by_text || template.is_some() {
        (by_text.then_some(text), template).hash(&mut issue);
    } else if fingerprint::needs_text(
        *kind,
        innermost.type_name,
        is_io,
        *distinguished_by_text,
        at_site,
    ) {
        grouping_hash(text, &innermost.message).hash(&mut issue);
    }
    Likeness { issue: issue.finish(), text }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Texts remembered on each thread, because [`fingerprint::grouping_text`] takes longer than the
/// rest of [`likeness`].
const CACHED_TEXTS: usize = 128;

thread_local! {
    /// Hashes of texts and of their grouping texts, indexed by the lowest bits of the former.
    static GROUPING: [Cell<(u64, u64)>; CACHED_TEXTS] = const { [const { Cell::new((0, 0)) }; CACHED_TEXTS] };
}

/// Returns the hash of the grouping text of `message`, whose own hash is `text`.
fn grouping_hash(text: u64, message: &str) -> u64 {
    GROUPING.with(|known| {
        let at = &known[text as usize % CACHED_TEXTS];
        if at.get().0 != text {
            at.set((text, hash(&fingerprint::grouping_text(message))));
        }
        at.get().1
    })
}
