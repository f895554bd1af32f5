//! What stands for one call of a function, and what others see of it.

use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr::{self, NonNull};

use super::list::unmarked;
use super::slot::Cells;
use super::{Chunk, List, Piece, Slot, Slots, memory};

/// The head of a frame; the list of live frames runs through it. The slots lie right behind.
#[repr(C)]
pub(crate) struct Frame<M: 'static> {
    meta: &'static M,
    prev: Cell<*const Self>,
    /// Where texts and rendered values of this frame's slots lie.
    chunk: Chunk,
}

/// A live frame. Unlike a `&Frame` it may reach the slots behind the frame.
#[repr(transparent)]
pub struct FrameRef<'a, M: 'static> {
    at: NonNull<Frame<M>>,
    alive: PhantomData<&'a Frame<M>>,
}

// SAFETY: a frame is only used by the thread that runs its function, and what leads to it stands in that function. A future's frame
// is unlinked between polls (`Body`), so it can move to another thread with the future then; what its slots hold are plain
// bytes, chunk memory that no thread owns, and references that live in the same future and so must be Send themselves.
unsafe impl<M: Sync> Send for FrameRef<'_, M> {}
// SAFETY: as above.
unsafe impl<M: Sync> Sync for FrameRef<'_, M> {}

// What is read of it after a panic was whole before.
impl<M> UnwindSafe for FrameRef<'_, M> {}
impl<M> RefUnwindSafe for FrameRef<'_, M> {}

impl<M> Clone for FrameRef<'_, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for FrameRef<'_, M> {}

impl<M: Slots> FrameRef<'static, M> {
    /// A new innermost frame of the thread whose list it is, with slots that are empty, until it leaves. `None` when this is the
    /// program's allocator, which was asked for the memory.
    pub(crate) fn enter(meta: &'static M, list: &List<M>) -> Option<Self> {
        Some(Self::made(memory::take(Self::words(meta))?.cast(), meta, list))
    }

    /// The same, whoever asks.
    pub(crate) fn enter_anyway(meta: &'static M, list: &List<M>) -> Self {
        Self::made(memory::take_anyway(Self::words(meta)).cast(), meta, list)
    }

    /// In a block of so many words.
    fn made(at: NonNull<Frame<M>>, meta: &'static M, list: &List<M>) -> Self {
        const { assert!(align_of::<Frame<M>>() <= align_of::<u64>() && align_of::<Cells>() <= align_of::<u64>()) };
        let frame = Self { at, alive: PhantomData };
        // SAFETY: the block is as large as a frame with so many slots, and as aligned.
        unsafe {
            at.write(Frame { meta, prev: Cell::new(list.head.get()), chunk: Chunk::new() });
            let cells = frame.cells();
            (0..meta.slots()).for_each(|index| cells.add(index).write(Cells::empty()));
        }
        list.head.set(at.as_ptr());
        frame
    }

    /// How many words a frame of this function takes.
    fn words(meta: &M) -> usize {
        let bytes = size_of::<Frame<M>>() + meta.slots() * size_of::<Cells>();
        memory::rounded(bytes.div_ceil(size_of::<u64>()))
    }
}

impl<'a, M: Slots> FrameRef<'a, M> {
    /// # Safety
    /// `at` is null or a frame that lives for `'a`.
    pub(super) unsafe fn new(at: *const Frame<M>) -> Option<Self> {
        NonNull::new(at.cast_mut()).map(|at| Self { at, alive: PhantomData })
    }

    fn frame(self) -> &'a Frame<M> {
        // SAFETY: a `FrameRef` only leads to a frame that is alive.
        unsafe { self.at.as_ref() }
    }

    /// The link to the frame that it was called from.
    pub(super) fn link(self) -> &'a Cell<*const Frame<M>> {
        &self.frame().prev
    }

    pub(super) fn prev(self) -> *const Frame<M> {
        unmarked(self.link().get())
    }

    /// Whether it is the innermost frame, and is not marked.
    pub(crate) fn is_innermost(self, list: &List<M>) -> bool {
        ptr::eq(list.head.get(), self.at.as_ptr())
    }

    /// Takes it off the list, and frees it: the last that happens to it.
    pub(crate) fn leave(self, list: &List<M>) {
        list.remove(self);
        self.free();
    }

    /// Frees a frame that is not on the list: the last that happens to it.
    pub(crate) fn free(self) {
        self.frame().chunk.give_back();
        // SAFETY: it was made in a block of so many words, and nobody uses it any more.
        unsafe { memory::give_back(self.at.cast(), FrameRef::words(self.meta())) };
    }

    /// Makes this the innermost frame again.
    pub(super) fn enter_again(self, list: &List<M>) {
        self.link().set(list.head.get());
        list.head.set(self.at.as_ptr());
    }

    pub(crate) fn meta(self) -> &'static M {
        self.frame().meta
    }

    fn cells(self) -> *mut Cells {
        // SAFETY: the slots lie right behind (repr(C), no padding), and the pointer was made from the whole block.
        unsafe { self.at.as_ptr().add(1).cast() }
    }

    /// Names the frame for as long as it lives.
    pub(crate) fn key(self) -> usize {
        self.at.addr().get()
    }

    /// Names the frame that it was called from; 0 when there is none.
    pub(crate) fn caller(self) -> usize {
        self.prev().addr()
    }

    /// Puts bytes at the end of its chunk, and says where they start; `None` when there is no room.
    pub(crate) fn put(self, bytes: &[u8]) -> Option<usize> {
        self.frame().chunk.put(bytes)
    }

    /// A text that a piece of one of its slots names.
    pub(crate) fn text(self, piece: Piece) -> String {
        self.bytes(piece.start, piece.len)
    }

    /// The masked values that lie behind a rendered one, each with a NUL at its end.
    pub(crate) fn masked(self, piece: Piece) -> String {
        self.bytes(piece.start + piece.len, piece.masked())
    }

    fn bytes(self, start: usize, len: usize) -> String {
        self.frame().chunk.text(start, len)
    }

    /// The slot of a variable; `None` when there is none of this index.
    #[inline]
    pub(crate) fn slot(self, index: usize) -> Option<Slot<'a>> {
        // SAFETY: the frame has so many slots, which were written when it was made.
        (index < self.meta().slots()).then(|| Slot(unsafe { &*self.cells().add(index) }))
    }

    pub(crate) fn slots(self) -> impl Iterator<Item = Slot<'a>> {
        (0..self.meta().slots()).filter_map(move |index| self.slot(index))
    }
}
