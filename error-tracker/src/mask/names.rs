//! Which names are masked: one pass over the folded name, without allocation.

use std::borrow::Cow;
use std::sync::Arc;

use super::words::{self, WeakWord};

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameScope {
    /// A variable, field, key: any value.
    Name,
    /// Two words of a sentence, such as `API key` or `this token`.
    Words,
    /// A type or variant.
    Type,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum EntryKind {
    Allow,
    Anywhere,
    Part,
    Word,
}

/// How much a name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameStrength {
    /// It seldom names a secret.
    Weakest,
    /// It may name a secret: the value decides.
    Weak,
    /// The same, and a number of some digits is one: `pin`, `otp`.
    WeakCode,
    /// Any value is secret.
    Strong,
}

#[derive(Clone, Debug)]
struct NameEntry {
    /// Folded: lower case, without separators.
    text: Cow<'static, [u8]>,
    kind: EntryKind,
    /// It was given as several words.
    several: bool,
    /// Of the standard lists: the words around it may take the secrecy away.
    standard: bool,
    weak: Option<&'static WeakWord>,
    /// What the rule calls it.
    name: Cow<'static, str>,
}

/// The names that are masked and those that never are.
#[derive(Clone, Debug, Default)]
pub(super) struct NameLists {
    /// Sorted by first byte, longer ones first.
    entries: Vec<NameEntry>,
    /// For each first byte the entries that start with it.
    heads: Vec<(u16, u16)>,
    /// Which second bytes (the bit) follow which first ones, by their low five bits: most places of
    /// a name start nothing.
    seconds: [u32; 32],
    /// For the first two bytes of each entry, by their low five bits, the third ones: most names
    /// have no such three. Empty when an entry is shorter.
    thirds: Vec<u32>,
}

impl NameLists {
    pub(super) fn standard() -> Self {
        let mut names = Self::default();
        for (list, kind) in [
            (words::ANYWHERE, EntryKind::Anywhere),
            (words::PARTS, EntryKind::Part),
            (words::WORDS, EntryKind::Word),
            (words::ALLOWED, EntryKind::Allow),
        ] {
            names
                .entries
                .extend(list.split_whitespace().filter_map(|name| NameEntry::new(name, kind)));
        }
        for weak in words::WEAK_WORDS {
            names.entries.extend(
                NameEntry::new(weak.word, EntryKind::Word)
                    .map(|entry| NameEntry { weak: Some(weak), ..entry }),
            );
        }
        for entry in &mut names.entries {
            entry.standard = true;
        }
        names.index();
        names
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.iter().all(|entry| entry.kind == EntryKind::Allow)
    }

    pub(super) fn anywhere(&mut self, name: &str) {
        self.add(name, EntryKind::Anywhere);
    }

    pub(super) fn part(&mut self, name: &str) {
        self.add(name, EntryKind::Part);
    }

    pub(super) fn word(&mut self, name: &str) {
        self.add(name, EntryKind::Word);
    }

    pub(super) fn allow(&mut self, name: &str) {
        self.add(name, EntryKind::Allow);
    }

    fn add(&mut self, name: &str, kind: EntryKind) {
        self.entries.extend(NameEntry::new(name.to_owned(), kind));
        self.index();
    }

    fn index(&mut self) {
        self.entries.truncate(usize::from(u16::MAX));
        self.entries.sort_by(|a, b| {
            let head = |entry: &NameEntry| entry.text.first().copied();
            (head(a), b.text.len(), a.kind).cmp(&(head(b), a.text.len(), b.kind))
        });
        self.heads = vec![(0, 0); 256];
        self.seconds = [0; 32];
        self.thirds = vec![0; 1024];
        for (at, entry) in (0_u16..).zip(&self.entries) {
            let Some(head) =
                entry.text.first().and_then(|byte| self.heads.get_mut(usize::from(*byte)))
            else {
                continue;
            };
            if head.1 == 0 {
                head.0 = at;
            }
            head.1 = at + 1;
            let second = entry.text.get(1).map_or(u32::MAX, |byte| 1 << (byte & 31));
            self.seconds[usize::from(entry.text[0] & 31)] |= second;
            if let [first, second, third, ..] = *entry.text
                && !self.thirds.is_empty()
            {
                self.thirds[pair(first, second)] |= 1 << (third & 31);
            } else {
                self.thirds.clear();
            }
        }
    }

    /// Returns the rule that masks values called `name`, in words, and how much the name tells.
    pub(super) fn find(&self, name: &str, scope: NameScope) -> Option<(Arc<str>, NameStrength)> {
        if self.entries.is_empty() || !self.may_be_in(name) {
            return None;
        }
        const STACK: usize = 96;
        let room = if name.is_ascii() { name.len() } else { name.len() * 3 };
        if room <= STACK {
            let (mut text, mut starts) = ([0; STACK], [NONE; STACK]);
            let length = fold(name, &mut text, &mut starts);
            self.search(FoldedName { text: &text[..length], starts: &starts[..length] }, scope)
        } else {
            let (mut text, mut starts) = (vec![0; room], vec![NONE; room]);
            let length = fold(name, &mut text, &mut starts);
            self.search(FoldedName { text: &text[..length], starts: &starts[..length] }, scope)
        }
    }

    /// Returns whether an entry can be in `name`: letters and digits differ from their folded ones
    /// in higher bits only.
    fn may_be_in(&self, name: &str) -> bool {
        if self.thirds.is_empty() || !name.is_ascii() {
            return true;
        }
        let mut last = 0;
        name.bytes().filter(u8::is_ascii_alphanumeric).any(|byte| {
            let row = last;
            last = last >> 5 | usize::from(byte & 31) << 5;
            self.thirds[row] >> (byte & 31) & 1 != 0
        })
    }

    fn search(&self, name: FoldedName<'_>, scope: NameScope) -> Option<(Arc<str>, NameStrength)> {
        let FoldedName { text, starts } = name;
        let boundary = |at: usize| name.starts_word(at);
        let mut allowed_to = 0;
        let mut weak = None;
        for at in 0..text.len() {
            let second = text.get(at + 1).map_or(0, |byte| byte & 31);
            if self.seconds[usize::from(text[at] & 31)] & (1 << second) == 0 {
                continue;
            }
            let (from, to) = self.heads[usize::from(text[at])];
            for entry in &self.entries[usize::from(from)..usize::from(to)] {
                if !text[at..].starts_with(&entry.text) {
                    continue;
                }
                let end = at + entry.text.len();
                let inner = &starts[at + 1..end];
                let plural = text.get(end) == Some(&b's') && boundary(end + 1);
                let whole = boundary(at) && (boundary(end) || entry.weak.is_some() && plural);
                let hit = match entry.kind {
                    EntryKind::Allow => {
                        if boundary(at) && (boundary(end) || plural) {
                            allowed_to = allowed_to.max(end);
                        }
                        false
                    }
                    EntryKind::Anywhere => whole || !inner.contains(&SEPARATOR),
                    EntryKind::Part => {
                        whole
                            || (entry.several && boundary(at))
                            || inner.iter().all(|kind| *kind == NONE)
                    }
                    EntryKind::Word if scope == NameScope::Type && !entry.standard => false,
                    EntryKind::Word => {
                        whole && (entry.several || inner.iter().all(|kind| *kind == NONE))
                    }
                };
                if !hit || end <= allowed_to {
                    continue;
                }
                match entry.strength(name, at, end, scope) {
                    Some(NameStrength::Strong) => {
                        return Some((entry.rule(), NameStrength::Strong));
                    }
                    Some(found) => weak = weak.or(Some((entry, found))),
                    None => {}
                }
            }
        }
        weak.map(|(entry, found)| (entry.rule(), found))
    }
}

impl NameEntry {
    /// `None` for a name without letters and digits, which would match everything.
    fn new(name: impl Into<Cow<'static, str>>, kind: EntryKind) -> Option<Self> {
        let name = name.into();
        let (text, several) = match name {
            // Nearly all of the standard ones: programs that start shall not wait for them.
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

    /// Why a value is masked, in words.
    fn rule(&self) -> Arc<str> {
        match self.kind {
            // `apitoken` is one word for two.
            _ if self.standard && self.text.ends_with(b"token") => "name contains `token`".into(),
            EntryKind::Word => format!("the word `{}` in the name", self.name).into(),
            _ => format!("name contains `{}`", self.name).into(),
        }
    }
}

/// A name in lower case without separators, and where its words start.
#[derive(Clone, Copy)]
struct FoldedName<'a> {
    text: &'a [u8],
    starts: &'a [u8],
}

impl<'a> FoldedName<'a> {
    fn starts_word(self, at: usize) -> bool {
        self.starts.get(at).is_none_or(|kind| *kind != NONE)
    }

    /// Returns the rest of the word within which `at` is.
    fn rest_of_word(self, at: usize) -> &'a [u8] {
        let end = (at..=self.text.len()).find(|end| self.starts_word(*end)).unwrap_or(at);
        &self.text[at..end]
    }

    /// Returns the words from `from` on, without numbers; the first may be the rest of one.
    fn words_from(self, from: usize) -> impl Iterator<Item = &'a [u8]> {
        let mut at = from;
        let words = std::iter::from_fn(move || {
            let start = at;
            at = (start + 1..=self.text.len()).find(|at| self.starts_word(*at))?;
            Some(&self.text[start..at])
        });
        words.filter(|word| !word.iter().all(u8::is_ascii_digit))
    }

    /// Returns the word before the one that starts at `end`; numbers are none.
    fn word_before(self, end: usize) -> &'a [u8] {
        let start = (0..end).rev().find(|at| self.starts_word(*at)).unwrap_or(end);
        let word = &self.text[start..end];
        if !word.is_empty() && word.iter().all(u8::is_ascii_digit) {
            self.word_before(start)
        } else {
            word
        }
    }
}

/// Returns the first two bytes of three, as `NameLists::may_be_in` shifts them.
fn pair(first: u8, second: u8) -> usize {
    usize::from(first & 31) | usize::from(second & 31) << 5
}

fn is_in(list: &str, word: &[u8]) -> bool {
    !word.is_empty() && list.split(' ').any(|listed| listed.as_bytes() == word)
}

impl NameEntry {
    /// Returns how much the entry tells that stands in `name` from `at` to `end`, among the other
    /// words.
    fn strength(
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
        if scope != NameScope::Words && at >= first.len() && is_in(words::QUESTIONS, first) {
            return None;
        }
        let rest = name.rest_of_word(end);
        let mut after = name.words_from(end + rest.len());
        let Some(weak) = self.weak else {
            let next = after.next().unwrap_or_default();
            let last = after.last().unwrap_or(next);
            if [rest, next, last].iter().any(|word| is_in(words::MEASURES, word)) {
                return None;
            }
            let is_vague = scope == NameScope::Type
                && (is_in(words::FAILURES, name.word_before(at))
                    || name
                        .words_from(end)
                        .any(|word| word != b"s" && !is_in(words::WRAPPERS, word)));
            return Some(if is_vague { NameStrength::Weak } else { NameStrength::Strong });
        };
        let is_neutral = |word| {
            is_in(words::NEUTRAL, word) || scope == NameScope::Type && is_in(words::WRAPPERS, word)
        };
        let before = name.word_before(at);
        if !after.all(is_neutral) {
            None
        } else if weak.with_any && scope == NameScope::Words && is_in(words::FAILURES, before) {
            // `unexpected token 'end'`, `invalid token 8d1f7c2a9e`
            Some(NameStrength::Weakest)
        } else if is_in(weak.harmless, before) {
            None
        } else if is_in(weak.telling, before)
            || weak.with_any && scope == NameScope::Name && !before.is_empty() && rest.is_empty()
        {
            Some(NameStrength::Strong)
        } else if matches!(weak.word, "pin" | "otp" | "totp") {
            Some(NameStrength::WeakCode)
        } else {
            Some(NameStrength::Weak)
        }
    }
}

const NONE: u8 = 0;
/// A word starts here because the case changed or digits began.
const CASE: u8 = 1;
/// A word starts here because a separator was before it, or the name starts.
const SEPARATOR: u8 = 2;

/// Writes `name` in lower case without separators, and where words start. Returns the length.
/// Both must hold three bytes for each of `name`, one if it is ASCII.
fn fold(name: &str, text: &mut [u8], starts: &mut [u8]) -> usize {
    let mut length = 0;
    let mut before: Option<char> = None;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_alphanumeric() {
            before = None;
            continue;
        }
        let start = match before {
            None => SEPARATOR,
            Some(last) if char::is_uppercase(c) => {
                let acronym_ends = chars.peek().is_some_and(|next| next.is_lowercase());
                if last.is_uppercase() && !acronym_ends { NONE } else { CASE }
            }
            Some(last) if last.is_numeric() != c.is_numeric() => CASE,
            Some(_) => NONE,
        };
        before = Some(c);
        starts[length] = start;
        if c.is_ascii() {
            text[length] = c.to_ascii_lowercase() as u8;
            length += 1;
        } else {
            for lower in c.to_lowercase() {
                let size = lower.len_utf8();
                // Lower-casing one char gives at most three bytes for each of its own.
                if let Some(room) = text.get_mut(length..length + size) {
                    lower.encode_utf8(room);
                    length += size;
                }
            }
        }
    }
    length
}
