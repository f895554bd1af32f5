//! Memory for texts and rendered values of one frame. Each thread reuses its chunks, so that a
//! function that captures a string rarely allocates.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes of a chunk.
const SIZE: usize = 4096;
/// Texts begin at multiples of so many bytes.
pub(super) const ALIGN: usize = 16;
/// How many chunks a frame has at most.
const MAX_OF_FRAME: usize = 8;
/// How many free chunks a thread has at most.
const SPARE: usize = 16;
/// How many chunks the process has at most: 4 MiB, which also bounds how deep in a recursion texts
/// are copied.
const MAX_CHUNKS: usize = 1024;
/// How many there are.
static LIVE: AtomicUsize = AtomicUsize::new(0);

struct ChunkBytes {
    used: usize,
    /// How many chunks the frame had before this one, and the last of them.
    index: usize,
    before: Option<Box<ChunkBytes>>,
    bytes: [u8; SIZE],
}

thread_local! {
    static FREE: RefCell<Vec<Box<ChunkBytes>>> = const { RefCell::new(Vec::new()) };
}

/// A range of bytes in the chunks of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkSpan {
    pub(super) start: usize,
    pub(super) len: usize,
}

/// The chunks of one frame, taken when they are needed. They may be given back by another thread
/// than the one that took them.
pub(crate) struct TextChunk(Cell<Option<Box<ChunkBytes>>>);

impl TextChunk {
    pub(super) const fn new() -> Self {
        Self(Cell::new(None))
    }

    /// Puts bytes into the span of earlier ones, or else at the end of the newest chunk, and
    /// returns their span. Returns `None` when they need another chunk.
    #[inline]
    pub(crate) fn put_at_hand(
        &self,
        bytes: &[u8],
        earlier: Option<ChunkSpan>,
    ) -> Option<ChunkSpan> {
        if let Some(span) = earlier.filter(|span| bytes.len() <= span.len) {
            self.put_again(span.start, bytes);
            return Some(span);
        }
        // SAFETY: the cell is not borrowed elsewhere: only the functions of this type do so, and
        // none calls code that could reach it.
        let chunk = unsafe { &mut *self.0.as_ptr() }.as_deref_mut()?;
        let start = chunk.used;
        // A text that has grown once may do so again.
        let len = if earlier.is_some() { (2 * bytes.len()).min(SIZE) } else { bytes.len() };
        let len = len.next_multiple_of(ALIGN);
        chunk.bytes.get_mut(start..start + len)?[..bytes.len()].copy_from_slice(bytes);
        chunk.used = start + len;
        Some(ChunkSpan { start: chunk.index * SIZE + start, len })
    }

    /// Puts bytes as `put_at_hand` does, and takes another chunk if they need one. Returns `None`
    /// when the bytes or the chunks exceed their limits.
    pub(crate) fn put(&self, bytes: &[u8], earlier: Option<ChunkSpan>) -> Option<ChunkSpan> {
        let put = self.put_at_hand(bytes, earlier);
        if put.is_some() || bytes.len() > SIZE {
            return put;
        }
        let before = self.0.take();
        let index = before.as_ref().map_or(0, |chunk| chunk.index + 1);
        let taken = if index < MAX_OF_FRAME { take() } else { None };
        self.0.set(match taken {
            Some(mut chunk) => {
                (chunk.index, chunk.before) = (index, before);
                Some(chunk)
            }
            None => before,
        });
        self.put_at_hand(bytes, earlier)
    }

    fn put_again(&self, start: usize, bytes: &[u8]) {
        // SAFETY: as in `put_at_hand`.
        let mut chunk = unsafe { &mut *self.0.as_ptr() }.as_deref_mut();
        while let Some(found) = chunk {
            if found.index == start / SIZE {
                let start = start % SIZE;
                if let Some(place) = found.bytes.get_mut(start..start + bytes.len()) {
                    place.copy_from_slice(bytes);
                }
                return;
            }
            chunk = found.before.as_deref_mut();
        }
    }

    /// Returns the text there; an empty one when nothing was put there.
    pub(super) fn text(&self, start: usize, len: usize) -> String {
        // SAFETY: as in `put_at_hand`.
        let newest = unsafe { &*self.0.as_ptr() }.as_deref();
        let mut chunks = std::iter::successors(newest, |chunk| chunk.before.as_deref());
        let chunk = chunks.find(|chunk| chunk.index == start / SIZE);
        let start = start % SIZE;
        let bytes = chunk.and_then(|chunk| chunk.bytes.get(start..start + len)).unwrap_or_default();
        str::from_utf8(bytes).unwrap_or_default().to_owned()
    }

    /// Gives the chunks back; their texts are lost.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn give_back(&self) {
        // SAFETY: as in `put_at_hand`.
        if unsafe { &*self.0.as_ptr() }.is_some() {
            give_back(self.0.take());
        }
    }
}

/// Takes a free chunk, or allocates one. Returns `None` when too many are in use, when the thread
/// ends, and inside an allocator that `give_back` has called.
fn take() -> Option<Box<ChunkBytes>> {
    let spare = FREE.try_with(|free| Some(free.try_borrow_mut().ok()?.pop())).ok()??;
    if let Some(mut chunk) = spare {
        chunk.used = 0;
        return Some(chunk);
    }
    if LIVE.fetch_add(1, Relaxed) < MAX_CHUNKS {
        return Some(Box::new(ChunkBytes { used: 0, index: 0, before: None, bytes: [0; SIZE] }));
    }
    LIVE.fetch_sub(1, Relaxed);
    None
}

/// Gives chunks back, to be reused or freed. By its ABI it does not unwind.
#[cold]
extern "C" fn give_back(mut newest: Option<Box<ChunkBytes>>) {
    while let Some(mut chunk) = newest {
        newest = chunk.before.take();
        let mut chunk = Some(chunk);
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
}

#[cfg(test)]
mod tests {
    use super::{SPARE, TextChunk, give_back};

    #[test]
    fn a_thread_uses_its_chunks_again() {
        let fill_all = || {
            let chunks: Vec<_> = (0..SPARE).map(|_| TextChunk::new()).collect();
            assert!(
                chunks
                    .iter()
                    .all(|chunk| chunk.put(b"text", None).is_some() && chunk.text(0, 4) == "text")
            );
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

    #[test]
    fn bytes_that_are_put_again_use_their_room_and_what_is_full_takes_more() {
        let chunk = TextChunk::new();
        let first = chunk.put(b"one", None).unwrap();
        let mut span = first;
        for round in 0..10_000 {
            span = chunk.put(format!("round {round}").as_bytes(), Some(span)).unwrap();
        }
        assert_eq!(span, first, "16 bytes fit into it");
        let long = "long ".repeat(200);
        let rooms: Vec<_> = (0..20).filter_map(|_| chunk.put(long.as_bytes(), None)).collect();
        assert_eq!(rooms.len(), 20, "five chunks");
        for span in rooms {
            assert_eq!(chunk.text(span.start, long.len()), long);
        }
        assert_eq!(chunk.text(first.start, 10), "round 9999");
        assert!(
            (0..100).any(|_| chunk.put(long.as_bytes(), None).is_none()),
            "a frame has a bound"
        );
        chunk.give_back();
        assert_eq!(chunk.put(b"new", None).map(|span| span.start), Some(0));
        chunk.give_back();
    }
}
