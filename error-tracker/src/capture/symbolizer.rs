//! Finds the names of the calls in backtraces, which events have as offsets.

use std::collections::HashMap;

use super::frame_lines;
use super::source::SourceFiles;
use crate::event::{BacktraceFrame, Event, ObjectFile};
use crate::snapshot::policy;
use crate::stack;

/// Calls of a backtrace that are kept once they have names.
const MAX_CALLS: usize = 64;
/// The most offsets that have names in the cache.
const MAX_CACHED: usize = 20_000;

/// Finds the names of a backtrace's calls in the debug information of the program's executable.
///
/// An event has its call stack as offsets in the files of [`Event::objects`], because reading debug
/// information takes tenths of a second and megabytes. The pages, the program `error-tracker` and
/// [`Tracker::issue`](crate::Tracker::issue) add names themselves, and so does an idle program for
/// its new events. A `Symbolizer` is for code that reads events from a
/// [`Store`](crate::store::Store) directly. It opens only the file at the stored path; if there is
/// none, or its build id differs, the calls have no names.
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
    cache: HashMap<(ObjectFile, u64), Vec<BacktraceFrame>>,
}

impl Symbolizer {
    /// Adds names to the calls of an event's backtrace that have none, and returns whether it
    /// changed the event. Removes the calls outside of `main` and those inside the program's own
    /// innermost call. Moves frames of functions that unwound or were still running to the line of
    /// their call. Blocks while files are read.
    pub fn add_names(&mut self, event: &mut Event) -> bool {
        if !event.backtrace.iter().any(BacktraceFrame::is_unnamed) {
            return false;
        }
        for (index, object) in event.objects.iter().enumerate() {
            self.load_names(object, event.backtrace.iter().filter(|call| call.object == index));
        }
        let mut changed = false;
        let mut calls = Vec::with_capacity(event.backtrace.len());
        for call in std::mem::take(&mut event.backtrace) {
            let object = event.objects.get(call.object).filter(|_| call.is_unnamed());
            let key = object.cloned().zip(call.offset);
            match key.and_then(|key| self.cache.get(&key)).filter(|names| !names.is_empty()) {
                Some(names) => {
                    changed = true;
                    calls.extend(names.iter().map(|names| BacktraceFrame {
                        offset: call.offset,
                        object: call.object,
                        ..names.clone()
                    }));
                }
                None => calls.push(call),
            }
        }
        if changed {
            remove_foreign_calls(&mut calls);
        }
        event.backtrace = calls;
        if changed {
            frame_lines::move_to_calls(event, &mut SourceFiles::new(policy::get().masking.clone()));
        }
        changed
    }

    /// Adds the names of calls in one file to the cache.
    fn load_names<'a>(
        &mut self,
        object: &ObjectFile,
        calls: impl Iterator<Item = &'a BacktraceFrame>,
    ) {
        let is_known = |offset: &u64| self.cache.contains_key(&(object.clone(), *offset));
        let unnamed = calls.filter(|call| call.is_unnamed()).filter_map(|call| call.offset);
        let mut offsets: Vec<u64> = unnamed.filter(|offset| !is_known(offset)).collect();
        offsets.sort_unstable();
        offsets.dedup();
        if offsets.is_empty() {
            return;
        }
        if self.cache.len() > MAX_CACHED {
            self.cache.clear();
        }
        for (offset, mut calls) in stack::names(object, &offsets).unwrap_or_default() {
            for call in &mut calls {
                call.in_app = is_in_app(&call.function, call.file.as_deref());
            }
            self.cache.insert((object.clone(), offset), calls);
        }
    }
}

/// Removes the calls that do not belong to the program: those outside of the two markers of the
/// standard library, and those of this crate, which are the innermost ones.
fn remove_foreign_calls(calls: &mut Vec<BacktraceFrame>) {
    let marked = |calls: &[BacktraceFrame], mark: &str| {
        calls.iter().position(|call| call.function.contains(mark))
    };
    if let Some(end) = marked(calls, "__rust_begin_short_backtrace") {
        calls.truncate(end);
    }
    if let Some(start) = marked(calls, "__rust_end_short_backtrace") {
        calls.drain(..=start);
    }
    // Without full debug information only the last name of inlined functions is known, so files
    // decide.
    let is_own = |call: &BacktraceFrame| {
        call.file.as_deref().is_some_and(|file| file.starts_with(SOURCE_FOLDER))
            || is_in_crate(&call.function, "error_tracker")
    };
    let first_in_app = calls.iter().position(|call| call.in_app).unwrap_or(calls.len());
    let own = calls[..first_in_app].iter().rposition(is_own).map_or(0, |last| last + 1);
    calls.drain(..own);
    calls.truncate(MAX_CALLS);
}

/// The folder of this crate's source.
const SOURCE_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/");

/// Returns whether a function belongs to the crate `name`: `<alloc::boxed::Box<T> as Drop>::drop`
/// belongs to `alloc`.
fn is_in_crate(function: &str, name: &str) -> bool {
    let path = function.trim_start_matches(['<', '&', '(']);
    path.strip_prefix(name).is_some_and(|rest| rest.starts_with("::") || rest.starts_with('['))
}

/// Returns whether a call belongs to the program, not to a dependency or the standard library.
fn is_in_app(function: &str, file: Option<&str>) -> bool {
    const FOREIGN: [&str; 6] = ["std", "core", "alloc", "tokio", "error_tracker", "test"];
    const FOREIGN_FILES: [&str; 4] =
        ["/registry/src/", "/git/checkouts/", "/rustc/", "/rustlib/src/"];
    if function.is_empty()
        || function.starts_with("__rust_")
        || FOREIGN.iter().any(|name| is_in_crate(function, name))
    {
        return false;
    }
    file.is_some_and(|file| {
        !file.starts_with(SOURCE_FOLDER)
            && !FOREIGN_FILES.iter().any(|foreign| file.contains(foreign))
    })
}
