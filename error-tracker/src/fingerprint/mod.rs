//! Which events belong together: grouping `g1`.
//!
//! Hashed are the kind, the type without generics, the variant, the place (module, function, the
//! failing expression and its ordinal, never a line or an absolute path), and the message without
//! its values where neither type nor place tell enough. Not hashed are release, environment, host,
//! thread and request.

mod message;
mod names;

use hmac_sha256::Hash;

use crate::event::{Event, FingerprintComponent, Grouping, Kind};

const VERSION: &str = "g1";

/// Returns the hash of the issue that `event` belongs to, and the components it is made of.
pub(crate) fn group(event: &Event) -> Grouping {
    let mut parts = FingerprintParts(Vec::with_capacity(7));
    if event.fingerprint.is_empty() {
        parts.by_facts(event);
    } else {
        for own in &event.fingerprint {
            parts.push("fingerprint", own.clone());
        }
    }
    Grouping { hash: parts.hash(), version: VERSION.to_owned(), components: parts.0 }
}

/// Returns whether the type is a component of the fingerprint.
fn is_named(kind: Kind) -> bool {
    matches!(kind, Kind::Error | Kind::None)
}

/// Returns whether the message is a component of the fingerprint: type, variant and place do not
/// identify the failure. `at_site`: the place is one expression.
pub(crate) fn needs_text(
    kind: Kind,
    type_name: &str,
    is_io: bool,
    by_text: bool,
    at_site: bool,
) -> bool {
    // The text of an `io::Error` is the system's, or one of many for its kind.
    !is_named(kind) || by_text || !is_io && (!at_site || names::is_opaque(type_name))
}

/// Returns whether a message's literal has words besides its placeholders.
pub(crate) fn is_wording(template: &str) -> bool {
    let mut inside = false;
    template.chars().any(|c| {
        inside = match c {
            '{' => true,
            '}' => false,
            _ => inside,
        };
        !inside && c.is_alphanumeric()
    })
}

/// Returns the part of a message that is a component of the fingerprint.
pub(crate) fn grouping_text(message: &str) -> String {
    message::normalise(message)
}

struct FingerprintParts(Vec<FingerprintComponent>);

impl FingerprintParts {
    fn push(&mut self, label: &str, value: impl Into<String>) {
        self.0.push(FingerprintComponent { label: label.to_owned(), value: value.into() });
    }

    fn by_facts(&mut self, event: &Event) {
        self.push("kind", event.kind.as_str());
        if is_named(event.kind) {
            self.push("type", names::plain_type(&event.type_name));
            if let Some(variant) = &event.variant {
                self.push("variant", variant.clone());
            }
            if let Some(kind) = event.io_kind.as_ref().filter(|_| event.io_kind != event.variant) {
                self.push("io kind", kind.clone());
            }
        }
        let at_site = self.place(event);
        let is_io = event.io_kind.is_some() && event.io_kind == event.variant;
        if let Some(template) = event.template.as_ref().filter(|template| is_wording(template)) {
            self.push("template", template.clone());
        } else if needs_text(event.kind, &event.type_name, is_io, event.by_text, at_site) {
            self.push("message", message::normalise(&event.message));
        }
    }

    /// Returns whether the place is one expression.
    ///
    /// The backtrace is no part of it: whether it was taken, and whether its names were found, does
    /// not depend on the failure.
    fn place(&mut self, event: &Event) -> bool {
        if let Some(frame) = event.frames.first() {
            self.push("function", format!("{}::{}", frame.module, frame.function));
            if !frame.expression.is_empty() {
                self.push("expression", names::dense(&frame.expression));
                if frame.ordinal > 0 {
                    self.push("ordinal", frame.ordinal.to_string());
                }
            }
            return !frame.expression.is_empty();
        }
        if let Some(location) = &event.location {
            self.push("file", names::relative_file(&location.file));
        }
        false
    }

    /// Each component as label and value, both led by their length, so that no two lists read
    /// alike.
    fn hash(&self) -> String {
        let mut hasher = Hash::new();
        hasher.update(VERSION);
        for FingerprintComponent { label, value } in &self.0 {
            for text in [label, value] {
                hasher.update((text.len() as u64).to_le_bytes());
                hasher.update(text);
            }
        }
        let digits = b"0123456789abcdef";
        let digest = hasher.finalize();
        digest
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| digits[digit as usize] as char)
            .collect()
    }
}

#[cfg(test)]
mod tests;
