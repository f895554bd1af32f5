//! Recognises ids, addresses and paths, which differ from one occurrence to the next.

use std::net::Ipv6Addr;

/// Returns the placeholder for `word`, which has no blanks and quotes, if all of it is one value.
pub(super) fn placeholder_for(word: &str) -> Option<&'static str> {
    if word.contains("://") {
        return Some("<url>");
    }
    if is_base64(word) || is_ipv6(word) || is_hardware_address(word) || is_iso_duration(word) {
        return Some("#");
    }
    if is_path(word) {
        return Some("<path>");
    }
    let is_email =
        word.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'));
    is_email.then_some("<email>")
}

/// Returns whether `word` is a path: `/etc/x`, `./x`, `~/x`, `C:\x`, `a/b/c`, `src/main.rs:7`; but
/// not `and/or`, `text/html` or `11/24/2026`.
fn is_path(word: &str) -> bool {
    let separator = |c: char| c == '/' || c == '\\';
    let Some(first) = word.find(separator) else { return false };
    let rest = &word[first + 1..];
    let rooted = match &word[..first] {
        "" => !rest.is_empty(),
        "." | ".." | "~" => true,
        start => {
            start.len() == 2 && start.ends_with(':') && start.as_bytes()[0].is_ascii_alphabetic()
        }
    };
    let last = rest.rsplit(separator).next().unwrap_or(rest);
    let has_suffix =
        last.split_once('.').is_some_and(|(stem, suffix)| !stem.is_empty() && !suffix.is_empty());
    let lettered = word.contains(|c: char| c.is_alphabetic());
    rooted || lettered && (has_suffix || rest.contains(separator))
}

/// Returns whether `word` is an IPv6 address, also with a zone (`fe80::1%eth0`) or the length of a
/// prefix (`2001:db8::/32`).
pub(super) fn is_ipv6(word: &str) -> bool {
    let address = word.split(['%', '/']).next().unwrap_or(word);
    // `a::b` is a Rust path.
    let numeric = address.starts_with("::") || address.contains(|c: char| c.is_ascii_digit());
    numeric && address.parse::<Ipv6Addr>().is_ok()
}

/// Returns whether `word` consists of pairs of hexadecimal digits, as in `00:1a:2b:3c:4d:5e`.
fn is_hardware_address(word: &str) -> bool {
    [':', '-'].iter().any(|between| {
        let pair =
            |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        word.split(*between).count() >= 3 && word.split(*between).all(pair)
    })
}

/// Returns whether `word` is an ISO 8601 duration: `PT1H30M`, `P3D`.
fn is_iso_duration(word: &str) -> bool {
    let Some(parts) = word.strip_prefix('P') else { return false };
    let units =
        parts.split(|c: char| c.is_ascii_digit() || c == '.').filter(|unit| !unit.is_empty());
    parts.starts_with(|c: char| c == 'T' || c.is_ascii_digit())
        && parts.contains(|c: char| c.is_ascii_digit())
        && units.clone().all(|unit| {
            matches!(unit, "T" | "Y" | "M" | "W" | "D" | "H" | "S" | "DT" | "MT" | "YT" | "WT")
        })
        && parts.ends_with(['Y', 'M', 'W', 'D', 'H', 'S'])
}

/// Returns whether `word` is Base64, recognised by its padding, or by `+` and `/` between random
/// letters.
pub(super) fn is_base64(word: &str) -> bool {
    let body = word.trim_end_matches('=');
    let padding = word.len() - body.len();
    let is_alphabet =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    if padding > 2 || !body.bytes().all(is_alphabet) {
        return false;
    }
    let cases = body.contains(|c: char| c.is_ascii_uppercase())
        && body.contains(|c: char| c.is_ascii_lowercase());
    if padding > 0 {
        let is_word = body.starts_with(|c: char| c.is_ascii_uppercase()) && segments(body) <= 1;
        return word.len().is_multiple_of(4)
            && !is_word
            && (cases || body.contains(|c: char| c.is_ascii_digit()));
    }
    body.len() >= 16
        && body.contains(['+', '/'])
        && cases
        && body.split(['+', '/']).any(is_random)
        && body.split(['+', '/']).all(|part| part.len() < 4 || !is_plain(part))
}

/// A part of a name, with the separators before it.
#[derive(Debug)]
pub(super) struct NamePart<'a> {
    pub(super) separators: &'a str,
    pub(super) text: &'a str,
    /// Whether it is an id, not a word.
    pub(super) is_id: bool,
}

/// Returns the parts of a name of letters, digits, `_` and `-`.
pub(super) fn parts(name: &str) -> Vec<NamePart<'_>> {
    let separator = |c: char| c == '_' || c == '-';
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let (separators, after) = rest.split_at(rest.find(|c| !separator(c)).unwrap_or(rest.len()));
        let to_next = after.find(separator).unwrap_or(after.len());
        // Some ids contain separators.
        let whole_end = uuid_end(after).or_else(|| is_nanoid(after).then_some(after.len()));
        let (text, after) = after.split_at(whole_end.unwrap_or(to_next));
        let is_id = whole_end.is_some() || is_id(text);
        // An id may begin with a separator.
        let separators = if is_id && parts.is_empty() { "" } else { separators };
        parts.push(NamePart { separators, text, is_id });
        rest = after;
    }
    mark_pod_suffix(&mut parts);
    parts
}

/// Returns the prefix of the version at the start of `text`, and the text after it: `1.2.3`,
/// `v1.2.3-rc.1+5114f85`.
pub(super) fn split_version(text: &str) -> Option<(&str, &str)> {
    let start =
        text.find(|c: char| c.is_ascii_digit()).filter(|at| *at == 0 || &text[..*at] == "v")?;
    let numbers = text[start..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let digits = &text[start..text.len() - numbers.len()];
    let marked = numbers.starts_with(['-', '+']) && digits.split('.').count() == 3;
    let may_be_in = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    marked.then(|| (&text[..start], numbers.trim_start_matches(may_be_in)))
}

/// Returns the end of the UUID at the start of `text`.
fn uuid_end(text: &str) -> Option<usize> {
    const LENGTH: usize = 36;
    let id = text.as_bytes().get(..LENGTH)?;
    let is_uuid = id.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    // A UUID is ASCII, so the place is at the boundary of a char.
    let ends = || text[LENGTH..].chars().next().is_none_or(|c| !c.is_alphanumeric());
    (is_uuid && ends()).then_some(LENGTH)
}

/// Returns whether `text` mixes letters of both cases, digits and separators, and contains no
/// words: `V1StGXR8_Z5jdHi6B-myT`.
fn is_nanoid(text: &str) -> bool {
    let has = |class: fn(&char) -> bool| text.chars().any(|c| class(&c));
    /// The usual length. Such an id may contain a word by chance.
    const USUAL: usize = 21;
    let parts = || text.split(['_', '-']);
    let random: usize = parts().filter(|part| is_random(part)).map(str::len).sum();
    let no_words = || {
        random > 0
            && !parts().next().is_some_and(|part| part.len() > 1 && is_plain(part))
            && !parts().any(|part| part.len() >= 4 && is_plain(part))
    };
    text.len() >= 10
        && text.contains(['_', '-'])
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
        && (text.len() == USUAL && random * 2 > USUAL || no_words())
}

/// Returns whether `part` is written like a word: `order`, `Order`, `ORDER`.
fn is_plain(part: &str) -> bool {
    segments(part) <= 1 && part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Words that precede an id.
const LABELS: &str = "id request session trace span transaction correlation uuid nanoid hash digest commit revision rev";
/// Those whose id may have letters only.
const COMMITS: [&str; 3] = ["commit", "revision", "rev"];

/// Returns whether `word` is an id because `before` ends with a label for one: `request abc123`,
/// `id=k3J9xQ`, `commit deadbee`.
pub(super) fn is_labelled_id(before: &str, word: &str) -> bool {
    let has_digit =
        word.len() >= 5 && word.bytes().any(|byte| byte.is_ascii_digit()) && !is_term(word);
    let is_hex =
        word.len() >= 7 && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !(has_digit || is_hex) || !word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let label = before.trim_end_matches([' ', '=', ':']);
    let label = label.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let is_label = |known: &str| known.eq_ignore_ascii_case(label);
    before.ends_with([' ', '=', ':'])
        && LABELS.split(' ').any(is_label)
        && (has_digit || COMMITS.into_iter().any(is_label))
}

/// Names of encodings, algorithms, protocols and types that contain a number.
const TERMS: &str = "base16 base32 base58 base64 utf8 utf16 utf32 ipv4 ipv6 sha1 sha224 sha256 sha384 sha512 md4 md5 aes128 \
    aes192 aes256 crc16 crc32 crc64 http1 http2 http3 oauth1 oauth2 u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64 \
    int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 x86 x64 arm64 win32 win64 s3 ec2 h264 h265 mp3 mp4";

/// Returns whether `word` is a name that contains a number, such as `sha256`.
pub(super) fn is_term(word: &str) -> bool {
    word.len() <= 7
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && TERMS.split_ascii_whitespace().any(|term| term.eq_ignore_ascii_case(word))
}

/// Marks the generated parts of a Kubernetes pod's name as ids. They consist of consonants and some
/// digits: `api-7d4b9c6f5-x2x9z`.
fn mark_pod_suffix(parts: &mut [NamePart<'_>]) {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let is_generated = |part: &NamePart<'_>| {
        part.separators == "-" && part.text.bytes().all(|byte| ALPHABET.contains(&byte))
    };
    let [_, middle @ .., last] = parts else { return };
    if last.text.len() != 5 {
        return;
    }
    // The last part is an id if a hash precedes it.
    let is_hash = |text: &str| {
        (8..=10).contains(&text.len())
            && text.bytes().any(|byte| byte.is_ascii_digit())
            && text.bytes().any(|byte| byte.is_ascii_lowercase())
    };
    let is_small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    last.is_id |= middle.last().is_some_and(|set| set.is_id && is_hash(set.text))
        && last.text.bytes().all(is_small);
    if !is_generated(last) {
        return;
    }
    let set =
        middle.last_mut().filter(|set| (6..=10).contains(&set.text.len()) && is_generated(set));
    last.is_id |= set.is_some() || last.text.bytes().any(|byte| byte.is_ascii_digit());
    if let Some(set) = set {
        set.is_id = true;
    }
}

/// Returns whether `word` is a number, hexadecimal, or a word in which letters and digits, or
/// cases, alternate as in generated ids.
fn is_id(word: &str) -> bool {
    if word.starts_with(char::is_numeric) {
        return true;
    }
    let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    // Abbreviated commits have seven digits. Words of these letters with a digit are shorter.
    is_hex && (word.len() >= 8 || word.len() >= 6 && digits > 0) || is_random(word)
}

/// Returns whether letters and digits, or cases, alternate more often than in names, or more
/// consonants are in a row. With these bounds, 0.2 % of 100,000 names in published crates are taken
/// for ids, and 99 % of ids of 14 letters and digits are recognised.
fn is_random(word: &str) -> bool {
    if !word.is_ascii() {
        return false;
    }
    let is_digit = |byte: u8| byte.is_ascii_digit();
    let turns =
        word.as_bytes().windows(2).filter(|pair| is_digit(pair[0]) != is_digit(pair[1])).count();
    let (length, segments, consonants) = (word.len(), segments(word), consonants(word));
    // The minimum length, and the maximum mean length of segments in tenths of a byte.
    let (least, mean) = match word.bytes().any(is_digit) {
        _ if length >= 12 && consonants >= 3 => (12, 33),
        true => (6, 29),
        false => (10, 25),
    };
    length >= 4 && turns >= 3
        || length >= 8 && turns >= 2 && consonants >= 4
        || length >= least && segments >= 4 && length * 10 < segments * mean
}

/// Returns the largest number of lower-case consonants in a row.
fn consonants(word: &str) -> usize {
    let is_consonant = |byte: u8| byte.is_ascii_lowercase() && !b"aeiouy".contains(&byte);
    word.as_bytes().split(|byte| !is_consonant(*byte)).map(<[u8]>::len).max().unwrap_or(0)
}

/// Returns the number of words of a name such as `parseInt`, `HTTPError` or `V2`.
fn segments(word: &str) -> usize {
    let class = |byte: u8| match byte {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        _ => 2,
    };
    let bytes = word.as_bytes();
    let begins = |at: usize| {
        let (before, this) = (class(bytes[at - 1]), class(bytes[at]));
        // A capital belongs to the letters after it.
        let capital = before == 1 && this == 2;
        let last_of_capitals =
            at + 1 < bytes.len() && before == 1 && this == 1 && class(bytes[at + 1]) == 2;
        before != this && !capital || last_of_capitals
    };
    usize::from(!bytes.is_empty()) + (1..bytes.len()).filter(|at| begins(*at)).count()
}
