//! Memory for texts and rendered values of one frame. Chunks are kept per thread and used again, so that a
//! function that keeps a string does not allocate each time.

use std::cell::RefCell;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const SIZE: usize = 4096;
/// How many unused chunks a thread keeps.
const SPARE: usize = 16;
/// Bounds what all chunks take, and so how deep a recursion keeps texts: 4 MiB.
const MOST: usize = 1024;
static LIVE: AtomicUsize = AtomicUsize::new(0);

pub(crate) struct Chunk {
    used: usize,
    bytes: [u8; SIZE],
}

thread_local! {
    static FREE: RefCell<Vec<Box<Chunk>>> = const { RefCell::new(Vec::new()) };
}

impl Chunk {
    /// An empty chunk, or null when too many are in use or the thread ends.
    pub(crate) fn take() -> *mut Self {
        let spare = FREE.try_with(|free| free.borrow_mut().pop());
        match spare {
            Ok(Some(mut chunk)) => {
                chunk.used = 0;
                Box::into_raw(chunk)
            }
            Ok(None) if LIVE.fetch_add(1, Relaxed) < MOST => {
                Box::into_raw(Box::new(Self { used: 0, bytes: [0; SIZE] }))
            }
            Ok(None) => {
                LIVE.fetch_sub(1, Relaxed);
                ptr::null_mut()
            }
            Err(_) => ptr::null_mut(),
        }
    }

    /// Takes back a chunk from [`Chunk::take`]; a future may give it back on another thread. By its ABI it does not unwind.
    ///
    /// # Safety
    /// `chunk` came from `take`, and nobody else holds it.
    #[cold]
    pub(crate) unsafe extern "C" fn give_back(chunk: *mut Self) {
        // SAFETY: the pointer came from `Box::into_raw` in `take`, and the caller is its only holder.
        let mut chunk = Some(unsafe { Box::from_raw(chunk) });
        let _ = FREE.try_with(|free| {
            let free = &mut *free.borrow_mut();
            if free.len() < SPARE {
                free.extend(chunk.take());
            }
        });
        if chunk.is_some() {
            LIVE.fetch_sub(1, Relaxed);
        }
    }

    /// Puts bytes at the end, and says where they start; `None` when there is no room.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Option<usize> {
        let start = self.used;
        self.bytes.get_mut(start..start + bytes.len())?.copy_from_slice(bytes);
        self.used += bytes.len();
        Some(start)
    }

    pub(crate) fn get(&self, start: usize, len: usize) -> &[u8] {
        self.bytes.get(start..start + len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Chunk, SPARE};

    #[test]
    fn a_thread_uses_its_chunks_again() {
        let taken: Vec<_> = (0..SPARE).map(|_| Chunk::take()).collect();
        assert!(taken.iter().all(|chunk| !chunk.is_null()));
        // SAFETY: just taken, and given back once.
        taken.iter().for_each(|chunk| unsafe { Chunk::give_back(*chunk) });
        let again: Vec<_> = (0..SPARE).map(|_| Chunk::take()).collect();
        assert!(again.iter().all(|chunk| taken.contains(chunk)));
        // SAFETY: as above.
        again.iter().for_each(|chunk| unsafe { Chunk::give_back(*chunk) });
    }
}
