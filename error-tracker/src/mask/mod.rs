//! Masks secrets in an event on the thread that reports it, before the event is queued.
//!
//! Secrets are found in three ways, each on by default. **Names**: the value of a variable, field,
//! key, header, cookie or parameter is masked if its name says that it is secret. **Shapes**: text
//! that looks like a secret is masked wherever it is found, such as `Bearer ..`, a JSON web token,
//! a private key, `scheme://user:password@`, a card number. **Taint**: a value that was masked by
//! its name, and is not a plain word, is also removed from all other text of the event.
//!
//! [The guide](crate::guide#secrets) lists the forms of text in which names are found, and which
//! values count as plain words. Not found: secrets of which neither the name nor the shape says
//! that they are secret, a bare secret that a hand-written `Debug` prints, secrets that were hashed
//! or split, a secret that is itself used as a name or in a URL's path (except webhooks of Slack,
//! Discord, Telegram, Outlook, Zapier and Make).

mod appearance;
mod cut;
mod decode;
mod encoding;
mod event;
mod folded_name;
mod name_entry;
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
use name_entry::{NameScope, NameStrength};
use names::{FoundName, NameLists};

use crate::fork::LazyPerProcess;

/// The text that replaces a masked value, unless [`Masking::replacement`] sets another one.
pub const MASK: &str = "**************";

/// The rules that decide which values are masked. Cheap to clone; [`default`](Self::default) has
/// the lists below.
///
/// Names are split into words at `-`, `_`, `.`, digits and the capitals of `camelCase`, and
/// compared without regard to case. **Any value** is masked below a name that contains one of
/// `password secret passw passwd passphrase passcode passkey pwd credential authorization bearer
/// jwt cookie csrf xsrf private_key api_key access_key signing_key encryption_key session_id
/// card_number recovery_code` and similar ones, or that has one of the words `cvv cvc ssn`. Below a
/// name that ends with one of the **weak words** `token key session auth pin sid sso saml otp salt
/// dsn signature`, values that look like a secret are masked ([`value`](Self::value) describes
/// them); any value is if the word before the weak one makes the meaning clear: `card_token`,
/// `login_pin`. Names that only resemble a secret's name do not mask: `author`, `tokenizer`,
/// `next_token`, `primary_key`, `gpio_pin`, properties of a secret (`password_length`,
/// `token_type`, `cookie_count`), and questions (`has_password`).
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

/// The text that replaces a masked value, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppliedMask {
    /// The text that replaces the value.
    pub text: Arc<str>,
    /// A description of the rule that masked the value.
    pub rule: Arc<str>,
}

/// Which values a name masks.
#[derive(Clone, Debug)]
pub(crate) struct NameVerdict {
    pub(crate) masked: AppliedMask,
    strength: NameStrength,
    /// Values below this name are often words with a number, which are not secret: keys of maps and
    /// tables, tokens of parsers.
    is_ordinary: bool,
    /// A number below this name counts secrets: `cookies: 3`.
    is_countable: bool,
}

impl NameVerdict {
    pub(crate) fn certain(masked: AppliedMask) -> Self {
        Self { masked, strength: NameStrength::Strong, is_ordinary: false, is_countable: false }
    }

    /// Returns a verdict that masks only values that look like a secret or a numeric code.
    pub(crate) fn weakened(self) -> Self {
        let strength = if self.is_certain() { NameStrength::WeakCode } else { self.strength };
        Self { strength, ..self }
    }

    /// Returns a verdict that masks only values that look like a secret; short numbers do not.
    pub(crate) fn weakened_without_codes(self) -> Self {
        Self { strength: NameStrength::Weak, ..self }
    }

    /// Returns whether `value`, in text or data, is the count of what the name says.
    pub(crate) fn counts(&self, value: &str) -> bool {
        const MAX_DIGITS: usize = 5;
        self.is_countable
            && (1..=MAX_DIGITS).contains(&value.len())
            && value.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Returns whether the name masks every value.
    pub(crate) fn is_certain(&self) -> bool {
        self.strength == NameStrength::Strong
    }

    /// Returns the replacement for `value`, which is plain or in `Debug` form; `None` if it is not
    /// masked. If the name masks only what looks like a secret, only such strings within a struct
    /// are replaced.
    pub(crate) fn replacement_for(&self, value: &str) -> Option<String> {
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

    /// Returns whether the name masks `value`.
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

/// Returns whether `name` says that there are several, or a value is never a number.
fn is_plural(name: &str) -> bool {
    let ends = |end: &str| {
        name.len()
            .checked_sub(end.len())
            .and_then(|at| name.get(at..))
            .is_some_and(|last| last.eq_ignore_ascii_case(end))
    };
    ends("cookie") || ends("s") && !ends("ss")
}

impl Masking {
    /// Returns rules that mask nothing. Names, rules and the detection of secrets can be added
    /// again.
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

    /// Masks values whose name contains `name`, in addition to the lists. Several words
    /// (`card_number`) match however they are joined.
    #[must_use]
    pub fn mask_containing(self, name: &str) -> Self {
        self.change(|inner| inner.names.part(name))
    }

    /// Masks values whose name has the whole word `name`, in addition to the lists.
    #[must_use]
    pub fn mask_word(self, name: &str) -> Self {
        self.change(|inner| inner.names.word(name))
    }

    /// Ignores matches inside `name`: after `allow("session_key")`, `session_key` and
    /// `last_session_key` are shown, `session_key_password` is not. A [`rule`](Self::rule) of the
    /// program takes precedence.
    #[must_use]
    pub fn allow(self, name: &str) -> Self {
        self.change(|inner| inner.names.allow(name))
    }

    /// Replaces all lists: masks values whose name contains one of `names` anywhere. With an empty
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

    /// Adds a rule. Rules are applied in the order in which they were added, before the lists.
    #[must_use]
    pub fn rule(self, rule: impl MaskRule + 'static) -> Self {
        self.change(|inner| inner.rules.push(Arc::new(rule)))
    }

    /// Turns on or off both the masking by shape and the removal of masked values from other text.
    #[must_use]
    pub fn detect_secrets(self, on: bool) -> Self {
        self.change(|inner| inner.values = on)
    }

    /// Returns how values called `name` are masked; `None` if they are not. Below a weak name
    /// (`token`, `key`) only values that look like a secret are: see [`value`](Self::value).
    #[must_use]
    pub fn name(&self, name: &str) -> Option<AppliedMask> {
        self.verdict(name).map(|verdict| verdict.masked)
    }

    /// Returns how `value`, plain or in `Debug` form, is masked when it is called `name`; `None` if
    /// it is not.
    ///
    /// Below a weak name (`token`, `key`, `pin`, `session`, ..) the value decides. These look like
    /// a secret:
    /// - six bytes or more in which letters and digits alternate (`8d1f7c2a`, `s3cr3t`)
    /// - ten letters or more in an order that is rare in words
    /// - twenty letters or sixteen digits in one piece
    /// - a word followed by a number (`hunter2`), except below a name that ends with `key`
    /// - a list of eight bytes or more
    /// - 4 to 12 digits below `pin` and `otp`
    ///
    /// Words, short numbers, paths, versions, dates and names of types do not.
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
        self.verdict(name).filter(|verdict| verdict.masks(value)).map(|verdict| verdict.masked)
    }

    /// Returns the mask if every value called `name` is masked, whatever it looks like.
    pub(crate) fn certain_mask(&self, name: &str) -> Option<AppliedMask> {
        self.verdict(name).filter(NameVerdict::is_certain).map(|verdict| verdict.masked)
    }

    /// Returns which values called `name` are masked: the verdict of the rules and the lists.
    pub(crate) fn verdict(&self, name: &str) -> Option<NameVerdict> {
        for rule in &self.inner.rules {
            let masked = match rule::ask(&**rule, name) {
                Ok(Some(text)) => AppliedMask { text: text.into(), rule: "own rule".into() },
                Ok(None) => continue,
                Err(()) => self.mask_because("own rule that panicked"),
            };
            return Some(NameVerdict::certain(masked));
        }
        self.list_verdict(name, NameScope::Name)
    }

    /// Returns which values after the two words `words` in a sentence are masked.
    fn verdict_in_sentence(&self, words: &str) -> Option<NameVerdict> {
        self.list_verdict(words, NameScope::Words)
    }

    /// Returns which contents of a struct, tuple struct or variant called `name` are masked.
    pub(crate) fn type_verdict(&self, name: &str) -> Option<NameVerdict> {
        self.list_verdict(name, NameScope::Type)
    }

    fn list_verdict(&self, name: &str, scope: NameScope) -> Option<NameVerdict> {
        let FoundName { rule, strength, standard } = self.inner.names.find(name, scope)?;
        let masked = AppliedMask { text: self.inner.text.clone(), rule };
        let is_key =
            strength != NameStrength::Strong && (name.ends_with("key") || name.ends_with("KEY"));
        let is_ordinary = is_key || strength == NameStrength::Weakest;
        let is_countable = standard && is_plural(name);
        Some(NameVerdict { masked, strength, is_ordinary, is_countable })
    }

    /// Returns a mask with the configured text and `rule` as the reason.
    pub(crate) fn mask_because(&self, rule: &str) -> AppliedMask {
        AppliedMask { text: self.inner.text.clone(), rule: rule.into() }
    }

    /// Masks secrets in `text`, and returns whether it found any. Cuts the text after 64 KiB.
    pub fn values_in(&self, text: &mut String) -> bool {
        if !self.inner.values {
            return false;
        }
        shapes::mask(self, text, None)
    }

    /// Returns whether values are masked by shape, and masked values removed from other text.
    pub(crate) fn masks_values(&self) -> bool {
        self.inner.values
    }

    /// Returns whether any name is masked.
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
