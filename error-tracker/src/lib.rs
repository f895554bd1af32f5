//! Tracebacks for Rust: the failing `?`, arguments, locals and causes of every error and panic, kept beside the program and
//! shown on a built-in page. No server to run.
//!
//! ```
//! use error_tracker::auto_track_exception;
//!
//! #[auto_track_exception]
//! fn quantity(text: &str) -> Result<u32, std::num::ParseIntError> {
//!     let digits = text.trim();
//!     let pieces = digits.parse()?;
//!     Ok(pieces)
//! }
//!
//! let error = quantity("12,50").unwrap_err();
//! let traceback = error_tracker::format_exception(&error);
//! assert!(traceback.contains("digits.parse()?"));
//! assert!(traceback.contains(r#"&str = "12,50""#));
//! ```
//!
//! A program keeps its failures by [`init()`] or [`builder()`] in `main`; they are then read with the program
//! `error-tracker`, on the page that [`Tracker::serve`] shows, or by [`Tracker::get_exceptions`].
//!
//! - [`auto_track_exception`](macro@auto_track_exception) and [`track_exception`](macro@track_exception) record what functions
//!   fail with; [`capture_exception!`], [`capture_message!`] and [`print_exception!`] do it by hand.
//! - [`scope`] adds what the program was doing; [`mask`] hides secrets.
//! - [`store`] keeps events, in SQLite or wherever a [`Store`](store::Store) of your own puts them.
//! - [`event`] is the data, [`mod@format`] its text.
//!
//! # Features
//! `sqlite` (SQLite is compiled in), `viewer` (the page and its server) and `panic` (panics are recorded) are on by default.
//! `cli` builds the program, `log` and `tracing` add [`log_exception`] and [`trace_exception`].
#![cfg_attr(
    not(all(feature = "log", feature = "tracing", feature = "viewer")),
    allow(rustdoc::broken_intra_doc_links)
)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[allow(missing_docs)]
mod capture;
pub mod event;
mod fingerprint;
pub mod format;
pub mod json;
pub mod mask;
mod pipeline;
pub mod scope;
#[allow(missing_docs)]
mod snapshot;
pub mod store;
mod ticker;
#[allow(missing_docs)]
mod trace;
mod tracker;
#[cfg(feature = "viewer")]
pub mod viewer;

#[cfg(feature = "log")]
pub use capture::log_exception;
#[cfg(feature = "tracing")]
pub use capture::trace_exception;
pub use capture::{
    capture_exception, capture_message, exception_event, format_exception, print_exception,
    print_exception_to,
};
/// Records what a function fails with: an `Err` that leaves it, a panic, and with the option `none` a `None`.
///
/// It goes on functions, methods, `async fn`, or on a whole `impl`, `trait` or inline `mod`. What the function does, and
/// what it returns, stays the same.
///
/// The failing expression is the operand of a `?`, a returned value, or the last expression. Arguments that are references
/// are read at the failure, other variables are kept when they are bound: primitives always, strings and other `Debug`
/// values while that takes little time. A variable whose name is masked is never read.
///
/// # Options
/// ```
/// # use error_tracker::auto_track_exception;
/// # type Error = Box<dyn std::error::Error>;
/// static LIMITS: [u32; 2] = [10, 99];
///
/// // Not kept at all; never read; extra data, taken at entry; statics and constants shown with the event.
/// #[auto_track_exception(skip(blob), mask(pin), context(attempt = 3), globals(LIMITS))]
/// fn open(blob: &[u8], pin: u32) -> Result<u32, Error> {
///     Ok(std::str::from_utf8(blob)?.parse::<u32>()? + pin)
/// }
///
/// // Records the error and returns `Ok(0)`; without a value `Ok` of the default.
/// #[auto_track_exception(silent = 0)]
/// fn count(text: &str) -> Result<u32, Error> {
///     Ok(text.parse()?)
/// }
/// # let _quiet = std::panic::catch_unwind(|| assert_eq!(count("x").unwrap(), 0));
///
/// // A `None` is a failure here.
/// #[auto_track_exception(none, level = "warning", name = "cart lookup")]
/// fn cart(id: usize) -> Option<&'static u32> {
///     LIMITS.get(id)
/// }
///
/// // Locals are not kept; or whatever it costs: `locals = "always"`.
/// #[auto_track_exception(locals = "never", skip_all)]
/// fn quick(text: &str) -> Result<u32, Error> {
///     Ok(text.parse()?)
/// }
/// ```
/// `error = name` records an argument that is an error on entry. `crate = path` says where this crate is when it was
/// renamed. On a block of functions `name`, `error` and `silent` are not allowed; [`untracked`](macro@untracked) takes a
/// function out.
///
/// # Limits
/// Closures, async blocks, nested items and the insides of macros are not touched; `bail!` and `ensure!` are known by name. 64
/// variables of a function are kept. A type whose `Debug` or `Error` holds for some lifetimes only does not compile:
/// `skip(..)` it. `const fn` is left as it is.
pub use error_tracker_macros::auto_track_exception;
/// On a function that is given an error (an argument `e`, `err`, `error` or `exception`, or the one that `error = name`
/// names) it records that error when the function is entered; elsewhere it is
/// [`auto_track_exception`](macro@auto_track_exception), whose options it takes.
///
/// ```
/// use error_tracker::track_exception;
///
/// #[track_exception]
/// fn on_error(error: &std::io::Error) -> u16 {
///     if error.kind() == std::io::ErrorKind::NotFound { 404 } else { 500 }
/// }
/// # assert_eq!(on_error(&std::io::ErrorKind::NotFound.into()), 404);
/// ```
pub use error_tracker_macros::track_exception;
/// Takes a function out of the attribute on the `impl`, `trait` or `mod` around it.
///
/// ```
/// use error_tracker::{auto_track_exception, untracked};
///
/// struct Cart(Vec<u32>);
///
/// #[auto_track_exception]
/// impl Cart {
///     fn total(&self) -> Result<u32, String> {
///         self.0.iter().try_fold(0_u32, |sum, price| sum.checked_add(*price)).ok_or("too much".into())
///     }
///
///     #[untracked]
///     fn len(&self) -> usize {
///         self.0.len()
///     }
/// }
/// # assert_eq!((Cart(vec![1, 2]).total(), Cart(vec![1]).len()), (Ok(3), 1));
/// ```
pub use error_tracker_macros::untracked;
pub use pipeline::{Health, Partial};
pub use scope::{configure_scope, with_scope};
pub use tracker::{Builder, ContextBuilder, InitError, Installed, Settings, Tracker, builder, init, tracker};
