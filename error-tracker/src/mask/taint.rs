//! A value that was masked by its name is searched for in the event's other text, however it is encoded.

use std::fmt::Write as _;

/// Values of fewer characters are not searched for: they would be found in ordinary words.
const SHORTEST: usize = 6;
/// Values that are remembered in one event.
const MOST: usize = 64;
/// Bytes of one value that are remembered.
const LONGEST: usize = 4 * 1024;

/// Values that were masked by name within one event, to be removed from all its other text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taint {
    values: Vec<Value>,
}

#[derive(Clone, PartialEq, Eq)]
struct Value {
    text: String,
    cut: bool,
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

impl Taint {
    /// Remembers a value that was masked: its first 4 KiB, if it has six characters or more, and there are
    /// fewer than 64.
    pub(crate) fn add(&mut self, value: &str) {
        let value = value.trim();
        if value.chars().nth(SHORTEST - 1).is_none() || value.bytes().all(|byte| byte == b'*') {
            return;
        }
        let end = (0..=LONGEST.min(value.len())).rev().find(|at| value.is_char_boundary(*at)).unwrap_or(0);
        let value = Value { text: value[..end].to_owned(), cut: end < value.len() };
        if self.values.len() < MOST && !self.values.contains(&value) {
            self.values.push(value);
        }
    }

    /// Remembers the strings and long numbers of a value's `Debug` text.
    pub(crate) fn add_debug(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c == '"' || c.is_ascii_digit()) {
            rest = &rest[at..];
            if let Some(content) = rest.strip_prefix('"') {
                let (string, length) = unescaped(content);
                self.add(&string);
                rest = &content[length..];
            } else {
                let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
                self.add(&rest[..length]);
                rest = &rest[length..];
            }
        }
    }

    /// The remembered values.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|value| value.text.as_str())
    }

    /// Whether nothing was masked that could be searched for.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What removes the values from text, in all their encodings.
    pub(super) fn scrubber(&self) -> Scrubber {
        let mut scrubber = Scrubber { needles: Vec::new(), blocks: Box::new([0; BLOCKS / 64]) };
        for value in &self.values {
            scrubber.add_encodings(value);
        }
        scrubber
    }
}

/// The string that starts after its opening quote, and its length as written, with the closing quote.
fn unescaped(content: &str) -> (String, usize) {
    let mut string = String::new();
    let mut chars = content.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (string, at + 1),
            '\\' => match chars.next() {
                Some((_, 'n')) => string.push('\n'),
                Some((_, 'r')) => string.push('\r'),
                Some((_, 't')) => string.push('\t'),
                Some((_, '0')) => string.push('\0'),
                Some((_, 'u')) => {
                    let digits: String =
                        chars.by_ref().map(|(_, c)| c).skip(1).take_while(|c| *c != '}').collect();
                    string.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                }
                Some((_, other)) => string.push(other),
                None => {}
            },
            _ => string.push(c),
        }
    }
    (string, content.len())
}

/// Bits of the table of blocks.
const BLOCKS: usize = 4096;
/// Every encoding has at least these many bytes; all places where they begin are found.
const ANCHOR: usize = 6;
/// Bytes of one block. Each third block of the text is looked up, so one lies within each anchor.
const BLOCK: usize = 4;
const STEP: usize = ANCHOR - BLOCK + 1;

struct Needle {
    text: String,
    base64: bool,
    cut: bool,
}

/// Finds the encodings of masked values in text.
pub(super) struct Scrubber {
    needles: Vec<Needle>,
    blocks: Box<[u64; BLOCKS / 64]>,
}

impl Scrubber {
    fn add_encodings(&mut self, value: &Value) {
        let text = &*value.text;
        let debug = |text: &str| {
            let quoted = format!("{text:?}");
            quoted[1..quoted.len() - 1].to_owned()
        };
        let json = crate::json::to_string(text).unwrap_or_default();
        let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
        let mut add = |text: String, base64| self.add(text, base64, value.cut);
        add(text.to_owned(), false);
        if text.bytes().any(|byte| !byte.is_ascii_alphanumeric()) {
            add(debug(text), false);
            add(debug(json), false);
            add(json.to_owned(), false);
            for quotes in
                [["&quot;", "&#39;", "/"], ["&#34;", "&#x27;", "&#x2f;"], ["&quot;", "&#x27;", "&#x2F;"]]
            {
                add(html(text, quotes), false);
            }
            let plain =
                |extra: &'static [u8]| move |byte: u8| byte.is_ascii_alphanumeric() || extra.contains(&byte);
            for space in ["%20", "+"] {
                add(percent(text, plain(b"-_.~"), space), false);
                add(percent(text, plain(b"-_.~"), space).to_lowercase(), false);
                add(percent(text, plain(b"-_.*"), space), false);
                add(percent(text, plain(b"-_.~!$&'()*+,;=:@/?"), space), false);
                add(percent(text, plain(b""), space), false);
            }
        }
        for skip in 0..3 {
            let standard = base64(text.as_bytes(), skip);
            add(standard.replace('+', "-").replace('/', "_"), true);
            add(standard, true);
        }
        let joined = |each: fn(&mut String, u8)| {
            text.bytes().fold(String::with_capacity(text.len() * 5), |mut out, byte| {
                each(&mut out, byte);
                out
            })
        };
        add(
            joined(|out, byte| {
                let _ = write!(out, "{byte:02x}");
            }),
            false,
        );
        add(
            joined(|out, byte| {
                let _ = write!(out, "{byte:02X}");
            }),
            false,
        );
        // The `Debug` text of its bytes.
        let bytes = joined(|out, byte| {
            let _ = write!(out, "{byte}, ");
        });
        add(bytes.trim_end_matches(", ").to_owned(), false);
    }

    fn add(&mut self, text: String, base64: bool, cut: bool) {
        if text.len() < ANCHOR || self.needles.iter().any(|needle| needle.text == text) {
            return;
        }
        for block in text.as_bytes()[..ANCHOR].windows(BLOCK) {
            let hash = hash(block);
            self.blocks[hash / 64] |= 1 << (hash % 64);
        }
        self.needles.push(Needle { text, base64, cut });
    }

    /// Replaces every remembered value in `text` by `mask`; whether there was one.
    pub(super) fn scrub(&self, text: &mut String, mask: &str) -> bool {
        if text == mask {
            return false;
        }
        let bytes = text.as_bytes();
        let mut scrubbed: Option<String> = None;
        let (mut copied, mut at) = (0, 0);
        while let Some(block) = bytes.get(at..at + BLOCK) {
            let hash = hash(block);
            let possible = self.blocks[hash / 64] & (1 << (hash % 64)) != 0;
            let hit =
                if possible { self.hit(text, at.saturating_sub(STEP - 1).max(copied), at) } else { None };
            let Some((from, to)) = hit else {
                at += STEP;
                continue;
            };
            let from = from.max(copied);
            let out = scrubbed.get_or_insert_with(|| String::with_capacity(text.len()));
            out.push_str(&text[copied..from]);
            out.push_str(mask);
            (copied, at) = (to, to);
        }
        let Some(mut scrubbed) = scrubbed else { return false };
        scrubbed.push_str(&text[copied..]);
        *text = scrubbed;
        true
    }

    /// The longest value that starts in `text` from `first` to `last`, from the first such place.
    fn hit(&self, text: &str, first: usize, last: usize) -> Option<(usize, usize)> {
        (first..=last).find_map(|from| {
            let longest = self
                .needles
                .iter()
                .filter_map(|needle| needle.hit(text, from))
                .max_by_key(|hit| hit.1 - hit.0);
            longest.filter(|(from, to)| to > from)
        })
    }
}

impl Needle {
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
        // The digits at the ends hold bits of the neighbours.
        let digit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
        let before = text[..from].chars().rev().take_while(digit).count();
        let after = text[end..].chars().take_while(digit).count();
        Some((from - before, end + after))
    }
}

fn hash(block: &[u8]) -> usize {
    let word = block.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    (word.wrapping_mul(0x9E37_79B1) >> 20) as usize
}

fn html(text: &str, [double, single, slash]: [&str; 3]) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str(double),
            '\'' => out.push_str(single),
            '/' => out.push_str(slash),
            _ => out.push(c),
        }
        out
    })
}

fn percent(text: &str, plain: impl Fn(u8) -> bool, space: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b' ' => out.push_str(space),
            _ if plain(byte) => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
        out
    })
}

/// The digits of `bytes` in base64 that do not depend on what stands around them, when `skip` bytes stand
/// before them in their group of three.
fn base64(bytes: &[u8], skip: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = |digit: usize| {
        (digit * 6..digit * 6 + 6).fold(0, |bits, at| {
            let byte = (at / 8).checked_sub(skip).and_then(|at| bytes.get(at)).copied().unwrap_or(0);
            bits << 1 | usize::from(byte >> (7 - at % 8) & 1)
        })
    };
    let first = (skip * 8).div_ceil(6);
    let last = (skip + bytes.len()) * 8 / 6;
    (first..last).map(|digit| char::from(DIGITS[bits(digit)])).collect()
}
