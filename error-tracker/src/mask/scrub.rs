//! Finds masked values in text, however they are encoded.

use std::cell::OnceCell;
use std::ops::Range;

use super::decode::{DecodedText, MARKS};
use super::encoding::SecretEncoding;

/// Bits of the table of block hashes.
const BLOCKS: usize = 4096;
/// The fewest bytes that an encoding has.
const ANCHOR: usize = 6;
/// Bytes of one block. The block at every third byte of the text is looked up, so that one lies
/// within the first `ANCHOR` bytes of each encoding.
const BLOCK: usize = 4;
const STEP: usize = ANCHOR - BLOCK + 1;

/// A value in one encoding, of which the first bytes are compared. The rest is encoded when they
/// are found, which is rare.
struct EncodedSecret {
    /// The value's index in `TextScrubber::values`.
    value: usize,
    encoding: SecretEncoding,
    start: [u8; ANCHOR],
    whole: OnceCell<Vec<u8>>,
}

struct ScrubbedValue {
    text: String,
    /// `text` is only its start.
    cut: bool,
}

/// Finds and removes the encodings of masked values.
pub(super) struct TextScrubber {
    values: Vec<ScrubbedValue>,
    needles: Vec<EncodedSecret>,
    /// A value contains a blank, which HTML forms encode as `+`.
    spaces: bool,
    blocks: Box<[u64; BLOCKS / 64]>,
}

impl TextScrubber {
    /// Returns a scrubber without values.
    pub(super) fn new() -> Self {
        Self {
            values: Vec::new(),
            needles: Vec::new(),
            spaces: false,
            blocks: Box::new([0; BLOCKS / 64]),
        }
    }

    /// Adds a value. `cut` says that `text` is only its start.
    pub(super) fn find(&mut self, text: &str, cut: bool) {
        self.spaces |= text.contains(' ');
        let value = self.values.len();
        // The first bytes of an encoding depend on no more bytes of the value.
        let first = &text.as_bytes()[..text.len().min(ANCHOR)];
        let mut encoded = Vec::with_capacity(5 * ANCHOR);
        for encoding in SecretEncoding::ALL {
            encoded.clear();
            encoding.encode(first, &mut encoded);
            let Some(start) = encoded.first_chunk().copied() else { continue };
            for block in start.windows(BLOCK) {
                let hash = hash(block);
                self.blocks[hash / 64] |= 1 << (hash % 64);
            }
            self.needles.push(EncodedSecret { value, encoding, start, whole: OnceCell::new() });
        }
        self.values.push(ScrubbedValue { text: text.to_owned(), cut });
    }

    /// Replaces every value in `text` by `mask`, and returns whether there was one. Names of fields
    /// are not replaced.
    pub(super) fn scrub(&self, text: &mut String, mask: &str) -> bool {
        if text == mask {
            return false;
        }
        let mut found = Vec::new();
        if self.spaces && text.contains('+') {
            self.search_decoded(&text.replace('+', " "), &mut found);
        }
        self.search_decoded(text, &mut found);
        if found.is_empty() {
            return false;
        }
        found.sort_by_key(|range| range.start);
        let mut scrubbed = String::with_capacity(text.len());
        let mut copied = 0;
        for range in found {
            // Overlapping and adjacent matches become one mask.
            if range.start >= copied {
                scrubbed.push_str(&text[copied..range.start]);
                scrubbed.push_str(mask);
            }
            copied = copied.max(range.end);
        }
        scrubbed.push_str(&text[copied..]);
        *text = scrubbed;
        true
    }

    /// Finds values in `text`, also those that are escaped in other formats, up to `MAX_DEPTH`
    /// times.
    fn search_decoded(&self, text: &str, found: &mut Vec<Range<usize>>) {
        const MAX_DEPTH: usize = 4;
        self.search(text, &mut |range| found.push(range));
        // Each format is decoded by itself and then all together: an escape of one format may be
        // plain text in another.
        if !text.bytes().any(|byte| MARKS.contains(&char::from(byte))) {
            return;
        }
        let present: Vec<char> = MARKS.into_iter().filter(|mark| text.contains(*mark)).collect();
        let together = (present.len() > 1).then_some(&*present);
        for marks in present.chunks(1).chain(together) {
            let mut decoded = DecodedText::of(text);
            for _ in 0..MAX_DEPTH {
                if !decoded.decode(marks) {
                    break;
                }
                self.search(&decoded.text, &mut |range| found.push(decoded.source(range)));
            }
        }
    }

    fn search(&self, text: &str, found: &mut dyn FnMut(Range<usize>)) {
        let bytes = text.as_bytes();
        let (mut after, mut at) = (0, 0);
        while let Some(block) = bytes.get(at..at + BLOCK) {
            let hash = hash(block);
            let possible = self.blocks[hash / 64] & (1 << (hash % 64)) != 0;
            let hit = if possible {
                self.hit(text, at.saturating_sub(STEP - 1).max(after), at)
            } else {
                None
            };
            match hit {
                Some((from, to)) => {
                    found(from.max(after)..to);
                    (after, at) = (to, to);
                }
                None => at += STEP,
            }
        }
    }

    /// Returns the longest value at the first place from `first` to `last` where one starts.
    fn hit(&self, text: &str, first: usize, last: usize) -> Option<(usize, usize)> {
        (first..=last).find_map(|from| {
            let longest = self
                .needles
                .iter()
                .filter_map(|needle| needle.hit(&self.values[needle.value], text, from))
                .max_by_key(|hit| hit.1 - hit.0);
            longest.filter(|(from, to)| to > from && !is_field(text, *from, *to))
        })
    }
}

impl EncodedSecret {
    fn hit(&self, value: &ScrubbedValue, text: &str, from: usize) -> Option<(usize, usize)> {
        let found = &text.as_bytes()[from..];
        if !found.starts_with(&self.start) {
            return None;
        }
        let wanted = self.whole.get_or_init(|| {
            let mut whole = Vec::new();
            self.encoding.encode(value.text.as_bytes(), &mut whole);
            whole
        });
        let mut same = wanted.iter().zip(found).take_while(|(a, b)| a == b).count();
        while !text.is_char_boundary(from + same) {
            same -= 1;
        }
        let rest = &text[from + same..];
        let cut_here = || rest.trim_start_matches(['\\', '"']).starts_with('…') || rest.is_empty();
        if same < wanted.len() && !cut_here() {
            return None;
        }
        let end = if same == wanted.len() && value.cut { text.len() } else { from + same };
        if !self.encoding.is_base64() {
            return Some((from, end));
        }
        // The first and last base64 digits also encode bits of the neighbouring bytes.
        let digit =
            |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
        let before = text[..from].chars().rev().take_while(digit).count();
        let after = text[end..].chars().take_while(digit).count();
        Some((from - before, end + after))
    }
}

/// Returns whether the text from `from` to `to` is the name of a field in `Debug` text, or a key in
/// JSON.
fn is_field(text: &str, from: usize, to: usize) -> bool {
    let (before, after) = (&text[..from], &text[to..]);
    let quoted = before.ends_with('"') && after.starts_with('"');
    let quotes = usize::from(quoted);
    let after = &after[quotes..];
    let before = before[..from - quotes].trim_end();
    let is_key = after.starts_with(':') && !after.starts_with("::") && before.ends_with(['{', ',']);
    is_key
        && text[from..to].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && before.matches('{').count() > before.matches('}').count()
}

fn hash(block: &[u8]) -> usize {
    let word = block.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    (word.wrapping_mul(0x9E37_79B1) >> 20) as usize
}
