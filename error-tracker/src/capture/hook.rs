//! The panic hook.

use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::Duration;

use crate::background;
use crate::event::Location;
use crate::fork;
use crate::stack;
use crate::trace::early_report;
use crate::trace::panic::{ASK_HOOK, HookAction, PanicFate, begin};
use crate::trace::reported;
use crate::user_code::{hides_panics, in_user_code};

/// The most time that a panicking thread waits until the panic is reported, and stored if the
/// program may end. Bounded, because the program's own hooks, such as `before_capture`, may need a
/// lock of that thread.
const REPORT_DEADLINE: Duration = Duration::from_secs(2);
/// The most time to wait for the lock of the panic hooks, to find out which one is set.
const HOOK_LOCK_DEADLINE: Duration = Duration::from_millis(500);

/// The messages with which the standard library panics just before it aborts the program.
const ABORT_MESSAGES: [&str; 2] =
    ["panic in a function that cannot unwind", "panic in a destructor during cleanup"];

type PanicHook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// The address of our hook, and whether a hook that was set later calls it.
static OUR_HOOK: AtomicUsize = AtomicUsize::new(0);
static IS_CALLED_BY_ANOTHER: AtomicBool = AtomicBool::new(false);

/// Records panics from now on; the previous hook runs afterwards. `flush` waits for the store.
///
/// A previous hook, or one that is set later and calls this one, may end the program. With such a
/// hook a panic is stored before the hook returns. So is a panic that will reach a function that
/// must not unwind.
pub(crate) fn install(flush: fn()) {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if INSTALLED.swap(true, Relaxed) {
        return;
    }
    let before = panic::take_hook();
    // The hook is the default one now.
    let has_other = !is_same(&*before, &*panic::take_hook());
    let ours: Box<PanicHook> = Box::new(move |info| {
        // A `Debug` that panics while the tracker renders it is caught, and is not a failure.
        if hides_panics() {
            return;
        }
        let own = 0;
        let is_chained = !stack::is_in_caller(std::ptr::from_ref(info).addr(), &own);
        if !in_user_code() {
            let ends = || stack::must_not_unwind(std::ptr::from_ref(&own).addr());
            record(info, has_other || is_chained || ends(), is_chained, flush);
        }
        before(info);
    });
    OUR_HOOK.store(address(&*ours), Relaxed);
    panic::set_hook(ours);
    let _ = ASK_HOOK.set(is_replaced);
}

/// Returns whether two hooks are the same function, as default hooks are. A wrong result makes
/// panics wait for the store.
fn is_same(a: &PanicHook, b: &PanicHook) -> bool {
    std::ptr::eq(a, b)
}

fn address(hook: &PanicHook) -> usize {
    std::ptr::from_ref(hook).cast::<()>().addr()
}

/// Begins the failure of a panic, and reports it unless it stays pending.
fn record(info: &PanicHookInfo<'_>, may_end: bool, is_chained: bool, flush: fn()) {
    // The panic of a store is caught and counted; recording it would call the store again.
    if background::is_current() {
        return;
    }
    if is_chained {
        IS_CALLED_BY_ANOTHER.store(true, Relaxed);
    }
    let message = info.payload_as_str().unwrap_or("<a value that is not text>").to_owned();
    let location = info.location().map(|at| Location {
        file: at.file().into(),
        line: at.line(),
        column: at.column(),
    });
    let next = if cfg!(panic = "abort") || ABORT_MESSAGES.contains(&&*message) {
        PanicFate::Aborts
    } else if may_end {
        PanicFate::MayEnd
    } else {
        PanicFate::Unwinds
    };
    let action = begin(message, location, next);
    if matches!(action, HookAction::Nothing) {
        return;
    }
    // The user's hooks (`before_capture`) must not run here: a panic inside a panic hook aborts.
    let report = move || {
        match action {
            HookAction::Nothing => {}
            HookAction::Early(failure) => reported::report_early(failure),
            HookAction::Final(failures) => {
                failures.into_iter().for_each(|failure| drop(reported::report(failure, |_| ())));
            }
        }
        if next == PanicFate::Aborts {
            early_report::settle_at_end(Some(true));
        }
        if next != PanicFate::Unwinds {
            flush();
        }
    };
    run_on_new_thread(report, REPORT_DEADLINE);
}

/// Returns whether another hook has replaced ours and does not call it. Must not be called by a
/// panicking thread.
fn is_replaced() -> bool {
    // In a forked child a thread of the parent may hold the lock of the hooks forever, if it was in
    // a hook at the fork. Waiting for the lock here would block all panics.
    if fork::generation() > 0 {
        return false;
    }
    let ask = || {
        // In a child that was forked meanwhile no hook would be set.
        let _installation = fork::INSTALLATION.enter();
        let hook = panic::take_hook();
        let is_ours = address(&*hook) == OUR_HOOK.load(Relaxed);
        panic::set_hook(hook);
        !is_ours && !IS_CALLED_BY_ANOTHER.load(Relaxed)
    };
    run_on_new_thread(ask, HOOK_LOCK_DEADLINE).unwrap_or_default()
}

/// Runs a closure, which must not run on a panicking thread, on a new thread, and waits for it.
/// Returns `None` after the deadline, or if no thread could be started.
fn run_on_new_thread<R: Send + 'static>(
    run: impl FnOnce() -> R + Send + 'static,
    deadline: Duration,
) -> Option<R> {
    let (done, wait) = mpsc::channel();
    let run = move || drop(done.send(run()));
    background::start("error-tracker-panic", run).ok()?;
    wait.recv_timeout(deadline).ok()
}
