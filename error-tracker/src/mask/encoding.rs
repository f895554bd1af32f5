//! The encodings in which a masked value is searched for.

/// An encoding of a masked value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecretEncoding {
    /// The value itself.
    Plain,
    /// Base64 digits, as in a longer text in which `skip` bytes precede the value in its group of
    /// three. Only the digits that do not depend on the neighbouring bytes.
    Base64 {
        skip: usize,
        alphabet: &'static [u8; 64],
    },
    Hexadecimal {
        digits: &'static [u8; 16],
    },
    /// The `Debug` form of its bytes: `115, 51, 99`.
    Bytes,
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl SecretEncoding {
    pub(super) const ALL: [Self; 10] = [
        Self::Plain,
        Self::Base64 { skip: 0, alphabet: STANDARD },
        Self::Base64 { skip: 0, alphabet: URL_SAFE },
        Self::Base64 { skip: 1, alphabet: STANDARD },
        Self::Base64 { skip: 1, alphabet: URL_SAFE },
        Self::Base64 { skip: 2, alphabet: STANDARD },
        Self::Base64 { skip: 2, alphabet: URL_SAFE },
        Self::Hexadecimal { digits: b"0123456789abcdef" },
        Self::Hexadecimal { digits: b"0123456789ABCDEF" },
        Self::Bytes,
    ];

    pub(super) fn is_base64(self) -> bool {
        matches!(self, Self::Base64 { .. })
    }

    /// Appends `text` in this encoding to `out`.
    pub(super) fn encode(self, text: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Plain => out.extend_from_slice(text),
            Self::Base64 { skip, alphabet } => base64(text, skip, alphabet, out),
            Self::Hexadecimal { digits } => {
                for byte in text {
                    out.push(digits[usize::from(byte >> 4)]);
                    out.push(digits[usize::from(byte & 15)]);
                }
            }
            Self::Bytes => {
                for (at, byte) in text.iter().enumerate() {
                    out.extend_from_slice(if at > 0 { b", " } else { b"" });
                    for (least, unit) in [(100, 100), (10, 10), (0, 1)] {
                        if *byte >= least {
                            out.push(b'0' + byte / unit % 10);
                        }
                    }
                }
            }
        }
    }
}

fn base64(bytes: &[u8], skip: usize, alphabet: &[u8; 64], out: &mut Vec<u8>) {
    let byte = |at: usize| at.checked_sub(skip).and_then(|at| bytes.get(at)).copied().unwrap_or(0);
    let first = (skip * 8).div_ceil(6);
    let last = (skip + bytes.len()) * 8 / 6;
    out.extend((first..last).map(|digit| {
        let (at, shift) = (digit * 6 / 8, digit * 6 % 8);
        let two = u16::from(byte(at)) << 8 | u16::from(byte(at + 1));
        alphabet[usize::from(two >> (10 - shift) & 63)]
    }));
}

#[cfg(test)]
mod tests {
    use super::{STANDARD, SecretEncoding};

    fn encoded(encoding: SecretEncoding, text: &[u8]) -> String {
        let mut out = Vec::new();
        encoding.encode(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn base64_has_the_digits_that_the_neighbouring_bytes_do_not_change() {
        // The whole of it is aHVudGVyMg==, eGh1bnRlcjI=, eHlodW50ZXIy behind "", "x", "xy".
        let digits = [0, 1, 2]
            .map(|skip| encoded(SecretEncoding::Base64 { skip, alphabet: STANDARD }, b"hunter2"));
        assert_eq!(digits, ["aHVudGVyM", "h1bnRlcj", "odW50ZXIy"]);
        let other = SecretEncoding::ALL[2];
        assert_eq!(encoded(other, &[0xfb, 0xef, 0xff]), "--__");
    }

    #[test]
    fn hexadecimal_digits_are_of_one_case_and_bytes_are_those_of_debug() {
        let text = [0, 9, 10, 99, 100, 107, 255];
        let hexadecimal: String = text.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(encoded(SecretEncoding::ALL[7], &text), hexadecimal);
        assert_eq!(encoded(SecretEncoding::ALL[8], &text), hexadecimal.to_uppercase());
        let debug = format!("{text:?}");
        assert_eq!(format!("[{}]", encoded(SecretEncoding::Bytes, &text)), debug);
    }
}
