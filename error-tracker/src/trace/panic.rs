//! Follows panics: the panic hook records what can be read without running user code, the guards
//! that unwind add the rest.
#![cfg_attr(not(feature = "panic"), allow(dead_code, reason = "the hook calls it"))]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::error_facts::ErrorFacts;
use super::failure::{Failure, MAX_FRAMES, ReportOutcome};
use super::frame_record::FrameRecord;
use super::pending_failure::PendingFailure;
use super::pending_list::{put, take, with_pending};
use super::reported;
use super::thread::{self, TrackedFrame};
use super::unwinding::{UnwindStage, UnwindingPanic, as_handled};
use crate::event::{self, Exit, Kind, Level, Location};
use crate::user_code::in_user_code;

/// What becomes of a panic after the hook has run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PanicFate {
    /// It unwinds, and guards add their variables.
    Unwinds,
    /// It unwinds, unless another panic hook ends the program first.
    MayEnd,
    /// The program is about to abort.
    Aborts,
}

/// What the hook has to report.
pub(crate) enum HookAction {
    /// These failures, which no guard will finish: no annotated function runs on this thread, or
    /// the program ends.
    Final(Vec<Box<Failure>>),
    /// The failure as it is known now. Once it has unwound, the guards report the complete one.
    Early(Box<Failure>),
    /// Nothing: the guards report the panic.
    Nothing,
}

/// Begins the failure of a panic; called by the panic hook. Runs no user code, since the program's
/// state is unknown.
pub(crate) fn begin(message: String, location: Option<Location>, next: PanicFate) -> HookAction {
    REPLACED.store(false, Relaxed);
    let facts = ErrorFacts { type_name: "panic", message, ..ErrorFacts::default() };
    let mut failure = Box::new(Failure {
        location,
        level: Some(Level::Fatal),
        ..Failure::new(Kind::Panic, facts)
    });
    failure.take_stack(false);
    let within = within();
    let keys = add_running(&mut failure, 0, within);
    if next == PanicFate::Aborts {
        // A panic that was unwinding will not get any further either.
        let mut all: Vec<_> =
            take(|pending| pending.unwinding.is_some()).into_iter().map(|p| p.failure).collect();
        all.push(failure);
        return HookAction::Final(all);
    }
    change_stage(UnwindStage::Unwinding, UnwindStage::Superseded);
    if keys.is_empty() {
        return HookAction::Final(vec![failure]);
    }
    if next == PanicFate::MayEnd {
        failure.report = ReportOutcome::Early(event::new_id());
    }
    let early = (next == PanicFate::MayEnd).then(|| failure.clone());
    put_unwinding(failure, keys, within);
    early.map_or(HookAction::Nothing, HookAction::Early)
}

/// Notes that a tracked call begins while failures are pending on its thread. While a panic
/// unwinds, a destructor made the call.
#[cold]
#[inline(never)]
pub(super) extern "C" fn call_begins() {
    if std::thread::panicking() && !in_user_code() {
        change_stage(UnwindStage::Unwinding, UnwindStage::RunsDestructor);
    }
}

/// Changes the stage of all panics of this thread that are in stage `from`.
fn change_stage(from: UnwindStage, to: UnwindStage) {
    with_pending(|list| {
        let all = list.iter_mut().filter_map(|pending| pending.unwinding.as_mut());
        all.filter(|panic| panic.stage == from).for_each(|panic| panic.stage = to);
    });
}

/// Returns the innermost running frame that another panic unwinds, in whose destructors the present
/// one began.
fn within() -> Option<usize> {
    with_pending(|list| {
        let unwinds = |key: usize| {
            let mut all = list.iter().filter_map(|pending| pending.unwinding.as_ref());
            all.any(|panic| {
                panic.stage == UnwindStage::RunsDestructor && panic.index_of(key).is_some()
            })
        };
        thread::read(|mut frames| frames.find(|frame| unwinds(frame.key())).map(TrackedFrame::key))
    })
    .flatten()
}

/// Adds the running functions from the frame with key `from` (0: the innermost one) outward, up to
/// the frame `within` that another panic unwinds. Returns their keys.
fn add_running(failure: &mut Failure, from: usize, within: Option<usize>) -> Vec<usize> {
    let mut keys = Vec::new();
    thread::read(|frames| {
        let running = frames.skip_while(|frame| from != 0 && frame.key() != from);
        for frame in running.take_while(|frame| within != Some(frame.key())).take(MAX_FRAMES) {
            let exit = Some(Exit::Panic);
            let mut record = FrameRecord::new(frame, None, exit, &mut failure.values, false);
            // The panic is in the innermost function, unless code that it called panicked.
            if keys.is_empty()
                && let Some(at) = &failure.location
                && frame.meta().parsed().head.holds(&at.file, at.line)
            {
                record.set_place(&at.file, at.line, at.column);
            }
            failure.frames.push(record);
            keys.push(frame.key());
        }
    });
    keys
}

/// Makes a panic pending until the guards of its frames have unwound.
fn put_unwinding(failure: Box<Failure>, keys: Vec<usize>, within: Option<usize>) {
    let Some(&innermost) = keys.first() else { return };
    let unwinding = UnwindingPanic { keys, unwound: 0, stage: UnwindStage::Unwinding, within };
    put(PendingFailure { unwinding: Some(unwinding), ..PendingFailure::at(innermost, failure) });
    thread::with(|thread| thread.frames.mark_all());
}

/// Whether a panic unwound for which the hook was not called.
static REPLACED: AtomicBool = AtomicBool::new(false);

/// Returns whether another panic hook replaced the tracker's one. Set by the hook when it is
/// installed.
pub(crate) static ASK_HOOK: OnceLock<fn() -> bool> = OnceLock::new();

/// Returns whether the hook was replaced, as far as panics have shown.
pub(crate) fn hook_is_replaced() -> bool {
    REPLACED.load(Relaxed)
}

/// Begins a panic for which the hook was not called, if the hook was replaced. Called when a guard
/// is dropped while its thread panics and no known panic is pending.
///
/// The guard may also belong to a call that a destructor made and that returned; without the hook
/// the two cases look the same, so the innermost frame of such a panic may be one of a destructor.
fn begin_unseen(frame: TrackedFrame<'_>) {
    // An installed hook does not hear of `resume_unwind` either, so a missing panic alone proves
    // nothing.
    if ASK_HOOK.get().is_some_and(|replaced| replaced()) {
        REPLACED.store(true, Relaxed);
        let facts =
            ErrorFacts { type_name: "panic", message: UNSEEN.to_owned(), ..ErrorFacts::default() };
        let mut failure =
            Box::new(Failure { level: Some(Level::Fatal), ..Failure::new(Kind::Panic, facts) });
        failure.take_stack(false);
        let keys = add_running(&mut failure, frame.key(), None);
        put_unwinding(failure, keys, None);
    }
}

/// The message of a panic for which the hook was not called.
const UNSEEN: &str = "<not known: error-tracker's panic hook was replaced>";

/// Returns the message of the panic that unwinds the frame with this key.
pub(super) fn message_through(key: usize) -> Option<String> {
    let message = |pending: &PendingFailure| pending.failure.innermost.message.clone();
    with_pending(|list| list.iter().rfind(|pending| unwinds(pending, key)).map(message))?
}

/// Returns whether a panic is about to unwind the frame with this key.
fn unwinds(pending: &PendingFailure, key: usize) -> bool {
    pending.unwinding.as_ref().is_some_and(|panic| panic.index_of(key).is_some())
}

/// Adds the variables of a frame whose guard a panic drops. Reports the panic when it leaves the
/// outermost frame.
pub(super) fn unwind(frame: TrackedFrame<'_>) {
    report_caught(|panic| panic.stage == UnwindStage::Superseded || panic.is_over());
    let key = frame.key();
    let is_known = with_pending(|list| list.iter().any(|pending| pending.unwinding.is_some()));
    if !is_known.unwrap_or(true) {
        begin_unseen(frame);
    }
    for mut pending in take(|pending| unwinds(pending, key)) {
        let Some(unwinding) = &mut pending.unwinding else { continue };
        if let Some(index) = unwinding.index_of(key) {
            unwinding.unwound = index + 1;
            let failure = &mut pending.failure;
            let values = &mut failure.values;
            // The hook has recorded the values of the option `context`.
            let context = values.context.len();
            let mut record = FrameRecord::new(frame, None, Some(Exit::Panic), values, true);
            values.context.truncate(context);
            if let Some(known) = failure.frames.get_mut(index) {
                record.place = known.place;
                *known = record;
            }
        }
        if frame.caller() == 0 {
            if !pending.report.is_final() {
                reported::report(pending.failure, |_| ());
            }
        } else {
            put(pending);
        }
    }
}

/// Reports all pending panics as handled: no panic unwinds, so they were caught.
pub(super) fn caught() {
    report_caught(|_| true);
}

fn report_caught(wanted: impl Fn(&UnwindingPanic) -> bool) {
    for pending in take(|pending| pending.unwinding.as_ref().is_some_and(&wanted)) {
        if !pending.report.is_final() {
            let within = pending.unwinding.as_ref().and_then(|panic| panic.within);
            let failure = as_handled(pending.failure, pending.unwinding.as_ref());
            reported::report(failure, |failure| {
                if let Some(frame) = within {
                    failure.add_callers(frame);
                }
            });
        }
    }
}
