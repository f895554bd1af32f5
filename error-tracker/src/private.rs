//! What an expansion of the attributes needs. Not a public interface: it changes without notice.
#![allow(missing_docs)]

/// For the macros: a `cfg` in them would be one of the caller's crate.
pub const DISABLED: bool = crate::DISABLED;

pub use crate::capture::extra::{Debugged, Extra, Serialized};
pub use crate::capture::{Here, format_given, given, message, print_given};
pub use crate::event::Level;
pub use crate::snapshot::found::close_late;
pub use crate::snapshot::keep::shown;
pub use crate::trace::guard::{enter, enter_small, enter_small_public, enter_task};
pub use crate::trace::meta::{Global, Meta};
pub use crate::trace::outcome::{
    ErrorRef, Given, LookAt, at, at_none, failed, leave, never, record, see, see_handled, see_lost, see_none,
    see_source, silence, silent,
};
pub use crate::trace::snap::{argument, keep, keep_argument, link, primitive, reference, text};
pub use crate::trace::tie::tie;
pub use crate::trace::tracked::Tracked;

/// How an annotated function begins: its constants, its guard, and the arguments that are kept. A macro, since the compiler writes
/// these tokens much faster than the attribute, which users compile without optimizations.
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
            static __ERROR_TRACKER: $crate::__private::Meta = $crate::__private::Meta::new::<__ErrorTracker>(
                ::core::module_path!(), $root, $text, $slots,
            ) $($options)*;
            &__ERROR_TRACKER
        }, [$($crate::__private::$way(&$argument)$(.$found())?),*]);
        $(let mut $link;)*
        $(let mut $returned = $crate::__private::tie();)?
    };
}

pub use __error_tracker_begin as begin;
