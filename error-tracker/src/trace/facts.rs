//! What is kept of an error where it was met.

use std::cell::{Cell, OnceCell};
use std::error::Error;

use super::outcome::ErrorRef;
use super::variant;
use crate::event::Cause;
use crate::mask::Taint;
use crate::snapshot::policy::Policy;
use crate::snapshot::{debug, read};

/// Longest text of one error, in bytes.
const MESSAGE: usize = 8192;
const DEBUG: usize = 2048;
/// Most errors of a `source()` chain.
const CHAIN: usize = 32;

#[derive(Clone, Default)]
pub(crate) struct Facts {
    pub(crate) type_name: &'static str,
    pub(crate) message: String,
    /// The errors below it.
    pub(crate) sources: Vec<Cause>,
}

thread_local! {
    /// What the texts of errors are written into: most of them are known already, and not kept.
    static SPARE: Cell<String> = const { Cell::new(String::new()) };
}

/// An error as it is met. Its text is read at once, its sources when they are asked for.
pub(super) struct Met<'a, 'e> {
    pub(super) error: &'a ErrorRef<'e>,
    message: String,
    sources: OnceCell<Vec<Cause>>,
}

impl<'a, 'e> Met<'a, 'e> {
    /// Reads an error; its `Display` runs here.
    pub(super) fn new(error: &'a ErrorRef<'e>) -> Self {
        let mut spare = SPARE.try_with(Cell::take).unwrap_or_default();
        spare.clear();
        let message = match (error.display, error.debug) {
            (Some(display), _) => read::display_into(spare, display, MESSAGE),
            (None, Some(debug)) => read::display_into(spare, &format_args!("{debug:?}"), MESSAGE),
            (None, None) => spare,
        };
        Self { error, message, sources: OnceCell::new() }
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Whether type and text are those of an error that was met before.
    pub(super) fn looks_like(&self, before: &Facts) -> bool {
        before.type_name == self.error.type_name && before.message == self.message
    }

    /// The errors below it; their `Display` runs here.
    pub(super) fn sources(&self) -> &[Cause] {
        self.sources.get_or_init(|| {
            let first = (self.error.error)().and_then(Error::source);
            let all = std::iter::successors(first, |error| (*error).source()).take(CHAIN);
            let cause = |source| Cause {
                type_name: known_type(source).map(Into::into),
                message: read::display(&source, MESSAGE),
            };
            all.map(cause).collect()
        })
    }

    /// Whether it is an error that was met before, or one that carries it.
    pub(super) fn carries(&self, before: &Facts) -> bool {
        before.is_within(self.error.type_name, &self.message, self.sources())
    }

    pub(super) fn facts(&self) -> Facts {
        self.facts_in(String::new())
    }

    /// The same with the text in place of one that is not wanted any more.
    pub(super) fn facts_in(&self, mut message: String) -> Facts {
        message.clone_from(&self.message);
        Facts { type_name: self.error.type_name, message, sources: self.sources().to_vec() }
    }

    /// The `Debug` text.
    pub(super) fn debug(&self, policy: &Policy, taint: &mut Taint) -> Option<String> {
        let mut text = String::new();
        let limits = debug::Limits { bytes: DEBUG, ..policy.limits };
        debug::render(self.error.debug?, &limits, &policy.masking, taint, &mut text);
        Some(text)
    }

    /// The variant of an enum, in a text that is empty; it stays so where there is none.
    pub(super) fn variant(&self, text: String) -> String {
        match self.error.debug {
            Some(debug) if variant::may_have(self.error.type_name) => {
                let mut text = debug::start(debug, text);
                text.truncate(variant::length(&text, self.error.type_name));
                text
            }
            _ => text,
        }
    }
}

impl Drop for Met<'_, '_> {
    fn drop(&mut self) {
        let _ = SPARE.try_with(|spare| spare.set(std::mem::take(&mut self.message)));
    }
}

impl Facts {
    /// Whether `later` is this error, or one that carries it: the same type and text, or its text within the other's
    /// or within one of the other's sources.
    pub(crate) fn is_in(&self, later: &Self) -> bool {
        self.is_within(later.type_name, &later.message, &later.sources)
    }

    fn is_within(&self, type_name: &str, message: &str, sources: &[Cause]) -> bool {
        if self.message.is_empty() {
            return self.type_name == type_name && message.is_empty();
        }
        let has_it =
            |text: &str| text == self.message || (self.message.len() >= 8 && text.contains(&self.message));
        has_it(message)
            || sources.iter().any(|source| has_it(&source.message))
            || self.sources.iter().any(|source| source.message == message)
    }

    pub(crate) fn cause(&self) -> Cause {
        Cause { type_name: Some(self.type_name.into()), message: self.message.clone() }
    }
}

/// Errors behind `dyn Error` do not tell their type; the common ones of the standard library can be asked for.
fn known_type(error: &(dyn Error + 'static)) -> Option<&'static str> {
    macro_rules! first_of {
        ($($t:ty),+ $(,)?) => { $(if error.is::<$t>() { return Some(std::any::type_name::<$t>()); })+ };
    }
    first_of!(
        std::io::Error,
        std::num::ParseIntError,
        std::num::ParseFloatError,
        std::num::TryFromIntError,
        std::str::Utf8Error,
        std::str::ParseBoolError,
        std::string::FromUtf8Error,
        std::char::ParseCharError,
        std::fmt::Error,
        std::net::AddrParseError,
        std::env::VarError,
        std::array::TryFromSliceError,
        std::sync::mpsc::RecvError,
        std::time::SystemTimeError,
    );
    None
}
