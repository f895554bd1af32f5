//! What stands for one call of a function, and what others see of it.

use std::cell::Cell;
use std::marker::{PhantomData, PhantomPinned};
use std::mem::{MaybeUninit, offset_of};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr::{self, NonNull};

use super::list::unmarked;
use super::slot::{DataCell, KeptCell};
use super::{Chunk, List, Piece, Slot, Slots};

/// The head of a guard; the list of live frames runs through it. A guard's slots lie right behind.
#[repr(C)]
pub(crate) struct Frame<M: 'static> {
    /// `None` until it is linked, and then nothing else is set.
    meta: Cell<Option<&'static M>>,
    prev: MaybeUninit<Cell<*const Self>>,
    /// Where texts and rendered values of this frame's slots lie.
    chunk: MaybeUninit<Chunk>,
}

impl<M> Frame<M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn new() -> Self {
        Self { meta: Cell::new(None), prev: MaybeUninit::uninit(), chunk: MaybeUninit::uninit() }
    }
}

/// Stands for a running call of a function with `N` variables.
#[repr(C)]
pub(crate) struct Guard<M: 'static, const N: usize> {
    frame: Frame<M>,
    kept: MaybeUninit<[KeptCell; N]>,
    /// Not written before it is needed.
    data: MaybeUninit<[DataCell; N]>,
    /// The list leads to it while it is dropped, so the `&mut` there must not claim to be the only way to it.
    pinned: PhantomPinned,
}

// SAFETY: a guard is only linked and used by the thread that runs its function. A future's guard is unlinked
// between polls (`Body`), so it can move to another thread then; what its slots hold are plain bytes, chunk
// memory that no thread owns, and references that live in the same future and so must be Send themselves.
unsafe impl<M: Sync, const N: usize> Send for Guard<M, N> {}
// SAFETY: nobody else can reach a guard: see above.
unsafe impl<M: Sync, const N: usize> Sync for Guard<M, N> {}

// What is read of it after a panic was whole before.
impl<M, const N: usize> UnwindSafe for Guard<M, N> {}
impl<M, const N: usize> RefUnwindSafe for Guard<M, N> {}

impl<M: Slots, const N: usize> Guard<M, N> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new() -> Self {
        Self {
            frame: Frame::new(),
            kept: MaybeUninit::uninit(),
            data: MaybeUninit::uninit(),
            pinned: PhantomPinned,
        }
    }

    /// Its frame, when it was linked.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn entered(&self) -> Option<FrameRef<'_, M>> {
        self.frame.meta.get().map(|_| FrameRef { at: NonNull::from_ref(self).cast(), alive: PhantomData })
    }

    /// Its frame, which has to be linked.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn frame(&self) -> FrameRef<'_, M> {
        debug_assert!(self.entered().is_some());
        FrameRef { at: NonNull::from_ref(self).cast(), alive: PhantomData }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn unlinked(&self) -> Unlinked<'_, M> {
        Unlinked { at: NonNull::from_ref(self).cast(), alive: PhantomData }
    }

    /// A variable's slot. It has to be linked.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn slot(&self, index: usize) -> Slot<'_> {
        debug_assert!(self.entered().is_some());
        // SAFETY: it is linked, so the descriptors were set; what lies in the data need not be.
        let (kept, data) = unsafe { (self.kept.assume_init_ref(), self.data.assume_init_ref()) };
        Slot { kept: &kept[index], data: &data[index] }
    }
}

/// A guard that is not linked.
#[repr(transparent)]
pub(crate) struct Unlinked<'a, M: 'static> {
    at: NonNull<Frame<M>>,
    alive: PhantomData<&'a Frame<M>>,
}

impl<'a, M: Slots> Unlinked<'a, M> {
    /// Makes it the innermost frame of the thread whose list it is, with slots that are empty. Those are as many as the
    /// constants say.
    pub(crate) fn link(self, meta: &'static M, list: &List<M>) -> FrameRef<'a, M> {
        let frame = FrameRef { at: self.at, alive: PhantomData };
        // SAFETY: the place is the guard's own, which has so many slots, and nothing reads them before it is linked.
        unsafe {
            let at = self.at.as_ptr();
            (&raw mut (*at).prev).write(MaybeUninit::new(Cell::new(list.head.get())));
            (&raw mut (*at).chunk).write(MaybeUninit::new(Chunk::new()));
            let kept = frame.kept();
            (0..meta.slots()).for_each(|index| kept.add(index).write(const { Cell::new(None) }));
        }
        frame.frame().meta.set(Some(meta));
        list.head.set(self.at.as_ptr());
        frame
    }
}

/// A live frame. Unlike a `&Frame` it may reach the slots behind the frame.
#[repr(transparent)]
pub(crate) struct FrameRef<'a, M: 'static> {
    at: NonNull<Frame<M>>,
    alive: PhantomData<&'a Frame<M>>,
}

impl<M> Clone for FrameRef<'_, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for FrameRef<'_, M> {}

impl<M: Slots> FrameRef<'static, M> {
    /// Stands for a call that has no guard, or whose guard is not linked, until it is dismissed. It is the innermost frame.
    pub(crate) fn alone(meta: &'static M, list: &List<M>) -> Self {
        let memory = Box::leak(Box::<[u64]>::new_uninit_slice(Self::words(meta)));
        let at = NonNull::from_mut(memory).cast::<Frame<M>>();
        // SAFETY: it is as large as a guard with so many slots, which starts with a frame, and as aligned.
        unsafe { at.write(Frame::new()) };
        Unlinked { at, alive: PhantomData }.link(meta, list)
    }

    /// How many words a guard of this function takes.
    fn words(meta: &M) -> usize {
        const { assert!(align_of::<Guard<M, 1>>() == align_of::<u64>()) };
        let slot = size_of::<KeptCell>() + size_of::<DataCell>();
        (size_of::<Guard<M, 0>>() + meta.slots() * slot).div_ceil(size_of::<u64>())
    }
}

impl<'a, M: Slots> FrameRef<'a, M> {
    /// Takes a frame that stands alone off the list, and frees it: the last that happens to it.
    pub(crate) fn dismiss(self, list: &List<M>) {
        let words = FrameRef::words(self.meta());
        self.leave(list);
        let memory = NonNull::slice_from_raw_parts(self.at.cast::<MaybeUninit<u64>>(), words);
        // SAFETY: `alone` leaked a box of so many words.
        drop(unsafe { Box::from_raw(memory.as_ptr()) });
    }

    /// # Safety
    /// `at` is null or was linked by `Guard::enter`, and that guard lives for `'a`.
    pub(super) unsafe fn new(at: *const Frame<M>) -> Option<Self> {
        NonNull::new(at.cast_mut()).map(|at| Self { at, alive: PhantomData })
    }

    fn frame(self) -> &'a Frame<M> {
        // SAFETY: a `FrameRef` is only made from a live guard.
        unsafe { self.at.as_ref() }
    }

    /// The link to the frame that it was called from.
    pub(super) fn link(self) -> &'a Cell<*const Frame<M>> {
        // SAFETY: it was set when it was linked.
        unsafe { self.frame().prev.assume_init_ref() }
    }

    pub(super) fn prev(self) -> *const Frame<M> {
        unmarked(self.link().get())
    }

    /// Whether it is the innermost frame, and is not marked.
    pub(crate) fn is_innermost(self, list: &List<M>) -> bool {
        ptr::eq(list.head.get(), self.at.as_ptr())
    }

    /// Undoes `enter`, and gives back what its slots have taken.
    pub(crate) fn leave(self, list: &List<M>) {
        list.head.set(self.link().get());
        self.give_back();
    }

    /// Makes this the innermost frame again.
    pub(super) fn enter(self, list: &List<M>) {
        self.link().set(list.head.get());
        list.head.set(self.at.as_ptr());
    }

    pub(crate) fn meta(self) -> &'static M {
        self.frame().meta.get().expect("it is linked")
    }

    pub(crate) fn give_back(self) {
        self.chunk().give_back();
    }

    fn chunk(self) -> &'a Chunk {
        // SAFETY: it was set when it was linked.
        unsafe { self.frame().chunk.assume_init_ref() }
    }

    fn kept(self) -> *mut KeptCell {
        // SAFETY: a frame is always the head of a `Guard` (repr(C)), and the pointer was made from the whole guard.
        unsafe { self.at.as_ptr().byte_add(offset_of!(Guard<M, 1>, kept)).cast() }
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
        self.chunk().put(bytes)
    }

    /// A text that a piece of one of its slots names.
    pub(crate) fn text(self, piece: Piece) -> String {
        self.bytes(piece.start, piece.len)
    }

    /// The masked values that lie behind a rendered one, each with a NUL at its end.
    pub(crate) fn masked(self, piece: Piece) -> String {
        self.bytes(piece.start + piece.len, piece.masked())
    }

    /// The slot of a variable; `None` when there is none of this index.
    #[inline]
    pub(crate) fn slot(self, index: usize) -> Option<Slot<'a>> {
        let slots = self.meta().slots();
        (index < slots).then(|| {
            let kept = self.kept();
            // SAFETY: the guard has N descriptors, `N == slots`, which were set when it was linked, and behind those the data,
            // of the same alignment.
            unsafe { Slot { kept: &*kept.add(index), data: &*kept.add(slots).cast::<DataCell>().add(index) } }
        })
    }

    fn bytes(self, start: usize, len: usize) -> String {
        self.chunk().text(start, len)
    }

    pub(crate) fn slots(self) -> impl Iterator<Item = Slot<'a>> {
        (0..self.meta().slots()).filter_map(move |index| self.slot(index))
    }
}

const _: () = assert!(
    offset_of!(Guard<(), 3>, data) == offset_of!(Guard<(), 3>, kept) + 3 * size_of::<KeptCell>(),
    "FrameRef::slot finds the data behind the descriptors"
);
