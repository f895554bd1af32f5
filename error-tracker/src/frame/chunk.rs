//! Memory for texts and rendered values of one frame. Chunks are kept per thread and used again, so that a
//! function that keeps a string does not allocate each time.

use std::cell::{Cell, RefCell};
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

/// Takes memory when something is put into it first. What is given back may come from another thread.
pub(crate) struct Chunk(Cell<Option<Box<Bytes>>>);

impl Chunk {
    pub(super) const fn new() -> Self {
        Self(Cell::new(None))
    }

    /// Puts bytes at the end, and says where they start; `None` when there is no room.
    #[inline]
    pub(crate) fn put(&self, bytes: &[u8]) -> Option<usize> {
        // SAFETY: nobody else borrows from the cell meanwhile: only this function and `text` do, and neither calls
        // anything that could reach it.
        let chunk = unsafe { &mut *self.0.as_ptr() };
        if chunk.is_none() {
            *chunk = take();
        }
        let chunk = &mut **chunk.as_mut()?;
        let start = chunk.used;
        chunk.bytes.get_mut(start..start + bytes.len())?.copy_from_slice(bytes);
        chunk.used += bytes.len();
        Some(start)
    }

    /// Empty when there is no such text.
    pub(super) fn text(&self, start: usize, len: usize) -> String {
        // SAFETY: as in `put`.
        let chunk = unsafe { &*self.0.as_ptr() };
        let bytes = chunk.as_ref().and_then(|chunk| chunk.bytes.get(start..start + len)).unwrap_or_default();
        str::from_utf8(bytes).unwrap_or_default().to_owned()
    }

    /// Gives its memory back; its texts are lost.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn give_back(&self) {
        // SAFETY: as in `put`.
        if unsafe { &*self.0.as_ptr() }.is_some() {
            give_back(self.0.take());
        }
    }
}

/// Nothing when too many are in use, the thread ends, or this is the allocator, which `give_back` asked for room.
fn take() -> Option<Box<Bytes>> {
    let spare = FREE.try_with(|free| Some(free.try_borrow_mut().ok()?.pop())).ok()??;
    if let Some(mut chunk) = spare {
        chunk.used = 0;
        return Some(chunk);
    }
    if LIVE.fetch_add(1, Relaxed) < MOST {
        return Some(Box::new(Bytes { used: 0, bytes: [0; SIZE] }));
    }
    LIVE.fetch_sub(1, Relaxed);
    None
}

/// By its ABI it does not unwind.
#[cold]
extern "C" fn give_back(mut chunk: Option<Box<Bytes>>) {
    let _ = FREE.try_with(|free| {
        let Ok(mut free) = free.try_borrow_mut() else { return };
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
    use super::{Chunk, SPARE, give_back};

    #[test]
    fn a_thread_uses_its_chunks_again() {
        let fill_all = || {
            let chunks: Vec<_> = (0..SPARE).map(|_| Chunk::new()).collect();
            assert!(chunks.iter().all(|chunk| chunk.put(b"text") == Some(0) && chunk.text(0, 4) == "text"));
            let mut places: Vec<_> = chunks
                .iter()
                .map(|chunk| {
                    chunk.0.take().map(|bytes| {
                        let place = (&raw const *bytes).addr();
                        give_back(Some(bytes));
                        place
                    })
                })
                .collect();
            places.sort_unstable();
            places
        };
        assert_eq!(fill_all(), fill_all());
    }
}
