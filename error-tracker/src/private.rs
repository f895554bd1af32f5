//! What an expansion of the attributes needs. Not a public interface: it changes without notice.
#![allow(missing_docs)]

/// For the macros: a `cfg` in them would be one of the caller's crate.
pub const DISABLED: bool = crate::DISABLED;

pub use crate::capture::extra::{Debugged, Extra, Serialized};
pub use crate::capture::{Here, format_given, given, message, print_given};
pub use crate::event::Level;
pub use crate::snapshot::budget::{ADAPTIVE, ALWAYS, NEVER};
pub use crate::snapshot::keep::{Argument, Close, KeepArgument, Link, Reference, ShowGlobal, Shown};
pub use crate::snapshot::late::close_late;
pub use crate::trace::guard::{Guard, holding};
pub use crate::trace::meta::{Global, Meta};
pub use crate::trace::outcome::{
    CloseOutcome, ErrorRef, Given, LookAt, at, at_none, failed, leave, never, record, see, see_handled,
    see_lost, see_none, see_source, silence, silent,
};
pub use crate::trace::snap::{keep, link, place};
pub use crate::trace::tracked::Tracked;
