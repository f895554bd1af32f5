//! Converts numbers, texts and hashes to those of PostgreSQL.

use std::fmt::Write as _;

/// Converts to PostgreSQL's signed integers.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Converts from PostgreSQL's signed integers.
pub(crate) fn number(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}

/// Returns a text as PostgreSQL can store it: without the character NUL, which it refuses.
pub(crate) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Returns a hash as its bytes: 32 for 64 hexadecimal digits. Other texts, which only tests and
/// programs with stores of their own have, keep their characters, with an end that tells them apart.
/// The order is that of the texts.
pub(crate) fn hash_bytes(hash: &str) -> Vec<u8> {
    if let Some(bytes) = hex_bytes(hash) {
        return bytes;
    }
    let mut bytes = hash.as_bytes().to_vec();
    bytes.push(0);
    if bytes.len() == HASH_BYTES {
        bytes.push(0);
    }
    bytes
}

/// Returns the hash that [`hash_bytes`] was given.
pub(crate) fn hash_text(bytes: &[u8]) -> String {
    if bytes.len() != HASH_BYTES {
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        return String::from_utf8_lossy(&bytes[..end]).into_owned();
    }
    bytes.iter().fold(String::with_capacity(2 * HASH_BYTES), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

const HASH_BYTES: usize = 32;

fn hex_bytes(hash: &str) -> Option<Vec<u8>> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if hash.len() != 2 * HASH_BYTES || !hash.bytes().all(is_digit) {
        return None;
    }
    let (pairs, _) = hash.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| {
        let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
        Some(digit(pair[0])? << 4 | digit(pair[1])?)
    };
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::{hash_bytes, hash_text};

    #[test]
    fn a_hash_is_read_back_whatever_it_is() {
        let hex = "00ff".repeat(16);
        assert_eq!(hash_bytes(&hex).len(), 32);
        let texts = ["", "a", "Zebra", "ünïcode", &hex, &"x".repeat(31), &"A".repeat(64)];
        for hash in texts {
            assert_eq!(hash_text(&hash_bytes(hash)), hash);
        }
    }

    #[test]
    fn the_order_of_hashes_is_that_of_their_texts() {
        let texts = ["", "a", "a-", "ab", "b", "part", "part2"];
        assert!(texts.map(hash_bytes).is_sorted());
        assert!([&"0a".repeat(32), &"a0".repeat(32)].map(|hash| hash_bytes(hash)).is_sorted());
    }
}
