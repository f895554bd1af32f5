//! Groups events into issues: grouping `g1`.
//!
//! The hash covers the kind, the type without generics, the variant, the place (module, function,
//! the failing expression and its ordinal, never a line or an absolute path), and the message
//! without its values if neither type nor place identify the failure. The place of an error that is
//! known by its response alone is the route. The hash does not cover release, environment, host,
//! thread and the rest of the request.

mod message;
mod names;

use hmac_sha256::Hash;

use crate::event::{Event, FingerprintComponent, Grouping, Kind};

const VERSION: &str = "g1";

/// Returns the hash of the issue that `event` belongs to, and the components that were hashed.
pub(crate) fn group(event: &Event) -> Grouping {
    let mut parts = FingerprintParts(Vec::with_capacity(7));
    if event.fingerprint.is_empty() {
        parts.push_event_facts(event);
    } else {
        for own in &event.fingerprint {
            parts.push("fingerprint", own.clone());
        }
    }
    Grouping { hash: parts.hash(), version: VERSION.to_owned(), components: parts.0 }
}

/// Returns whether the type is a component of the fingerprint.
fn has_type_component(kind: Kind) -> bool {
    matches!(kind, Kind::Error | Kind::None)
}

/// Returns whether the message is a component of the fingerprint, because type, variant and place
/// do not identify the failure. `has_expression` says that the place is one expression.
pub(crate) fn needs_text(
    kind: Kind,
    type_name: &str,
    is_io: bool,
    by_text: bool,
    has_expression: bool,
) -> bool {
    // The text of an `io::Error` comes from the system, or is one of many for its kind.
    !has_type_component(kind)
        || by_text
        || !is_io && (!has_expression || names::is_opaque(type_name))
}

/// Returns whether `template` has words besides its placeholders.
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

/// Returns a path without the ids and numbers in it.
fn normalised_path(path: &str) -> String {
    let segments: Vec<String> = path.split('/').map(message::normalise).collect();
    segments.join("/")
}

struct FingerprintParts(Vec<FingerprintComponent>);

impl FingerprintParts {
    fn push(&mut self, label: &str, value: impl Into<String>) {
        self.0.push(FingerprintComponent { label: label.to_owned(), value: value.into() });
    }

    fn push_event_facts(&mut self, event: &Event) {
        self.push("kind", event.kind.as_str());
        if has_type_component(event.kind) {
            self.push("type", names::plain_type(&event.type_name));
            if let Some(variant) = &event.variant {
                self.push("variant", variant.clone());
            }
            if let Some(kind) = event.io_kind.as_ref().filter(|_| event.io_kind != event.variant) {
                self.push("io kind", kind.clone());
            }
        }
        let has_expression = self.push_place(event);
        let is_io = event.io_kind.is_some() && event.io_kind == event.variant;
        if let Some(template) = event.template.as_ref().filter(|template| is_wording(template)) {
            self.push("template", template.clone());
        } else if needs_text(event.kind, &event.type_name, is_io, event.by_text, has_expression) {
            self.push("message", message::normalise(&event.message));
        }
    }

    /// Adds the place, and returns whether it is one expression, or the route of a request.
    ///
    /// The backtrace is not a component: whether one was taken, and whether its names were found,
    /// does not depend on the failure.
    fn push_place(&mut self, event: &Event) -> bool {
        if let Some(frame) = event.frames.first() {
            self.push("function", format!("{}::{}", frame.module, frame.function));
            if !frame.expression.is_empty() {
                self.push("expression", names::without_formatting(&frame.expression));
                if frame.ordinal > 0 {
                    self.push("ordinal", frame.ordinal.to_string());
                }
            }
            return !frame.expression.is_empty();
        }
        if let Some(location) = &event.location {
            self.push("file", names::relative_file(&location.file));
        } else if let Some(request) = &event.context.request {
            let place = match &*request.route {
                "" => normalised_path(&request.path),
                route => route.to_owned(),
            };
            self.push("route", format!("{} {place}", request.method));
            return true;
        }
        false
    }

    /// Hashes label and value of each component, each preceded by its length, so that different
    /// lists have different input.
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
