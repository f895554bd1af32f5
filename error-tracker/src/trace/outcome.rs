//! Which values are failures, and what is known of the error in one.

use std::any::type_name;
use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::task::Poll;

use super::guard::{Frame, Guard};
use super::record;
use crate::snapshot::keep::Link;

/// An error where it was met: its static type, and whatever of it can be read.
pub struct ErrorRef<'a> {
    pub type_name: &'static str,
    pub display: Option<&'a dyn Display>,
    pub debug: Option<&'a dyn Debug>,
    pub error: Option<&'a (dyn Error + 'a)>,
}

/// A value that carries an error when it is a failure.
pub trait Failing {
    type Error;
    fn error(&self) -> Option<&Self::Error>;
}

impl<T, E> Failing for Result<T, E> {
    type Error = E;
    #[inline(always)]
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }
}

impl<T, E> Failing for Poll<Result<T, E>> {
    type Error = E;
    #[inline(always)]
    fn error(&self) -> Option<&E> {
        match self {
            Poll::Ready(Err(error)) => Some(error),
            _ => None,
        }
    }
}

impl<T, E> Failing for Poll<Option<Result<T, E>>> {
    type Error = E;
    #[inline(always)]
    fn error(&self) -> Option<&E> {
        match self {
            Poll::Ready(Some(Err(error))) => Some(error),
            _ => None,
        }
    }
}

/// A way of looking at values of type `R`.
pub trait Outcome<R> {
    /// Whether only functions with the option `none` take it for a failure.
    const NONE: bool = false;
    /// Name of the error's type.
    fn error_type() -> &'static str {
        ""
    }
    fn failed(value: &R) -> bool;
    fn error(value: &R, see: &mut dyn FnMut(&ErrorRef<'_>));
}

/// Looks at an error of type `E`.
pub trait Look<E> {
    fn look(error: &E, see: &mut dyn FnMut(&ErrorRef<'_>));
}

macro_rules! looks {
    ($($(#[$doc:meta])* $kind:ident where [$($bound:tt)*]: |$e:ident| $display:expr, $debug:expr, $error:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $kind;

        impl<E> Look<E> for $kind where E: $($bound)* {
            fn look($e: &E, see: &mut dyn FnMut(&ErrorRef<'_>)) {
                see(&ErrorRef { type_name: type_name::<E>(), display: $display, debug: $debug, error: $error });
            }
        }

        impl<R: Failing> Outcome<R> for $kind where R::Error: $($bound)* {
            fn error_type() -> &'static str {
                type_name::<R::Error>()
            }

            #[inline(always)]
            fn failed(value: &R) -> bool {
                value.error().is_some()
            }

            fn error(value: &R, see: &mut dyn FnMut(&ErrorRef<'_>)) {
                if let Some(error) = value.error() {
                    <Self as Look<R::Error>>::look(error, see);
                }
            }
        }
    )+};
}

looks! {
    /// An error of the standard trait.
    StdError where [Error]: |e| Some(e), Some(e), Some(e);
    /// anyhow, eyre, boxes.
    SyncError where [AsRef<dyn Error + Send + Sync + 'static>]:
        |e| Some(&e.as_ref()), Some(&e.as_ref()), Some(e.as_ref());
    /// Boxes of errors that stay on their thread.
    DynError where [AsRef<dyn Error + 'static>]: |e| Some(&e.as_ref()), Some(&e.as_ref()), Some(e.as_ref());
    /// Texts and the like.
    Shown where [Display + Debug]: |e| Some(e), Some(e), None;
    Displayed where [Display]: |e| Some(e), None, None;
    Debugged where [Debug]: |e| None, Some(e), None;
    Opaque where [Sized]: |_e| None, None, None;
}

/// A `None`.
#[derive(Clone, Copy, Debug)]
pub struct NoValue;

impl<T> Outcome<Option<T>> for NoValue {
    const NONE: bool = true;

    #[inline(always)]
    fn failed(value: &Option<T>) -> bool {
        value.is_none()
    }

    fn error(_: &Option<T>, see: &mut dyn FnMut(&ErrorRef<'_>)) {
        see(&ErrorRef { type_name: type_name::<Option<T>>(), display: None, debug: None, error: None });
    }
}

/// Never a failure.
#[derive(Clone, Copy, Debug)]
pub struct Fine;

impl<R> Outcome<R> for Fine {
    #[inline(always)]
    fn failed(_: &R) -> bool {
        false
    }

    fn error(_: &R, _: &mut dyn FnMut(&ErrorRef<'_>)) {}
}

/// Looks at the operand of a `?`, and hands it on.
///
/// A failure goes by value through the function off the fast path: a reference to it would keep every success in
/// memory in place of registers. The link is handed out, not taken by reference: one that is alive in a loop would keep
/// what the value borrows alive, too.
#[inline(always)]
pub fn see<R, K: Outcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &Guard<N, TASK>,
    site: u32,
) -> (R, Link<R, K>) {
    let value = if !K::NONE && K::failed(&value) {
        failing::<R, K>(value, guard.frame().as_ptr(), site)
    } else {
        value
    };
    (value, Link::new())
}

/// The same in a function with the option `none`.
#[inline(always)]
pub fn see_none<R, K: Outcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &Guard<N, TASK>,
    site: u32,
) -> (R, Link<R, K>) {
    let value = if K::failed(&value) { failing::<R, K>(value, guard.frame().as_ptr(), site) } else { value };
    (value, Link::new())
}

/// Looks at what `?` will fail with once `.context(..)`, `.map_err(..)` and the like have changed it.
#[inline(always)]
pub fn see_source<R, K: Outcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &Guard<N, TASK>,
    site: u32,
) -> (R, Link<R, K>) {
    let value = if !K::NONE && K::failed(&value) {
        source::<R, K>(value, guard.frame().as_ptr(), site)
    } else {
        value
    };
    (value, Link::new())
}

/// Looks at what a function returns, and hands it on. All such places share a link.
#[inline(always)]
pub fn at<R, K: Outcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &Guard<N, TASK>,
    site: u32,
    _: &Link<R, K>,
) -> R {
    if !K::NONE && K::failed(&value) { failing::<R, K>(value, guard.frame().as_ptr(), site) } else { value }
}

/// The same in a function with the option `none`.
#[inline(always)]
pub fn at_none<R, K: Outcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &Guard<N, TASK>,
    site: u32,
    _: &Link<R, K>,
) -> R {
    if K::failed(&value) { failing::<R, K>(value, guard.frame().as_ptr(), site) } else { value }
}

/// Notes that a macro is about to return an error that cannot be looked at.
#[cold]
#[inline(never)]
pub fn leave<R, K: Outcome<R>, const N: usize, const TASK: bool>(
    guard: &Guard<N, TASK>,
    site: u32,
    _: &Link<R, K>,
    message: fmt::Arguments<'_>,
) {
    let error = ErrorRef { type_name: K::error_type(), display: Some(&message), debug: None, error: None };
    record::fail_unseen(guard.frame().as_ptr(), site, &error);
}

/// Whether a value that was looked at is a failure; for the option `silent`.
#[inline(always)]
pub fn failed<R, K: Outcome<R>>(value: &R, _: &Link<R, K>) -> bool {
    K::failed(value)
}

/// Leaves the fast path with a failure, and tells the optimizer that it comes back as one: so `?` need not ask again.
#[inline(always)]
fn failing<R, K: Outcome<R>>(value: R, frame: *const Frame, site: u32) -> R {
    let value = fail::<R, K>(value, frame, site);
    // SAFETY: `fail` hands back what it was given, which had failed; `failed` only looks at a `Result` or `Option`.
    unsafe { std::hint::assert_unchecked(K::failed(&value)) };
    value
}

#[cold]
#[inline(never)]
fn fail<R, K: Outcome<R>>(value: R, frame: *const Frame, site: u32) -> R {
    K::error(&value, &mut |error| record::fail(frame, site, K::NONE, error));
    value
}

#[cold]
#[inline(never)]
fn source<R, K: Outcome<R>>(value: R, frame: *const Frame, site: u32) -> R {
    K::error(&value, &mut |error| record::source(frame, site, error));
    value
}

/// Closes the kind of a link to an outcome, like [`Close`](crate::snapshot::keep::Close) for variables.
pub trait CloseOutcome {
    fn __error_tracker_close(&self) {}
}

/// An error that is at hand.
pub struct Given<'a, E>(pub &'a E);

/// Finds how to look at an error that is at hand.
pub trait LookAt {
    fn __error_tracker_look(&self, see: &mut dyn FnMut(&ErrorRef<'_>));
}

macro_rules! kinds {
    ($([$($refs:tt)*] $kind:ident where [$($bound:tt)*];)+) => {$(
        impl<R: Failing> CloseOutcome for && $($refs)* Link<R, $kind> where R::Error: $($bound)* {}

        impl<E: $($bound)*> LookAt for $($refs)* Given<'_, E> {
            fn __error_tracker_look(&self, see: &mut dyn FnMut(&ErrorRef<'_>)) {
                <$kind as Look<E>>::look(self.0, see);
            }
        }
    )+};
}

kinds! {
    [&&&&&&] StdError where [Error];
    [&&&&&] SyncError where [AsRef<dyn Error + Send + Sync + 'static>];
    [&&&&] DynError where [AsRef<dyn Error + 'static>];
    [&&&] Shown where [Display + Debug];
    [&&] Displayed where [Display];
    [&] Debugged where [Debug];
    [] Opaque where [Sized];
}

impl<T> CloseOutcome for &Link<Option<T>, NoValue> {}

impl<R> CloseOutcome for Link<R, Fine> {}

/// Hands on what a function returns, or in place of an error what the option `silent` says.
#[inline(always)]
pub fn silence<R, K: Outcome<R>>(value: R, link: &Link<R, K>, instead: impl FnOnce() -> R) -> R {
    if failed(&value, link) { instead() } else { value }
}

/// What the option `silent` returns in place of an error.
pub fn silent<T, E>(value: T) -> Result<T, E> {
    Ok(value)
}

/// Shows an error of any type.
pub type ShowError<'a> = &'a dyn Fn(&mut dyn FnMut(&ErrorRef<'_>));

/// Records an error that an annotated handler is given.
pub fn record<const N: usize, const TASK: bool>(look: ShowError<'_>, guard: &Guard<N, TASK>) {
    look(&mut |error| record::given(guard.frame().as_ptr(), error));
}

/// Gives an async body its type; never called.
#[must_use]
pub fn never<T>() -> T {
    unreachable!("written behind `if false`")
}
