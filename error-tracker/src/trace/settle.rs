//! Settles pending failures where a tracked call ends: they go on to its caller, or are finished.

use super::finish::{finish, finish_retained};
use super::frame_record::FrameRecord;
use super::function_meta::HiddenExits;
use super::pending_failure::PendingFailure;
use super::pending_list::{any_pending_here, put, take, with_pending};
use super::thread::{self, TrackedFrame};
use super::{ending, panic};
use crate::event::Exit;
use crate::user_code::{contain_panics, in_user_code};

/// Ends a tracked call whose guard is dropped. By its ABI it does not unwind, so an annotated function needs no landing
/// pad for it.
#[cold]
#[inline(never)]
pub(crate) extern "C" fn settle_call(frame: TrackedFrame<'_>) {
    // Without a panic hook that marks the frames, only `panicking` tells that a panic unwinds them.
    if !std::thread::panicking() && thread::with(|thread| frame.leaves_as_innermost(&thread.frames))
    {
        frame.free();
    } else {
        settle_marked(frame);
    }
}

#[cold]
#[inline(never)]
fn settle_marked(frame: TrackedFrame<'_>) {
    contain_panics(|| settle(frame));
    thread::with(|thread| frame.leave(&thread.frames));
}

/// Ends the call of a future, whose frame is on the list of this thread only while it is polled.
#[cold]
#[inline(never)]
pub(crate) extern "C" fn settle_task(frame: TrackedFrame<'_>) {
    if thread::innermost() == frame.key() {
        settle_call(frame);
    } else {
        frame.free();
    }
}

/// Decides on each failure that the end of this frame concerns.
///
/// A failure pending *in* the frame (`caller`) was returned to it by a call and not observed again: it was handled, or
/// left unseen (`settle_unseen`). A failure that has *left* the frame (`frame`) is finished when no tracked call is
/// left to observe it, or when the option `silent` stops it here.
fn settle(frame: TrackedFrame<'_>) {
    if in_user_code() {
        return;
    }
    let key = frame.key();
    let concerns = |pending: &PendingFailure| {
        pending.unwinding.is_some()
            || pending.caller == key
            || pending.frame == key && pending.caller == 0
    };
    let silent = any_pending_here() && frame.meta().parsed().head.silent;
    let panics = std::thread::panicking();
    if !silent && !panics && !with_pending(|list| list.iter().any(concerns)).unwrap_or_default() {
        return;
    }
    let panic_message = panics.then(|| panic::message_through(key)).flatten();
    if panics {
        panic::unwind(frame);
    } else {
        panic::caught();
    }
    for pending in take(|pending| pending.caller == key && pending.unwinding.is_none()) {
        let text = &pending.failure.outermost().message;
        if panic_message.as_ref().is_some_and(|panic| !text.is_empty() && panic.contains(text)) {
            // `Err(error) => panic!("{error}")` handles nothing.
            finish(pending, false);
        } else {
            settle_unseen(frame, pending);
        }
    }
    let leaves = |pending: &PendingFailure| pending.frame == key && (pending.caller == 0 || silent);
    for pending in take(|pending| leaves(pending) && pending.unwinding.is_none()) {
        finish(pending, silent);
    }
}

/// Settles an error that a call in `frame` returned and no site observed again.
///
/// It was handled in `frame`, or leaves it at a hidden exit: in a macro whose expansion is not annotated. A function
/// without such exits has handled it. With them, it is assumed to go on as long as a tracked caller may observe it and
/// prove it; `hidden` counts the frames of this assumption, which are taken back when none does.
fn settle_unseen(frame: TrackedFrame<'_>, mut pending: PendingFailure) {
    if pending.is_provisional() {
        return;
    }
    let caller = frame.caller();
    if caller == 0 && ending::is_main(frame) {
        return ending::defer(pending);
    }
    if pending.is_discarded() {
        return finish(pending, true);
    }
    let hidden = frame.meta().parsed().head.hidden;
    let goes_on = match hidden {
        HiddenExits::Never => false,
        HiddenExits::Possible => caller != 0,
        HiddenExits::Likely => caller != 0 || pending.handler.is_none(),
    };
    if !goes_on {
        if caller == 0 && hidden != HiddenExits::Never {
            let values = &mut pending.failure.values;
            let record = FrameRecord::new(frame, None, Some(Exit::Hidden), values, true);
            pending.failure.hidden_exit = Some(Box::new(record));
        }
        return finish_retained(pending);
    }
    pending.failure.add_frame(frame, None, Some(Exit::Hidden), None);
    pending.frame = frame.key();
    pending.left = Some(frame.meta());
    pending.caller = caller;
    (pending.handler, pending.through) = (None, None);
    if caller == 0 {
        return finish(pending, false);
    }
    pending.hidden += 1;
    put(pending);
}
