//! Finds the names of backtraces while the program is idle, so that events have them when the
//! executable no longer exists.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::background;
use crate::capture::Symbolizer;
use crate::event::{BacktraceFrame, Event};
use crate::pipeline::WriterHooks;
use crate::stack;
use crate::store::{EventSelector, Store};
use crate::user_code;

/// Events that wait for names. Readers find the names of further events.
const MAX_WAITING: usize = 1_000;
/// The most time that events wait in a program that is never idle.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Remembers which stored events have a backtrace without names.
#[derive(Default)]
pub(super) struct NameLookup {
    waiting: Arc<Mutex<PendingNames>>,
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

impl NameLookup {
    fn start(&self, store: &Arc<dyn Store>) {
        // Never blocks: a thread of another process may have held the lock when it forked this one.
        let Ok(mut waiting) = self.waiting.try_lock() else { return };
        if waiting.busy || waiting.events.is_empty() {
            return;
        }
        let (store, ours, ended) =
            (Arc::downgrade(store), Arc::clone(&self.waiting), Arc::clone(&self.ended));
        let run = move || {
            look_up(&store, &ours, &ended);
            // The debug information took megabytes, which the allocator would keep.
            stack::trim_memory();
        };
        waiting.busy = background::start("error-tracker-names", run).is_ok();
    }
}

impl WriterHooks for NameLookup {
    fn stored(&self, event: &Event, store: &Arc<dyn Store>) {
        if !event.backtrace.iter().any(BacktraceFrame::is_unnamed) {
            return;
        }
        self.ended.store(false, Relaxed);
        let Ok(mut waiting) = self.waiting.try_lock() else { return };
        let since = *waiting.since.get_or_insert_with(Instant::now);
        if waiting.events.len() < MAX_WAITING {
            waiting.events.push_back((event.grouping.hash.clone(), event.id.clone()));
        }
        drop(waiting);
        if since.elapsed() > MAX_WAIT {
            self.start(store);
        }
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
        f.debug_struct("Naming").finish_non_exhaustive()
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
                let _ = store.rewrite(&event);
            }
        });
        if let Err(payload) = catch_unwind(add) {
            user_code::drop_quietly(payload);
        }
    }
}
