//! Shows bytes as text if they are: `b"fdAT"` instead of `[102, 100, 65, 84]`. Only for types of
//! bytes.

use std::fmt::{self, Debug, Write as _};

use crate::{cast, error_report};

/// How many bytes are shown at most.
const MAX_BYTES: usize = 1024;

/// Writes a value as its `Debug` does; bytes that are text as text, and a report of an error as its
/// message and causes.
pub(crate) fn fmt<T: Debug>(value: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(bytes) = cast::bytes(value)
        && let Some(text) = ByteText::of(bytes)
    {
        return text.fmt(f);
    }
    if let Some(written) = error_report::fmt(value, f) {
        return written;
    }
    match cast::optional_bytes(value).and_then(ByteText::of) {
        Some(text) => f.debug_tuple("Some").field(&text).finish(),
        None => value.fmt(f),
    }
}

/// Bytes that are mostly text; the others are escaped.
pub(crate) struct ByteText<'a> {
    shown: &'a [u8],
    bytes: usize,
}

impl<'a> ByteText<'a> {
    /// Returns `None` unless most of the shown bytes are readable text.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut shown = &bytes[..bytes.len().min(MAX_BYTES)];
        if shown.len() < bytes.len()
            && let Err(error) = str::from_utf8(shown)
            && error.error_len().is_none()
        {
            // The last character was cut.
            shown = &shown[..error.valid_up_to()];
        }
        let (mut readable, mut other, mut has_word) = (0, 0, false);
        for chunk in shown.utf8_chunks() {
            for c in chunk.valid().chars() {
                let is_readable = !c.is_control() || matches!(c, '\n' | '\r' | '\t');
                if is_readable {
                    readable += 1;
                } else {
                    other += 1;
                }
                has_word |= c.is_alphanumeric();
            }
            other += chunk.invalid().len();
        }
        (has_word && readable >= 3 * other).then_some(Self { shown, bytes: bytes.len() })
    }
}

impl Debug for ByteText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("b\"")?;
        for chunk in self.shown.utf8_chunks() {
            write!(f, "{}", chunk.valid().escape_debug())?;
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        }
        f.write_char('"')?;
        if self.shown.len() < self.bytes {
            write!(f, "… ({} bytes)", self.bytes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::rc::Rc;

    use super::*;

    fn shown<T: Debug>(value: T) -> String {
        struct Shown<T>(T);
        impl<T: Debug> Debug for Shown<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                super::fmt(&self.0, f)
            }
        }
        format!("{:?}", Shown(value))
    }

    #[test]
    fn bytes_of_any_owner_read_as_text() {
        let bytes = b"fdAT".as_slice();
        assert_eq!(shown(bytes), r#"b"fdAT""#);
        assert_eq!(shown(*b"fdAT"), r#"b"fdAT""#);
        assert_eq!(shown(b"fdAT"), r#"b"fdAT""#);
        assert_eq!(shown(bytes.to_vec()), r#"b"fdAT""#);
        assert_eq!(shown(Box::<[u8]>::from(bytes)), r#"b"fdAT""#);
        assert_eq!(shown(Rc::<[u8]>::from(bytes)), r#"b"fdAT""#);
        assert_eq!(shown(Cow::Borrowed(bytes)), r#"b"fdAT""#);
        assert_eq!(shown(Some(bytes.to_vec())), r#"Some(b"fdAT")"#);
        assert_eq!(shown(Some(*b"fdAT")), r#"Some(b"fdAT")"#);
        assert_eq!(shown(Some(bytes)), r#"Some(b"fdAT")"#);
        assert_eq!(shown(b"\x89PNG"), r#"b"\x89PNG""#);
        assert_eq!(shown("Gr\u{fc}\u{df}e\r\n".as_bytes()), r#"b"Grüße\r\n""#);
    }

    #[test]
    fn values_that_are_neither_text_nor_bytes_are_read_as_before() {
        assert_eq!(shown([0_u8; 4]), "[0, 0, 0, 0]");
        assert_eq!(shown(b"\x89PN"), "[137, 80, 78]");
        assert_eq!(shown([102_u16, 100]), "[102, 100]");
        assert_eq!(shown(vec![102_i8]), "[102]");
        assert_eq!(shown([[102_u8; 2]; 2]), "[[102, 102], [102, 102]]");
        assert_eq!(shown(None::<Vec<u8>>), "None");
        assert_eq!(shown(Vec::<u8>::new()), "[]");
        assert_eq!(shown([32_u8, 10]), "[32, 10]");
    }

    #[test]
    fn many_bytes_are_cut_between_characters() {
        let long = "é".repeat(1000).into_bytes();
        let text = shown(&long[1..]);
        assert!(text.starts_with("b\"\\xa9éé"), "it starts within one: {text}");
        let text = shown([b"a".as_slice(), &long].concat());
        assert!(text.starts_with("b\"aé") && text.ends_with("é\"… (2001 bytes)"), "{text}");
    }
}
