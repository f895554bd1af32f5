//! The memory of running annotated functions: a frame each, the list that links those of a thread, the slots of their
//! variables, and the texts that the slots lead to.
//!
//! All unsafe code that this needs is here. What the rest of the library does with it is sound as long as it and expansions
//! keep two promises, which no type can ask of them, since expansions may not write `unsafe` in a user's crate:
//!
//! - A frame is not used once it has left or was freed. What leads to it stands in the guard, a local that nothing but the
//!   expansion can name (`trace::guard`), which takes it off when it is dropped.
//! - What [`Content::argument`] and [`Content::text_argument`] are given was an argument of the function, and so outlives its
//!   guard.

mod argument;
mod body;
mod call;
mod chunk;
mod list;
mod memory;
mod shown;
mod slot;

pub(crate) use argument::{Argument, Given, PastArgument};
pub(crate) use body::Body;
pub(crate) use call::{Frame, FrameRef};
pub(crate) use chunk::Chunk;
pub(crate) use list::{Frames, List};
pub(crate) use shown::{Elements, Written};
pub(crate) use slot::{Content, Piece, Slot, Untaken, UntakenText, Value};

/// The constants of a function, which its frames carry.
pub trait Slots: 'static {
    /// How many variables have a slot.
    fn slots(&self) -> usize;
}

#[cfg(test)]
mod tests;
