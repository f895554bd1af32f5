//! The frame of one running call: its header, its slots and the link to the frame it was called
//! from.

use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr::NonNull;

use super::chunk_piece::ChunkPiece;
use super::slot::{SlotCells, SlotContent, VariableSlot};
use super::text_chunk::TextChunk;
use super::{SlotCount, memory};

/// The header of a frame, a node of the list of live frames. The slots follow it in memory.
#[repr(C)]
pub(crate) struct LiveFrame<M: 'static> {
    meta: &'static M,
    prev: Cell<*const Self>,
    /// Bit i: slot i is filled.
    filled: Cell<u64>,
    /// Bit i: the value of slot i was left out when the variable was last bound.
    left_out: Cell<u64>,
    /// The texts and rendered values of this frame's slots.
    chunk: TextChunk,
}

/// How many slots of a frame are filled at most: each has a bit in a word.
const MAX_SLOTS: usize = 64;

/// The bit of a link that marks the frame it leads to. Frames are aligned, so the lowest bit is
/// free.
const MARK: usize = 1;

pub(super) fn mark<M>(link: &Cell<*const LiveFrame<M>>) {
    link.set(link.get().map_addr(|addr| addr | MARK));
}

pub(super) fn unmarked<M>(frame: *const LiveFrame<M>) -> *const LiveFrame<M> {
    frame.map_addr(|addr| addr & !MARK)
}

/// A reference to a live frame. Unlike a `&LiveFrame` it may reach the slots behind the header.
#[repr(transparent)]
pub(crate) struct FrameRef<'a, M: 'static> {
    at: NonNull<LiveFrame<M>>,
    alive: PhantomData<&'a LiveFrame<M>>,
}

// SAFETY: a frame is only used by the thread that runs its function, and references to it stand in
// that function. A future's frame is unlinked between polls (`FramedFuture`), so it can move to
// another thread with the future then. Its slots hold plain bytes, chunk memory that no thread
// owns, and references that live in the same future and so must be Send themselves.
unsafe impl<M: Sync> Send for FrameRef<'_, M> {}
// SAFETY: as above.
unsafe impl<M: Sync> Sync for FrameRef<'_, M> {}

// A panic leaves no slot half written, so a frame can be read afterwards.
impl<M> UnwindSafe for FrameRef<'_, M> {}
impl<M> RefUnwindSafe for FrameRef<'_, M> {}

impl<M> Clone for FrameRef<'_, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for FrameRef<'_, M> {}

impl<M: SlotCount> FrameRef<'static, M> {
    /// Writes a frame with empty slots into a block of memory.
    ///
    /// # Safety
    /// The block has `words(meta)` words, and belongs to the frame until it is freed.
    pub(super) unsafe fn write(
        at: NonNull<LiveFrame<M>>,
        meta: &'static M,
        prev: *const LiveFrame<M>,
    ) -> Self {
        const {
            assert!(
                align_of::<LiveFrame<M>>() <= align_of::<u64>()
                    && align_of::<SlotCells>() <= align_of::<u64>()
            );
        };
        let (prev, filled, left_out) = (Cell::new(prev), Cell::new(0), Cell::new(0));
        // SAFETY: the block is as large as a frame with so many slots, and as aligned. A slot is
        // not read before it is filled.
        unsafe { at.write(LiveFrame { meta, prev, filled, left_out, chunk: TextChunk::new() }) };
        Self { at, alive: PhantomData }
    }

    /// Returns how many words of memory a frame of this function takes.
    pub(super) fn words(meta: &M) -> usize {
        const WORD: usize = size_of::<u64>();
        const {
            assert!(
                size_of::<LiveFrame<M>>().is_multiple_of(WORD)
                    && size_of::<SlotCells>().is_multiple_of(WORD)
            );
        }
        memory::rounded(
            size_of::<LiveFrame<M>>() / WORD + meta.slots() * (size_of::<SlotCells>() / WORD),
        )
    }
}

impl<'a, M: SlotCount> FrameRef<'a, M> {
    /// # Safety
    /// `at` is null or a frame that lives for `'a`.
    pub(super) unsafe fn new(at: *const LiveFrame<M>) -> Option<Self> {
        NonNull::new(at.cast_mut()).map(|at| Self { at, alive: PhantomData })
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn frame(self) -> &'a LiveFrame<M> {
        // SAFETY: a `FrameRef` only leads to a frame that is alive.
        unsafe { self.at.as_ref() }
    }

    /// Returns the link to the frame that it was called from.
    #[inline]
    pub(super) fn link(self) -> &'a Cell<*const LiveFrame<M>> {
        &self.frame().prev
    }

    pub(super) fn as_ptr(self) -> *const LiveFrame<M> {
        self.at.as_ptr()
    }

    /// Returns the frame that it was called from, or null.
    pub(super) fn prev(self) -> *const LiveFrame<M> {
        unmarked(self.link().get())
    }

    /// Frees a frame that is not on the list. It must not be used afterwards.
    #[inline]
    pub(crate) fn free(self) {
        self.frame().chunk.give_back();
        // SAFETY: the frame was written into a block of so many words, and is not used any more.
        unsafe { memory::give_back(self.at.cast(), FrameRef::words(self.meta())) };
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn meta(self) -> &'static M {
        self.frame().meta
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn cells(self) -> *mut SlotCells {
        // SAFETY: the slots follow the header (repr(C), no padding), and the pointer was made from
        // the whole block.
        unsafe { self.at.as_ptr().add(1).cast() }
    }

    /// Returns the key of the frame, which is unique among live frames.
    pub(crate) fn key(self) -> usize {
        self.at.addr().get()
    }

    /// Returns the key of the frame that it was called from; 0 when there is none.
    pub(crate) fn caller(self) -> usize {
        self.prev().addr()
    }

    /// Returns the memory for texts and rendered values of its slots.
    pub(crate) fn chunk(self) -> &'a TextChunk {
        &self.frame().chunk
    }

    /// Returns the text that a piece of one of its slots refers to.
    pub(crate) fn text(self, piece: ChunkPiece) -> String {
        self.bytes(piece.span.start, piece.len)
    }

    /// Returns the masked values that follow a rendered one, each with a NUL at its end.
    pub(crate) fn masked(self, piece: ChunkPiece) -> String {
        self.bytes(piece.span.start + piece.len, piece.masked())
    }

    fn bytes(self, start: usize, len: usize) -> String {
        self.frame().chunk.text(start, len)
    }

    /// Returns the slot of a variable; `None` when no slot has this index.
    #[inline]
    pub(crate) fn slot(self, index: usize) -> Option<VariableSlot<'a>> {
        (index < self.meta().slots().min(MAX_SLOTS)).then(|| {
            // SAFETY: the frame has so many slots, and any bytes are valid ones.
            let cells = unsafe { &*self.cells().add(index) };
            VariableSlot { cells, filled: &self.frame().filled, bit: 1 << index }
        })
    }

    /// Returns whether the value of a variable was left out when it was last bound.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn leaves_out(self, index: usize) -> bool {
        index < MAX_SLOTS && self.frame().left_out.get() & 1 << index != 0
    }

    /// Notes whether the value of a variable is left out.
    pub(crate) fn leave_out(self, index: usize, leaves: bool) {
        let (left_out, bit) = (&self.frame().left_out, 1 << index.min(MAX_SLOTS - 1));
        left_out.set(if leaves { left_out.get() | bit } else { left_out.get() & !bit });
    }

    /// Fills the slot of a variable. Inlined after each binding, so it does not check how many
    /// slots the function has: the index is one that the expansion counted.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn fill(self, index: usize, content: SlotContent) {
        debug_assert!(index < self.meta().slots());
        if index < MAX_SLOTS {
            // SAFETY: as above.
            let cells = unsafe { &*self.cells().add(index) };
            VariableSlot { cells, filled: &self.frame().filled, bit: 1 << index }.set(content);
        }
    }

    /// Returns all slots of the frame, in the order of their variables.
    pub(crate) fn slots(self) -> impl Iterator<Item = VariableSlot<'a>> {
        (0..self.meta().slots()).filter_map(move |index| self.slot(index))
    }
}
