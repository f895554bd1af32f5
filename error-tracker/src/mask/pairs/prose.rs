//! Tells values from sentences: `password: hunter2` from `password: too short`.

use super::super::words::FAILURE_PREFIXES;

/// Values of `pass` that are not passwords: outcomes and stages of work.
const PASS_OUTCOMES: &str = "\
    ok pass passed fail failed skip skipped ignored yes no on off all partial first second third last main early late \
    opaque transparent shadow depth forward deferred geometry lighting prepass post postprocess vertex fragment render \
    season day boarding bus ski monthly annual inline inlining dce cse licm gvn parse lower lint typecheck codegen";

/// Words of sentences, which are not secrets.
const SENTENCE_WORDS: &str = "\
    a able about access after all already an and another any are argument as at authenticate authentication bad be been \
    before but by can cannot code connection could decode decoding denied did digits does doesn empty error exist exists \
    expected expiration expired fail failed failure failures field file flag for forbidden format found from given got \
    had has have hidden if ignored illegal in incorrect insufficient instead invalid is isn issuer it its key least \
    length letters likely long malformed masked match may mismatch missing mistake more must neither no non none not \
    null of off on one only or option out parse parsing permission please possible problem provided read redacted \
    refused rejected removed required requires rule see set should signature since some such take than that the then \
    there this time timed timeout to token too twice unable unauthorized unavailable undefined unexpected unknown \
    unreadable unset unsupported until unusable usage used uses value verification verify was wasn weak were when which \
    while will with without wrong yet you your nil nan empty absent characters character \
    ok okay done accepted changed updated reset sent enabled disabled active checked requested default first cannot \
    blank deleted loaded rotated revoked incorrectly";

/// Words before a name that is mentioned without its value: `column password 'x'`.
const NAME_INTRODUCERS: &str = "\
    field fields column key option argument flag variable property parameter setting attribute named called no missing \
    unknown unexpected type method function file table role secret";

/// Words for owners of a password, and others before its name in a label.
pub(super) const OWNERS: &str = "\
    client app application db database admin user root new old current temporary initial default generated shared \
    webhook signing service bot your my the api master login wifi account server enter this one-time";
pub(super) const ACCOUNT_LABELS: &str = "user username login email account name host userid uid";

/// Names of types in schemas and signatures.
const TYPES: &str = "\
    string str text varchar char bool boolean int integer int32 int64 u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 \
    isize f32 f64 float double number object array bytes date datetime uuid any unknown never self";

/// Words before the credentials in the header `Authorization`.
pub(super) const AUTH_SCHEMES: &str = "\
    basic bearer token digest apikey api-key negotiate ntlm bot key oauth jwt hawk mac aws4-hmac-sha256 googlelogin ssws";

pub(super) fn is_in(list: &str, word: &str) -> bool {
    list.split(' ').any(|listed| listed.eq_ignore_ascii_case(word))
}

/// Returns whether `value` is a placeholder, or says that there is no value.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    let name = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b' ' | b'-')
            })
    };
    let in_brackets = |open: &str, close: &str| {
        value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close))
    };
    matches!(value, "" | "?" | "%s" | "{}" | "()" | "[]" | "…" | "Some(…)")
        || [
            "true",
            "false",
            "null",
            "none",
            "nil",
            "undefined",
            "unset",
            "missing",
            "invalid",
            "required",
            "redacted",
            "hidden",
            "masked",
        ]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word))
        || value.bytes().all(|byte| byte == b'*')
        || ["~/", "./", "../"].iter().any(|folder| value.starts_with(folder))
        || ["${", "{{", "{"]
            .iter()
            .zip(["}", "}}", "}"])
            .any(|(open, close)| in_brackets(open, close).is_some_and(name))
        || [("<", ">"), ("[", "]"), ("%", "%"), ("$(", ")")].iter().any(|(open, close)| {
            in_brackets(open, close)
                .is_some_and(|text| name(text) && !text.bytes().any(|byte| byte.is_ascii_digit()))
        })
        || value.strip_prefix(['$', ':']).is_some_and(|rest| {
            let upper = rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            let lower = rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            !rest.is_empty()
                && (rest.bytes().all(|byte| byte.is_ascii_digit())
                    || upper
                    || lower && value.starts_with(':'))
        })
}

/// Returns whether `value` is the name of a type.
pub(super) fn is_type(value: &str) -> bool {
    is_in(TYPES, value)
}

/// Returns whether `value` is a complaint about a value, such as `is too short`.
pub(super) fn is_complaint(value: &str) -> bool {
    const STARTS: &str = "is must should can't cannot has was needs does doesn't may isn't";
    let value = value.trim_matches(|c: char| !c.is_alphanumeric());
    let mut words = value.split_whitespace();
    words.next().is_some_and(|first| is_in(STARTS, first)) && words.next().is_some_and(is_word)
}

/// Returns whether `value`, that of a `pass`, contains a word of `PASS_OUTCOMES`.
pub(super) fn is_pass_outcome(value: &str) -> bool {
    const MAX_LENGTH: usize = 64;
    let value = &value[..value.floor_char_boundary(MAX_LENGTH)];
    value.split(|c: char| !c.is_alphanumeric()).any(|word| is_in(PASS_OUTCOMES, word))
}

/// Returns whether `word` belongs to a sentence.
pub(super) fn is_word(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    // `isn't`
    let plain = word.split(['\'', '’']).next().unwrap_or_default();
    let verdict = word.find(['(', '<', ':']).map_or(word, |end| &word[..end]);
    is_in(TYPES, verdict)
        || (word.starts_with("Option<") || word.starts_with("Vec<"))
        || is_in(SENTENCE_WORDS, plain)
        || humps(word).any(|hump| hump.len() > 2 && is_in(SENTENCE_WORDS, hump))
        || ["failed", "failure", "error"].iter().any(|end| word.to_ascii_lowercase().ends_with(end))
}

/// Returns the words of `word` if it is a name in camel case.
fn humps(word: &str) -> impl Iterator<Item = &str> {
    let is_camel = word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let mut rest = if is_camel { word } else { "" };
    std::iter::from_fn(move || {
        let end = rest
            .bytes()
            .skip(1)
            .position(|byte| byte.is_ascii_uppercase())
            .map_or(rest.len(), |at| at + 1);
        let (hump, after) = rest.split_at(end);
        rest = after;
        (!hump.is_empty()).then_some(hump)
    })
}

/// Returns whether `before` ends with a word such as `missing` or `unexpected`: a name follows, or
/// a value that is not valid any more.
pub(super) fn is_about_failure(before: &str) -> bool {
    let before = before.trim_end_matches(' ');
    let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    is_in(FAILURE_PREFIXES, &word.to_ascii_lowercase()) || word.eq_ignore_ascii_case("such")
}

/// Returns whether `shown`, which is quoted and follows `password`, is a name or a sentence instead
/// of a value. `before` is the text before `password`.
pub(super) fn is_name_or_sentence(before: &str, shown: &str) -> bool {
    let word = before
        .trim_end_matches(' ')
        .rsplit(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    is_in(NAME_INTRODUCERS, word)
        || shown.contains(['.', '_', '<'])
        || shown.split_whitespace().any(is_word)
}
