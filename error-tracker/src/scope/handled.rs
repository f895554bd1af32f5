//! The seam by which a scope records handled errors: the tracker, in a higher module, sets it.

use std::error::Error;
use std::panic::Location;
use std::sync::OnceLock;

/// Records a handled error. The second argument is the name of its static type before it was boxed,
/// the third the place where it was handled.
pub(crate) type HandledRecorder =
    fn(&(dyn Error + 'static), &'static str, &'static Location<'static>);

static RECORDER: OnceLock<HandledRecorder> = OnceLock::new();

/// Sets the function by which [`Scope::run_handled`](super::Scope::run_handled) records errors;
/// only the first call has an effect.
pub(crate) fn record_handled_with(recorder: HandledRecorder) {
    let _ = RECORDER.set(recorder);
}

pub(super) fn record(
    error: &(dyn Error + 'static),
    type_name: &'static str,
    at: &'static Location<'static>,
) {
    if let Some(recorder) = RECORDER.get() {
        recorder(error, type_name, at);
    }
}
