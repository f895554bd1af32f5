//! The memory of running annotated functions: one frame for each tracked call, the list of a
//! thread's frames, the slots of their variables, and the texts that slots refer to.
//!
//! All unsafe code for frames is here. The rest of the library uses it soundly as long as it and
//! the expansions keep three promises. Types cannot enforce them, since an expansion must not write
//! `unsafe` in a user's crate:
//!
//! - A frame is not used after it has left or was freed. The guard has the only lasting reference
//!   to it, a local that nothing but the expansion can name (`trace::guard`), and frees it on drop.
//! - The index passed to [`FrameRef::fill`] is less than the function's number of slots.
//! - The reference passed to [`SlotContent::argument`] or [`SlotContent::text_argument`] is an
//!   argument of the function, and so outlives its guard.

mod call_argument;
mod chunk_piece;
mod erased_value;
mod framed_future;
mod list;
mod live_frame;
mod memory;
mod slot;
mod text_chunk;

pub(crate) use call_argument::{ArgumentValue, CallArgument, DeferredArgument};
pub(crate) use chunk_piece::ChunkPiece;
pub(crate) use erased_value::{FormatValue, SliceElements};
pub(crate) use framed_future::FramedFuture;
pub(crate) use list::{FrameIter, FrameList};
pub(crate) use live_frame::FrameRef;
pub(crate) use slot::{
    PendingText, PendingValue, SlotContent, SlotDescriptor, SlotValue, VariableSlot,
};
pub(crate) use text_chunk::ChunkSpan;

/// The constants of a function that its frames need.
pub trait SlotCount: 'static {
    /// Returns how many variables have a slot.
    fn slots(&self) -> usize;
}

#[cfg(test)]
mod tests;
