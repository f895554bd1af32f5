//! What an expansion of the attributes needs. Not a public interface: it changes without notice.
#![allow(missing_docs)]

/// For the macros: a `cfg` in them would be one of the caller's crate.
pub const DISABLED: bool = crate::DISABLED;

pub use crate::capture::extra::{Debugged, Extra, Serialized};
pub use crate::capture::{Here, format_given, given, message, print_given};
pub use crate::event::Level;
pub use crate::snapshot::keep::shown;
pub use crate::snapshot::late::close_late;
pub use crate::trace::guard::holding;
pub use crate::trace::meta::{Global, Meta};
pub use crate::trace::outcome::{
    ErrorRef, Given, LookAt, at, at_none, failed, leave, never, record, see, see_handled, see_lost, see_none,
    see_source, silence, silent,
};
pub use crate::trace::sizes::*;
pub use crate::trace::snap::{argument, keep, link, reference};
pub use crate::trace::tie::tie;
pub use crate::trace::tracked::Tracked;

/// How an annotated function begins: its constants, its guard, and the arguments that are kept. What a call that is not followed
/// can keep when it fails goes with the guard; those of a future (`task`) are always followed. A macro, since the compiler writes
/// these tokens much faster than the attribute, which users compile without optimizations.
#[doc(hidden)]
#[macro_export]
macro_rules! __error_tracker_begin {
    (
        $form:ident $guard:ident $size:ident $enter:ident
        $root:literal $text:literal $slots:literal [$($options:tt)*] $($kept:tt)*
    ) => {
        let $guard = $crate::__private::$size::new();
        let $guard = $crate::__private::$size::$enter(&$guard, {
            enum __ErrorTracker {}
            static __ERROR_TRACKER: $crate::__private::Meta = $crate::__private::Meta::new::<__ErrorTracker>(
                ::core::module_path!(), ::core::file!(), ::core::line!(), $root, $text, $slots,
            ) $($options)*;
            &__ERROR_TRACKER
        });
        $crate::__error_tracker_begin!(@$form $guard $($kept)*);
    };
    (@task $guard:ident $($way:ident $argument:tt $slot:literal)*) => {
        $($crate::__private::$way(&$argument, $guard, $slot).__error_tracker_keep();)*
    };
    (@function $guard:ident) => {};
    (@function $guard:ident $($kept:tt)+) => {
        let $guard = $crate::__private::holding($guard, $crate::__error_tracker_begin!(@held $guard $($kept)+));
    };
    (@held $guard:ident) => { () };
    (@held $guard:ident $way:ident $argument:tt $slot:literal $($rest:tt)*) => {(
        $crate::__private::$way(&$argument, $guard, $slot).__error_tracker_keep(),
        $crate::__error_tracker_begin!(@held $guard $($rest)*),
    )};
}

pub use __error_tracker_begin as begin;
