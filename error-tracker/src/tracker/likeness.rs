//! Which failures are the same issue, before any of them is an event.

use std::cell::Cell;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::fingerprint;
use crate::pipeline::Likeness;
use crate::trace::distinction::ErrorDistinction;
use crate::trace::failure::Failure;

/// Returns what a failure has in common with others. Failures of one likeness have one fingerprint, which is made of
/// the same; those of one fingerprint may have several. With `by_text` their texts are equal, too.
pub(super) fn likeness(failure: &Failure, by_text: bool) -> Likeness {
    let Failure { kind, handled, explicit, innermost, distinction, .. } = failure;
    let ErrorDistinction { variant, io_kind, by_text: tells_by_text } = distinction;
    let is_io = !io_kind.is_empty() && io_kind == variant;
    let template = failure.template.filter(|template| fingerprint::is_wording(template));
    let mut issue = DefaultHasher::new();
    let origin = failure.frames.first().map(super::super::trace::frame_record::FrameRecord::origin);
    let ((function, site), at_site) = origin.unwrap_or_default();
    // One write is quicker than many.
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
    }
    let text = hash(&innermost.message);
    if by_text || template.is_some() {
        (by_text.then_some(text), template).hash(&mut issue);
    } else if fingerprint::needs_text(*kind, innermost.type_name, is_io, *tells_by_text, at_site) {
        grouping(text, &innermost.message).hash(&mut issue);
    }
    Likeness { issue: issue.finish(), text }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// So many texts are remembered on each thread: what groups of one takes longer to find out than all the rest.
const TEXTS: usize = 128;

thread_local! {
    /// Texts and what groups of them, as hashes, each where its lowest bits say.
    static GROUPING: [Cell<(u64, u64)>; TEXTS] = const { [const { Cell::new((0, 0)) }; TEXTS] };
}

/// Stands for what groups of a message, whose hash is `text`.
fn grouping(text: u64, message: &str) -> u64 {
    GROUPING.with(|known| {
        let at = &known[text as usize % TEXTS];
        if at.get().0 != text {
            at.set((text, hash(&fingerprint::grouping_text(message))));
        }
        at.get().1
    })
}
