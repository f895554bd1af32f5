//! What an expansion of the attributes needs. Not a public interface: it changes without notice.
#![allow(missing_docs)]

/// For the macros: a `cfg` in them would be one of the caller's crate.
pub const DISABLED: bool = crate::DISABLED;

pub use crate::capture::extra::{DebugExtra, ExtraValue, SerializeExtra};
pub use crate::capture::{CallSite, capture_given, format_given, hold_given, message, print_given};
pub use crate::event::Level;
pub use crate::snapshot::late_kind::close_late;
pub use crate::snapshot::type_probe::shown;
pub use crate::trace::captures::{
    argument, capture, capture_argument, primitive, reference, text, type_probe,
};
pub use crate::trace::error_ref::ErrorRef;
pub use crate::trace::function_meta::{FunctionMeta, GlobalVariable};
pub use crate::trace::guard::{enter, enter_small, enter_small_public, enter_task};
pub use crate::trace::inspect::{
    inspect, inspect_bound, inspect_boxed, inspect_boxed_in_closure, inspect_converted,
    inspect_discarded, inspect_handled, inspect_handled_nested, inspect_inside, inspect_none,
    inspect_returned, inspect_returned_none, is_failure, never, record_given, replace_error,
    silent_value, with_probe,
};
pub use crate::trace::inspect_outcome::{GivenError, InspectGiven};
pub use crate::trace::macro_return::{
    MacroCondition, OtherCondition, SelectedError, inspect_built, inspect_source, note_no_return,
    note_return, note_return_with, watch_return,
};
pub use crate::trace::outcome_probe::outcome_probe;
pub use crate::trace::tracked::TrackedFuture;

/// How an annotated function begins: its constants, its guard, and the arguments that are kept. A
/// macro, since the compiler writes these tokens much faster than the attribute, which users
/// compile without optimizations.
#[doc(hidden)]
#[macro_export]
macro_rules! __error_tracker_begin {
    (
        $enter:ident $guard:ident
        $root:literal $text:literal $slots:literal [$($options:tt)*] [$($link:ident)*] [$($returned:ident)?]
        $($way:ident $argument:tt $(. $found:ident)?)*
    ) => {
        let $guard = &$crate::__private::$enter({
            enum __ErrorTracker {}
            static __ERROR_TRACKER: $crate::__private::FunctionMeta = $crate::__private::FunctionMeta::new::<__ErrorTracker>(
                ::core::module_path!(), $root, $text, $slots,
            ) $($options)*;
            &__ERROR_TRACKER
        }, [$($crate::__private::$way(&$argument)$(.$found())?),*]);
        $(let mut $link;)*
        $(let mut $returned = $crate::__private::outcome_probe();)?
    };
}

pub use __error_tracker_begin as begin;

/// The mark of a function that another attribute of ours may inspect: what the body was, and what
/// the attributes before were given.
#[doc(hidden)]
#[macro_export]
macro_rules! __error_tracker_original {
    ($($original:tt)*) => {};
}

pub use __error_tracker_original as original;
