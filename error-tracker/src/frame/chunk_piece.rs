//! Where a text or a rendered value lies in its frame's chunk, packed into one word of a slot.

use super::text_chunk::{ALIGN, ChunkSpan};

/// A text or a rendered value in the frame's chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkPiece {
    pub(super) span: ChunkSpan,
    pub(crate) len: usize,
    /// Of a text its whole length; of a rendered value the length of what was masked in it, and in
    /// the lowest bit whether it was cut.
    rest: u64,
}

/// The largest number in `rest`: 31 bits of the packed word.
const MAX_REST: u64 = (1 << 31) - 1;

impl ChunkPiece {
    /// Returns the piece of a text's start; the whole text has `whole` bytes.
    pub(crate) fn text(span: ChunkSpan, len: usize, whole: usize) -> Self {
        Self { span, len, rest: (whole as u64).min(MAX_REST) }
    }

    /// Returns the piece of a rendered value, followed by `masked` bytes of masked values, for
    /// which other text is searched.
    pub(crate) fn rendered(span: ChunkSpan, len: usize, masked: usize, cut: bool) -> Self {
        Self { span, len, rest: (masked as u64) << 1 | u64::from(cut) }
    }

    /// Returns the length of the whole text in bytes, at most `MAX_REST`.
    pub(crate) fn whole(self) -> u64 {
        self.rest
    }

    /// Returns whether something of the rendered value was left out.
    pub(crate) fn is_cut(self) -> bool {
        self.rest & 1 != 0
    }

    /// Returns the length of the masked values in bytes.
    pub(crate) fn masked(self) -> usize {
        (self.rest >> 1) as usize
    }

    /// Packs the piece into one word: the chunks of a frame have 32 KiB, and a span at most 4 KiB.
    pub(super) fn pack(self) -> u64 {
        let ChunkSpan { start, len } = self.span;
        (start / ALIGN) as u64
            | ((len / ALIGN) as u64) << 11
            | (self.len as u64) << 20
            | self.rest << 33
    }

    pub(super) fn unpack(word: u64) -> Self {
        let part = |shift: u32, bits: u32| (word >> shift & ((1 << bits) - 1)) as usize;
        let span = ChunkSpan { start: part(0, 11) * ALIGN, len: part(11, 9) * ALIGN };
        Self { span, len: part(20, 13), rest: word >> 33 }
    }
}
