//! Which events belong together: grouping `g1`.
//!
//! Hashed are the kind, the type without generics, the variant, the place (module, function, the failing
//! expression and its ordinal, never a line or an absolute path), and the message without its values where
//! neither type nor place tell enough. Not hashed are release, environment, host, thread and request.

mod message;
mod names;

use sha2::{Digest, Sha256};

use crate::event::{Component, Event, Grouping, Kind};

const VERSION: &str = "g1";

/// The issue that `event` belongs to, and why.
pub(crate) fn group(event: &Event) -> Grouping {
    let mut parts = Parts(Vec::with_capacity(7));
    if event.fingerprint.is_empty() {
        parts.by_facts(event);
    } else {
        for own in &event.fingerprint {
            parts.push("fingerprint", own.clone());
        }
    }
    Grouping { hash: parts.hash(), version: VERSION.to_owned(), components: parts.0 }
}

/// Whether the type is part of what groups.
fn is_named(kind: Kind) -> bool {
    matches!(kind, Kind::Error | Kind::None)
}

/// Whether neither the type nor the place, which may be one expression, tells enough without the message.
pub(crate) fn needs_text(kind: Kind, type_name: &str, at_site: bool) -> bool {
    !at_site || !is_named(kind) || names::is_opaque(type_name)
}

/// What of a message groups.
pub(crate) fn grouping_text(message: &str) -> String {
    message::normalise(message)
}

struct Parts(Vec<Component>);

impl Parts {
    fn push(&mut self, label: &str, value: impl Into<String>) {
        self.0.push(Component { label: label.to_owned(), value: value.into() });
    }

    fn by_facts(&mut self, event: &Event) {
        let kind = match event.kind {
            Kind::Error => "error",
            Kind::Panic => "panic",
            Kind::Message => "message",
            Kind::None => "none",
        };
        self.push("kind", kind);
        if is_named(event.kind) {
            self.push("type", names::plain_type(&event.type_name));
            if let Some(variant) = &event.variant {
                self.push("variant", variant.clone());
            }
        }
        let at_site = self.place(event);
        if let Some(template) = &event.template {
            self.push("template", template.clone());
        } else if needs_text(event.kind, &event.type_name, at_site) {
            self.push("message", message::normalise(&event.message));
        }
    }

    /// Says whether the place is one expression.
    ///
    /// A panic's or a capturing call's own location comes before the backtrace, because backtraces are taken
    /// only so often: the same event would group differently with and without. A location inside the standard
    /// library tells nothing of the program.
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
        let location = event.location.as_ref().filter(|location| !location.file.starts_with("/rustc/"));
        let called = || event.backtrace.iter().find(|call| call.in_app && !call.function.is_empty());
        if let Some(location) = location {
            self.push("file", names::relative_file(&location.file));
        } else if let Some(call) = called() {
            self.push("function", names::plain_type(&call.function));
        } else if let Some(location) = &event.location {
            self.push("file", names::relative_file(&location.file));
        }
        false
    }

    /// Each component as label and value, both led by their length, so that no two lists read alike.
    fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(VERSION);
        for Component { label, value } in &self.0 {
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
