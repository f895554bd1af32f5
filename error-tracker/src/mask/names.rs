//! Decides which names are masked, in one pass over the folded name and without allocation.

use std::sync::Arc;

use super::folded_name::{FoldedName, NONE, SEPARATOR, fold};
use super::name_entry::{EntryKind, NameEntry, NameScope, NameStrength};
use super::words;

/// The names that are masked, and those that never are.
#[derive(Clone, Debug, Default)]
pub(super) struct NameLists {
    /// Sorted by first byte, longer ones first.
    entries: Vec<NameEntry>,
    /// For each first byte, the range of the entries that start with it.
    heads: Vec<(u16, u16)>,
    /// For each first byte, a bit for each second byte of an entry, by their low five bits. No
    /// entry starts at most places of a name, and this finds out quickly.
    seconds: [u32; 32],
    /// The same for the first two bytes and the third. Most names contain no such three bytes.
    /// Empty if an entry is shorter.
    thirds: Vec<u32>,
}

/// The entry that was found in a name.
pub(super) struct FoundName {
    /// A description of the rule.
    pub(super) rule: Arc<str>,
    /// How likely the name is that of a secret.
    pub(super) strength: NameStrength,
    /// It belongs to the standard lists.
    pub(super) standard: bool,
}

impl FoundName {
    fn of(entry: &NameEntry, strength: NameStrength) -> Self {
        Self { rule: entry.rule(), strength, standard: entry.standard }
    }
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
            names.entries.extend(NameEntry::new(weak.word, EntryKind::Word).map(|mut entry| {
                entry.weak = Some(weak);
                entry
            }));
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
                self.thirds[thirds_index(first, second)] |= 1 << (third & 31);
            } else {
                self.thirds.clear();
            }
        }
    }

    /// Returns the entry that masks values called `name`.
    pub(super) fn find(&self, name: &str, scope: NameScope) -> Option<FoundName> {
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

    /// Returns whether `name` may contain an entry. A letter or digit differs from its folded form
    /// only in bits above the low five.
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

    /// Returns whether an entry may be at the start of `text`.
    fn may_begin(&self, text: &[u8]) -> bool {
        match *text {
            [first, second, third, ..] if !self.thirds.is_empty() => {
                self.thirds[thirds_index(first, second)] >> (third & 31) & 1 != 0
            }
            _ if !self.thirds.is_empty() => false,
            [first, second, ..] => self.seconds[usize::from(first & 31)] >> (second & 31) & 1 != 0,
            [first] => self.seconds[usize::from(first & 31)] & 1 != 0,
            [] => false,
        }
    }

    fn search(&self, name: FoldedName<'_>, scope: NameScope) -> Option<FoundName> {
        let FoldedName { text, starts } = name;
        let boundary = |at: usize| name.starts_word(at);
        let mut allowed_to = 0;
        let mut weak = None;
        for at in 0..text.len() {
            if !self.may_begin(&text[at..]) {
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
                        return Some(FoundName::of(entry, NameStrength::Strong));
                    }
                    Some(found) => weak = weak.or(Some((entry, found))),
                    None => {}
                }
            }
        }
        weak.map(|(entry, found)| FoundName::of(entry, found))
    }
}

/// Returns the index into `NameLists::thirds` for the first two bytes of an entry.
fn thirds_index(first: u8, second: u8) -> usize {
    usize::from(first & 31) | usize::from(second & 31) << 5
}
