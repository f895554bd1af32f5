//! Card numbers and IBANs.

use std::sync::LazyLock;

use regex::Regex;

/// Whether the digit at `at` may start a card number, or an IBAN's two digits.
pub(super) fn may_start(text: &[u8], at: usize) -> bool {
    let before = &text[..at];
    if before.last().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    if before.len() >= 2 && before[at - 2..].iter().all(u8::is_ascii_uppercase) {
        return true;
    }
    let digits = text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = &text[at + digits..];
    digits >= 13
        || digits == 4
            && matches!(rest.first(), Some(b' ' | b'-'))
            && rest.iter().skip(1).take(4).filter(|byte| byte.is_ascii_digit()).count() == 4
}

/// Replaces card numbers and IBANs in `text` by `mask`; whether there were any.
pub(super) fn mask(mask: &str, text: &mut String) -> bool {
    static NUMBERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let card =
            r"[0-9]{13,}|[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{1,7}|[0-9]{4}[ -][0-9]{6}[ -][0-9]{5}";
        let iban = r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?";
        Regex::new(&format!("{iban}|{card}")).ok()
    });
    let Some(numbers) = &*NUMBERS else { return false };
    let mut found = Vec::new();
    for number in numbers.find_iter(text) {
        let before = text[..number.start()].chars().next_back();
        if before == Some('.')
            || (before.is_some_and(char::is_alphanumeric) && !escape_before(text, number.start()))
        {
            continue;
        }
        let is_card = number.as_str().starts_with(|c: char| c.is_ascii_digit());
        let end = if is_card { card(number.as_str()) } else { iban(number.as_str()) };
        let Some(end) = end.map(|length| number.start() + length) else { continue };
        if !text[end..].starts_with(char::is_alphanumeric) {
            found.push(number.start()..end);
        }
    }
    for range in found.iter().rev() {
        text.replace_range(range.clone(), mask);
    }
    !found.is_empty()
}

/// Whether the letter before `at` belongs to an escape such as `\n`.
fn escape_before(text: &str, at: usize) -> bool {
    let mut before = text[..at].chars().rev().skip(1);
    before.next() == Some('\\')
}

/// The length of `text` if it is a card number: 13 to 19 digits that start with 2 to 6, by Luhn's check.
fn card(text: &str) -> Option<usize> {
    let digits = text.bytes().rev().filter(u8::is_ascii_digit).map(|byte| u32::from(byte - b'0'));
    let (mut sum, mut count) = (0, 0);
    for digit in digits {
        let doubled = if count % 2 == 1 { digit * 2 } else { digit };
        sum += if doubled > 9 { doubled - 9 } else { doubled };
        count += 1;
    }
    let issued = text.starts_with(|c| matches!(c, '2'..='6'));
    ((13..=19).contains(&count) && sum % 10 == 0 && issued).then_some(text.len())
}

/// The length of the IBAN that `text` starts with; words may follow it.
fn iban(text: &str) -> Option<usize> {
    (15..=text.len()).rev().find(|end| {
        let (iban, rest) = text.split_at(*end);
        if rest.starts_with(|c: char| c.is_ascii_alphanumeric()) || iban.ends_with(' ') {
            return false;
        }
        let plain: Vec<u8> = iban.bytes().filter(|byte| *byte != b' ').collect();
        if !(15..=34).contains(&plain.len()) {
            return false;
        }
        let rotated = plain[4..].iter().chain(&plain[..4]);
        let rest = rotated.fold(0, |rest, byte| match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
        });
        rest == 1
    })
}
