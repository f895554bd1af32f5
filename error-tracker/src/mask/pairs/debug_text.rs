//! Masks values in the `Debug` form of structs, tuples and lists.

use std::ops::Range;

use super::super::NameVerdict;
use super::extent::{self, ValueExtent};
use super::login::follows_user;
use super::name::name_before;
use super::{PairScanner, lines, prose};

/// Types that are a pair of a name and a value.
const PAIRS: [&str; 18] = [
    "Header",
    "Pair",
    "KeyValue",
    "Param",
    "Parameter",
    "Cookie",
    "Env",
    "Variable",
    "Entry",
    "Property",
    "Attribute",
    "Field",
    "Setting",
    "Argument",
    "Metadata",
    "Set",
    "Put",
    "Insert",
];

impl PairScanner<'_> {
    /// Returns the content of a struct or variant in `Debug` form: `Token("value")`, `ApiToken {
    /// inner: "value" }`, where `at` is the bracket.
    pub(super) fn struct_or_variant(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let (name, _) = name_before(&self.text[..at]);
        if !name.starts_with(char::is_uppercase) {
            return None;
        }
        let verdict = self.masking.type_verdict(name).or_else(|| self.variant_of_auth(name))?;
        let is_struct = self.text.as_bytes()[at] == b'{';
        let end = at + extent::bracketed_length(&self.text.as_bytes()[at..]);
        let content = &self.text[at + 1..end];
        let content = content.strip_suffix([')', '}']).unwrap_or(content);
        let value = content.trim();
        let start = at + 1 + (content.len() - content.trim_start().len());
        let applies = if is_struct {
            verdict.is_certain() && value.contains(": ")
        } else {
            !value.is_empty()
        };
        (applies && !prose::is_placeholder(value)).then_some((verdict, start..start + value.len()))
    }

    /// Returns the verdict of `Auth::Basic(..)`, `Token::Opaque(..)`, where `name` is the variant.
    fn variant_of_auth(&self, name: &str) -> Option<NameVerdict> {
        let begin = name.as_ptr() as usize - self.text.as_ptr() as usize;
        let (owner, _) = name_before(self.text[..begin].strip_suffix("::")?);
        let is_auth = (owner.starts_with("Auth") || self.masking.type_verdict(owner).is_some())
            && !owner.ends_with("Error")
            && !name.ends_with("Error");
        is_auth.then(|| self.masking.verdict("password"))?.map(NameVerdict::weakened_without_codes)
    }

    /// Returns the value in `("name", "value")` and `"--name", "value"`, where `at` is the comma.
    pub(super) fn listed(&self, at: usize) -> Option<(NameVerdict, Range<usize>)> {
        let (name, _) = name_before(&self.text[..at]);
        let begin = name.as_ptr() as usize - self.text.as_ptr() as usize;
        let verdict = self.masking.verdict(name)?;
        let is_option = name.starts_with("--");
        let opened =
            lines::trim_end_blanks(self.text[..begin].trim_end_matches(['\\', '"', '\'']), true);
        let is_pair = match opened.as_bytes() {
            [.., before, b'('] => {
                let (constructor, _) = name_before(&opened[..opened.len() - 1]);
                !before.is_ascii_alphanumeric() && *before != b'_' || PAIRS.contains(&constructor)
            }
            [b'('] => true,
            [.., b'[', b'['] => true,
            [.., before, b'['] => {
                lines::trim_end_blanks(&opened[..opened.len() - 1], true).ends_with("],")
                    && *before != b'"'
            }
            _ => false,
        };
        if !is_option && !is_pair && !follows_user(self.text, begin) {
            return None;
        }
        let ValueExtent::Exact(value) = ValueExtent::at(self.text, at + 1, true, true)? else {
            return None;
        };
        let shown = &self.text[value.clone()];
        let is_value = !prose::is_placeholder(shown)
            && !prose::is_type(shown)
            && (!is_option || !shown.starts_with('-'));
        is_value.then_some((verdict, value))
    }
}
