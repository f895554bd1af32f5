//! Which values are failures, and what is known of the error in one.

use std::any::type_name;
use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::task::Poll;

use super::guard::Guard;
use super::meeting::{Meeting, Meets, Place, Way};
use super::tie::{Second, Third, Tie};
use super::{record, told};

/// An error where it was met: its static type, and whatever of it can be read.
pub struct ErrorRef<'a> {
    pub type_name: &'static str,
    pub display: Option<&'a dyn Display>,
    pub debug: Option<&'a dyn Debug>,
    /// The error, if it is one of the standard trait. Asked for only where its causes are wanted.
    pub error: &'a dyn Fn() -> Option<&'a (dyn Error + 'a)>,
}

/// A value that carries an error when it is a failure.
pub trait Failing: Sized {
    type Error;
    fn error(&self) -> Option<&Self::Error>;
    /// Takes a failure apart, has `K` look at its error, and puts it together again.
    fn rebuilt<'a, K: Look<Self::Error>>(self, at: impl Meets<'a>) -> Self;
}

impl<T, E> Failing for Result<T, E> {
    type Error = E;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn rebuilt<'a, K: Look<E>>(self, at: impl Meets<'a>) -> Self {
        match self {
            Err(error) => Err(meet::<E, K>(error, at.meeting())),
            Ok(value) => Ok(value),
        }
    }
}

impl<T, E> Failing for Poll<Result<T, E>> {
    type Error = E;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn error(&self) -> Option<&E> {
        match self {
            Poll::Ready(Err(error)) => Some(error),
            _ => None,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn rebuilt<'a, K: Look<E>>(self, at: impl Meets<'a>) -> Self {
        match self {
            Poll::Ready(Err(error)) => Poll::Ready(Err(meet::<E, K>(error, at.meeting()))),
            fine => fine,
        }
    }
}

impl<T, E> Failing for Poll<Option<Result<T, E>>> {
    type Error = E;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn error(&self) -> Option<&E> {
        match self {
            Poll::Ready(Some(Err(error))) => Some(error),
            _ => None,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn rebuilt<'a, K: Look<E>>(self, at: impl Meets<'a>) -> Self {
        match self {
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(meet::<E, K>(error, at.meeting())))),
            fine => fine,
        }
    }
}

/// Off the fast path, an error is moved out of its `Result`: a reference into that would keep every success in memory in place of
/// registers.
#[cfg_attr(not(debug_assertions), inline(always))]
fn meet<E, K: Look<E>>(error: E, meeting: Meeting<'_>) -> E {
    if size_of::<E>() <= IN_REGISTERS {
        return meet_value::<E, K>(error, meeting);
    }
    meet_at::<E, K>(&error, meeting);
    error
}

/// By its ABI this does not unwind, here and below, so an annotated function needs no code for the case that it does.
#[cold]
#[inline(never)]
extern "C" fn meet_value<E, K: Look<E>>(error: E, meeting: Meeting<'_>) -> E {
    record::meet(meeting, &|see| K::look(&error, see));
    error
}

#[cold]
#[inline(never)]
extern "C" fn meet_at<E, K: Look<E>>(error: &E, meeting: Meeting<'_>) {
    record::meet(meeting, &|see| K::look(error, see));
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
    /// Looks at a failure.
    fn pass<'a>(value: R, at: impl Meets<'a>) -> R;
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

        looks!(@outcome [] $kind where [$($bound)*]);

        impl<E> Look<E> for $kind where E: $($bound)* {
            fn look($e: &E, see: &mut dyn FnMut(&ErrorRef<'_>)) {
                see(&ErrorRef { type_name: type_name::<E>(), display: $display, debug: $debug, error: &|| $error });
            }
        }
    )+};
    (@outcome [$($other:ident)?] $kind:ty where [$($bound:tt)*]) => {
        impl<R: Failing, $($other: Error)?> Outcome<R> for $kind where R::Error: $($bound)* {
            fn error_type() -> &'static str {
                type_name::<R::Error>()
            }

            #[cfg_attr(not(debug_assertions), inline(always))]
            fn failed(value: &R) -> bool {
                value.error().is_some()
            }

            #[cfg_attr(not(debug_assertions), inline(always))]
            fn pass<'a>(value: R, at: impl Meets<'a>) -> R {
                // Behind this the optimizer knows which of both it is, so that `?` need not ask again.
                value.rebuilt::<Self>(at)
            }
        }
    };
}

pub(super) use looks;

looks! {
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

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn failed(value: &Option<T>) -> bool {
        value.is_none()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn pass<'a>(value: Option<T>, at: impl Meets<'a>) -> Option<T> {
        if value.is_none() {
            meet_none::<T>(at.meeting());
            return None;
        }
        value
    }
}

#[cold]
#[inline(never)]
extern "C" fn meet_none<T>(meeting: Meeting<'_>) {
    record::meet_none(meeting, type_name::<Option<T>>());
}

/// Never a failure.
#[derive(Clone, Copy, Debug)]
pub struct Fine;

impl<R> Outcome<R> for Fine {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn failed(_: &R) -> bool {
        false
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn pass<'a>(value: R, _: impl Meets<'a>) -> R {
        value
    }
}

/// Bytes of a value that is passed in registers.
const IN_REGISTERS: usize = 2 * size_of::<usize>();

/// Looks at the operand of a `?` in a function with the option `none`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn see_none<R, K: Outcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &Guard<N, TASK>,
    site: u32,
) -> (R, Tie<R, K>) {
    (K::pass(value, Place { guard, site, way: Way::Out }), Tie::new())
}

macro_rules! sees {
    ($($(#[$doc:meta])* $see:ident: $way:ident;)+) => {$(
        $(#[$doc])*
        #[cfg_attr(not(debug_assertions), inline(always))]
        pub fn $see<R, K: Outcome<R>, const N: usize, const TASK: bool>(
            value: R,
            guard: &Guard<N, TASK>,
            site: u32,
        ) -> (R, Tie<R, K>) {
            (if K::NONE { value } else { K::pass(value, Place { guard, site, way: Way::$way }) }, Tie::new())
        }
    )+};
}

sees! {
    /// Looks at the operand of a `?`, and hands it on.
    ///
    /// The link is handed out, not taken by reference: one that is alive in a loop would keep what the value borrows
    /// alive, too.
    see: Out;
    /// Looks at what `?` will fail with once `.context(..)`, `.map_err(..)` and the like have changed it.
    see_source: Changed;
    /// Looks at what a `match` or the like parts.
    see_handled: Handled;
    /// Looks at what `.ok()` and the like lose.
    see_lost: Lost;
}

/// Looks at what a function returns, and hands it on. All such places share a link.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn at<R, K: Outcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &Guard<N, TASK>,
    site: u32,
    _: &Tie<R, K>,
) -> R {
    if K::NONE { value } else { K::pass(value, Place { guard, site, way: Way::Out }) }
}

/// The same in a function with the option `none`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn at_none<R, K: Outcome<R>, const N: usize, const TASK: bool>(
    value: R,
    guard: &Guard<N, TASK>,
    site: u32,
    _: &Tie<R, K>,
) -> R {
    K::pass(value, Place { guard, site, way: Way::Out })
}

/// Notes that a macro is about to return an error that cannot be looked at.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn leave<R, K: Outcome<R>, const N: usize, const TASK: bool>(
    guard: &Guard<N, TASK>,
    site: u32,
    _: &Tie<R, K>,
    message: fmt::Arguments<'_>,
) {
    leave_unseen(guard.meeting(site, Way::Out), K::error_type(), message);
}

#[cold]
#[inline(never)]
fn leave_unseen(meeting: Meeting<'_>, type_name: &'static str, message: fmt::Arguments<'_>) {
    let error = ErrorRef { type_name, display: Some(&message), debug: None, error: &|| None };
    record::fail_unseen(meeting, &error);
}

/// Whether a value that was looked at is a failure; for the option `silent`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn failed<R, K: Outcome<R>>(value: &R, _: &Tie<R, K>) -> bool {
    K::failed(value)
}

/// An error that is at hand.
pub struct Given<'a, E>(pub &'a E);

/// Finds how to look at an error that is at hand.
pub trait LookAt {
    fn __error_tracker_look(&self, see: &mut dyn FnMut(&ErrorRef<'_>));
}

/// What closes a tie when every type is known: the first that fits closes it. Never runs.
///
/// The second name is for errors of which nobody asks whether they are of the standard trait: see `StdError`.
macro_rules! kinds {
    ($($asked:ident [$($by:tt)*], [$($refs:tt)*] $kind:ident where [$($bound:tt)*];)+) => {$(
        impl<R: Failing> $asked<R, $kind> where R::Error: $($bound)* {
            pub fn __error_tracker_close($($by)* self) {}
            pub fn __error_tracker_close_unasked($($by)* self) {}
        }

        impl<E: $($bound)*> LookAt for $($refs)* Given<'_, E> {
            fn __error_tracker_look(&self, see: &mut dyn FnMut(&ErrorRef<'_>)) {
                <$kind as Look<E>>::look(self.0, see);
            }
        }
    )+};
}

kinds! {
    Tie [&], [&&&&&] SyncError where [AsRef<dyn Error + Send + Sync + 'static>];
    Tie [&mut], [&&&&] DynError where [AsRef<dyn Error + 'static>];
    Second [], [&&&] Shown where [Display + Debug];
    Second [&], [&&] Displayed where [Display];
    Second [&mut], [&] Debugged where [Debug];
    Third [], [] Opaque where [Sized];
}

/// Beside `StdError`.
impl<T> Tie<Option<T>, NoValue> {
    pub fn __error_tracker_close(self) {}
    pub fn __error_tracker_close_unasked(self) {}
}

impl<R> Third<R, Fine> {
    pub fn __error_tracker_close(&self) {}
    pub fn __error_tracker_close_unasked(&self) {}
}

/// Hands on what a function returns, or in place of an error what the option `silent` says.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn silence<R, K: Outcome<R>>(value: R, link: &Tie<R, K>, instead: impl FnOnce() -> R) -> R {
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
    look(&mut |error| told::given(guard.meeting(0, Way::Out), error));
}

/// Gives an async body its type; never called.
#[must_use]
pub fn never<T>() -> T {
    unreachable!("written behind `if false`")
}
