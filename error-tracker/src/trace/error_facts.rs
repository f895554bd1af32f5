//! What a failure keeps of an error.

use std::cell::{Cell, OnceCell};
use std::error::Error;

use super::distinction::ErrorDistinction;
use super::error_ref::ErrorRef;
use crate::error_report::is_report;
use crate::event::{Cause, short_type};
use crate::mask::EventTaint;
use crate::snapshot::debug::{DebugHead, DebugText};
use crate::snapshot::policy::SnapshotPolicy;
use crate::snapshot::{at_failure, debug};

/// Limit of the text of one error, in bytes.
const MAX_MESSAGE: usize = 8192;
/// Limit of the `Debug` text of one error, in bytes.
const MAX_DEBUG: usize = 2048;
/// Limit of the errors of a `source()` chain.
const MAX_SOURCES: usize = 32;

/// The traits that gave the text of an error. A generic function may know fewer of them than its
/// callers do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TextSource {
    /// None: only the type's name is known.
    Nothing,
    Debug,
    Display,
    /// `Display`, and `Debug` is known as well.
    #[default]
    Both,
}

/// Type, text and sources of an error.
#[derive(Clone, Default)]
pub(crate) struct ErrorFacts {
    pub(crate) type_name: &'static str,
    pub(crate) message: String,
    pub(super) text_from: TextSource,
    /// Address of an error behind a pointer; else 0.
    pub(super) address: usize,
    /// The errors below it, outermost first.
    pub(crate) sources: Vec<Cause>,
}

thread_local! {
    /// Buffer for the texts of observed errors, most of which are known and not stored.
    static SPARE: Cell<String> = const { Cell::new(String::new()) };
}

/// An error that is being observed. Its text is read at once, its sources when they are needed.
pub(super) struct ObservedError<'a, 'e> {
    pub(super) error: &'a ErrorRef<'e>,
    message: String,
    sources: OnceCell<Vec<Cause>>,
    /// The start of its `Debug` text, once that was read.
    head: OnceCell<DebugHead>,
}

impl<'a, 'e> ObservedError<'a, 'e> {
    /// Reads an error; its `Display` runs here.
    pub(super) fn new(error: &'a ErrorRef<'e>) -> Self {
        let mut spare = SPARE.try_with(Cell::take).unwrap_or_default();
        spare.clear();
        let message = match (error.display, error.debug) {
            (Some(display), _) => at_failure::display_into(spare, display, MAX_MESSAGE),
            (None, Some(debug)) => at_failure::debug_into(spare, debug, MAX_MESSAGE),
            (None, None) => spare,
        };
        Self { error, message, sources: OnceCell::new(), head: OnceCell::new() }
    }

    /// Returns whether it says less than any error made of it: it is `()`, or the payload of a
    /// panic.
    pub(super) fn has_no_information(&self) -> bool {
        self.error.type_name.contains("dyn core::any::Any")
            || self.facts().substance() == ErrorSubstance::Nothing
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Returns the traits that its text is from.
    pub(super) fn text_from(&self) -> TextSource {
        match (self.error.display, self.error.debug) {
            (Some(_), Some(_)) => TextSource::Both,
            (Some(_), None) => TextSource::Display,
            (None, Some(_)) => TextSource::Debug,
            (None, None) => TextSource::Nothing,
        }
    }

    /// Returns whether it has the type of an error that was observed before, and a text from other
    /// traits, which cannot be compared.
    pub(super) fn is_known_otherwise(&self, before: &ErrorFacts) -> bool {
        before.is_known_otherwise(self.error.type_name, self.text_from())
    }

    /// Returns whether it has the type and text of an error that was observed before.
    pub(super) fn looks_like(&self, before: &ErrorFacts) -> bool {
        before.type_name == self.error.type_name && before.message == self.message
    }

    /// Returns the errors below it. The first call runs their `Display`.
    pub(super) fn sources(&self) -> &[Cause] {
        self.sources.get_or_init(|| {
            let first = (self.error.error)().and_then(Error::source);
            let all = std::iter::successors(first, |error| (*error).source()).take(MAX_SOURCES);
            let cause = |source| Cause {
                type_name: known_type(source).map(Into::into),
                variant: source
                    .downcast_ref::<std::io::Error>()
                    .map(|error| format!("{:?}", error.kind())),
                message: at_failure::display(&source, MAX_MESSAGE),
            };
            all.map(cause).collect()
        })
    }

    /// Returns whether it is an error that was observed before, or carries it as a source or in its
    /// text.
    pub(super) fn carries(&self, before: &ErrorFacts) -> bool {
        self.is_known_otherwise(before)
            || before.is_within(self.error.type_name, &self.message, self.sources())
    }

    /// Returns what a failure keeps of it.
    pub(super) fn facts(&self) -> ErrorFacts {
        self.facts_in(String::new())
    }

    /// Returns what a failure keeps of it, with the text in the memory of `message`.
    pub(super) fn facts_in(&self, mut message: String) -> ErrorFacts {
        message.clone_from(&self.message);
        ErrorFacts {
            type_name: self.error.type_name,
            message,
            text_from: self.text_from(),
            address: self.address(),
            sources: self.sources().to_vec(),
        }
    }

    /// Returns the address of an error behind a pointer; else 0.
    fn address(&self) -> usize {
        let name = self.error.type_name;
        let is_pointer =
            name.contains("dyn ") || name.ends_with("anyhow::Error") || name.ends_with("::Report");
        let address = |error: &dyn Error| std::ptr::from_ref(error).cast::<()>().addr();
        if is_pointer { (self.error.error)().map_or(0, address) } else { 0 }
    }

    /// Returns the `Debug` text, masked; `None` for a report, whose `Debug` has a backtrace.
    pub(super) fn debug(&self, policy: &SnapshotPolicy, taint: &mut EventTaint) -> Option<String> {
        if is_report(self.error.type_name) {
            return None;
        }
        let mut text = String::new();
        let limits = debug::RenderLimits { bytes: MAX_DEBUG, ..policy.limits };
        let mut head = DebugHead::default();
        let error = self.error.debug?;
        debug::render_error(error, &limits, &policy.masking, taint, &mut text, &mut head);
        // Only the first reading counts: they do not differ.
        let _ = self.head.set(head);
        Some(text)
    }

    /// Returns what distinguishes it from other errors of its type, in the memory of `spare`.
    pub(super) fn distinction(&self, spare: ErrorDistinction) -> ErrorDistinction {
        let debug = match self.head.get() {
            Some(head) => Some(DebugText::Read(head)),
            // The `Debug` of the error inside has no backtrace.
            None if is_report(self.error.type_name) => {
                (self.error.error)().map(|error| DebugText::Unread(error))
            }
            None => self.error.debug.map(DebugText::Unread),
        };
        let mut distinction = match debug {
            Some(debug) => spare.read(debug, self.error.type_name, &self.message),
            None => spare.cleared(),
        };
        if distinction.io_kind.is_empty()
            && let Some(kind) = self.sources().iter().find_map(|source| source.variant.as_ref())
        {
            distinction.io_kind.clone_from(kind);
        }
        distinction
    }
}

impl Drop for ObservedError<'_, '_> {
    fn drop(&mut self) {
        let _ = SPARE.try_with(|spare| spare.set(std::mem::take(&mut self.message)));
    }
}

/// How much an error says, in increasing order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ErrorSubstance {
    /// Nothing: it is `()` or the like, or has neither text nor sources.
    Nothing,
    /// Only the name of its type, which has no `Display`.
    Name,
    Text,
}

impl ErrorFacts {
    /// Returns how much the error says.
    pub(super) fn substance(&self) -> ErrorSubstance {
        let has_no_name = self.type_name.chars().all(|c| matches!(c, '(' | ')' | ',' | ' ' | '&'));
        let (text, has_display) = (self.message.trim(), self.text_from >= TextSource::Display);
        if has_no_name || text.is_empty() && self.sources.is_empty() && has_display {
            ErrorSubstance::Nothing
        } else if !has_display && text == short_type(self.type_name, None) {
            ErrorSubstance::Name
        } else {
            ErrorSubstance::Text
        }
    }

    /// Returns whether `later` is this error or carries it: by the same type and text, or by this
    /// text within the text of `later` or of one of its sources.
    pub(crate) fn is_in(&self, later: &Self) -> bool {
        self.is_known_otherwise(later.type_name, later.text_from)
            || self.is_within(later.type_name, &later.message, &later.sources)
    }

    /// Returns whether an error of this type with a text from these traits is of the same type, but
    /// not comparable by text.
    fn is_known_otherwise(&self, type_name: &str, text_from: TextSource) -> bool {
        self.text_from != text_from
            && type_name.trim_start_matches('&') == self.type_name.trim_start_matches('&')
    }

    /// Returns the message; the type's name if no text is known.
    pub(crate) fn text(&self) -> String {
        match self.text_from {
            TextSource::Nothing => {
                format!("{} (its text is not known)", short_type(self.type_name, None))
            }
            _ => self.message.clone(),
        }
    }

    /// Returns whether an error with this type, message and sources contains this error's text. An
    /// error without text is compared by type; a text below 8 bytes must be a whole message, since
    /// it is within many others.
    fn is_within(&self, type_name: &str, message: &str, sources: &[Cause]) -> bool {
        if self.message.is_empty() {
            return self.type_name == type_name && message.is_empty();
        }
        let has_it = |text: &str| {
            text == self.message || (self.message.len() >= 8 && text.contains(&self.message))
        };
        has_it(message)
            || sources.iter().any(|source| has_it(&source.message))
            || self.sources.iter().any(|source| source.message == message)
    }

    /// Returns whether `later`, which is captured on another thread or task, is this error or
    /// carries it. Equal texts do not suffice there: pointers must have the same address, and the
    /// type must be one of the program, since errors of the standard library are made anywhere.
    pub(super) fn may_be_held_in(&self, later: &Self) -> bool {
        if !self.is_in(later) {
            return false;
        }
        if self.address != 0 && later.address != 0 {
            return self.address == later.address;
        }
        let is_of_program = !["core::", "std::", "alloc::sync", "alloc::rc", "alloc::boxed"]
            .iter()
            .any(|start| self.type_name.starts_with(start));
        is_of_program
            && (later.type_name.contains(self.type_name)
                || later.sources.iter().any(|source| source.message == self.message))
    }

    /// Returns whether the error has an address of its own: it is boxed, not shared, and not
    /// zero-sized.
    pub(super) fn is_in_its_box(&self) -> bool {
        const LOWEST: usize = 4096;
        self.address >= LOWEST && !self.type_name.starts_with('&') && !self.is_shared()
    }

    /// Returns whether the error may have several owners.
    pub(super) fn is_shared(&self) -> bool {
        let type_name = self.type_name.trim_start_matches('&');
        ["alloc::sync::Arc<", "alloc::rc::Rc<"].iter().any(|start| type_name.starts_with(start))
    }

    /// Returns the error as a cause of an event.
    pub(crate) fn cause(&self) -> Cause {
        Cause { type_name: Some(self.type_name.into()), variant: None, message: self.text() }
    }
}

/// Returns the type of an error behind `dyn Error`, if it is a common one of the standard library.
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
