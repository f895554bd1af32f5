//! The memory of running annotated functions: a guard each on the stack or in a future, the list that links those of a
//! thread, the slots of their variables, and the texts that the slots lead to.
//!
//! All unsafe code that this needs is here. What the rest of the library does with it is sound as long as expansions
//! keep three promises, which no type can ask of them, since they may not write `unsafe` in a user's crate:
//!
//! - A guard is a local that nothing but the expansion can name. After it was entered it is neither moved nor leaked, and
//!   guards of one thread are dropped, and so leave (`trace::guard`), in the reverse order.
//! - A guard has as many slots as the constants of its function say.
//! - What [`Slot::argument`] and [`Slot::text_argument`] are given was an argument of the function, and so outlives its
//!   guard.

mod body;
mod chunk;
mod guard;
mod list;
mod shown;
mod slot;

pub(crate) use body::Body;
pub(crate) use chunk::Chunk;
pub(crate) use guard::{Frame, FrameRef, Guard, Unlinked};
pub(crate) use list::{Frames, List};
pub(crate) use shown::{Elements, Written};
pub(crate) use slot::{Piece, Slot, Untaken, Value};

/// The constants of a function, which its frames carry.
pub trait Slots: 'static {
    /// How many variables have a slot.
    fn slots(&self) -> usize;
}

#[cfg(test)]
mod tests;
