//! Recognises card numbers and IBANs.

/// Returns the length of the card number that starts at `at`: 13 to 19 digits, in one piece or in
/// the usual groups, whose first is 2 to 6, with a valid Luhn check digit.
pub(super) fn card(text: &str, at: usize) -> Option<usize> {
    let rest = &text.as_bytes()[at..];
    if !matches!(rest[0], b'2'..=b'6') || text[..at].ends_with(['.', '_']) {
        return None;
    }
    let digits = |from: usize| {
        rest[from.min(rest.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let first = digits(0);
    let length = if first == 4 {
        let mark = *rest.get(4).filter(|byte| matches!(byte, b' ' | b'-'))?;
        let mut end = 4;
        // 4-4-4-1 to 7, or 4-6-5.
        for group in 0..3 {
            let length = digits(end + 1);
            let fits = match group {
                0 => length == 4 || length == 6,
                1 => length == 4 || length == 5,
                _ => (1..=7).contains(&length),
            };
            if rest.get(end) != Some(&mark) || !fits {
                break;
            }
            end += 1 + length;
        }
        end
    } else {
        first
    };
    let ends = !text[at + length..].starts_with(char::is_alphanumeric);
    (ends && is_card(&text[at..at + length])).then_some(length)
}

fn is_card(text: &str) -> bool {
    let digits = text.bytes().rev().filter(u8::is_ascii_digit).map(|byte| u32::from(byte - b'0'));
    let (mut sum, mut count) = (0, 0);
    for digit in digits {
        let doubled = if count % 2 == 1 { digit * 2 } else { digit };
        sum += if doubled > 9 { doubled - 9 } else { doubled };
        count += 1;
    }
    (13..=19).contains(&count) && sum % 10 == 0
}

/// Returns the length of the IBAN that `text` starts with; words may follow it.
pub(super) fn iban(text: &str) -> Option<usize> {
    const MAX_IBAN: usize = 42;
    let bytes = text.as_bytes();
    let starts = bytes.len() > 14
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit);
    if !starts {
        return None;
    }
    let belongs = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ';
    let longest = bytes.iter().take(MAX_IBAN).take_while(|byte| belongs(byte)).count();
    (15..=longest).rev().find(|end| {
        let (iban, rest) = text.split_at(*end);
        !rest.starts_with(char::is_alphanumeric) && !iban.ends_with(' ') && is_iban(iban)
    })
}

fn is_iban(text: &str) -> bool {
    let plain = || text.bytes().filter(|byte| *byte != b' ');
    if !(15..=34).contains(&plain().count()) {
        return false;
    }
    // Blanks separate groups of four only.
    if text.contains(' ') && text.split(' ').rev().skip(1).any(|group| group.len() != 4) {
        return false;
    }
    let rotated = plain().skip(4).chain(plain().take(4));
    let rest = rotated.fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    rest == 1
}
