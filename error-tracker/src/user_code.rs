//! Runs the program's own code for the tracker, such as a `Debug`, so that it cannot harm the
//! program: panics are caught, and text is bounded.

mod guard;
mod write;

#[cfg(feature = "panic")]
pub(crate) use guard::hides_panics;
pub(crate) use guard::{UserCodeGuard, catch_panic, contain_panics, drop_quietly, in_user_code};
pub(crate) use write::{WriteOutcome, write};
