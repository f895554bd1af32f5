//! Finds masked values in text, however they are encoded.

use std::fmt::Write as _;
use std::ops::Range;

use super::decode::{DecodedText, MARKS};

/// Bits of the table of block hashes.
const BLOCKS: usize = 4096;
/// The fewest bytes that an encoding has.
const ANCHOR: usize = 6;
/// Bytes of one block. The block at every third byte of the text is looked up, so that one lies
/// within the first `ANCHOR` bytes of each encoding.
const BLOCK: usize = 4;
const STEP: usize = ANCHOR - BLOCK + 1;

struct EncodedSecret {
    text: String,
    base64: bool,
    cut: bool,
}

/// Finds and removes the encodings of masked values.
pub(super) struct TextScrubber {
    needles: Vec<EncodedSecret>,
    /// A value contains a blank, which HTML forms encode as `+`.
    spaces: bool,
    blocks: Box<[u64; BLOCKS / 64]>,
}

impl TextScrubber {
    /// Returns a scrubber without values.
    pub(super) fn new() -> Self {
        Self { needles: Vec::new(), blocks: Box::new([0; BLOCKS / 64]), spaces: false }
    }

    /// Adds a value. `cut` says that `text` is only its start.
    pub(super) fn find(&mut self, text: &str, cut: bool) {
        self.spaces |= text.contains(' ');
        self.add(text.to_owned(), false, cut);
        for skip in 0..3 {
            let standard = base64(text.as_bytes(), skip);
            self.add(standard.replace('+', "-").replace('/', "_"), true, cut);
            self.add(standard, true, cut);
        }
        let joined = |each: fn(&mut String, u8)| {
            text.bytes().fold(String::with_capacity(text.len() * 5), |mut out, byte| {
                each(&mut out, byte);
                out
            })
        };
        let hexadecimal = joined(|out, byte| {
            let _ = write!(out, "{byte:02x}");
        });
        self.add(hexadecimal.to_uppercase(), false, cut);
        self.add(hexadecimal, false, cut);
        // The `Debug` form of its bytes.
        let bytes = joined(|out, byte| {
            let _ = write!(out, "{byte}, ");
        });
        self.add(bytes.trim_end_matches(", ").to_owned(), false, cut);
    }

    fn add(&mut self, text: String, base64: bool, cut: bool) {
        if text.len() < ANCHOR || self.needles.iter().any(|needle| needle.text == text) {
            return;
        }
        for block in text.as_bytes()[..ANCHOR].windows(BLOCK) {
            let hash = hash(block);
            self.blocks[hash / 64] |= 1 << (hash % 64);
        }
        self.needles.push(EncodedSecret { text, base64, cut });
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
                .filter_map(|needle| needle.hit(text, from))
                .max_by_key(|hit| hit.1 - hit.0);
            longest.filter(|(from, to)| to > from && !is_field(text, *from, *to))
        })
    }
}

impl EncodedSecret {
    fn hit(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let (wanted, found) = (self.text.as_bytes(), &text.as_bytes()[from..]);
        if found.get(..ANCHOR) != wanted.get(..ANCHOR) {
            return None;
        }
        let mut same = wanted.iter().zip(found).take_while(|(a, b)| a == b).count();
        while !text.is_char_boundary(from + same) {
            same -= 1;
        }
        let rest = &text[from + same..];
        let cut_here = || rest.trim_start_matches(['\\', '"']).starts_with('…') || rest.is_empty();
        if same < wanted.len() && !cut_here() {
            return None;
        }
        let end = if same == wanted.len() && self.cut { text.len() } else { from + same };
        if !self.base64 {
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

/// Returns the base64 digits of `bytes` that do not depend on the neighbouring bytes, where `skip`
/// bytes precede `bytes` in their group of three.
fn base64(bytes: &[u8], skip: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = |digit: usize| {
        (digit * 6..digit * 6 + 6).fold(0, |bits, at| {
            let byte =
                (at / 8).checked_sub(skip).and_then(|at| bytes.get(at)).copied().unwrap_or(0);
            bits << 1 | usize::from(byte >> (7 - at % 8) & 1)
        })
    };
    let first = (skip * 8).div_ceil(6);
    let last = (skip + bytes.len()) * 8 / 6;
    (first..last).map(|digit| char::from(DIGITS[bits(digit)])).collect()
}
