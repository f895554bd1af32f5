//! The guard that an annotated function holds while it runs.

use std::cell::Cell;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, offset_of};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr::{self, NonNull};
use std::slice;

use super::meta::Meta;
use super::outcome::{Meeting, Way};
use super::{record, thread};
use crate::snapshot::chunk::Chunk;
use crate::snapshot::keep::Place;
use crate::snapshot::slot::{DataCell, KeptCell, Slot};

/// The head of a guard; the list of live frames runs through it. A guard's slots lie right behind.
#[repr(C)]
pub struct Frame {
    prev: Cell<*const Frame>,
    meta: &'static Meta,
    /// The thread's `changes` when it was linked.
    changes: Cell<u32>,
    /// Where texts and rendered values of this frame's slots lie. Set when there are slots.
    chunk: MaybeUninit<Cell<*mut Chunk>>,
}

/// Stands for a running call of an annotated function with `N` variables. Lives in a local that only the
/// expansion can name, so it is neither moved nor leaked while it is linked.
///
/// With `TASK` it stands in a future, which may be dropped while it is not linked.
#[repr(C)]
pub struct Guard<const N: usize, const TASK: bool> {
    frame: Frame,
    kept: [KeptCell; N],
    /// Not written before it is needed.
    data: MaybeUninit<[DataCell; N]>,
}

// SAFETY: a guard is only linked and used by the thread that runs its function. A future's guard is unlinked
// between polls (`Tracked`), so it can move to another thread then; what its slots hold are plain bytes, chunk
// memory that no thread owns, and references that live in the same future and so must be Send themselves.
unsafe impl<const N: usize, const TASK: bool> Send for Guard<N, TASK> {}
// SAFETY: nobody else can reach a guard: see above.
unsafe impl<const N: usize, const TASK: bool> Sync for Guard<N, TASK> {}
impl<const N: usize, const TASK: bool> UnwindSafe for Guard<N, TASK> {}
impl<const N: usize, const TASK: bool> RefUnwindSafe for Guard<N, TASK> {}

impl<const N: usize, const TASK: bool> Guard<N, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[must_use]
    pub fn new(meta: &'static Meta) -> Self {
        let chunk = if N > 0 { MaybeUninit::new(Cell::new(ptr::null_mut())) } else { MaybeUninit::uninit() };
        Self {
            frame: Frame { prev: Cell::new(ptr::null()), meta, changes: Cell::new(0), chunk },
            kept: [const { Cell::new(None) }; N],
            data: MaybeUninit::uninit(),
        }
    }

    /// Makes this the innermost live frame.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn enter(&self) -> Entered<'_, N, TASK> {
        debug_assert_eq!(self.frame.meta.slots, N);
        thread::with(|thread| {
            if !TASK {
                self.frame.changes.set(thread.changes.get());
            }
            self.frame.prev.set(thread.head.get());
            thread.head.set(ptr::from_ref(self).cast());
        });
        Entered { guard: self, meta: self.frame.meta }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn frame(&self) -> FrameRef<'_> {
        FrameRef { at: NonNull::from_ref(self).cast(), alive: PhantomData }
    }
}

/// What an expansion does everything with: the guard, and beside it what the optimizer would have to read from it again.
#[derive(Clone, Copy)]
pub struct Entered<'a, const N: usize, const TASK: bool> {
    guard: &'a Guard<N, TASK>,
    meta: &'static Meta,
}

impl<'a, const N: usize, const TASK: bool> Entered<'a, N, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn frame(self) -> *const Frame {
        self.guard.frame().as_ptr()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn meeting(self, site: u32, way: Way) -> Meeting {
        Meeting::new(self.frame(), site, way)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn place(self, index: usize) -> Place<'a> {
        let Self { guard: Guard { frame, kept, data }, meta } = self;
        Place {
            // SAFETY: what lies in the cells need not be initialised.
            slot: Slot { kept: &kept[index], data: unsafe { &data.assume_init_ref()[index] } },
            // SAFETY: there is a slot, so it was set.
            chunk: unsafe { frame.chunk.assume_init_ref() },
            budget: &meta.budget,
            function: meta,
            index,
        }
    }
}

impl<const N: usize, const TASK: bool> Drop for Guard<N, TASK> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        thread::with(|thread| {
            // A future's guard may be dropped by another thread. Without a call in between the optimizer sees that nothing
            // changed, and takes the whole guard out of functions that call nothing.
            let changed = if TASK {
                thread.pending.get() != 0
            } else {
                thread.changes.get() != self.frame.changes.get()
            };
            if changed {
                record::leave(self.frame());
            }
            if !TASK || ptr::eq(thread.head.get(), ptr::from_ref(self).cast()) {
                thread.head.set(self.frame.prev.get());
            }
        });
        if N > 0 {
            // SAFETY: there are slots, so it was set.
            let chunk = unsafe { self.frame.chunk.assume_init_ref() }.get();
            if !chunk.is_null() {
                // SAFETY: it came from `take`, and this guard alone held it.
                unsafe { Chunk::give_back(chunk) };
            }
        }
    }
}

/// A live frame. Unlike a `&Frame` it may reach the slots behind the frame.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct FrameRef<'a> {
    at: NonNull<Frame>,
    alive: PhantomData<&'a Frame>,
}

impl<'a> FrameRef<'a> {
    /// # Safety
    /// `at` is null or was linked by `Guard::enter`, and that guard lives for `'a`.
    pub(crate) unsafe fn new(at: *const Frame) -> Option<Self> {
        NonNull::new(at.cast_mut()).map(|at| Self { at, alive: PhantomData })
    }

    fn frame(self) -> &'a Frame {
        // SAFETY: a `FrameRef` is only made from a live guard.
        unsafe { self.at.as_ref() }
    }

    pub(crate) fn as_ptr(self) -> *const Frame {
        self.at.as_ptr()
    }

    pub(crate) fn prev(self) -> *const Frame {
        self.frame().prev.get()
    }

    pub(crate) fn set_prev(self, prev: *const Frame) {
        self.frame().prev.set(prev);
    }

    pub(crate) fn meta(self) -> &'static Meta {
        self.frame().meta
    }

    /// Names the frame for as long as it lives.
    pub(crate) fn key(self) -> usize {
        self.at.addr().get()
    }

    /// Null until something was put there.
    pub(crate) fn chunk(self) -> *mut Chunk {
        if self.meta().slots == 0 {
            return ptr::null_mut();
        }
        // SAFETY: there are slots, so it was set.
        unsafe { self.frame().chunk.assume_init_ref() }.get()
    }

    pub(crate) fn slots(self) -> impl Iterator<Item = Slot<'a>> {
        let slots = self.meta().slots;
        // SAFETY: a frame is always the head of a `Guard` (repr(C)) with `N == meta.slots`, and the pointer was made
        // from the whole guard. Behind it lie N descriptors, and behind those the data, of the same alignment.
        let (kept, data) = unsafe {
            let kept = self.at.as_ptr().byte_add(offset_of!(Guard<1, false>, kept)).cast::<KeptCell>();
            let data = kept.add(slots).cast::<DataCell>();
            (slice::from_raw_parts(kept, slots), slice::from_raw_parts(data, slots))
        };
        kept.iter().zip(data).map(|(kept, data)| Slot { kept, data })
    }
}

const _: () = assert!(
    offset_of!(Guard<3, false>, data) == offset_of!(Guard<3, false>, kept) + 3 * size_of::<KeptCell>(),
    "FrameRef::slots finds the data behind the descriptors"
);
