//! What in a text is an id, an address or a path, and differs from one occurrence to the next.

use std::net::Ipv6Addr;

/// Returns what stands for a word without blanks and quotes as a whole.
pub(super) fn whole(word: &str) -> Option<&'static str> {
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

/// `/etc/x`, `./x`, `~/x`, `C:\x`, `a/b/c`, `src/main.rs:7`; but not `and/or`, `text/html` or
/// `11/24/2026`.
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

/// With or without a zone (`fe80::1%eth0`) or the length of a prefix (`2001:db8::/32`).
pub(super) fn is_ipv6(word: &str) -> bool {
    let address = word.split(['%', '/']).next().unwrap_or(word);
    // `a::b` is a path of Rust.
    let numeric = address.starts_with("::") || address.contains(|c: char| c.is_ascii_digit());
    numeric && address.parse::<Ipv6Addr>().is_ok()
}

/// Pairs of hexadecimal digits, as in `00:1a:2b:3c:4d:5e`.
fn is_hardware_address(word: &str) -> bool {
    [':', '-'].iter().any(|between| {
        let pair =
            |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        word.split(*between).count() >= 3 && word.split(*between).all(pair)
    })
}

/// `PT1H30M`, `P3D`.
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

/// Base64 that shows by its padding, or by `+` and `/` among what is random.
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
    /// Whether it is an id, and no word.
    pub(super) is_id: bool,
}

/// Returns the parts of a name of letters, digits, `_` and `-`.
pub(super) fn parts(name: &str) -> Vec<NamePart<'_>> {
    let separator = |c: char| c == '_' || c == '-';
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let (separators, behind) =
            rest.split_at(rest.find(|c| !separator(c)).unwrap_or(rest.len()));
        let to_next = behind.find(separator).unwrap_or(behind.len());
        // Some ids have separators themselves.
        let whole = uuid_end(behind).or_else(|| is_nanoid(behind).then_some(behind.len()));
        let (text, behind) = behind.split_at(whole.unwrap_or(to_next));
        let is_id = whole.is_some() || is_id(text);
        // What an id begins with may be a separator.
        let separators = if is_id && parts.is_empty() { "" } else { separators };
        parts.push(NamePart { separators, text, is_id });
        rest = behind;
    }
    mark_pod(&mut parts);
    parts
}

/// Returns what stands before the numbers of a version with which `text` starts, and what follows
/// it: `1.2.3`, `v1.2.3-rc.1+5114f85`.
pub(super) fn split_version(text: &str) -> Option<(&str, &str)> {
    let start =
        text.find(|c: char| c.is_ascii_digit()).filter(|at| *at == 0 || &text[..*at] == "v")?;
    let numbers = text[start..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let digits = &text[start..text.len() - numbers.len()];
    let marked = numbers.starts_with(['-', '+']) && digits.split('.').count() == 3;
    let may_be_in = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    marked.then(|| (&text[..start], numbers.trim_start_matches(may_be_in)))
}

/// Returns where a UUID ends with which a text starts.
fn uuid_end(text: &str) -> Option<usize> {
    const LENGTH: usize = 36;
    let id = text.as_bytes().get(..LENGTH)?;
    let is_uuid = id.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    // What is a UUID has a character's end there.
    let ends = || text[LENGTH..].chars().next().is_none_or(|c| !c.is_alphanumeric());
    (is_uuid && ends()).then_some(LENGTH)
}

/// Letters of both cases, digits and separators all through each other, and no words among them:
/// `V1StGXR8_Z5jdHi6B-myT`.
fn is_nanoid(text: &str) -> bool {
    let has = |class: fn(&char) -> bool| text.chars().any(|c| class(&c));
    /// Of most of them: a word may be among them by chance.
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

/// Returns a word as in writing: `order`, `Order`, `ORDER`.
fn is_plain(part: &str) -> bool {
    segments(part) <= 1 && part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Words behind which an id stands, and those of which it may have letters only.
const LABELS: &str = "id request session trace span transaction correlation uuid nanoid hash digest commit revision rev";
const COMMITS: [&str; 3] = ["commit", "revision", "rev"];

/// Returns whether `word` is an id since `before` ends with what says so: `request abc123`,
/// `id=k3J9xQ`, `commit deadbee`.
pub(super) fn is_told(before: &str, word: &str) -> bool {
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

/// Names of which the number is a part: of encodings, algorithms, protocols and types.
const TERMS: &str = "base16 base32 base58 base64 utf8 utf16 utf32 ipv4 ipv6 sha1 sha224 sha256 sha384 sha512 md4 md5 aes128 \
    aes192 aes256 crc16 crc32 crc64 http1 http2 http3 oauth1 oauth2 u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64 \
    int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 x86 x64 arm64 win32 win64 s3 ec2 h264 h265 mp3 mp4";

/// Returns whether `word` is the name of something with a number in it, such as `sha256`.
pub(super) fn is_term(word: &str) -> bool {
    word.len() <= 7
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && TERMS.split_ascii_whitespace().any(|term| term.eq_ignore_ascii_case(word))
}

/// Returns the last parts of a pod's name, `api-7d4b9c6f5-x2x9z`, which Kubernetes makes of
/// consonants and some digits.
fn mark_pod(parts: &mut [NamePart<'_>]) {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let is_made = |part: &NamePart<'_>| {
        part.separators == "-" && part.text.bytes().all(|byte| ALPHABET.contains(&byte))
    };
    let [_, middle @ .., last] = parts else { return };
    if last.text.len() != 5 {
        return;
    }
    // Behind the hash of a template, whatever it is made of.
    let is_hash = |text: &str| {
        (8..=10).contains(&text.len())
            && text.bytes().any(|byte| byte.is_ascii_digit())
            && text.bytes().any(|byte| byte.is_ascii_lowercase())
    };
    let is_small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    last.is_id |= middle.last().is_some_and(|set| set.is_id && is_hash(set.text))
        && last.text.bytes().all(is_small);
    if !is_made(last) {
        return;
    }
    let set = middle.last_mut().filter(|set| (6..=10).contains(&set.text.len()) && is_made(set));
    last.is_id |= set.is_some() || last.text.bytes().any(|byte| byte.is_ascii_digit());
    if let Some(set) = set {
        set.is_id = true;
    }
}

/// Numbers, hexadecimal, and words in which letters and digits, or cases, alternate as in generated
/// ids.
fn is_id(word: &str) -> bool {
    if word.starts_with(char::is_numeric) {
        return true;
    }
    let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    // A commit is abbreviated to seven digits; words of these letters are not that long with a
    // digit among them.
    is_hex && (word.len() >= 8 || word.len() >= 6 && digits > 0) || is_random(word)
}

/// Returns whether letters and digits, or cases, change more often than in names, and consonants
/// follow one another. The bounds are such that of 100,000 names in published crates 2 in a
/// thousand are taken for ids, and of ids of 14 letters and digits 99 % are.
fn is_random(word: &str) -> bool {
    if !word.is_ascii() {
        return false;
    }
    let is_digit = |byte: u8| byte.is_ascii_digit();
    let turns =
        word.as_bytes().windows(2).filter(|pair| is_digit(pair[0]) != is_digit(pair[1])).count();
    let (length, segments, consonants) = (word.len(), segments(word), consonants(word));
    // The shortest word, and in tenths of a byte the longest mean of its segments.
    let (least, mean) = match word.bytes().any(is_digit) {
        _ if length >= 12 && consonants >= 3 => (12, 33),
        true => (6, 29),
        false => (10, 25),
    };
    length >= 4 && turns >= 3
        || length >= 8 && turns >= 2 && consonants >= 4
        || length >= least && segments >= 4 && length * 10 < segments * mean
}

/// Returns the most small consonants in a row.
fn consonants(word: &str) -> usize {
    let is_consonant = |byte: u8| byte.is_ascii_lowercase() && !b"aeiouy".contains(&byte);
    word.as_bytes().split(|byte| !is_consonant(*byte)).map(<[u8]>::len).max().unwrap_or(0)
}

/// Returns how many words a name has, as in `parseInt`, `HTTPError` or `V2`.
fn segments(word: &str) -> usize {
    let class = |byte: u8| match byte {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        _ => 2,
    };
    let bytes = word.as_bytes();
    let begins = |at: usize| {
        let (before, this) = (class(bytes[at - 1]), class(bytes[at]));
        // A capital belongs to the letters behind it.
        let capital = before == 1 && this == 2;
        let last_of_capitals =
            at + 1 < bytes.len() && before == 1 && this == 1 && class(bytes[at + 1]) == 2;
        before != this && !capital || last_of_capitals
    };
    usize::from(!bytes.is_empty()) + (1..bytes.len()).filter(|at| begins(*at)).count()
}
