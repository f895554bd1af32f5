//! Finds YAML lists and maps in the lines after a name.

use std::ops::Range;

use super::super::appearance::{SecretSuspicion, looks_secret};
use super::{extent, lines, prose};

/// A list or a map in the lines after a name.
pub(super) struct YamlBlock {
    pub(super) range: Range<usize>,
    pub(super) is_list: bool,
}

/// Returns the lines after the name at `name`, whose separator ends at `at`, that are indented
/// further or are items of a list; `None` if they do not begin like a list or a map, or contain
/// nothing that may be a value.
pub(super) fn block(text: &str, name: usize, at: usize) -> Option<YamlBlock> {
    let rest = text[at..].trim_start_matches([' ', '\t']);
    let mark = lines::end_of_line(rest)?;
    let before = text[..name].trim_end_matches([' ', '-']);
    let is_first =
        before.is_empty() || before.ends_with(mark) || before.ends_with(['"', '\'', '`']);
    let column = name - before.len();
    let from = text.len() - rest.len() + mark.len();
    let lines = &text[from..];
    let belongs = |line: &&str| {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        content.trim_end().is_empty()
            || content.starts_with(mark)
            || indent > column
            || indent == column && content.starts_with("- ")
    };
    let length: usize = lines.split_inclusive(mark).take_while(belongs).map(str::len).sum();
    let lines = &lines[..length];
    // The surrounding quote has one backslash fewer than the ends of lines.
    let slashes = mark.bytes().take_while(|byte| *byte == b'\\').count();
    let length = slashes
        .checked_sub(1)
        .map_or(length, |less| extent::string_length(lines.as_bytes(), b'"', less));
    let content = lines[..length].trim_end_matches(mark).trim_end();
    let first = content.split(mark).next()?.trim_start();
    let is_list = first.starts_with("- ");
    if !is_first || !is_list && value_of_pair(first).is_none() {
        return None;
    }
    let holds_value = content.split(mark).any(|line| may_be_value(item(line)));
    let start = from + content.len() - content.trim_start().len();
    holds_value.then_some(YamlBlock { range: start..from + content.len(), is_list })
}

/// Returns whether the name at `begin` belongs to the manifest of a Kubernetes secret.
pub(super) fn is_in_secret(text: &str, begin: usize) -> bool {
    const NEAR: usize = 1024;
    let from = text.ceil_char_boundary(begin.saturating_sub(NEAR));
    let to = text.floor_char_boundary(begin + NEAR);
    let before = text[from..begin].rsplit("\n---").next().unwrap_or_default();
    let after = text[begin..to].split("\n---").next().unwrap_or_default();
    let is_kind = |text: &str| {
        text.match_indices("kind").any(|(at, kind)| {
            let value = text[at + kind.len()..].trim_start_matches(['"', '\\', ':', ' ', '=']);
            value
                .strip_prefix("Secret")
                .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        })
    };
    is_kind(before) || is_kind(after)
}

/// Returns the values in the lines of a block.
pub(super) fn items(block: &str) -> impl Iterator<Item = &str> {
    block.lines().flat_map(|line| line.split("\\n")).map(item).filter(|item| !item.is_empty())
}

/// Returns the value in a line of a list or map, without its quotes.
fn item(line: &str) -> &str {
    let line = line.trim().trim_start_matches("- ").trim_end_matches('\\');
    let value = value_of_pair(line).unwrap_or(line);
    value.trim().trim_matches(['"', '\'', '\\'])
}

/// Returns the value in `name: value`; empty if `name:` is alone in its line.
fn value_of_pair(line: &str) -> Option<&str> {
    let length = line.bytes().take_while(|byte| lines::is_name_byte(*byte)).count();
    let value = line[length..].strip_prefix(':').filter(|_| length > 0)?;
    (value.is_empty() || value.starts_with(' ')).then_some(value)
}

/// Returns whether `item` may be a value: it is neither empty, nor a placeholder, nor a sentence.
fn may_be_value(item: &str) -> bool {
    let is_sentence = || item.split_whitespace().any(prose::is_word);
    !prose::is_placeholder(item) && (!is_sentence() || looks_secret(item, SecretSuspicion::Strong))
}
