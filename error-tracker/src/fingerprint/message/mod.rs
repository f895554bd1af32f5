//! Replaces the values in messages that differ from one occurrence to the next.

mod dates;
mod ids;
mod quotes;
#[cfg(test)]
mod tests;

/// Characters of a message that are a component of the fingerprint.
const MAX_CHARS: usize = 200;
/// Bytes of a message that are examined: more, because a quoted value may be long.
const MAX_SCANNED_BYTES: usize = 4096;

/// Returns the first 200 characters of the first line of `message`, with numbers, ids, hexadecimal,
/// dates, durations, sizes and addresses as `#`, quoted values as `"*"`, and `<path>`, `<url>`,
/// `<email>`. Names in backticks are not replaced: they are the program's own words (``called
/// `Option::unwrap()` on a `None` value``).
pub(super) fn normalise(message: &str) -> String {
    let line = message.trim_start().lines().next().unwrap_or_default();
    let end = (0..=line.len().min(MAX_SCANNED_BYTES))
        .rev()
        .find(|at| line.is_char_boundary(*at))
        .unwrap_or(0);
    let line = &line[..end];
    let mut out = NormalisedText(String::with_capacity(line.len().min(2 * MAX_CHARS)));
    let mut rest = line;
    let mut previous = ' ';
    while let Some(c) = rest.chars().next().filter(|_| !out.is_full()) {
        if let Some(after) = quotes::after_quoted(rest, previous) {
            out.push_quoted();
            (rest, previous) = (after, '"');
        } else if let Some(after) = after_date_or_ipv6(rest).filter(|_| !previous.is_alphanumeric())
        {
            out.push_number();
            (rest, previous) = (after, '#');
        } else if is_delimiter(c) {
            out.push(c);
            (rest, previous) = (&rest[c.len_utf8()..], c);
        } else {
            let (chunk, after) = chunk(rest);
            out.push_chunk(chunk);
            (rest, previous) = (after, chunk.chars().next_back().unwrap_or(' '));
        }
    }
    out.finish()
}

/// Returns the text after a date with words, or after an IPv6 address in brackets.
fn after_date_or_ipv6(text: &str) -> Option<&str> {
    if let Some((address, after)) = text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        return ids::is_ipv6(address).then_some(after);
    }
    dates::after_date(text)
}

fn is_delimiter(c: char) -> bool {
    c.is_whitespace() || "()[]{}<>,;=\"'`|«»‹›“”„‘‚「」『』…".contains(c)
}

/// Splits `text` at the next delimiter. A URL and the padding of Base64 may contain delimiters.
fn chunk(text: &str) -> (&str, &str) {
    let mut end = text.find(is_delimiter).unwrap_or(text.len());
    if text[..end].contains("://") {
        let ends_url = |c: char| c.is_whitespace() || "\"'<>)`»”’".contains(c);
        end = text.find(ends_url).unwrap_or(text.len());
    }
    let after = text[end..].trim_start_matches('=');
    let padded = &text[..text.len() - after.len()];
    if padded.len() > end && !after.starts_with(char::is_alphanumeric) && ids::is_base64(padded) {
        end = padded.len();
    }
    text.split_at(end)
}

/// Marks a number with its unit until the text is complete.
const NUMBER_WITH_UNIT: char = '\u{1}';

struct NormalisedText(String);

impl NormalisedText {
    /// Returns whether the text has enough bytes for any [`MAX_CHARS`] characters.
    fn is_full(&self) -> bool {
        self.0.len() > 4 * MAX_CHARS
    }

    fn finish(self) -> String {
        let mut text = self.0.replace(NUMBER_WITH_UNIT, "#");
        text.truncate(text.trim_end().len());
        let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(at, _)| at);
        text.truncate(end);
        text
    }

    fn push(&mut self, c: char) {
        let c = if c.is_whitespace() { ' ' } else { c };
        if !(c == ' ' && self.0.ends_with(' ')) {
            self.0.push(c);
        }
    }

    /// Adds a number, joined to the number before it, so that decimals, dates, times, addresses and
    /// lists of any length become one `#`. Removes its sign, except a hyphen in a name
    /// (`order-17`).
    fn push_number(&mut self) {
        let unsigned = self.0.trim_end_matches(['-', '+']);
        if unsigned.is_empty() || unsigned.ends_with(is_delimiter) {
            self.0.truncate(unsigned.len());
        }
        self.join("#", &["#", "\u{1}"], &[", ", ",", ".", ":", "-", "+", "/", ""]);
    }

    /// Adds the unit of the last number. Numbers with units are joined, as in `2 min 30 s`.
    fn push_unit(&mut self) {
        if self.0.ends_with('#') {
            self.0.pop();
            self.join("\u{1}", &["\u{1}"], &[" ", ", ", ",", ""]);
        }
    }

    fn push_quoted(&mut self) {
        self.join("\"*\"", &["\"*\""], &[", ", ","]);
    }

    /// Appends `mark`, unless the text ends with one of `marks` and one of `joints`.
    fn join(&mut self, mark: &str, marks: &[&str], joints: &[&str]) {
        let one_before = |joint: &&str| {
            let before = self.0.strip_suffix(*joint)?;
            marks.iter().any(|mark| before.ends_with(mark)).then_some(before.len())
        };
        match joints.iter().find_map(one_before) {
            Some(end) => self.0.truncate(end),
            None => self.0.push_str(mark),
        }
    }

    fn push_chunk(&mut self, chunk: &str) {
        let ends: &[char] = if chunk.contains("://") { &['.', ':'] } else { &['.', ':', '!', '?'] };
        let body = chunk.trim_end_matches(ends);
        let tail = &chunk[body.len()..];
        let follows_number = self.0.ends_with("# ");
        match ids::placeholder_for(body) {
            Some("#") => self.push_number(),
            Some(name) => self.0.push_str(name),
            None if follows_number && dates::is_unit(body) => {
                self.0.pop();
                self.push_unit();
            }
            None => {
                match dates::singular(body).filter(|_| follows_number || self.0.ends_with("\u{1} "))
                {
                    Some(singular) => self.0.push_str(&singular),
                    None => self.push_words(body),
                }
            }
        }
        self.0.push_str(tail);
    }

    fn push_words(&mut self, body: &str) {
        let mut text = body;
        if let Some((before, after)) = ids::split_version(text) {
            self.0.push_str(before);
            self.push_number();
            text = after;
        }
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        while let Some(c) = text.chars().next() {
            if !is_name(c) {
                self.0.push(c);
                text = &text[c.len_utf8()..];
                continue;
            }
            let (name, after) = text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
            if ids::is_labelled_id(&self.0, name) {
                self.push_number();
                text = after;
                continue;
            }
            for part in ids::parts(name) {
                self.0.push_str(part.separators);
                if part.is_id { self.push_number() } else { self.push_name(part.text) }
            }
            text = after;
        }
        // `1h30m`, but not the hexadecimal digits of an id.
        let mut words = body.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
        if body.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit())
            && body.ends_with(char::is_alphabetic)
            && words.all(dates::is_unit)
        {
            self.push_unit();
        }
    }

    /// Adds a name without its digits (`user42`), unless they belong to a term (`sha256`).
    fn push_name(&mut self, word: &str) {
        if ids::is_term(word) {
            self.0.push_str(word);
            return;
        }
        let mut digits = false;
        for c in word.chars() {
            if c.is_numeric() {
                if !digits {
                    self.0.push('#');
                }
                digits = true;
            } else {
                digits = false;
                self.0.push(c);
            }
        }
    }
}
