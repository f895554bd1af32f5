//! Memory for frames, kept per thread and used again: a call that is followed does not allocate each time.

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

/// Memory for a frame and its slots.
type Block = [MaybeUninit<u64>];

/// A block that is free leads to the next one.
struct Free {
    next: *mut Free,
}

/// Blocks have sizes of so many words more each, so that functions share them.
const STEP: usize = 16;
/// Larger ones are not kept.
const SIZES: usize = 14;
/// How many of each size a thread keeps.
const SPARE: u32 = 64;

/// A thread's free blocks, by their sizes. It has no destructor, since its thread's last functions use it to the end.
struct Memory {
    free: [Cell<*mut Free>; SIZES],
    spare: [Cell<u32>; SIZES],
    /// The allocator was asked for a block, or given one, and has not come back.
    allocator_runs: Cell<bool>,
    keeps: Cell<Keeps>,
}

/// Whether blocks that are given back are kept for the next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeps {
    /// Nothing was given back, and so nothing is to be freed at the thread's end.
    Unasked,
    Yes,
    /// The thread ends.
    No,
}

thread_local! {
    static MEMORY: Memory = const {
        Memory {
            free: [const { Cell::new(ptr::null_mut()) }; SIZES],
            spare: [const { Cell::new(0) }; SIZES],
            allocator_runs: Cell::new(false),
            keeps: Cell::new(Keeps::Unasked),
        }
    };
    /// Touched by a thread that keeps blocks.
    static AT_END: AtEnd = const { AtEnd };
}

/// How large the block is in which so many words find room.
pub(super) fn rounded(words: usize) -> usize {
    words.next_multiple_of(STEP)
}

/// A block of so many words, which were `rounded`. `None` while the allocator runs on behalf of this module: it may be an annotated
/// function, and would ask in turn, without an end.
#[inline]
pub(super) fn take(words: usize) -> Option<NonNull<u64>> {
    MEMORY.with(|memory| {
        if memory.allocator_runs.get() {
            return None;
        }
        memory.reuse(words).or_else(|| Some(memory.allocate(words)))
    })
}

/// The same, whoever asks.
pub(super) fn take_anyway(words: usize) -> NonNull<u64> {
    take(words).unwrap_or_else(|| MEMORY.with(|memory| memory.allocate(words)))
}

/// # Safety
/// `take` or `take_anyway` gave this block of so many words, and nothing leads to it any more.
#[inline]
pub(super) unsafe fn give_back(block: NonNull<u64>, words: usize) {
    MEMORY.with(|memory| {
        // SAFETY: as asked for.
        let kept = unsafe { memory.keep(block, words) };
        if !kept {
            // SAFETY: as asked for, and it was not kept.
            unsafe { memory.free(block, words) };
        }
    });
}

impl Memory {
    fn reuse(&self, words: usize) -> Option<NonNull<u64>> {
        let size = words / STEP;
        let (free, spare) = (self.free.get(size)?, self.spare.get(size)?);
        let block = NonNull::new(free.get())?;
        // SAFETY: `keep` wrote it there, and nobody has used the block since.
        free.set(unsafe { block.as_ref().next });
        spare.set(spare.get().wrapping_sub(1));
        Some(block.cast())
    }

    #[cold]
    #[inline(never)]
    fn allocate(&self, words: usize) -> NonNull<u64> {
        let ran = self.allocator_runs.replace(true);
        let block = NonNull::from_mut(Box::leak(Box::<Block>::new_uninit_slice(words))).cast();
        self.allocator_runs.set(ran);
        block
    }

    /// # Safety
    /// As for `give_back`.
    #[cold]
    #[inline(never)]
    unsafe fn free(&self, block: NonNull<u64>, words: usize) {
        let block: NonNull<Block> = NonNull::slice_from_raw_parts(block.cast(), words);
        let ran = self.allocator_runs.replace(true);
        // SAFETY: `allocate` leaked a box of so many words.
        drop(unsafe { Box::from_raw(block.as_ptr()) });
        self.allocator_runs.set(ran);
    }

    fn keeps(&self) -> bool {
        if self.keeps.get() == Keeps::Unasked {
            // To be told of the thread's end may take memory, and the allocator may be an annotated function.
            self.keeps.set(Keeps::No);
            let keeps = AT_END.try_with(|_| ()).map_or(Keeps::No, |()| Keeps::Yes);
            self.keeps.set(keeps);
        }
        self.keeps.get() == Keeps::Yes
    }

    /// # Safety
    /// As for `give_back`, if it answers true.
    unsafe fn keep(&self, block: NonNull<u64>, words: usize) -> bool {
        let size = words / STEP;
        let (Some(free), Some(spare)) = (self.free.get(size), self.spare.get(size)) else { return false };
        if spare.get() >= SPARE || !self.keeps() {
            return false;
        }
        let block = block.cast::<Free>().as_ptr();
        // SAFETY: a block has more words than this one, and is as aligned.
        unsafe { block.write(Free { next: free.get() }) };
        free.set(block);
        spare.set(spare.get() + 1);
        true
    }
}

struct AtEnd;

impl Drop for AtEnd {
    fn drop(&mut self) {
        MEMORY.with(|memory| {
            memory.keeps.set(Keeps::No);
            for size in 0..SIZES {
                while let Some(block) = memory.reuse(size * STEP) {
                    // SAFETY: it was free, and is taken now.
                    unsafe { memory.free(block, size * STEP) };
                }
            }
        });
    }
}
