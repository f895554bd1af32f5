//! The library's own threads.
//!
//! On Unix they are not those of `std::thread`, which take a lock of the standard library when they
//! begin and when they end. A child that is forked meanwhile could never start such a thread, and
//! never leave its `main` or call `std::process::exit`. They block signals, which are the program's.

use std::cell::Cell;
use std::io;

thread_local! {
    static IS_OURS: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether the calling thread is one of these.
#[cfg(any(feature = "panic", test))]
pub(crate) fn is_current() -> bool {
    IS_OURS.try_with(Cell::get).unwrap_or(false)
}

/// Starts a thread that nobody waits for. The system shows the first 15 bytes of its name.
pub(crate) fn start(
    name: &'static str,
    run: impl FnOnce() + Send + 'static,
) -> Result<(), io::Error> {
    system::start(
        name,
        Box::new(move || {
            IS_OURS.set(true);
            run();
        }),
    )
}

type Run = Box<dyn FnOnce() + Send>;

#[cfg(unix)]
mod system {
    use std::ffi::c_void;
    use std::mem::{self, MaybeUninit};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::{io, ptr};

    use super::Run;
    use crate::blocked_signals::BlockedSignals;

    /// As many bytes as `std::thread` gives to a thread.
    const STACK: usize = 2 << 20;

    pub(super) fn start(name: &'static str, run: Run) -> Result<(), io::Error> {
        let all = Box::into_raw(Box::new((name, run)));
        let mut settings = MaybeUninit::<libc::pthread_attr_t>::uninit();
        let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
        let _signals = BlockedSignals::all();
        // SAFETY: the settings are set up before they are used, and destroyed behind it. A thread
        // that is started takes the box over, and is used only here.
        let failed = unsafe {
            match libc::pthread_attr_init(settings.as_mut_ptr()) {
                0 => {
                    let settings = settings.as_mut_ptr();
                    libc::pthread_attr_setstacksize(settings, STACK);
                    let failed =
                        libc::pthread_create(thread.as_mut_ptr(), settings, begin, all.cast());
                    libc::pthread_attr_destroy(settings);
                    if failed == 0 {
                        libc::pthread_detach(thread.assume_init());
                    }
                    failed
                }
                failed => failed,
            }
        };
        if failed != 0 {
            // SAFETY: the box from above, which no thread has.
            drop(unsafe { Box::from_raw(all) });
            return Err(io::Error::from_raw_os_error(failed));
        }
        Ok(())
    }

    extern "C" fn begin(all: *mut c_void) -> *mut c_void {
        // SAFETY: the box of `start`, of which this thread is the only owner.
        let (name, run) = *unsafe { Box::from_raw(all.cast::<(&'static str, Run)>()) };
        show(name);
        if let Err(payload) = catch_unwind(AssertUnwindSafe(run)) {
            // Dropping it may panic again.
            mem::forget(payload);
        }
        ptr::null_mut()
    }

    /// Names the calling thread.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn show(name: &str) {
        let mut shown = [0_u8; 16];
        shown.iter_mut().zip(name.bytes().take(15)).for_each(|(to, byte)| *to = byte);
        // SAFETY: it reads a text that ends with a zero.
        unsafe { libc::prctl(libc::PR_SET_NAME, shown.as_ptr()) };
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn show(_: &str) {}
}

#[cfg(not(unix))]
mod system {
    use std::{io, thread};

    use super::Run;

    pub(super) fn start(name: &'static str, run: Run) -> Result<(), io::Error> {
        thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn a_thread_knows_whose_it_is_and_a_panic_ends_it_alone() {
        let (sender, answers) = mpsc::channel();
        start("error-tracker-test", move || {
            sender.send(is_current()).unwrap();
            panic!("on purpose");
        })
        .unwrap();
        assert_eq!(answers.recv_timeout(SOON), Ok(true));
        assert_eq!(answers.recv_timeout(SOON), Err(mpsc::RecvTimeoutError::Disconnected));
        assert!(!is_current());
    }
}
