//! Finds the names of backtraces while the program is idle, so that events have them when the
//! executable no longer exists.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::background;
use crate::capture::Symbolizer;
use crate::event::{BacktraceFrame, Event};
use crate::fork::PerProcess;
use crate::pipeline::WriterHooks;
use crate::stack;
use crate::store::{EventSelector, Store};
use crate::user_code;

/// Events that wait for names. Readers find the names of further events.
const MAX_WAITING: usize = 1_000;
/// The most time that events wait in a program that is never idle.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Remembers which stored events have a backtrace without names.
pub(super) struct NameLookup {
    /// A child does not get what its parent waits for, nor the thread that finds names.
    waiting: PerProcess<Arc<Mutex<PendingNames>>>,
    /// The store is closed, and must not be opened for names.
    ended: Arc<AtomicBool>,
}

#[derive(Default)]
struct PendingNames {
    /// Hashes and ids.
    events: VecDeque<(String, String)>,
    since: Option<Instant>,
    /// A thread is finding names.
    busy: bool,
}

impl Default for NameLookup {
    fn default() -> Self {
        Self { waiting: PerProcess::new(Arc::default(), Arc::default), ended: Arc::default() }
    }
}

impl NameLookup {
    fn waiting(&self) -> MutexGuard<'_, PendingNames> {
        self.waiting.get().lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_if_overdue(&self, store: &Arc<dyn Store>, now: Instant) {
        let since = self.waiting().since;
        if since.is_some_and(|since| now.saturating_duration_since(since) > MAX_WAIT) {
            self.start(store);
        }
    }

    fn start(&self, store: &Arc<dyn Store>) {
        let mut waiting = self.waiting();
        if waiting.busy || waiting.events.is_empty() {
            return;
        }
        let (store, ours, ended) =
            (Arc::downgrade(store), Arc::clone(self.waiting.get()), Arc::clone(&self.ended));
        let run = move || {
            look_up(&store, &ours, &ended);
            // The debug information took megabytes, which the allocator would keep.
            stack::trim_memory();
        };
        waiting.busy = background::start("error-tracker-names", run).is_ok();
    }
}

impl WriterHooks for NameLookup {
    fn stored(&self, event: &Event) {
        if !event.backtrace.iter().any(BacktraceFrame::is_unnamed) {
            return;
        }
        self.ended.store(false, Relaxed);
        let mut waiting = self.waiting();
        waiting.since.get_or_insert_with(Instant::now);
        if waiting.events.len() < MAX_WAITING {
            waiting.events.push_back((event.grouping.hash.clone(), event.id.clone()));
        }
    }

    fn wrote(&self, store: &Arc<dyn Store>) {
        self.start_if_overdue(store, Instant::now());
    }

    fn idle(&self, store: &Arc<dyn Store>) {
        self.start(store);
    }

    fn end(&self) {
        self.ended.store(true, Relaxed);
    }
}

impl fmt::Debug for NameLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameLookup").finish_non_exhaustive()
    }
}

fn look_up(store: &Weak<dyn Store>, waiting: &Mutex<PendingNames>, ended: &AtomicBool) {
    stack::lower_priority();
    let mut symbolizer = Symbolizer::default();
    loop {
        let next = {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let next = if ended.load(Relaxed) { None } else { waiting.events.pop_front() };
            if next.is_none() {
                (waiting.busy, waiting.since) = (false, None);
            }
            next
        };
        // The store is not kept alive between events.
        let (Some((hash, id)), Some(store)) = (next, store.upgrade()) else { return };
        // If the store fails only the names are missing, which its readers find as well.
        let add = AssertUnwindSafe(|| {
            let _quiet = user_code::UserCodeGuard::with_panics_shown();
            if let Ok(Some(mut event)) = store.event(&hash, &EventSelector::Id(id))
                && symbolizer.add_names(&mut event)
                && !ended.load(Relaxed)
            {
                let _ = store.rewrite(&[event]);
            }
        });
        if let Err(payload) = catch_unwind(add) {
            user_code::drop_quietly(payload);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::{MAX_WAIT, NameLookup};
    use crate::event::{BacktraceFrame, Event};
    use crate::pipeline::WriterHooks;
    use crate::store::{MemoryStore, Store};

    fn with_an_event() -> NameLookup {
        let lookup = NameLookup::default();
        let unnamed = BacktraceFrame { offset: Some(1), ..BacktraceFrame::default() };
        lookup.stored(&Event { backtrace: vec![unnamed], ..Event::default() });
        lookup
    }

    #[test]
    fn a_program_that_writes_all_the_time_gets_names_after_a_minute() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let (lookup, begun) = (with_an_event(), Instant::now());
        lookup.stored(&Event::default());
        lookup.start_if_overdue(&store, begun + MAX_WAIT / 2);
        assert_eq!(lookup.waiting().events.len(), 1);
        lookup.start_if_overdue(&store, begun + MAX_WAIT + Duration::from_secs(1));
        while !lookup.waiting().events.is_empty() {
            std::thread::yield_now();
        }
    }

    #[cfg(unix)]
    #[test]
    #[allow(unsafe_code, reason = "`fork`")]
    fn a_child_finds_names_whatever_its_parent_does_with_them_at_the_fork() {
        let lookup = with_an_event();
        let mut held = lookup.waiting();
        held.busy = true;
        // SAFETY: the child only takes a lock of its own, and ends.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: ends a child that waits for its parent's lock.
            unsafe { libc::alarm(60) };
            let is_fresh = !lookup.waiting().busy && lookup.waiting().events.is_empty();
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(i32::from(!is_fresh)) };
        }
        let mut status = 0;
        // SAFETY: waits for the child just made.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0);
    }
}
