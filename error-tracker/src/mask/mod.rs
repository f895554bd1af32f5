//! Masking: no secret leaves the thread that captured it.
//!
//! Three nets, each on by default. **Names**: the value of a variable, field, key, header, cookie or
//! parameter whose name says that it is secret. **Shapes**: texts that look like a secret wherever they
//! stand, such as `Bearer ..`, a JSON web token, a private key, `scheme://user:password@`, a card number.
//! **Taint**: a value that was masked by its name is also removed from every other text of the event.
//!
//! Not promised: secrets without a telling name or shape, a hand-written `Debug` that prints a bare
//! secret, secrets that were hashed or split, a secret that is itself used as a name or in a URL's path.

mod event;
mod names;
mod numbers;
mod pairs;
mod rule;
mod taint;
mod values;

use std::fmt;
use std::sync::{Arc, LazyLock};

pub(crate) use event::event;
pub use rule::MaskRule;
pub(crate) use rule::{Rendering, drop_quietly, rendering};
pub(crate) use taint::Taint;

use names::{Names, Scope};

/// What stands in place of a masked value, unless [`Masking::text`] says otherwise.
pub const MASK: &str = "**************";

/// Which values are masked, and by what. Cheap to clone; [`default`](Self::default) has the lists below.
///
/// Names are compared without regard to case after splitting `camelCase`, `-`, `_`, `.` and digits into
/// words. Masked are names that contain one of `password secret passw passphrase passcode pwd token
/// credential authorization bearer jwt cookie csrf xsrf private_key api_key access_key signing_key
/// signature session_id`, or have one of the words `auth key session sid sso saml otp pin cvv cvc ssn salt
/// dsn`; not masked are look-alikes such as `author`, `tokenizer`, `primary_key`, `key_count`, `max_tokens`.
///
/// ```
/// use error_tracker::mask::Masking;
///
/// let masking = Masking::default().part("iban").word("vin").allow("session_key_hint").text("[hidden]");
/// assert!(masking.name("userPassword").is_some());
/// assert!(masking.name("monkey").is_none());
/// ```
#[derive(Clone)]
pub struct Masking {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    names: Names,
    rules: Vec<Arc<dyn MaskRule>>,
    text: Arc<str>,
    values: bool,
}

/// Why and how a value is masked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Masked {
    /// What stands in place of the value.
    pub text: Arc<str>,
    /// The rule that masked it, in words.
    pub rule: Arc<str>,
}

impl Masking {
    /// Masks nothing. Names, rules and value patterns can be added again.
    #[must_use]
    pub fn off() -> Self {
        let inner = Inner { names: Names::default(), rules: Vec::new(), text: MASK.into(), values: false };
        Self { inner: Arc::new(inner) }
    }

    /// Masks names that contain `name`, too. Several words (`card_number`) match however they are joined.
    #[must_use]
    pub fn part(self, name: &str) -> Self {
        self.change(|inner| inner.names.part(name))
    }

    /// Masks names in which `name` is a whole word, too.
    #[must_use]
    pub fn word(self, name: &str) -> Self {
        self.change(|inner| inner.names.word(name))
    }

    /// Leaves alone what matches only inside `name`: after `allow("session_key")`, `session_key` and
    /// `last_session_key` are shown, `session_key_password` is not. Own rules come first.
    #[must_use]
    pub fn allow(self, name: &str) -> Self {
        self.change(|inner| inner.names.allow(name))
    }

    /// Replaces all lists: masks the names that contain one of `names`, anywhere. An empty list is
    /// [`Masking::off`], but for rules that were added.
    #[must_use]
    pub fn only<N: AsRef<str>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.change(|inner| {
            inner.names = Names::default();
            for name in names {
                inner.names.anywhere(name.as_ref());
            }
            inner.values &= !inner.names.is_empty();
        })
    }

    /// What stands in place of a masked value; [`MASK`] by default.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.change(|inner| inner.text = text.into())
    }

    /// Adds an own rule. Rules are asked in order, before the lists.
    #[must_use]
    pub fn rule(self, rule: impl MaskRule + 'static) -> Self {
        self.change(|inner| inner.rules.push(Arc::new(rule)))
    }

    /// Turns masking by the shape of values, and of masked values found in other text, on or off.
    #[must_use]
    pub fn values(self, on: bool) -> Self {
        self.change(|inner| inner.values = on)
    }

    /// How the value called `name` is masked; `None` when it is not.
    #[must_use]
    pub fn name(&self, name: &str) -> Option<Masked> {
        for rule in &self.inner.rules {
            match rule::ask(&**rule, name) {
                Ok(Some(text)) => return Some(Masked { text: text.into(), rule: "own rule".into() }),
                Ok(None) => {}
                Err(()) => return Some(self.because("own rule that panicked")),
            }
        }
        let rule = self.inner.names.find(name, Scope::Name)?.clone();
        Some(Masked { text: self.inner.text.clone(), rule })
    }

    /// How the content of a tuple struct or variant called `name` is masked. Words such as `key` do not
    /// count here: they would hide what `MissingKey("id")` tells.
    pub(crate) fn type_name(&self, name: &str) -> Option<Masked> {
        let rule = self.inner.names.find(name, Scope::Type)?.clone();
        Some(Masked { text: self.inner.text.clone(), rule })
    }

    /// The mask's text, with a reason that is not a name.
    pub(crate) fn because(&self, rule: &str) -> Masked {
        Masked { text: self.inner.text.clone(), rule: rule.into() }
    }

    /// Masks what looks like a secret in `text`; whether anything was. Text beyond 64 KiB is cut off.
    pub fn values_in(&self, text: &mut String) -> bool {
        if !self.inner.values {
            return false;
        }
        values::mask(self, text)
    }

    /// Whether values are masked by their shape, and taint is removed.
    pub(crate) fn masks_values(&self) -> bool {
        self.inner.values
    }

    /// Whether a name can be masked at all.
    pub(crate) fn masks_names(&self) -> bool {
        !self.inner.rules.is_empty() || !self.inner.names.is_empty()
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }
}

impl Default for Masking {
    fn default() -> Self {
        static STANDARD: LazyLock<Masking> = LazyLock::new(|| {
            let inner =
                Inner { names: Names::standard(), rules: Vec::new(), text: MASK.into(), values: true };
            Masking { inner: Arc::new(inner) }
        });
        STANDARD.clone()
    }
}

impl fmt::Debug for Masking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { rules, text, values, .. } = &*self.inner;
        f.debug_struct("Masking")
            .field("rules", &rules.len())
            .field("text", text)
            .field("values", values)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
