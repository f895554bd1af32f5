//! Turns failures into events: errors that left annotated functions, panics, and explicit captures.

pub(crate) mod build;
mod explicit;
mod frame_lines;
mod held;
#[cfg(feature = "panic")]
pub(crate) mod hook;
mod print;
pub(crate) mod source;
mod symbolizer;

pub(crate) use explicit::extra;
pub use explicit::{CallSite, capture_exception, capture_given, capture_message, message};
pub(crate) use explicit::{failure_of, failure_of_message, record_handled};
pub use held::{HeldCapture, hold_exception, hold_given};
#[cfg(feature = "log")]
pub use print::log_exception;
#[cfg(feature = "tracing")]
pub use print::trace_exception;
pub use print::{
    event_from_error, format_exception, format_given, print_exception, print_exception_to,
    print_given,
};
pub use symbolizer::Symbolizer;
