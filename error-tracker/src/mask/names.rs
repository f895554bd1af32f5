//! Which names are masked: one pass over the folded name, without allocation.

use std::sync::Arc;

/// The ancestor's two names: they match anywhere, word boundaries or not.
const ANYWHERE: &str = "password secret";

const PARTS: &str = "\
    passw passwd passphrase passcode pwd token credential authorization bearer jwt cookie csrf xsrf \
    private_key api_key access_key signing_key signature session_id sessid";

const WORDS: &str = "\
    auth key session sid sso saml otp pin cvv cvc ssn salt dsn db_pass user_pass smtp_pass mail_pass";

const ALLOWED: &str = "\
    author authority authorities keyboard keystroke keyframe keyword keynote monkey sidebar tokenizer \
    tokenize tokenized tokenization tokenise tokeniser tokenised secretary secretarial secretariat \
    secretion primary_key foreign_key partition_key sort_key range_key cache_key map_key row_key \
    object_key public_key unique_key composite_key candidate_key natural_key surrogate_key index_key \
    lookup_key group_key order_key routing_key i18n_key translation_key message_key arrow_key hot_key \
    dict_key json_key field_key config_key event_key parent_key child_key column_key key_code \
    key_down key_up key_press key_event key_value key_frame key_word key_board key_binding key_map \
    key_pressed key_range key_space max_token min_token prompt_token completion_token total_token \
    input_token output_token num_token n_token token_stream token_tree token_position token_pos \
    token_span token_text pin_mode session_start session_end";

/// A word that follows and says that the value is a property of the secret, not the secret.
const MEASURES: &str = "\
    count counts len length size sizes bits type types kind index idx limit limits timeout ttl expiry \
    expires expired max min total usage used valid enabled required algorithm name names path mode state \
    status method provider duration error errors failed failures";

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// A variable, field, key: any value.
    Name,
    /// A type or variant: only parts of names count.
    Type,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Allow,
    Anywhere,
    Part,
    Word,
}

#[derive(Clone, Debug)]
struct Entry {
    /// Folded: lower case, without separators.
    text: Box<[u8]>,
    kind: Kind,
    /// It was given as several words.
    several: bool,
    /// A word of `MEASURES` after it takes the secrecy away.
    measurable: bool,
    rule: Arc<str>,
}

/// The names that are masked and those that never are.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// Sorted by first byte, longer ones first.
    entries: Vec<Entry>,
    /// For each first byte the entries that start with it.
    heads: Vec<(u16, u16)>,
    /// Which second bytes (the bit) follow which first ones, by their low five bits: most places of a name
    /// start nothing.
    seconds: [u32; 32],
}

impl Names {
    pub(super) fn standard() -> Self {
        let mut names = Self::default();
        for (list, kind) in
            [(ANYWHERE, Kind::Anywhere), (PARTS, Kind::Part), (WORDS, Kind::Word), (ALLOWED, Kind::Allow)]
        {
            names.entries.extend(list.split_whitespace().filter_map(|name| Entry::new(name, kind)));
        }
        for entry in &mut names.entries {
            entry.measurable = entry.kind == Kind::Word || &*entry.text == b"token";
        }
        names.index();
        names
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.iter().all(|entry| entry.kind == Kind::Allow)
    }

    pub(super) fn anywhere(&mut self, name: &str) {
        self.add(name, Kind::Anywhere);
    }

    pub(super) fn part(&mut self, name: &str) {
        self.add(name, Kind::Part);
    }

    pub(super) fn word(&mut self, name: &str) {
        self.add(name, Kind::Word);
    }

    pub(super) fn allow(&mut self, name: &str) {
        self.add(name, Kind::Allow);
    }

    fn add(&mut self, name: &str, kind: Kind) {
        self.entries.extend(Entry::new(name, kind));
        self.index();
    }

    fn index(&mut self) {
        self.entries.truncate(usize::from(u16::MAX));
        self.entries.sort_by(|a, b| {
            let head = |entry: &Entry| entry.text.first().copied();
            (head(a), b.text.len(), a.kind).cmp(&(head(b), a.text.len(), b.kind))
        });
        self.heads = vec![(0, 0); 256];
        self.seconds = [0; 32];
        for (at, entry) in (0_u16..).zip(&self.entries) {
            let Some(head) = entry.text.first().and_then(|byte| self.heads.get_mut(usize::from(*byte)))
            else {
                continue;
            };
            if head.1 == 0 {
                head.0 = at;
            }
            head.1 = at + 1;
            let second = entry.text.get(1).map_or(u32::MAX, |byte| 1 << (byte & 31));
            self.seconds[usize::from(entry.text[0] & 31)] |= second;
        }
    }

    /// The rule that masks `name`, in words.
    pub(super) fn find(&self, name: &str, scope: Scope) -> Option<&Arc<str>> {
        if self.entries.is_empty() {
            return None;
        }
        const STACK: usize = 96;
        let room = if name.is_ascii() { name.len() } else { name.len() * 3 };
        if room <= STACK {
            let (mut text, mut starts) = ([0; STACK], [NONE; STACK]);
            let length = fold(name, &mut text, &mut starts);
            self.search(&text[..length], &starts[..length], scope)
        } else {
            let (mut text, mut starts) = (vec![0; room], vec![NONE; room]);
            let length = fold(name, &mut text, &mut starts);
            self.search(&text[..length], &starts[..length], scope)
        }
    }

    fn search(&self, text: &[u8], starts: &[u8], scope: Scope) -> Option<&Arc<str>> {
        let boundary = |at: usize| starts.get(at).is_none_or(|kind| *kind != NONE);
        let mut allowed_to = 0;
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
                let whole = boundary(at) && boundary(end);
                let inner = &starts[at + 1..end];
                let hit = match entry.kind {
                    Kind::Allow => {
                        let plural = text.get(end) == Some(&b's') && boundary(end + 1);
                        if boundary(at) && (boundary(end) || plural) {
                            allowed_to = allowed_to.max(end);
                        }
                        false
                    }
                    Kind::Anywhere => whole || !inner.contains(&SEPARATOR),
                    Kind::Part => {
                        whole || (entry.several && boundary(at)) || inner.iter().all(|kind| *kind == NONE)
                    }
                    Kind::Word if scope == Scope::Type => false,
                    Kind::Word => whole && (entry.several || inner.iter().all(|kind| *kind == NONE)),
                };
                if hit && end > allowed_to && !(entry.measurable && measured(text, starts, end)) {
                    return Some(&entry.rule);
                }
            }
        }
        None
    }
}

impl Entry {
    /// `None` for a name without letters and digits, which would match everything.
    fn new(name: &str, kind: Kind) -> Option<Self> {
        let (mut text, mut starts) = (vec![0; name.len() * 3], vec![NONE; name.len() * 3]);
        let length = fold(name, &mut text, &mut starts);
        text.truncate(length);
        let several = starts.iter().skip(1).any(|kind| *kind != NONE);
        let rule = match kind {
            Kind::Word => format!("the word `{name}` in the name"),
            _ => format!("name contains `{name}`"),
        };
        let entry = Self { text: text.into(), kind, several, measurable: false, rule: rule.into() };
        (length > 0).then_some(entry)
    }
}

/// Whether the word after the one that reaches to `end` is a measure.
fn measured(text: &[u8], starts: &[u8], end: usize) -> bool {
    let next = |from: usize| (from..text.len()).find(|at| starts[*at] != NONE).unwrap_or(text.len());
    let from = next(end);
    let word = &text[from..next((from + 1).min(text.len()))];
    MEASURES.split(' ').any(|measure| measure.as_bytes() == word)
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
