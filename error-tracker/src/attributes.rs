//! The attributes, with their documentation.

/// Records the failures of a function, which behaves as before.
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
/// The attribute can be put on functions and methods of every kind, including `async fn`, and on
/// `impl`, `trait` and inline `mod` blocks, where it applies to each function inside. A `const fn`
/// is not changed.
///
/// Put it above other attributes, such as `#[tracing::instrument]` and `#[tokio::main]`: these then
/// see the original signature. Below them it sees the code that they produced; [the
/// guide](crate::guide#beside-other-attributes) lists those whose code it inspects, and describes
/// the effect of two attributes of this crate on one function.
///
/// # Options
///
/// **`skip(a, b)`** omits these arguments and locals, **`skip_all`** omits all of them. Use it for
/// a type whose `Debug` is slow, takes locks, or is implemented for some lifetimes only.
/// ```
/// # use error_tracker::auto_track_exception;
/// #[auto_track_exception(skip(picture))]
/// fn resize(picture: &[u8], width: u32) -> Result<usize, String> {
///     picture.len().checked_div(width as usize).ok_or_else(|| "no width".into())
/// }
/// # assert!(resize(&[1], 0).is_err());
/// ```
///
/// **`mask(a)`** never shows `a`, only that it was masked. Its `Debug` does not run. If it is a
/// text or number, it is also masked in everything else that the event shows.
/// ```
/// # use error_tracker::auto_track_exception;
/// #[auto_track_exception(mask(badge))]
/// fn admit(badge: &str, door: u32) -> Result<(), String> {
///     if badge.len() == 8 { Ok(()) } else { Err(format!("door {door} stays shut")) }
/// }
/// # assert!(admit("", 1).is_err());
/// ```
///
/// **`locals = ".."`** limits the time for capturing locals: `"adaptive"`, the default, to 1 % of
/// the time; `"always"` does not limit it; `"never"` captures arguments only.
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
/// **`none`** treats a `None` that leaves the function as a failure.
/// ```
/// # use error_tracker::auto_track_exception;
/// #[auto_track_exception(none)]
/// fn position(ids: &[u32], id: u32) -> Option<usize> {
///     ids.iter().position(|known| *known == id)
/// }
/// # assert!(position(&[], 1).is_none());
/// ```
///
/// **`silent`** records an error and returns `Ok` with the default value instead; **`silent =
/// value`** returns `Ok` with this value. With the [feature](crate#features) `disabled` the
/// function returns the error.
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
/// **`context(name = value)`** adds extra data, which is evaluated when the function is entered.
/// ```
/// # use error_tracker::auto_track_exception;
/// #[auto_track_exception(context(file = path, bytes = text.len()))]
/// fn import(path: &str, text: &str) -> Result<u64, std::num::ParseIntError> {
///     text.parse()
/// }
/// # assert!(import("a", "b").is_err());
/// ```
///
/// **`globals(PATH)`** adds statics and constants to the event.
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
/// **`level = ".."`** sets the event's level: `"debug"`, `"info"`, `"warning"`, `"error"` or
/// `"fatal"`. **`name = ".."`** replaces the function's name, also for grouping.
/// ```
/// # use error_tracker::auto_track_exception;
/// #[auto_track_exception(level = "warning", name = "cache lookup")]
/// fn lookup(key_count: usize) -> Result<usize, String> {
///     if key_count == 0 { Err("cold".into()) } else { Ok(key_count) }
/// }
/// # assert!(lookup(0).is_err());
/// ```
///
/// **`error = name`** records this argument, which is an error, when the function is entered: see
/// [`#[track_exception]`](macro@track_exception).
///
/// **`crate = path`** sets the path of error-tracker, if it was renamed or is re-exported by
/// another crate.
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
/// Failures inside closures, async blocks and nested functions are observed where they leave the
/// function around them, and failures inside macros only if the macro is `bail!`, `ensure!` or the
/// like. No variables are captured in a function named `fmt`, and while a value is being rendered;
/// elsewhere at most 64 are. On a block of functions `name`, `error` and `silent` are not allowed.
/// A variable of a type whose `Debug` is implemented for some lifetimes only does not compile:
/// `skip(..)` it.
pub use error_tracker_macros::auto_track_exception;

/// Records the error that a function receives, then runs the function: for error handlers.
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
/// The error is the argument called `e`, `err`, `error` or `exception`, or the one that `error =
/// name` names; `error = self` is for a method of an error. On a function without such an argument
/// this is [`#[auto_track_exception]`](macro@auto_track_exception). It has the same options.
pub use error_tracker_macros::track_exception;

/// Excludes a function from the attribute on the `impl`, `trait` or `mod` around it.
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
