//! What an expansion of the attributes needs. Not a public interface: it changes without notice.
#![allow(missing_docs)]

pub use crate::capture::extra::{Debugged, Extra, Serialized};
pub use crate::capture::{Here, format_given, given, message, print_given};
pub use crate::event::Level;
pub use crate::snapshot::budget::{ADAPTIVE, ALWAYS, NEVER};
pub use crate::snapshot::keep::{AsBits, Link, Look, Probe, resolve};
pub use crate::trace::guard::Guard;
pub use crate::trace::meta::{Global, Meta};
pub use crate::trace::outcome::{
    ErrorProbe, LookOutcome, OutcomeProbe, at, at_none, failed, never, record, see, see_none, see_source,
    silence, silent,
};
pub use crate::trace::snap::{keep, keep_argument, keep_reference, link, read_global};
pub use crate::trace::tracked::Tracked;
