//! Turns failures into events: those that left annotated functions, panics, and explicit captures.

pub(crate) mod build;
mod explicit;
mod held;
#[cfg(feature = "panic")]
pub(crate) mod hook;
mod lines;
mod names;
mod print;
pub(crate) mod source;

pub use explicit::{CallSite, capture_exception, capture_message, extra, given, message};
pub(crate) use explicit::{failure_of, failure_of_message, record_handled};
pub use held::{HeldCapture, hold_exception, hold_given};
pub use names::Symbolizer;
#[cfg(feature = "log")]
pub use print::log_exception;
#[cfg(feature = "tracing")]
pub use print::trace_exception;
pub use print::{
    event_from_error, format_exception, format_given, print_exception, print_exception_to,
    print_given,
};
