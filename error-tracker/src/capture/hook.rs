//! The panic hook.

use std::panic::{self, PanicHookInfo};
use std::sync::Once;
use std::sync::mpsc;
use std::time::Duration;

use crate::event::Location;
use crate::mask::rendering;
use crate::trace::panic::begin;
use crate::trace::told;

/// How long a panic waits for the program's own hooks, such as `before_capture`, which may want what its thread holds.
const TELLING: Duration = Duration::from_secs(2);
/// How long a panic that aborts the program waits until it is stored, which is as long as a normal end does.
const STORING: Duration = Duration::from_secs(5);

/// What the standard library panics with just before it aborts the program.
const LAST_WORDS: [&str; 2] =
    ["panic in a function that cannot unwind", "panic in a destructor during cleanup"];

/// Records panics from now on; the hook that was there before runs as well. `flush` waits for the store.
pub(crate) fn install(flush: fn(Duration)) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // A value's Debug panics while it is rendered: that is caught, and nobody's failure.
            if rendering() {
                return;
            }
            before(info);
            record(info, flush);
        }));
    });
}

fn record(info: &PanicHookInfo<'_>, flush: fn(Duration)) {
    // A store that panics is caught and counted; it must not feed itself.
    if std::thread::current().name().is_some_and(|name| name.starts_with("error-tracker")) {
        return;
    }
    let message = info.payload_as_str().unwrap_or("<a value that is no text>").to_owned();
    let location =
        info.location().map(|at| Location { file: at.file().into(), line: at.line(), column: at.column() });
    let aborts = cfg!(panic = "abort") || LAST_WORDS.contains(&&*message);
    let told = begin(message, location, aborts);
    if told.is_empty() {
        return;
    }
    // The user's hooks (`before_capture`) must not run here: a panic inside a panic hook aborts.
    let (done, wait) = mpsc::channel::<()>();
    let teller = std::thread::Builder::new().name("error-tracker-panic".into()).spawn(move || {
        for failure in told {
            told::tell(failure, |_| ());
        }
        if aborts {
            flush(STORING);
        }
        drop(done);
    });
    if teller.is_ok() {
        let _ = wait.recv_timeout(if aborts { STORING } else { TELLING });
    }
}
