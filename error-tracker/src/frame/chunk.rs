//! Memory for texts and rendered values of one frame. Chunks are kept per thread and used again, so that a
//! function that keeps a string does not allocate each time.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const SIZE: usize = 4096;
/// How many unused chunks a thread keeps.
const SPARE: usize = 16;
/// Bounds what all chunks take, and so how deep a recursion keeps texts: 4 MiB.
const MOST: usize = 1024;
static LIVE: AtomicUsize = AtomicUsize::new(0);

struct Bytes {
    used: usize,
    bytes: [u8; SIZE],
}

thread_local! {
    static FREE: RefCell<Vec<Box<Bytes>>> = const { RefCell::new(Vec::new()) };
}

/// Takes memory when something is put into it first, and gives it back when dropped, on whatever thread that is.
#[derive(Default)]
pub(crate) struct Chunk(Option<Box<Bytes>>);

impl Chunk {
    pub(super) const fn new() -> Self {
        Self(None)
    }

    /// Puts bytes at the end, and says where they start; `None` when there is no room.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.0.is_none() {
            self.0 = take();
        }
        let chunk = &mut **self.0.as_mut()?;
        let start = chunk.used;
        chunk.bytes.get_mut(start..start + bytes.len())?.copy_from_slice(bytes);
        chunk.used += bytes.len();
        Some(start)
    }

    pub(super) fn get(&self, start: usize, len: usize) -> &[u8] {
        self.0.as_ref().and_then(|chunk| chunk.bytes.get(start..start + len)).unwrap_or_default()
    }
}

impl Drop for Chunk {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn drop(&mut self) {
        if let Some(chunk) = self.0.take() {
            give_back(chunk);
        }
    }
}

/// Nothing when too many are in use or the thread ends.
fn take() -> Option<Box<Bytes>> {
    if let Some(mut chunk) = FREE.try_with(|free| free.borrow_mut().pop()).ok()? {
        chunk.used = 0;
        return Some(chunk);
    }
    if LIVE.fetch_add(1, Relaxed) < MOST {
        return Some(Box::new(Bytes { used: 0, bytes: [0; SIZE] }));
    }
    LIVE.fetch_sub(1, Relaxed);
    None
}

#[cold]
fn give_back(chunk: Box<Bytes>) {
    let mut chunk = Some(chunk);
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

#[cfg(test)]
mod tests {
    use super::{Chunk, SPARE};

    #[test]
    fn a_thread_uses_its_chunks_again() {
        let chunks = || {
            let mut chunks: Vec<_> = (0..SPARE).map(|_| Chunk::new()).collect();
            assert!(
                chunks.iter_mut().all(|chunk| chunk.put(b"text") == Some(0) && chunk.get(0, 4) == b"text")
            );
            chunks
        };
        let places = |chunks: &[Chunk]| -> Vec<usize> {
            let mut places: Vec<_> = chunks.iter().map(|chunk| chunk.get(0, 1).as_ptr().addr()).collect();
            places.sort_unstable();
            places
        };
        let first = places(&chunks());
        assert_eq!(places(&chunks()), first);
    }
}
