//! Recognises keys of known services by how they begin.

/// A key of a known service.
pub(super) struct ServiceKey {
    pub(super) start: &'static str,
    /// The fewest letters, digits, `_` and `-` that follow.
    rest: usize,
    /// The form of the part that follows.
    kind: KeyForm,
}

/// The form of the part that follows the start of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyForm {
    /// Letters, digits, `_` and `-`.
    Plain,
    /// Letters, digits, `_`, `-` and `.`.
    Dotted,
    /// Hexadecimal digits, exactly as many as `rest`.
    Hex,
}

const fn key(start: &'static str, rest: usize) -> ServiceKey {
    ServiceKey { start, rest, kind: KeyForm::Plain }
}

const fn dotted(start: &'static str, rest: usize) -> ServiceKey {
    ServiceKey { start, rest, kind: KeyForm::Dotted }
}

const fn hex(start: &'static str, rest: usize) -> ServiceKey {
    ServiceKey { start, rest, kind: KeyForm::Hex }
}

pub(super) const KEYS: [ServiceKey; 76] = [
    key("AKIA", 16), // Amazon
    key("ASIA", 16),
    key("ABIA", 16),
    key("ACCA", 16),
    key("AIza", 30), // Google
    dotted("ya29.", 16),
    key("GOCSPX-", 16),
    key("ghp_", 16), // GitHub
    key("gho_", 16),
    key("ghu_", 16),
    key("ghs_", 16),
    key("ghr_", 16),
    key("github_pat_", 20),
    key("glpat-", 10), // GitLab
    key("gldt-", 10),
    key("glrt-", 10),
    key("xoxa-", 8), // Slack
    key("xoxb-", 8),
    key("xoxc-", 8),
    key("xoxd-", 8),
    key("xoxe-", 8),
    key("xoxp-", 8),
    key("xoxr-", 8),
    key("xoxs-", 8),
    key("xapp-", 8),
    key("sk_live_", 8), // Stripe
    key("sk_test_", 8),
    key("rk_live_", 8),
    key("rk_test_", 8),
    key("whsec_", 16),
    key("sk-ant-", 8), // Anthropic, OpenAI
    key("sk-proj-", 8),
    key("sk-", 32),
    key("gsk_", 30),
    key("hf_", 24), // Hugging Face
    key("r8_", 30),
    key("npm_", 30), // registries
    key("pypi-AgE", 16),
    key("pypi-", 30),
    key("cio", 32),
    key("rubygems_", 30),
    key("dckr_pat_", 16),
    key("dop_v1_", 32), // clouds
    key("doo_v1_", 32),
    key("dor_v1_", 32),
    key("hvs.", 20),
    key("hvb.", 20),
    hex("dapi", 32),
    hex("pul-", 40),
    hex("sbp_", 40),
    key("tskey-", 16),
    key("NRAK-", 20),
    key("glc_", 30),
    key("xai-", 30),
    key("pplx-", 30),
    key("nvapi-", 30),
    key("shpat_", 16), // shops and payments
    key("shpca_", 16),
    key("shppa_", 16),
    key("shpss_", 16),
    key("sq0atp-", 16),
    key("sq0csp-", 16),
    dotted("SG.", 20), // mail and others
    key("xkeysib-", 30),
    hex("key-", 32),
    hex("SK", 32),
    key("ntn_", 30),
    key("xprv", 100),
    key("ATATT3", 20),
    key("ATCTT3", 20),
    key("glsa_", 20),
    key("sntrys_", 20),
    key("PMAK-", 20),
    key("lin_api_", 20),
    key("figd_", 20),
    key("AGE-SECRET-KEY-1", 20),
];

/// For each ASCII byte, a bit for each of the keys that begin with it.
const BEGINNING_WITH: [u128; 128] = {
    let mut keys = [0; 128];
    let mut at = 0;
    while at < KEYS.len() {
        keys[KEYS[at].start.as_bytes()[0] as usize] |= 1 << at;
        at += 1;
    }
    keys
};

/// Returns whether `text` begins like the key of a known service.
pub(super) fn begins_key(text: &str) -> bool {
    let begins = |key: &ServiceKey| {
        let is_digit = |c: char| key.kind != KeyForm::Hex || c.is_ascii_hexdigit();
        text.strip_prefix(key.start).is_some_and(|rest| rest.chars().all(is_digit))
    };
    text.starts_with("eyJ") || KEYS.iter().any(begins)
}

/// Returns the length of the key of a known service at the start of `text`.
pub(super) fn service_key(text: &str) -> Option<usize> {
    let mut left = *BEGINNING_WITH.get(usize::from(*text.as_bytes().first()?))?;
    let key = std::iter::from_fn(|| {
        let key = KEYS.get(left.trailing_zeros() as usize)?;
        left &= left - 1;
        Some(key)
    })
    .find(|key| text.starts_with(key.start))?;
    let rest = &text[key.start.len()..];
    let belongs = |byte: &u8| is_key_byte(*byte) || key.kind == KeyForm::Dotted && *byte == b'.';
    let length = rest.bytes().take_while(belongs).count();
    let fits = match key.kind {
        KeyForm::Hex => {
            length == key.rest && rest[..length].bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        KeyForm::Plain | KeyForm::Dotted => length >= key.rest,
    };
    fits.then_some(key.start.len() + length)
}

/// Returns whether a byte may be part of a key: a letter, a digit, `_` or `-`.
pub(super) fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
