//! What is kept of an error where it was met.

use std::error::Error;

use super::outcome::ErrorRef;
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
    /// Type and text say everything: neither the error nor its sources hide behind `dyn Error`.
    pub(crate) debug: Option<String>,
}

impl Facts {
    /// Reads an error; its `Display` runs here.
    pub(crate) fn of(error: &ErrorRef<'_>) -> Self {
        let message = match (error.display, error.debug) {
            (Some(display), _) => read::display(display, MESSAGE),
            (None, Some(debug)) => read::display(&format_args!("{debug:?}"), MESSAGE),
            (None, None) => String::new(),
        };
        let first = error.error.and_then(Error::source);
        let sources = std::iter::successors(first, |error| (*error).source()).take(CHAIN).map(|source| {
            Cause { type_name: known_type(source).map(Into::into), message: read::display(&source, MESSAGE) }
        });
        Self { type_name: error.type_name, message, sources: sources.collect(), debug: None }
    }

    /// Adds the `Debug` text.
    pub(crate) fn with_debug(mut self, error: &ErrorRef<'_>, policy: &Policy, taint: &mut Taint) -> Self {
        self.debug = error.debug.map(|value| {
            let mut text = String::new();
            let limits = debug::Limits { bytes: DEBUG, ..policy.limits };
            debug::render(value, &limits, &policy.masking, taint, &mut text);
            text
        });
        self
    }

    /// Whether `later` is this error, or one that carries it: the same type and text, or its text within the other's
    /// or within one of the other's sources.
    pub(crate) fn is_in(&self, later: &Self) -> bool {
        if self.message.is_empty() {
            return self.type_name == later.type_name && later.message.is_empty();
        }
        let has_it =
            |text: &str| text == self.message || (self.message.len() >= 8 && text.contains(&self.message));
        has_it(&later.message)
            || later.sources.iter().any(|source| has_it(&source.message))
            || self.sources.iter().any(|source| source.message == later.message)
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
