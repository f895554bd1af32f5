//! Names for the calls of backtraces, found from the offsets that events have.

use std::collections::HashMap;

use super::lines;
use super::source::SourceFiles;
use crate::event::{BacktraceFrame, Event, ObjectFile};
use crate::snapshot::policy;
use crate::stack;

/// How many calls of a backtrace remain once they have names.
const MAX_CALLS: usize = 64;
/// How many offsets the cache has names for at most.
const MAX_KNOWN: usize = 20_000;

/// Finds the names of a backtrace's calls in the debug information of the program's executable.
///
/// An event has its call stack as offsets in the files of [`Event::objects`], since reading debug
/// information takes tenths of a second and megabytes. The pages, the program `error-tracker` and
/// [`Tracker::issue`](crate::Tracker::issue) look names up themselves, and so does an idle program
/// for its new events. A `Symbolizer` is for code that reads events from a
/// [`Store`](crate::store::Store) itself. It opens the file at the stored path only; if there is
/// none, or its build id is another one, the calls stay without names.
///
/// Names are cached for further events until the `Symbolizer` is dropped.
///
/// ```no_run
/// use error_tracker::Symbolizer;
/// use error_tracker::store::{SqliteStore, Store, EventSelector};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = SqliteStore::open_read_only("errors.db")?;
/// # let hash = "";
/// if let Some(mut event) = store.event(hash, &EventSelector::Latest)? {
///     Symbolizer::default().add_names(&mut event);
///     println!("{:?}", event.backtrace);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Symbolizer {
    known: HashMap<(ObjectFile, u64), Vec<BacktraceFrame>>,
}

impl Symbolizer {
    /// Adds names to the calls of an event's backtrace that have none, and returns whether it
    /// changed the event. Removes the calls below `main` and those above the program's own
    /// innermost call. Moves frames of functions that unwound or were still running to the line of
    /// their call. Blocks while files are read.
    pub fn add_names(&mut self, event: &mut Event) -> bool {
        if !event.backtrace.iter().any(BacktraceFrame::is_unnamed) {
            return false;
        }
        for (index, object) in event.objects.iter().enumerate() {
            self.look_up(object, event.backtrace.iter().filter(|call| call.object == index));
        }
        let mut changed = false;
        let mut calls = Vec::with_capacity(event.backtrace.len());
        for call in std::mem::take(&mut event.backtrace) {
            let object = event.objects.get(call.object).filter(|_| call.is_unnamed());
            let key = object.cloned().zip(call.offset);
            match key.and_then(|key| self.known.get(&key)).filter(|named| !named.is_empty()) {
                Some(named) => {
                    changed = true;
                    calls.extend(named.iter().map(|named| BacktraceFrame {
                        offset: call.offset,
                        object: call.object,
                        ..named.clone()
                    }));
                }
                None => calls.push(call),
            }
        }
        if changed {
            trim(&mut calls);
        }
        event.backtrace = calls;
        if changed {
            lines::add_to(event, &mut SourceFiles::new(policy::get().masking.clone()));
        }
        changed
    }

    /// Adds the names of calls in one file to the cache.
    fn look_up<'a>(
        &mut self,
        object: &ObjectFile,
        calls: impl Iterator<Item = &'a BacktraceFrame>,
    ) {
        let is_known = |offset: &u64| self.known.contains_key(&(object.clone(), *offset));
        let unnamed = calls.filter(|call| call.is_unnamed()).filter_map(|call| call.offset);
        let mut offsets: Vec<u64> = unnamed.filter(|offset| !is_known(offset)).collect();
        offsets.sort_unstable();
        offsets.dedup();
        if offsets.is_empty() {
            return;
        }
        if self.known.len() > MAX_KNOWN {
            self.known.clear();
        }
        for (offset, mut calls) in stack::names(object, &offsets).unwrap_or_default() {
            for call in &mut calls {
                call.in_app = is_in_app(&call.function, call.file.as_deref());
            }
            self.known.insert((object.clone(), offset), calls);
        }
    }
}

/// Removes the calls that are not the program's: those outside of the two marks of the standard
/// library, and this crate's, which are the innermost ones.
fn trim(calls: &mut Vec<BacktraceFrame>) {
    let marked = |calls: &[BacktraceFrame], mark: &str| {
        calls.iter().position(|call| call.function.contains(mark))
    };
    if let Some(end) = marked(calls, "__rust_begin_short_backtrace") {
        calls.truncate(end);
    }
    if let Some(start) = marked(calls, "__rust_end_short_backtrace") {
        calls.drain(..=start);
    }
    // Without full debug information inlined functions have their last name only, so files decide.
    let is_own = |call: &BacktraceFrame| {
        call.file.as_deref().is_some_and(|file| file.starts_with(OURS))
            || is_of(&call.function, "error_tracker")
    };
    let first_in_app = calls.iter().position(|call| call.in_app).unwrap_or(calls.len());
    let own = calls[..first_in_app].iter().rposition(is_own).map_or(0, |last| last + 1);
    calls.drain(..own);
    calls.truncate(MAX_CALLS);
}

/// The folder of this crate's source.
const OURS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/");

/// Returns whether a function is of the crate `name`: `<alloc::boxed::Box<T> as Drop>::drop` is of
/// `alloc`.
fn is_of(function: &str, name: &str) -> bool {
    let path = function.trim_start_matches(['<', '&', '(']);
    path.strip_prefix(name).is_some_and(|rest| rest.starts_with("::") || rest.starts_with('['))
}

/// Returns whether a call is the program's own: not of a dependency and not of the standard
/// library.
fn is_in_app(function: &str, file: Option<&str>) -> bool {
    const FOREIGN: [&str; 6] = ["std", "core", "alloc", "tokio", "error_tracker", "test"];
    const FOREIGN_FILES: [&str; 4] =
        ["/registry/src/", "/git/checkouts/", "/rustc/", "/rustlib/src/"];
    if function.is_empty()
        || function.starts_with("__rust_")
        || FOREIGN.iter().any(|name| is_of(function, name))
    {
        return false;
    }
    file.is_some_and(|file| {
        !file.starts_with(OURS) && !FOREIGN_FILES.iter().any(|foreign| file.contains(foreign))
    })
}
