//! Masks secrets in an event on the thread that reports it, before the event is queued.
//!
//! Three nets, each on by default. **Names**: the value of a variable, field, key, header, cookie
//! or parameter whose name says that it is secret. **Shapes**: texts that look like a secret
//! wherever they stand, such as `Bearer ..`, a JSON web token, a private key,
//! `scheme://user:password@`, a card number. **Taint**: a value that was masked by its name is also
//! removed from every other text of the event.
//!
//! Not promised: secrets without a telling name or shape, a hand-written `Debug` that prints a bare
//! secret, secrets that were hashed or split, a secret that is itself used as a name or in a URL's
//! path (but for webhooks of Slack, Discord and Telegram).

mod appearance;
mod cut;
mod decode;
mod event;
mod names;
mod numbers;
mod pairs;
mod rule;
mod scrub;
mod service_keys;
mod shapes;
mod taint;
mod url;
mod words;

use std::fmt;
use std::sync::Arc;

pub(crate) use event::{event, source_line};
pub use rule::MaskRule;
pub(crate) use taint::EventTaint;

use appearance::SecretSuspicion;
use names::{NameLists, NameScope, NameStrength};

use crate::fork::LazyPerProcess;

/// The text that replaces a masked value, unless [`Masking::replacement`] sets another one.
pub const MASK: &str = "**************";

/// The rules by which values are masked. Cheap to clone; [`default`](Self::default) has the lists
/// below.
///
/// Names are compared without regard to case after splitting `camelCase`, `-`, `_`, `.` and digits
/// into words. **Any value** is masked below a name that contains one of `password secret passw
/// passwd passphrase passcode passkey pwd credential authorization bearer jwt cookie csrf xsrf
/// private_key api_key access_key signing_key encryption_key session_id card_number recovery_code`
/// and their like, or has one of the words `cvv cvc ssn`. Below a name that ends with one of the
/// **weak words** `token key session auth pin sid sso saml otp salt dsn signature` a value is
/// masked that looks like a secret ([`value`](Self::value) says what does), or any value if the
/// word before it tells enough: `card_token`, `login_pin`. Not masked is what only seems to be a
/// secret's name: `author`, `tokenizer`, `next_token`, `primary_key`, `gpio_pin`, what a secret has
/// (`password_length`, `token_type`, `cookie_count`), and questions (`has_password`).
///
/// ```
/// use error_tracker::mask::Masking;
///
/// let masking = Masking::default().mask_containing("iban").mask_word("vin").allow("session_key_hint").replacement("[hidden]");
/// assert!(masking.name("userPassword").is_some());
/// assert!(masking.name("monkey").is_none());
/// ```
#[derive(Clone)]
pub struct Masking {
    inner: Arc<MaskingRules>,
}

#[derive(Clone)]
struct MaskingRules {
    names: NameLists,
    rules: Vec<Arc<dyn MaskRule>>,
    text: Arc<str>,
    values: bool,
}

/// Why and how a value is masked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppliedMask {
    /// The text that replaces the value.
    pub text: Arc<str>,
    /// The rule that masked it, in words.
    pub rule: Arc<str>,
}

/// The verdict of a name on the values below it.
#[derive(Clone, Debug)]
pub(crate) struct NameVerdict {
    pub(crate) masked: AppliedMask,
    strength: NameStrength,
    /// Its values are often words with a number: keys of maps and tables, tokens of parsers.
    is_ordinary: bool,
}

impl NameVerdict {
    pub(crate) fn certain(masked: AppliedMask) -> Self {
        Self { masked, strength: NameStrength::Strong, is_ordinary: false }
    }

    /// Returns the verdict for values that are masked only if they look like a secret.
    pub(crate) fn doubted(self) -> Self {
        let strength = if self.is_certain() { NameStrength::WeakCode } else { self.strength };
        Self { strength, ..self }
    }

    /// Returns the verdict for values that are masked only if they look like a secret; numbers do
    /// not.
    pub(crate) fn suspected(self) -> Self {
        Self { strength: NameStrength::Weak, ..self }
    }

    /// Returns whether it masks any value.
    pub(crate) fn is_certain(&self) -> bool {
        self.strength == NameStrength::Strong
    }

    /// Returns what stands in place of `value`, plain or as `Debug` shows it; `None` if it stays.
    /// Where the value has to look like a secret, of a struct only the strings go that do.
    pub(crate) fn hide(&self, value: &str) -> Option<String> {
        if self.is_certain() || !value.contains('{') {
            return self.masks(value).then(|| self.masked.text.to_string());
        }
        let mut hidden = String::new();
        let mut rest = value;
        while let Some(at) = rest.find('"') {
            let (before, string) = rest.split_at(at);
            let (_, length) = taint::unescaped(&string[1..]);
            let (string, after) = string.split_at(length + 1);
            hidden.push_str(before);
            hidden.push_str(if self.masks(string) { &self.masked.text } else { string });
            rest = after;
        }
        hidden.push_str(rest);
        (hidden != value).then_some(hidden)
    }

    /// Returns whether it masks `value`.
    fn masks(&self, value: &str) -> bool {
        let suspicion =
            if self.is_ordinary { SecretSuspicion::Weak } else { SecretSuspicion::Strong };
        match self.strength {
            NameStrength::Strong => true,
            NameStrength::WeakCode if appearance::is_code(value) => true,
            _ => appearance::looks_secret(value, suspicion),
        }
    }
}

impl Masking {
    /// Masks nothing. Names, rules and value patterns can be added again.
    #[must_use]
    pub fn off() -> Self {
        let inner = MaskingRules {
            names: NameLists::default(),
            rules: Vec::new(),
            text: MASK.into(),
            values: false,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Masks also names that contain `name`. Several words (`card_number`) match however they are
    /// joined.
    #[must_use]
    pub fn mask_containing(self, name: &str) -> Self {
        self.change(|inner| inner.names.part(name))
    }

    /// Masks also names in which `name` is a whole word.
    #[must_use]
    pub fn mask_word(self, name: &str) -> Self {
        self.change(|inner| inner.names.word(name))
    }

    /// Ignores matches inside `name`: after `allow("session_key")`, `session_key` and
    /// `last_session_key` are shown, `session_key_password` is not. Rules of the program come
    /// first.
    #[must_use]
    pub fn allow(self, name: &str) -> Self {
        self.change(|inner| inner.names.allow(name))
    }

    /// Replaces all lists: masks the names that contain one of `names`, anywhere. With an empty
    /// list only rules that were added mask values.
    #[must_use]
    pub fn mask_only<N: AsRef<str>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.change(|inner| {
            inner.names = NameLists::default();
            for name in names {
                inner.names.anywhere(name.as_ref());
            }
            inner.values &= !inner.names.is_empty();
        })
    }

    /// Sets the text that replaces masked values; [`MASK`] by default.
    #[must_use]
    pub fn replacement(self, text: &str) -> Self {
        self.change(|inner| inner.text = text.into())
    }

    /// Adds a rule of the program. Rules are applied in order, before the lists.
    #[must_use]
    pub fn rule(self, rule: impl MaskRule + 'static) -> Self {
        self.change(|inner| inner.rules.push(Arc::new(rule)))
    }

    /// Turns masking by the shape of values, and of masked values found in other text, on or off.
    #[must_use]
    pub fn detect_secrets(self, on: bool) -> Self {
        self.change(|inner| inner.values = on)
    }

    /// Returns how values called `name` are masked; `None` when they are not. Below a weak name
    /// (`token`, `key`) only those are that look like a secret: see [`value`](Self::value).
    #[must_use]
    pub fn name(&self, name: &str) -> Option<AppliedMask> {
        self.named(name).map(|named| named.masked)
    }

    /// Returns how `value`, plain or as `Debug` shows it, is masked when it is called `name`;
    /// `None` when it is not.
    ///
    /// What a name does not decide by itself (`token`, `key`, `pin`, `session`, ..), the value
    /// does. Like a secret look texts of six bytes or more in which letters and digits alternate
    /// (`8d1f7c2a`, `s3cr3t`), or of ten or more whose letters do not follow one another in words,
    /// of twenty or more letters or sixteen digits in one piece; words with a number behind them
    /// but for a `key` (`hunter2`); lists of eight or more bytes; a `pin` or `otp` of 4 to 12
    /// digits. Words, short numbers, paths, versions, dates and names of types do not.
    ///
    /// ```
    /// use error_tracker::mask::Masking;
    ///
    /// let masking = Masking::default();
    /// assert!(masking.value("token", "8d1f7c2a").is_some());
    /// assert!(masking.value("token", "identifier").is_none());
    /// assert!(masking.value("api_token", "identifier").is_some());
    /// ```
    #[must_use]
    pub fn value(&self, name: &str, value: &str) -> Option<AppliedMask> {
        self.named(name).filter(|named| named.masks(value)).map(|named| named.masked)
    }

    /// Returns how any value called `name` is masked, whatever it looks like.
    pub(crate) fn always(&self, name: &str) -> Option<AppliedMask> {
        self.named(name).filter(NameVerdict::is_certain).map(|named| named.masked)
    }

    /// Returns how values called `name` are masked, and whether they are by their name alone.
    pub(crate) fn named(&self, name: &str) -> Option<NameVerdict> {
        for rule in &self.inner.rules {
            let masked = match rule::ask(&**rule, name) {
                Ok(Some(text)) => AppliedMask { text: text.into(), rule: "own rule".into() },
                Ok(None) => continue,
                Err(()) => self.because("own rule that panicked"),
            };
            return Some(NameVerdict::certain(masked));
        }
        self.listed(name, NameScope::Name)
    }

    /// Returns how the value after two words in a sentence is masked.
    fn named_in_words(&self, words: &str) -> Option<NameVerdict> {
        self.listed(words, NameScope::Words)
    }

    /// Returns how the content of a struct, tuple struct or variant called `name` is masked.
    pub(crate) fn type_name(&self, name: &str) -> Option<NameVerdict> {
        self.listed(name, NameScope::Type)
    }

    fn listed(&self, name: &str, scope: NameScope) -> Option<NameVerdict> {
        let (rule, strength) = self.inner.names.find(name, scope)?;
        let masked = AppliedMask { text: self.inner.text.clone(), rule };
        let is_key =
            strength != NameStrength::Strong && (name.ends_with("key") || name.ends_with("KEY"));
        let is_ordinary = is_key || strength == NameStrength::Weakest;
        Some(NameVerdict { masked, strength, is_ordinary })
    }

    /// Returns the mask's text, with a reason that is not a name.
    pub(crate) fn because(&self, rule: &str) -> AppliedMask {
        AppliedMask { text: self.inner.text.clone(), rule: rule.into() }
    }

    /// Masks what looks like a secret in `text`, and returns whether there was any. Cuts the text
    /// after 64 KiB.
    pub fn values_in(&self, text: &mut String) -> bool {
        if !self.inner.values {
            return false;
        }
        shapes::mask(self, text, None)
    }

    /// Returns whether values are masked by their shape, and taint is removed.
    pub(crate) fn masks_values(&self) -> bool {
        self.inner.values
    }

    /// Returns whether a name can be masked at all.
    pub(crate) fn masks_names(&self) -> bool {
        !self.inner.rules.is_empty() || !self.inner.names.is_empty()
    }

    fn change(mut self, change: impl FnOnce(&mut MaskingRules)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }
}

impl Default for Masking {
    fn default() -> Self {
        static STANDARD: LazyPerProcess<Masking> = LazyPerProcess::new(|| {
            let inner = MaskingRules {
                names: NameLists::standard(),
                rules: Vec::new(),
                text: MASK.into(),
                values: true,
            };
            Masking { inner: Arc::new(inner) }
        });
        STANDARD.get().clone()
    }
}

impl fmt::Debug for Masking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MaskingRules { rules, text, values, .. } = &*self.inner;
        f.debug_struct("Masking")
            .field("rules", &rules.len())
            .field("text", text)
            .field("values", values)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
