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
    prev: Cell<*const Self>,
    meta: &'static M,
    /// Where texts and rendered values of this frame's slots lie. Set when what leads to the frame says that it holds one
    /// (`List::hold`), and in a task's frame when it has slots.
    chunk: Cell<MaybeUninit<Chunk>>,
}

/// Stands for a running call of a function with `N` variables.
#[repr(C)]
pub(crate) struct Guard<M: 'static, const N: usize> {
    frame: Frame<M>,
    kept: [KeptCell; N],
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
    /// With `task` it stands in a future.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(meta: &'static M, task: bool) -> Self {
        let chunk = if task && N > 0 { MaybeUninit::new(Chunk::new()) } else { MaybeUninit::uninit() };
        Self {
            frame: Frame { prev: Cell::new(ptr::null()), meta, chunk: Cell::new(chunk) },
            kept: [const { Cell::new(None) }; N],
            data: MaybeUninit::uninit(),
            pinned: PhantomPinned,
        }
    }

    /// Makes this the innermost frame of the thread whose list it is.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn enter(&self, list: &List<M>) {
        debug_assert_eq!(self.frame.meta.slots(), N);
        self.frame.prev.set(list.head.get());
        list.head.set(ptr::from_ref(self).cast());
    }

    /// Undoes `enter`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn leave(&self, list: &List<M>) {
        list.head.set(self.frame.prev.get());
    }

    /// Called when a task's guard is dropped, which may not be linked then: gives back what its slots have taken. A `Drop` here
    /// would run also when another panics, which costs every call some instructions.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn give_back(&self) {
        if N > 0 {
            // SAFETY: a task's guard that has slots, so it was set; nobody else borrows from the cell meanwhile.
            unsafe { (*self.frame.chunk.as_ptr()).assume_init_ref() }.give_back();
        }
    }

    /// Whether it is the innermost frame, and is not marked.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn is_innermost(&self, list: &List<M>) -> bool {
        ptr::eq(list.head.get(), ptr::from_ref(self).cast())
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn meta(&self) -> &'static M {
        self.frame.meta
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn frame(&self) -> FrameRef<'_, M> {
        FrameRef { at: NonNull::from_ref(self).cast(), alive: PhantomData }
    }

    /// A variable's slot.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn slot(&self, index: usize) -> Slot<'_> {
        // SAFETY: what lies in the cells need not be initialised.
        let data = unsafe { &self.data.assume_init_ref()[index] };
        Slot { kept: &self.kept[index], data }
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

    /// Undoes `enter`, and gives back what the slots have taken.
    pub(crate) fn leave(self, list: &List<M>) {
        let held = list.holds(self.key());
        list.head.set(self.link().get());
        if held {
            self.chunk().give_back();
        }
    }

    /// Makes this the innermost frame again.
    pub(super) fn enter(self, list: &List<M>) {
        self.frame().prev.set(list.head.get());
        list.head.set(self.at.as_ptr());
    }

    pub(crate) fn meta(self) -> &'static M {
        self.frame().meta
    }

    /// Names the frame for as long as it lives.
    pub(crate) fn key(self) -> usize {
        self.at.addr().get()
    }

    /// Names the frame that it was called from; 0 when there is none.
    pub(crate) fn caller(self) -> usize {
        self.prev().addr()
    }

    /// Puts bytes at the end of its chunk, and says where they start. `None` when there is no room, or when it is not the
    /// innermost frame.
    pub(crate) fn put(self, list: &List<M>, task: bool, bytes: &[u8]) -> Option<usize> {
        if !task && !list.holds(self.key()) {
            if list.innermost() != self.key() {
                return None;
            }
            self.frame().chunk.set(MaybeUninit::new(Chunk::new()));
            list.hold();
        }
        self.chunk().put(bytes)
    }

    /// Asked only when it was set.
    fn chunk(self) -> &'a Chunk {
        // SAFETY: it was set, and is not set again while the guard lives.
        unsafe { (*self.frame().chunk.as_ptr()).assume_init_ref() }
    }

    /// A text that a piece of one of its slots names.
    pub(crate) fn text(self, piece: Piece) -> String {
        self.chunk().text(piece.start, piece.len)
    }

    /// The masked values that lie behind a rendered one, each with a NUL at its end.
    pub(crate) fn masked(self, piece: Piece) -> String {
        self.chunk().text(piece.start + piece.len, piece.masked())
    }

    /// The slot of a variable; `None` when there is none of this index.
    pub(crate) fn slot(self, index: usize) -> Option<Slot<'a>> {
        self.slots().nth(index)
    }

    pub(crate) fn slots(self) -> impl Iterator<Item = Slot<'a>> {
        let slots = self.meta().slots();
        // SAFETY: a frame is always the head of a `Guard` (repr(C)) with `N == slots`, and the pointer was made
        // from the whole guard. Behind it lie N descriptors, and behind those the data, of the same alignment.
        let (kept, data) = unsafe {
            let kept = self.at.as_ptr().byte_add(offset_of!(Guard<M, 1>, kept)).cast::<KeptCell>();
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
