//! One listed name, and how the words around it change its meaning.

use std::borrow::Cow;
use std::sync::Arc;

use super::folded_name::{FoldedName, NONE, fold};
use super::words::{self, WeakWord};

/// What a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameScope {
    /// A variable, field or key.
    Name,
    /// Two words of a sentence, such as `API key` or `this token`.
    Words,
    /// A type or variant.
    Type,
}

/// How likely a name is that of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameStrength {
    /// It rarely names a secret.
    Weakest,
    /// It may name a secret: the value decides.
    Weak,
    /// It may name a secret or a numeric code: `pin`, `otp`.
    WeakCode,
    /// Every value is secret.
    Strong,
}

/// Where in a name an entry is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EntryKind {
    /// Matches inside it are ignored.
    Allow,
    /// Found anywhere, also within a word.
    Anywhere,
    /// Found within one word, or from the start of a word if it has several.
    Part,
    /// Found as a whole word.
    Word,
}

/// A listed name.
#[derive(Clone, Debug)]
pub(super) struct NameEntry {
    /// Folded: lower case, without separators.
    pub(super) text: Cow<'static, [u8]>,
    pub(super) kind: EntryKind,
    /// The name has several words.
    pub(super) several: bool,
    /// Belongs to the standard lists: the words around it may make the value harmless.
    pub(super) standard: bool,
    pub(super) weak: Option<&'static WeakWord>,
    /// The name as it was given, for the description of the rule.
    name: Cow<'static, str>,
}

impl NameEntry {
    /// Returns `None` for a name without letters and digits, which would match everything.
    pub(super) fn new(name: impl Into<Cow<'static, str>>, kind: EntryKind) -> Option<Self> {
        let name = name.into();
        let (text, several) = match name {
            // Nearly all standard names: folding them would delay the start of the program.
            Cow::Borrowed(name) if name.bytes().all(|byte| byte.is_ascii_lowercase()) => {
                (Cow::Borrowed(name.as_bytes()), false)
            }
            _ => {
                let (mut text, mut starts) = (vec![0; name.len() * 3], vec![NONE; name.len() * 3]);
                let length = fold(&name, &mut text, &mut starts);
                text.truncate(length);
                (text.into(), starts.iter().skip(1).any(|kind| *kind != NONE))
            }
        };
        let entry = Self { text, kind, several, standard: false, weak: None, name };
        (!entry.text.is_empty()).then_some(entry)
    }

    /// Returns a description of the rule.
    pub(super) fn rule(&self) -> Arc<str> {
        match self.kind {
            // `apitoken` is written as one word.
            _ if self.standard && self.text.ends_with(b"token") => "name contains `token`".into(),
            EntryKind::Word => format!("the word `{}` in the name", self.name).into(),
            _ => format!("name contains `{}`", self.name).into(),
        }
    }

    /// Returns how likely `name` is that of a secret, given that this entry was found from `at` to
    /// `end`, considering the other words.
    pub(super) fn strength(
        &self,
        name: FoldedName<'_>,
        at: usize,
        end: usize,
        scope: NameScope,
    ) -> Option<NameStrength> {
        if !self.standard {
            return Some(NameStrength::Strong);
        }
        let first = name.words_from(0).next().unwrap_or_default();
        // `your code is otp=..`
        if scope != NameScope::Words && at >= first.len() && is_in(words::QUESTION_PREFIXES, first)
        {
            return None;
        }
        let rest = name.rest_of_word(end);
        let mut after = name.words_from(end + rest.len());
        let Some(weak) = self.weak else {
            let next = after.next().unwrap_or_default();
            let last = after.last().unwrap_or(next);
            if [rest, next, last].iter().any(|word| is_in(words::PROPERTY_WORDS, word)) {
                return None;
            }
            let is_vague = scope == NameScope::Type
                && (is_in(words::FAILURE_PREFIXES, name.word_before(at))
                    || name
                        .words_from(end)
                        .any(|word| word != b"s" && !is_in(words::TYPE_SUFFIXES, word)));
            return Some(if is_vague { NameStrength::Weak } else { NameStrength::Strong });
        };
        let is_neutral = |word| {
            is_in(words::NEUTRAL_SUFFIXES, word)
                || scope == NameScope::Type && is_in(words::TYPE_SUFFIXES, word)
        };
        let before = name.word_before(at);
        if !after.all(is_neutral) {
            None
        } else if weak.any_qualifier
            && scope == NameScope::Words
            && is_in(words::FAILURE_PREFIXES, before)
        {
            // `unexpected token 'end'`, `invalid token 8d1f7c2a9e`
            Some(NameStrength::Weakest)
        } else if is_in(weak.harmless_qualifiers, before) {
            None
        } else if is_in(weak.secret_qualifiers, before)
            || weak.any_qualifier
                && scope == NameScope::Name
                && !before.is_empty()
                && rest.is_empty()
        {
            Some(NameStrength::Strong)
        } else if matches!(weak.word, "pin" | "otp" | "totp") {
            Some(NameStrength::WeakCode)
        } else {
            Some(NameStrength::Weak)
        }
    }
}

fn is_in(list: &str, word: &[u8]) -> bool {
    !word.is_empty() && list.split(' ').any(|listed| listed.as_bytes() == word)
}
