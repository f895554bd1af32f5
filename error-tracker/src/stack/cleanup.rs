//! Finds whether unwinding runs code of a function on the way, such as the destructor of a lock's
//! guard.
//!
//! The compiler lists for each call in a function which code runs when it unwinds: the call-site
//! table of the language-specific data area ("Itanium C++ ABI: Exception Handling", and the LSB's
//! description of `.gcc_except_table`).

/// Encodings of numbers.
const OMITTED: u8 = 0xff;
const ADDRESS: u8 = 0x00;
const ULEB128: u8 = 0x01;
const TWO_BYTES: u8 = 0x02;
const FOUR_BYTES: u8 = 0x03;
const EIGHT_BYTES: u8 = 0x04;
/// The same four encodings with a sign. Offsets in a function are not negative, so both are read
/// alike.
const SIGNED: u8 = 0x08;

/// The effect of a call that unwinds on the function it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnwindEffect {
    /// The panic passes; no code runs.
    Through,
    /// Destructors or other cleanup code runs.
    CleansUp,
    /// The panic is caught.
    Caught,
}

/// Returns the effect of a call at `offset` in a function that unwinds, from the function's table.
/// Returns `None` if the call must not unwind or the table has an unknown form.
pub(super) fn unwinds(table: &mut impl Iterator<Item = u8>, offset: usize) -> Option<UnwindEffect> {
    let offset = u64::try_from(offset).ok()?;
    let start_encoding = table.next()?;
    if start_encoding != OMITTED {
        number(table, start_encoding)?;
    }
    if table.next()? != OMITTED {
        uleb128(table)?;
    }
    let encoding = table.next()?;
    let length = usize::try_from(uleb128(table)?).ok()?;
    let mut sites = table.take(length);
    loop {
        let start = number(&mut sites, encoding)?;
        let length = number(&mut sites, encoding)?;
        let landing = number(&mut sites, encoding)?;
        let action = uleb128(&mut sites)?;
        // The calls are sorted. A call between two of them must not unwind.
        if offset < start {
            return None;
        }
        if offset - start < length {
            return Some(match (landing, action) {
                (0, _) => UnwindEffect::Through,
                (_, 0) => UnwindEffect::CleansUp,
                _ => UnwindEffect::Caught,
            });
        }
    }
}

fn number(bytes: &mut impl Iterator<Item = u8>, encoding: u8) -> Option<u64> {
    match encoding & !SIGNED {
        ULEB128 => uleb128(bytes),
        ADDRESS => fixed(bytes, size_of::<usize>()),
        TWO_BYTES => fixed(bytes, 2),
        FOUR_BYTES => fixed(bytes, 4),
        EIGHT_BYTES => fixed(bytes, 8),
        _ => None,
    }
}

fn fixed(bytes: &mut impl Iterator<Item = u8>, length: usize) -> Option<u64> {
    let mut all = [0; 8];
    for at in 0..length {
        let at = if cfg!(target_endian = "big") { 8 - length + at } else { at };
        *all.get_mut(at)? = bytes.next()?;
    }
    Some(u64::from_ne_bytes(all))
}

fn uleb128(bytes: &mut impl Iterator<Item = u8>) -> Option<u64> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = bytes.next()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three calls: at 4 to 8 with nothing to run, at 10 to 300 with something, at 300 one that is
    /// caught.
    const TABLE: [u8; 18] =
        [OMITTED, OMITTED, ULEB128, 14, 4, 4, 0, 0, 10, 0xa2, 2, 20, 0, 0xac, 2, 9, 30, 1];

    #[test]
    fn a_call_unwinds_as_the_table_says() {
        let at = |offset| unwinds(&mut TABLE.into_iter(), offset);
        assert_eq!((at(4), at(7)), (Some(UnwindEffect::Through), Some(UnwindEffect::Through)));
        assert_eq!((at(10), at(299)), (Some(UnwindEffect::CleansUp), Some(UnwindEffect::CleansUp)));
        assert_eq!((at(300), at(308)), (Some(UnwindEffect::Caught), Some(UnwindEffect::Caught)));
        for not_listed in [0, 3, 8, 9, 309, 77_777] {
            assert_eq!(at(not_listed), None, "{not_listed}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_known() {
        for length in 0..18 {
            assert_eq!(unwinds(&mut TABLE.into_iter().take(length), 305), None, "{length}");
        }
        let unknown_encoding = [OMITTED, OMITTED, 0x0f, 4, 0, 9, 0, 0];
        assert_eq!(unwinds(&mut unknown_encoding.into_iter(), 0), None);
    }

    #[test]
    fn numbers_have_the_width_of_their_encoding() {
        let mut table = vec![OMITTED, OMITTED, FOUR_BYTES | SIGNED, 13];
        for number in [0_u32, 5, 0] {
            table.extend(number.to_ne_bytes());
        }
        table.push(0);
        assert_eq!(unwinds(&mut table.into_iter(), 4), Some(UnwindEffect::Through));
    }
}
