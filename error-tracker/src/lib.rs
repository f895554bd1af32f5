//! Tracebacks for Rust: records the failing `?`, the arguments, the locals and the causes of every
//! error and panic in a SQLite file, and shows them on a built-in page. There is no server to run.
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
//! A program sets up a tracker once, in `main`, and keeps the returned guard until the end:
//!
//! ```no_run
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let _tracker = error_tracker::init()?;
//!     // ..
//!     Ok(())
//! }
//! ```
//!
//! From then on, errors that leave annotated functions, and panics, are stored in `errors.db` in
//! the current folder. The program `error-tracker` (crate `error-tracker-cli`) shows that file:
//! `error-tracker view errors.db`.
//!
//! # Attributes
//!
//! [`#[auto_track_exception]`](macro@auto_track_exception) is for functions, methods, `async fn`,
//! and whole `impl`, `trait` and inline `mod` blocks, in which [`#[untracked]`](macro@untracked)
//! excludes a function. [`#[track_exception]`](macro@track_exception) is for functions that receive
//! an error, such as error handlers. An annotated function behaves as before: its body stays in
//! place, and only the places where an error can appear are inspected, such as operands of `?` and
//! returned values.
//!
//! # Failures
//!
//! An `Err` and a panic are failures, and so is a `None` with the option `none`. An error that
//! passes ten annotated functions is one event with ten frames. It is recorded when it leaves the
//! outermost one, or when one of the functions handles it: then the event is marked as handled.
//! Conversions by `map_err`, `context`, `Box<dyn Error>` and `anyhow` do not cut the trace; each
//! frame shows what the error was converted to.
//!
//! Panics are recorded by a panic hook, which then runs the previous hook. With `panic = "abort"`
//! the panic is stored before the program ends.
//!
//! # Variables
//!
//! At a failing `?` a variable may be moved or mutably borrowed, so that it cannot be read. So its
//! value is captured when it is bound, in a way that depends on its type. The event shows when each
//! value was captured, and whether it may have changed since. Strings and `Debug` texts are
//! captured only if a tracker is installed.
//!
//! | variable | what is captured |
//! |---|---|
//! | `&self`, an argument written `&T` | the reference; rendered at the failure |
//! | numbers, `bool`, `char`, and options, tuples and small arrays of them | a copy, at each assignment |
//! | `String`, `&str` | the first 160 bytes, and the length |
//! | other types with `Debug` | the `Debug` text, bounded and masked, as long as this takes less than 1 % of the time |
//! | bytes that are text | the text: `b"fdAT"` |
//! | reports of anyhow, eyre and the like | message and causes |
//! | types without `Debug`, closures | the type's name |
//! | masked names | texts and numbers, to find and mask them elsewhere; they are never shown |
//!
//! Variables that are not used again, and those whose name starts with `_`, are omitted.
//!
//! # Explicit captures
//!
//! ```
//! # let (order, id) = (7, 8);
//! if let Err(error) = "12,50".parse::<f64>() {
//!     error_tracker::capture_exception!(error, order = order);
//! }
//! error_tracker::capture_message!("user {id} has no cart");
//! ```
//!
//! [`capture_exception!`] accepts every type of error, including `anyhow::Error` and boxes; inside
//! an annotated function it also records its arguments and locals. [`capture_message!`] groups by
//! the literal. [`hold_exception!`] reads an error, and records it only if the capture is committed
//! later. To show an error without storing it there are [`print_exception!`],
//! [`format_exception!`], [`print_exception_to`], and, with the features `log` and `tracing`,
//! [`log_exception`] and [`trace_exception`]. [`format::Format`] sets the limits.
//!
//! # Scopes
//!
//! A scope has data about the current work, which is added to every event that is captured
//! meanwhile:
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
//! A task whose outermost future is annotated has its own scope. Other tasks inherit the current
//! one with [`in_current_scope`](scope::FutureScopeExt::in_current_scope), and threads with
//! [`scope::propagate`].
//!
//! # Masking
//!
//! Values of variables, fields, map keys, extras and tags with names such as `password`, `api_key`
//! or `Authorization` are masked, at any depth. So are values that look like secrets, and masked
//! values that are not plain words wherever else they appear in the event. Masking is complete before an event is queued; it
//! runs on the thread that reports the failure, which is usually the failing one ([the
//! guide](guide#secrets) lists the others). Source lines are masked when they are read. [`mask`]
//! has the details and the limits.
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
//! [`init()`] reads `ERROR_TRACKER_*` from the environment. [`builder()`] has every setting and the
//! program's own hooks, and accepts [`Settings`] from a configuration file by serde:
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
//! Events pass through a bounded queue to a thread that writes them. [`Tracker::flush`] waits for
//! it, and so does the end of the program, for up to 2 seconds. [`Tracker::health`] counts what was
//! stored, coalesced and dropped. An [`EventObserver`] is notified of each event after it was
//! stored. A tracker of [`TrackerBuilder::build`] is independent of the global one, for tests.
//!
//! # Stores
//!
//! [`store::SqliteStore`] is the default, [`store::MemoryStore`] is for tests, and [`store::Store`]
//! is the trait to implement for another store. [`Tracker::issues`], [`issue`](Tracker::issue),
//! [`delete_issue`](Tracker::delete_issue) and [`record_event`](Tracker::record_event) read and
//! change the stored issues.
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
//! Inside the program's own web server, [`Tracker::viewer`] answers requests (`error-tracker-axum`
//! and `error-tracker-actix` mount it); it denies all of them until a permission is set.
//!
//! # Features
//!
//! `sqlite`, `viewer` and `panic` are enabled by default. `log` and `tracing` add functions that
//! print to these facades. `test-util` has the tests that every store should pass, `web` what
//! integrations of web frameworks share.
//!
//! `disabled` is for a build without tracking, such as a release that is benchmarked or certified,
//! without a change of the source:
//!
//! ```toml
//! [features]
//! no-tracking = ["error-tracker/disabled"]
//! ```
//!
//! - The attributes return their item unchanged, so the compiler generates the same instructions as
//!   without them. Their options are checked, but not evaluated: with `silent` **the function
//!   returns its error**, and a static that only `globals` names is reported as unused.
//! - [`init()`] and [`TrackerBuilder::install`] check the settings and succeed. They open no file,
//!   start no thread and set no panic hook; a store that was passed to the builder is dropped.
//!   [`tracker()`] returns a tracker that records nothing, and whose pages are empty.
//! - Captures return `None`. `capture_exception!(error, name = value)` evaluates the error, but not
//!   `value`; [`capture_message!`] evaluates no values.
//! - Functions that print an error print it with its sources, but without a trace. Scopes run their
//!   closures.
//!
//! Cargo unifies features, so enabling it affects every crate in the build; enable it only in the
//! binary.
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
mod attributes;
#[allow(unsafe_code, reason = "`pthread_create`")]
mod background;
#[allow(unsafe_code, reason = "signal masks of threads")]
mod blocked_signals;
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
#[cfg(any(feature = "viewer", feature = "web"))]
mod problem;
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
#[allow(unsafe_code, reason = "`poll`")]
mod warning;
#[cfg(feature = "web")]
pub mod web;

/// Whether this build records nothing.
const DISABLED: bool = cfg!(feature = "disabled");

pub use attributes::{auto_track_exception, track_exception, untracked};
#[cfg(feature = "log")]
pub use capture::log_exception;
#[cfg(feature = "tracing")]
pub use capture::trace_exception;
pub use capture::{
    HeldCapture, Symbolizer, capture_exception, capture_message, event_from_error,
    format_exception, hold_exception, print_exception, print_exception_to,
};
pub use pipeline::{
    ChannelHealth, EventObserver, FlushError, Health, ObserverContext, ObserverFactory,
    ObserverHealth, StoredEvent,
};
pub use scope::{configure_scope, with_scope};
pub use stack::BacktraceMode;
pub use tracker::{
    ContextBuilder, Handled, InitError, Settings, Tracker, TrackerBuilder, TrackerGuard, builder,
    init, init_or_warn, tracker,
};

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
