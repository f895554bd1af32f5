use std::error::Error;
use std::sync::OnceLock;

/// Records an error that was handled; the second argument is the path of its static type before it was boxed.
pub(crate) type Recorder = fn(&(dyn Error + 'static), &'static str);

static RECORDER: OnceLock<Recorder> = OnceLock::new();

/// Sets what [`Scope::run_handled`](super::Scope::run_handled) records errors with; the first call counts.
pub(crate) fn record_handled_with(recorder: Recorder) {
    let _ = RECORDER.set(recorder);
}

pub(super) fn record(error: &(dyn Error + 'static), type_name: &'static str) {
    if let Some(recorder) = RECORDER.get() {
        recorder(error, type_name);
    }
}
