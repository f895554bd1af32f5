//! Memory for frames. Each thread reuses its blocks, so that a tracked call rarely allocates.

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

/// Memory for a frame and its slots.
type FrameBlock = [MaybeUninit<u64>];

/// A free block, a node of a list.
struct FreeBlock {
    next: *mut FreeBlock,
}

/// The sizes of blocks are multiples of so many words, so that functions share them.
const STEP: usize = 16;
/// How many sizes there are. Larger blocks are not reused.
const SIZES: usize = 14;
/// How many free blocks of each size a thread has at most.
const SPARE: u32 = 64;

/// A thread's free blocks, by size. It has no destructor, since the thread's last functions use it
/// to the end.
struct FrameMemory {
    free: [Cell<*mut FreeBlock>; SIZES],
    spare: [Cell<u32>; SIZES],
    /// The program's allocator allocates or frees a block for this module.
    allocator_runs: Cell<bool>,
    block_reuse: Cell<BlockReuse>,
}

/// Whether blocks that are given back are reused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BlockReuse {
    /// No block was given back yet, so none has to be freed at the thread's end.
    Undecided,
    Yes,
    /// The thread ends.
    No,
}

thread_local! {
    static MEMORY: FrameMemory = const {
        FrameMemory {
            free: [const { Cell::new(ptr::null_mut()) }; SIZES],
            spare: [const { Cell::new(0) }; SIZES],
            allocator_runs: Cell::new(false),
            block_reuse: Cell::new(BlockReuse::Undecided),
        }
    };
    /// Initialized by a thread that reuses blocks.
    static AT_END: ThreadEndGuard = const { ThreadEndGuard };
}

/// Returns the size of the block that so many words need, in words.
pub(super) fn rounded(words: usize) -> usize {
    words.div_ceil(STEP) * STEP
}

/// Takes a block of so many words, which were `rounded`. Returns `None` while this module waits for
/// the program's allocator: that may be an annotated function, and would need a frame in turn,
/// without end.
#[inline]
pub(super) fn take(words: usize) -> Option<NonNull<u64>> {
    MEMORY.with(|memory| {
        if memory.allocator_runs.get() {
            return None;
        }
        memory.reuse(words).or_else(|| Some(memory.allocate(words)))
    })
}

/// Takes a block as `take` does, also inside the program's allocator.
pub(super) fn take_anyway(words: usize) -> NonNull<u64> {
    take(words).unwrap_or_else(|| MEMORY.with(|memory| memory.allocate(words)))
}

/// Gives a block back, to be reused or freed.
///
/// # Safety
/// `take` or `take_anyway` returned this block of so many words, and it is not used any more.
#[inline]
pub(super) unsafe fn give_back(block: NonNull<u64>, words: usize) {
    MEMORY.with(|memory| {
        // SAFETY: as the caller promises.
        let is_reused = unsafe { memory.keep(block, words) };
        if !is_reused {
            // SAFETY: as the caller promises, and it is not on the list.
            unsafe { memory.free(block, words) };
        }
    });
}

impl FrameMemory {
    #[inline]
    fn reuse(&self, words: usize) -> Option<NonNull<u64>> {
        let size = words / STEP;
        let (free, spare) = (self.free.get(size)?, self.spare.get(size)?);
        let block = NonNull::new(free.get())?;
        // SAFETY: `keep` wrote it there, and the block was not used since.
        free.set(unsafe { block.as_ref().next });
        spare.set(spare.get().wrapping_sub(1));
        Some(block.cast())
    }

    #[cold]
    #[inline(never)]
    fn allocate(&self, words: usize) -> NonNull<u64> {
        let ran = self.allocator_runs.replace(true);
        let block = NonNull::from_mut(Box::leak(Box::<FrameBlock>::new_uninit_slice(words))).cast();
        self.allocator_runs.set(ran);
        block
    }

    /// # Safety
    /// As for `give_back`.
    #[cold]
    #[inline(never)]
    unsafe fn free(&self, block: NonNull<u64>, words: usize) {
        let block: NonNull<FrameBlock> = NonNull::slice_from_raw_parts(block.cast(), words);
        let ran = self.allocator_runs.replace(true);
        // SAFETY: `allocate` leaked a box of so many words.
        drop(unsafe { Box::from_raw(block.as_ptr()) });
        self.allocator_runs.set(ran);
    }

    #[inline]
    fn reuses_blocks(&self) -> bool {
        match self.block_reuse.get() {
            BlockReuse::Yes => true,
            BlockReuse::No => false,
            BlockReuse::Undecided => self.decide_reuse(),
        }
    }

    #[cold]
    #[inline(never)]
    fn decide_reuse(&self) -> bool {
        // Registering the guard may allocate, and the allocator may be an annotated function, which
        // gives its frame back here.
        self.block_reuse.set(BlockReuse::No);
        let reuses = AT_END.try_with(|_| ()).is_ok();
        self.block_reuse.set(if reuses { BlockReuse::Yes } else { BlockReuse::No });
        reuses
    }

    /// Puts a block on the list of free ones; returns whether it did.
    ///
    /// # Safety
    /// As for `give_back`.
    #[inline]
    unsafe fn keep(&self, block: NonNull<u64>, words: usize) -> bool {
        let size = words / STEP;
        let (Some(free), Some(spare)) = (self.free.get(size), self.spare.get(size)) else {
            return false;
        };
        if spare.get() >= SPARE || !self.reuses_blocks() {
            return false;
        }
        let block = block.cast::<FreeBlock>().as_ptr();
        // SAFETY: a block is larger than a `FreeBlock`, and as aligned.
        unsafe { block.write(FreeBlock { next: free.get() }) };
        free.set(block);
        spare.set(spare.get() + 1);
        true
    }
}

/// Frees the thread's blocks at its end.
struct ThreadEndGuard;

impl Drop for ThreadEndGuard {
    fn drop(&mut self) {
        MEMORY.with(|memory| {
            memory.block_reuse.set(BlockReuse::No);
            for size in 0..SIZES {
                while let Some(block) = memory.reuse(size * STEP) {
                    // SAFETY: it was on the list of free blocks, and is not any more.
                    unsafe { memory.free(block, size * STEP) };
                }
            }
        });
    }
}
