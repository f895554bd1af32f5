//! The running annotated functions of each thread, and the failures on their way out of them.
#![expect(clippy::vec_box, reason = "failures are large, and move from list to list")]

pub(crate) mod backtrace;
mod crossing;
pub(crate) mod facts;
pub(crate) mod failure;
pub(crate) mod frames;
pub(crate) mod guard;
mod known;
pub(crate) mod meeting;
pub(crate) mod meta;
pub(crate) mod outcome;
pub(crate) mod panic;
pub(crate) mod record;
mod settle;
mod share;
pub(crate) mod snap;
pub(crate) mod standard;
pub(crate) mod thread;
pub(crate) mod tie;
pub(crate) mod told;
pub(crate) mod tracked;
mod variant;
pub(crate) mod waiting;
