//! What stands for one call of a function, and what others see of it.

use std::cell::Cell;
use std::marker::{PhantomData, PhantomPinned};
use std::mem::{MaybeUninit, offset_of};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr::{self, NonNull};
use std::slice;

use super::list::unmarked;
use super::slot::{DataCell, KeptCell};
use super::{Chunk, List, Piece, Slot, Slots};

/// The head of a guard; the list of live frames runs through it. A guard's slots lie right behind.
#[repr(C)]
pub(crate) struct Frame<M: 'static> {
    /// `None` while it is not linked, and then nothing else is set.
    meta: Cell<Option<&'static M>>,
    prev: Cell<*const Self>,
    /// Where texts and rendered values of this frame's slots lie. Set when there are slots.
    chunk: MaybeUninit<Chunk>,
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
            frame: Frame {
                meta: Cell::new(None),
                prev: Cell::new(ptr::null()),
                chunk: MaybeUninit::uninit(),
            },
            kept: MaybeUninit::uninit(),
            data: MaybeUninit::uninit(),
            pinned: PhantomPinned,
        }
    }

    /// Its frame, while it is linked.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn linked(&self) -> Option<FrameRef<'_, M>> {
        self.frame.meta.get().map(|_| FrameRef { at: NonNull::from_ref(self).cast(), alive: PhantomData })
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn unlinked(&self) -> Unlinked<'_, M> {
        Unlinked { at: NonNull::from_ref(self).cast(), alive: PhantomData }
    }

    /// A variable's slot, and where its texts go. It has to be linked.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn slot(&self, index: usize) -> (Slot<'_>, &Chunk) {
        debug_assert!(self.linked().is_some());
        // SAFETY: there are slots and it is linked, so both were set; what lies in the data need not be.
        let (kept, data, chunk) = unsafe {
            let Self { frame, kept, data, .. } = self;
            (kept.assume_init_ref(), data.assume_init_ref(), frame.chunk.assume_init_ref())
        };
        (Slot { kept: &kept[index], data: &data[index] }, chunk)
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
        if meta.slots() > 0 {
            // SAFETY: it is the guard's own place, which nothing borrows before it is linked.
            unsafe { (&raw const frame.frame().chunk).cast_mut().write(MaybeUninit::new(Chunk::new())) };
        }
        for index in 0..meta.slots() {
            // SAFETY: as above; a guard has so many.
            unsafe { frame.kept().add(index).write(const { Cell::new(None) }) };
        }
        frame.frame().meta.set(Some(meta));
        frame.enter(list);
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

impl<'a, M: Slots> FrameRef<'a, M> {
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
        &self.frame().prev
    }

    pub(super) fn prev(self) -> *const Frame<M> {
        unmarked(self.link().get())
    }

    /// Whether it is the innermost frame, and is not marked.
    pub(crate) fn is_innermost(self, list: &List<M>) -> bool {
        ptr::eq(list.head.get(), self.at.as_ptr())
    }

    /// Undoes `enter`.
    pub(crate) fn leave(self, list: &List<M>) {
        list.head.set(self.link().get());
    }

    /// Makes this the innermost frame again.
    pub(super) fn enter(self, list: &List<M>) {
        self.frame().prev.set(list.head.get());
        list.head.set(self.at.as_ptr());
    }

    pub(crate) fn meta(self) -> &'static M {
        self.frame().meta.get().expect("it is linked")
    }

    /// Called when its guard is dropped: gives back what its slots have taken.
    pub(crate) fn give_back(self) {
        if let Some(chunk) = self.chunk() {
            chunk.give_back();
        }
    }

    fn chunk(self) -> Option<&'a Chunk> {
        // SAFETY: it was set when it was linked, if there are slots.
        (self.meta().slots() > 0).then(|| unsafe { self.frame().chunk.assume_init_ref() })
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

    /// A text that a piece of one of its slots names.
    pub(crate) fn text(self, Piece { start, len, .. }: Piece) -> String {
        self.bytes(start, len)
    }

    /// The masked values that lie behind a rendered one, each with a NUL at its end.
    pub(crate) fn masked(self, Piece { start, len, taint, .. }: Piece) -> String {
        self.bytes(start + len, taint)
    }

    fn bytes(self, start: usize, len: usize) -> String {
        self.chunk().map(|chunk| chunk.text(start, len)).unwrap_or_default()
    }

    pub(crate) fn slots(self) -> impl Iterator<Item = Slot<'a>> {
        let slots = self.meta().slots();
        // SAFETY: the guard has N descriptors, `N == slots`, which were set when it was linked, and behind those the data,
        // of the same alignment.
        let (kept, data) = unsafe {
            let kept = self.kept();
            let data = kept.add(slots).cast::<DataCell>();
            (slice::from_raw_parts(kept, slots), slice::from_raw_parts(data, slots))
        };
        kept.iter().zip(data).map(|(kept, data)| Slot { kept, data })
    }
}

const _: () = assert!(
    offset_of!(Guard<(), 3>, data) == offset_of!(Guard<(), 3>, kept) + 3 * size_of::<KeptCell>(),
    "FrameRef::slots finds the data behind the descriptors"
);
