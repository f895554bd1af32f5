//! Masks values in XML elements, in the parts of forms, and in the sessions of PHP.

use std::ops::Range;

use super::super::NameVerdict;
use super::extent::ValueExtent;
use super::name::{LABELS, MAX_NAME, is_one_of, name_before};
use super::{MAX_GAP, PairScanner, lines, prose};

/// Elements whose content may be a name, and the next element its value: maps of XStream, cells of
/// HTML.
const CELLS: &[&str] = &["string", "td", "th", "dt", "dd"];
/// Bytes of a cell that are examined.
const MAX_CELL: usize = 1024;
/// Start and end of a tag, plain and escaped.
const TAGS: [(&str, &str); 3] = [("<", ">"), ("&lt;", "&gt;"), ("\\u003c", "\\u003e")];

impl PairScanner<'_> {
    /// Returns the value in a part of a form: `name="password"`, an empty line, the value.
    pub(super) fn multipart_value(
        &mut self,
        name: &str,
        value: &ValueExtent,
    ) -> Option<(NameVerdict, Range<usize>)> {
        let (verdict, end) = self.label.clone()?;
        let ValueExtent::Exact(_) = value else { return None };
        let after = self.text[end..].trim_start_matches('\\').strip_prefix('"');
        let after = after.filter(|_| name.eq_ignore_ascii_case("name"))?;
        let mark = lines::end_of_line(&after[after.find(['\r', '\n', '\\'])?..])?;
        let gap = mark.repeat(2);
        let at = after.find(&gap).filter(|at| *at < MAX_GAP)?;
        let body = &after[at + gap.len()..];
        let start = self.text.len() - body.len();
        let length = body.find(&format!("{mark}--")).unwrap_or(body.len());
        self.label = None;
        Some((verdict, start..start + length))
    }

    /// Returns the value in `s:4:"name";s:5:"value"`, where `at` is the semicolon after the name.
    pub(super) fn serialized(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let verdict = self.masking.verdict(name_before(&self.text[..at]).0)?;
        let rest =
            self.text[at..].strip_prefix(";s:")?.trim_start_matches(|c: char| c.is_ascii_digit());
        let start = self.text.len() - rest.strip_prefix(':')?.len();
        let ValueExtent::Exact(value) = ValueExtent::at(self.text, start, true, true)? else {
            return None;
        };
        (!prose::is_placeholder(&self.text[value.clone()])).then_some((verdict, value))
    }

    /// Returns the value in `<name>value</name>` or `<string name="name">value</string>`, where
    /// `at` is the first `>` or the end of its escape.
    pub(super) fn element(&mut self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let (less, greater) =
            TAGS.iter().find(|(_, greater)| self.text[..=at].ends_with(greater))?;
        let before = &self.text[..at + 1 - greater.len()];
        let near = before.ceil_char_boundary(before.len().saturating_sub(MAX_NAME));
        let open = near + before[near..].rfind(less)? + less.len();
        let tag = before.get(open..).filter(|tag| !tag.contains(greater))?;
        let name = tag.split([' ', '\n']).next().filter(|name| !name.starts_with('/'))?;
        let local = name.rsplit(':').next()?;
        // The label is in this tag, or is the content of the element before:
        // `<key>name</key><string>value</string>`.
        let is_heading = local.eq_ignore_ascii_case("th");
        let label = self
            .label
            .take()
            .filter(|(_, end)| !is_heading && (*end >= open || open - end < MAX_GAP));
        let is_cell = is_one_of(CELLS, local);
        let verdict = label.map(|(verdict, _)| verdict).or_else(|| self.masking.verdict(local));
        let is_label = is_one_of(LABELS, local) || is_cell && verdict.is_none();
        if verdict.is_none() && !is_label {
            return None;
        }
        let rest = &self.text[at + 1..];
        // Most cells are not masked, so that their ends would be searched for again and again.
        let near = if is_cell { rest.floor_char_boundary(MAX_CELL) } else { rest.len() };
        let end = rest[..near].find(&format!("{less}/{name}"))?;
        let value = rest[..end].trim();
        let start = at + 1 + (rest[..end].len() - rest[..end].trim_start().len());
        if is_label {
            self.label = self.masking.verdict(value).map(|verdict| (verdict, start + value.len()));
        }
        let is_other = value.is_empty()
            || prose::is_placeholder(value)
            || local != "string" && prose::is_type(value)
            || is_cell && value.split_whitespace().any(prose::is_word);
        verdict.filter(|_| !is_other).map(|verdict| (verdict, start..start + value.len()))
    }
}
