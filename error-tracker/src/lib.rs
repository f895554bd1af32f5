//! Tracebacks for Rust: the failing `?`, arguments, locals and causes of every error and panic, kept beside the program
//! and shown on a built-in page. No server to run.
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
//! let error = quantity(" -3 ").unwrap_err();
//! let text = error_tracker::format_exception(&error);
//! assert!(text.contains("digits.parse()?") && text.contains(r#"text:   &str = " -3 ""#), "{text}");
//! ```
//!
//! A program sets up a tracker once, in `main`, and keeps what it gets until the end:
//!
//! ```no_run
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let _tracker = error_tracker::init()?;
//!     // ..
//!     Ok(())
//! }
//! ```
//!
//! From then on errors that leave annotated functions, and panics, are kept in `errors.db` in the current folder. The
//! program `error-tracker` (crate `error-tracker-cli`) shows that file: `error-tracker view errors.db`.
//!
//! # Attributes
//!
//! [`#[auto_track_exception]`](macro@auto_track_exception) goes above functions, methods, `async fn`, and whole
//! `impl`, `trait` and inline `mod` blocks, where [`#[untracked]`](macro@untracked) takes a function out.
//! [`#[track_exception]`](macro@track_exception) is for functions that are handed an error. The function does what it
//! did before: its body stays where it is, and only the operands of `?`, returned values and last expressions are
//! looked at.
//!
//! # What a failure is, and what becomes of it
//!
//! An `Err`, a panic, and, with the option `none`, a `None` are failures. An error that crosses ten annotated
//! functions is one event with ten frames. It becomes an event when it leaves the outermost one, or when a function
//! around went on without it: then the event says that it was handled. `map_err`, `context`, `Box<dyn Error>` and
//! `anyhow` on the way do not cut the trace; each frame says what the error became.
//!
//! Panics are taken from the panic hook; the hook that was set before runs as well. Under `panic = "abort"` the panic
//! is in the file before the program ends.
//!
//! # Variables
//!
//! At a failing `?` a variable may be moved or mutably borrowed, so that nobody can read it there. It is kept when it
//! is bound, by a way that fits its type, and each value says when it was taken, and whether it may have changed
//! since. Strings and `Debug` texts are kept only when a tracker is installed.
//!
//! | variable | what is kept |
//! |---|---|
//! | `&self`, an argument written `&T` | the reference; rendered at the failure |
//! | numbers, `bool`, `char`, and options, tuples and small arrays of them | a copy, taken again at each assignment |
//! | `String`, `&str` | the first 160 bytes, and the length |
//! | other types with `Debug` | the `Debug` text, bounded and masked, as long as this takes less than 1 % of the time |
//! | bytes that are text | the text: `b"fdAT"` |
//! | reports of anyhow, eyre and the like | message and causes |
//! | types without `Debug`, closures | the type's name |
//! | names that are masked | texts and numbers, to search for them elsewhere; they are never shown |
//!
//! Names that are not mentioned again, and those that start with `_`, are left out.
//!
//! # By hand
//!
//! ```
//! # let (order, id) = (7, 8);
//! if let Err(error) = "12,50".parse::<f64>() {
//!     error_tracker::capture_exception!(error, order = order);
//! }
//! error_tracker::capture_message!("user {id} has no cart");
//! ```
//!
//! [`capture_exception!`] takes every type of error, `anyhow::Error` and boxes included; inside an annotated function
//! it records its arguments and locals as well. [`capture_message!`] groups by the literal. [`hold_exception!`]
//! leaves it open whether the error is recorded until the capture is committed or dropped. To show an error without
//! keeping it there are [`print_exception!`], [`format_exception!`], [`print_exception_to`], and, with the features
//! `log` and `tracing`, [`log_exception`] and [`trace_exception`]. [`format::Format`] has the limits.
//!
//! # Scopes
//!
//! What is known about the work at hand is added to every event that is captured meanwhile:
//!
//! ```
//! use error_tracker::event::Breadcrumb;
//! use error_tracker::scope::Scope;
//!
//! error_tracker::configure_scope(|scope| {
//!     scope.set_tag("tenant", "acme");
//!     scope.set_user([("id", 42)]);
//!     scope.add_breadcrumb(Breadcrumb::new("http", "GET /cart"));
//! });
//! let lines = error_tracker::with_scope(
//!     |scope| scope.set_extra("file", "orders.csv"),
//!     || Scope::current().run_handled(|| "12,50".parse::<u32>()),
//! );
//! assert_eq!(lines, None, "recorded, and not handed on");
//! ```
//!
//! A task whose outermost future is annotated has a scope of its own. Others take theirs along by
//! [`in_current_scope`](scope::FutureScopeExt::in_current_scope), threads by [`scope::propagate`].
//!
//! # Masking
//!
//! Names such as `password`, `api_key` or `Authorization` are masked in variables, fields, map keys, extras and tags,
//! at any depth; so are values that look like secrets, and masked values wherever else they appear in the event. It
//! happens before an event is queued, on the thread that reports the failure: usually the one that failed ([the
//! guide](guide#secrets) lists the others). Source lines are masked when they are read. See [`mask`], which also says
//! what is not promised.
//!
//! ```
//! use error_tracker::mask::Masking;
//!
//! let masking = Masking::default().mask_containing("badge").allow("token_count").replacement("<hidden>");
//! let builder = error_tracker::builder().masking(masking);
//! ```
//!
//! # The tracker
//!
//! [`init()`] reads `ERROR_TRACKER_*` from the environment; [`builder()`] has every setting, takes [`Settings`] by
//! serde, and is where the program's own hooks go:
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! let tracker = error_tracker::builder()
//!     .settings(error_tracker::Settings::from_env()?)
//!     .release(env!("CARGO_PKG_VERSION"))
//!     .ignore_type("shop::Cancelled")
//!     .before_capture(|mut event| {
//!         event.context.tags.insert("queue".into(), "import".into());
//!         Some(event)
//!     })
//!     .install()?;
//!
//! tracker.flush(Duration::from_secs(2))?;
//! println!("{:?}", tracker.health());
//! # Ok(())
//! # }
//! ```
//!
//! Events go through a bounded queue to a thread that writes them. [`Tracker::flush`] waits for it, and so does the end
//! of the program, for up to 2 seconds. [`Tracker::health`] counts what was stored, coalesced and dropped. An
//! [`EventObserver`] hears of each event after it was stored. A tracker of [`TrackerBuilder::build`] stands on its own,
//! for tests.
//!
//! # Stores
//!
//! [`store::SqliteStore`] is the default, [`store::MemoryStore`] is for tests, and [`store::Store`] is the trait for
//! one of your own. [`Tracker::issues`], [`issue`](Tracker::issue), [`delete_issue`](Tracker::delete_issue) and
//! [`record_event`](Tracker::record_event) read and change what is kept.
//!
//! # The page
//!
//! ```no_run
//! # #[cfg(feature = "viewer")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tracker = error_tracker::init()?;
//! let server = tracker.serve("127.0.0.1:8765")?;
//! println!("{}", server.url());
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "viewer"))]
//! # fn main() {}
//! ```
//!
//! In a web server of your own, [`Tracker::viewer`] answers requests (`error-tracker-axum` mounts
//! it); it shows nothing before a permission says who may look.
//!
//! # Features
//!
//! `sqlite`, `viewer` and `panic` are on by default. `log` and `tracing` print exceptions there. `test-util` has the
//! tests that a store of your own should pass, `web` what integrations of web frameworks have in common.
//!
//! `disabled` is for a build that must be free of all this, such as a release that is measured or certified, with no
//! change to the source:
//!
//! ```toml
//! [features]
//! no-tracking = ["error-tracker/disabled"]
//! ```
//!
//! - The attributes return their item unchanged; the compiler makes the same instructions of it as without them. Their
//!   options are still checked, but not evaluated: with `silent` **the function returns its error**, and a static that
//!   only `globals` names is reported as unused.
//! - [`init()`] and [`TrackerBuilder::install`] check the settings and succeed. They open no file, start no thread and
//!   set no panic hook; a store that the builder was given is dropped. [`tracker()`] is one without events: what it is
//!   given is not kept, and the pages that it serves are empty.
//! - Captures return `None`. `capture_exception!(error, name = value)` evaluates the error, and neither `value` nor the
//!   values of [`capture_message!`].
//! - What prints an error still prints it, with its sources and without a trace. Scopes run their closures.
//!
//! Cargo builds error-tracker once for all crates of a program: the feature holds for each of them, and one that asks
//! for it asks for all. So it belongs into the program's own features, never into a library.
#![cfg_attr(
    not(all(
        feature = "log",
        feature = "tracing",
        feature = "viewer",
        feature = "sqlite",
        feature = "web"
    )),
    allow(rustdoc::broken_intra_doc_links)
)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
#![deny(unsafe_code)]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[allow(unsafe_code, reason = "`pthread_create`")]
mod background;
mod byte_text;
#[allow(missing_docs)]
mod capture;
#[expect(unsafe_code, reason = "types that are the same, which the compiler cannot know")]
mod cast;
pub mod event;
mod fingerprint;
#[allow(unsafe_code, reason = "`pthread_atfork`")]
mod fork;
pub mod format;
#[expect(unsafe_code, reason = "the memory of running functions")]
mod frame;
#[doc = include_str!("guide.md")]
pub mod guide {}
mod error_report;
pub mod json;
pub mod mask;
mod pipeline;
pub mod scope;
#[allow(missing_docs)]
mod snapshot;
mod stack;
pub mod store;
mod ticker;
#[allow(missing_docs)]
mod trace;
mod tracker;
mod user_code;
#[cfg(feature = "viewer")]
pub mod viewer;
mod warning;
#[cfg(feature = "web")]
pub mod web;

/// Whether this build records nothing.
const DISABLED: bool = cfg!(feature = "disabled");

#[cfg(feature = "log")]
pub use capture::log_exception;
#[cfg(feature = "tracing")]
pub use capture::trace_exception;
pub use capture::{
    HeldCapture, Symbolizer, capture_exception, capture_message, event_from_error,
    format_exception, hold_exception, print_exception, print_exception_to,
};
pub use pipeline::{EventObserver, FlushError, Health, ObserverHealth, StoredEvent};
pub use scope::{configure_scope, with_scope};
pub use stack::BacktraceMode;
pub use tracker::{
    ContextBuilder, Handled, InitError, Settings, Tracker, TrackerBuilder, TrackerGuard, builder,
    init, init_or_warn, tracker,
};

/// Records what a function fails with; the function does what it did before.
///
/// ```
/// use error_tracker::auto_track_exception;
///
/// struct Cart {
///     prices: Vec<u32>,
/// }
///
/// #[auto_track_exception]
/// impl Cart {
///     fn price(&self, text: &str) -> Result<u32, Box<dyn std::error::Error>> {
///         let at: usize = text.parse()?;
///         let price = self.prices.get(at).ok_or("there is no such position")?;
///         Ok(*price)
///     }
///
///     #[error_tracker::untracked]
///     fn is_empty(&self) -> bool {
///         self.prices.is_empty()
///     }
/// }
/// # let cart = Cart { prices: vec![1] };
/// # assert!(cart.price("7").is_err() && !cart.is_empty());
/// ```
///
/// It goes on functions and methods of every kind, `async fn` included, and on `impl`, `trait` and inline `mod` blocks,
/// where it is on each function inside. A `const fn` stays as it is.
///
/// It belongs above other attributes, such as `#[tracing::instrument]` and `#[tokio::main]`: these then see the
/// signature as it was written. Below them it sees what they made of the function; [the
/// guide](guide#beside-other-attributes) says which of them it looks into, and what two attributes of ours on one
/// function do.
///
/// # Options
///
/// **`skip(a, b)`** does not keep these arguments and locals, **`skip_all`** none of them. Use it for a type whose
/// `Debug` is slow, locks, or is implemented for some lifetimes only.
/// ```
/// # use error_tracker::auto_track_exception;
/// #[auto_track_exception(skip(picture))]
/// fn resize(picture: &[u8], width: u32) -> Result<usize, String> {
///     picture.len().checked_div(width as usize).ok_or_else(|| "no width".into())
/// }
/// # assert!(resize(&[1], 0).is_err());
/// ```
///
/// **`mask(a)`** never shows `a`, but that it was masked. Its `Debug` does not run; a text or number is searched for
/// in all else that the event shows.
/// ```
/// # use error_tracker::auto_track_exception;
/// #[auto_track_exception(mask(badge))]
/// fn admit(badge: &str, door: u32) -> Result<(), String> {
///     if badge.len() == 8 { Ok(()) } else { Err(format!("door {door} stays shut")) }
/// }
/// # assert!(admit("", 1).is_err());
/// ```
///
/// **`locals = ".."`** says how much time locals may take: `"adaptive"`, the default, 1 % of it; `"always"` as much as
/// they need; `"never"` shows arguments only.
/// ```
/// # use error_tracker::auto_track_exception;
/// #[auto_track_exception(locals = "always")]
/// fn settle(cents: Vec<i64>) -> Result<i64, String> {
///     let sorted: Vec<i64> = cents.iter().copied().filter(|cents| *cents > 0).collect();
///     sorted.first().copied().ok_or_else(|| "nothing to settle".into())
/// }
/// # assert!(settle(vec![]).is_err());
/// ```
///
/// **`none`** makes a `None` that leaves the function a failure.
/// ```
/// # use error_tracker::auto_track_exception;
/// #[auto_track_exception(none)]
/// fn position(ids: &[u32], id: u32) -> Option<usize> {
///     ids.iter().position(|known| *known == id)
/// }
/// # assert!(position(&[], 1).is_none());
/// ```
///
/// **`silent`** records an error and returns `Ok` with the default in its place; **`silent = value`** with this
/// value. With the [feature](crate#features) `disabled` the function returns the error.
/// ```
/// # use error_tracker::auto_track_exception;
/// # use std::num::ParseIntError;
/// #[auto_track_exception(silent = 20)]
/// fn page_size(text: &str) -> Result<u32, ParseIntError> {
///     text.parse()
/// }
/// assert_eq!(page_size("many"), Ok(20));
/// ```
///
/// **`context(name = value)`** adds extra data, taken when the function is entered.
/// ```
/// # use error_tracker::auto_track_exception;
/// #[auto_track_exception(context(file = path, bytes = text.len()))]
/// fn import(path: &str, text: &str) -> Result<u64, std::num::ParseIntError> {
///     text.parse()
/// }
/// # assert!(import("a", "b").is_err());
/// ```
///
/// **`globals(PATH)`** shows statics and constants.
/// ```
/// # use error_tracker::auto_track_exception;
/// static LIMIT: u32 = 30;
///
/// #[auto_track_exception(globals(LIMIT))]
/// fn reserve(pieces: u32) -> Result<u32, String> {
///     LIMIT.checked_sub(pieces).ok_or_else(|| format!("{pieces} are too many"))
/// }
/// # assert!(reserve(31).is_err());
/// ```
///
/// **`level = ".."`** is the event's level: `"debug"`, `"info"`, `"warning"`, `"error"` or `"fatal"`. **`name = ".."`**
/// is shown, and groups, in place of the function's name.
/// ```
/// # use error_tracker::auto_track_exception;
/// #[auto_track_exception(level = "warning", name = "cache lookup")]
/// fn lookup(key_count: usize) -> Result<usize, String> {
///     if key_count == 0 { Err("cold".into()) } else { Ok(key_count) }
/// }
/// # assert!(lookup(0).is_err());
/// ```
///
/// **`error = name`** records this argument, an error, when the function is entered: see
/// [`#[track_exception]`](macro@track_exception).
///
/// **`crate = path`** says where error-tracker is, when it was renamed or comes through another crate.
/// ```
/// extern crate error_tracker as tracking;
///
/// #[tracking::auto_track_exception(crate = tracking)]
/// fn year(text: &str) -> Result<u16, std::num::ParseIntError> {
///     text.parse()
/// }
/// # assert!(year("").is_err());
/// ```
///
/// # Limits
///
/// Failures inside closures, async blocks and nested functions are seen where they leave the function around them,
/// those inside macros when the macro is `bail!` or `ensure!`. In a function named `fmt`, and while a value is being
/// rendered, no variables are kept; elsewhere at most 64. On a block of functions `name`, `error` and `silent` are
/// not allowed. A type whose `Debug` holds for some lifetimes only does not compile: `skip(..)` it.
pub use error_tracker_macros::auto_track_exception;

/// Records the error that a function is given, then runs it: for handlers, which are called when something has failed.
///
/// ```
/// #[error_tracker::track_exception]
/// fn answer(error: &std::num::ParseIntError, path: &str) -> (u16, String) {
///     (400, format!("{path}: {error}"))
/// }
/// # let _ = answer(&"x".parse::<u8>().unwrap_err(), "/");
///
/// #[error_tracker::track_exception(error = problem)]
/// fn answer_text(problem: &str) -> u16 {
///     if problem.is_empty() { 500 } else { 400 }
/// }
/// # let _ = answer_text("no cart");
/// ```
///
/// The error is the argument called `e`, `err`, `error` or `exception`, or the one that `error = name` names; `error
/// = self` in a method of an error. On a function without one this is
/// [`#[auto_track_exception]`](macro@auto_track_exception), whose options it takes.
pub use error_tracker_macros::track_exception;

/// Takes a function out of the attribute on the `impl`, `trait` or `mod` around it.
///
/// ```
/// #[error_tracker::auto_track_exception]
/// mod prices {
///     pub fn cents(text: &str) -> Result<u32, std::num::ParseIntError> {
///         text.parse()
///     }
///
///     #[error_tracker::untracked]
///     pub fn is_price(text: &str) -> bool {
///         cents(text).is_ok()
///     }
/// }
/// # assert!(!prices::is_price("?"));
/// ```
pub use error_tracker_macros::untracked;

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
