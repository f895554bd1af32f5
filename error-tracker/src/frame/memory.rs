//! Memory for frames, kept per thread and used again: a call that is followed does not allocate each time.

use std::cell::RefCell;
use std::mem::MaybeUninit;

/// Memory for a frame and its slots.
pub(super) type Block = Box<[MaybeUninit<u64>]>;

/// Blocks are kept in sizes of so many words more each, so that functions share them.
const STEP: usize = 16;
/// Larger ones are not kept.
const GROUPS: usize = 14;
/// How many of each group a thread keeps.
const SPARE: usize = 32;

type Spare = [Vec<Block>; GROUPS];

thread_local! {
    static FREE: RefCell<Spare> = const { RefCell::new([const { Vec::new() }; GROUPS]) };
}

/// How large the block is in which so many words find room.
pub(super) fn rounded(words: usize) -> usize {
    words.next_multiple_of(STEP)
}

fn group(words: usize) -> usize {
    words / STEP
}

/// `None` while this thread asks the allocator for a block: the allocator may be an annotated function, and would ask for one
/// in turn.
pub(super) fn take(words: usize) -> Option<Block> {
    let taken = FREE.try_with(|free| {
        let free = &mut *free.try_borrow_mut().ok()?;
        let spare = free.get_mut(group(words)).and_then(Vec::pop);
        Some(spare.unwrap_or_else(|| make(words)))
    });
    // At the thread's end there is nothing to be borrowed from.
    taken.unwrap_or_else(|_| Some(make(words)))
}

pub(super) fn make(words: usize) -> Block {
    Box::new_uninit_slice(words)
}

pub(super) fn give_back(block: Block) {
    let mut block = Some(block);
    let _ = FREE.try_with(|free| {
        let Ok(mut free) = free.try_borrow_mut() else { return };
        if let Some(spare) = free.get_mut(group(block.as_ref().map_or(0, |block| block.len())))
            && spare.len() < SPARE
        {
            spare.extend(block.take());
        }
    });
}
