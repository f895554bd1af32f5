//! Decodes the escapes of JSON, Rust, HTML, XML and URLs, and maps places of the result to the
//! source.

use std::ops::Range;

/// First characters of escapes: of JSON and Rust, of HTML and XML, of URLs.
pub(super) const MARKS: [char; 3] = ['\\', '&', '%'];

/// A text, and for each of its bytes the place in the source.
pub(super) struct DecodedText {
    pub(super) text: String,
    /// One place for each byte, and one for the end.
    places: Vec<usize>,
}

impl DecodedText {
    /// Returns `source` undecoded.
    pub(super) fn of(source: &str) -> Self {
        Self { text: source.to_owned(), places: (0..=source.len()).collect() }
    }

    /// Returns the place of a part of the text in the source.
    pub(super) fn source(&self, part: Range<usize>) -> Range<usize> {
        self.places[part.start]..self.places[part.end]
    }

    /// Decodes one level of the escapes that begin with one of `marks`, and returns whether there
    /// were any.
    pub(super) fn decode(&mut self, marks: &[char]) -> bool {
        if !self.text.contains(marks) {
            return false;
        }
        let source = std::mem::take(&mut self.text);
        let places = std::mem::take(&mut self.places);
        let mut at = 0;
        while let Some(c) = source[at..].chars().next() {
            let escape = match c {
                _ if !marks.contains(&c) => None,
                '\\' => backslash(&source[at..]),
                '&' => entity(&source[at..]),
                '%' => percent(&source[at..]),
                _ => None,
            };
            let (plain, length) = escape.unwrap_or((c, c.len_utf8()));
            self.text.push(plain);
            self.places.resize(self.text.len(), places[at]);
            at += length;
        }
        self.places.push(places[source.len()]);
        self.text.len() < source.len()
    }
}

/// Returns the char that the escape at the start of `text` encodes, and the escape's length.
fn backslash(text: &str) -> Option<(char, usize)> {
    let rest = &text[1..];
    let hexadecimal = |digits: &str| u32::from_str_radix(digits, 16).ok();
    let unit = |text: &str| hexadecimal(text.strip_prefix("\\u")?.get(..4)?);
    match rest.chars().next()? {
        'n' => Some(('\n', 2)),
        'r' => Some(('\r', 2)),
        't' => Some(('\t', 2)),
        'x' => Some((char::from_u32(hexadecimal(rest.get(1..3)?)?)?, 4)),
        'u' => {
            if let Some(digits) = rest.strip_prefix("u{") {
                let length = digits.find('}')?;
                return Some((char::from_u32(hexadecimal(&digits[..length])?)?, length + 4));
            }
            let first = unit(text)?;
            let pair = text.get(6..).and_then(unit).filter(|_| (0xD800..0xDC00).contains(&first));
            match pair {
                Some(second) => {
                    let code = 0x1_0000 + ((first - 0xD800) << 10) + second.checked_sub(0xDC00)?;
                    Some((char::from_u32(code)?, 12))
                }
                None => Some((char::from_u32(first)?, 6)),
            }
        }
        c if c.is_ascii_punctuation() => Some((c, 2)),
        _ => None,
    }
}

fn entity(text: &str) -> Option<(char, usize)> {
    const MAX_ENTITY: usize = 10;
    let end = text.bytes().take(MAX_ENTITY).position(|byte| byte == b';')?;
    let c = match &text[1..end] {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        name => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((c, end + 1))
}

/// Decodes all bytes of one char, such as `%C3%B6`.
fn percent(text: &str) -> Option<(char, usize)> {
    let mut bytes = Vec::new();
    for escape in text.as_bytes().chunks(3).take(4) {
        let [b'%', digits @ ..] = escape else { break };
        let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.len() == 2);
        bytes.push(u8::from_str_radix(digits?, 16).ok()?);
        if let Some(c) = std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next()) {
            return Some((c, bytes.len() * 3));
        }
    }
    None
}
