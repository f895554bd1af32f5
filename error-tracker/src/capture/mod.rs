//! Failures become events here: those that left annotated functions, panics, and what is captured by hand.

pub(crate) mod build;
mod by_hand;
#[cfg(feature = "panic")]
pub(crate) mod hook;
pub(crate) mod lines;
pub(crate) mod names;
mod print;
pub(crate) mod source;

pub use by_hand::{Here, capture_exception, capture_message, extra, given, message};
pub(crate) use by_hand::{failure_of, failure_of_message, record_handled};
#[cfg(feature = "log")]
pub use print::log_exception;
#[cfg(feature = "tracing")]
pub use print::trace_exception;
pub use print::{
    exception_event, format_exception, format_given, print_exception, print_exception_to, print_given,
};
