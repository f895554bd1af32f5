//! A view of an error of any type.

use std::error::Error;
use std::fmt::{Debug, Display};

/// An error where it is observed: its static type, and the traits that are known of it.
pub struct ErrorRef<'a> {
    pub type_name: &'static str,
    pub display: Option<&'a dyn Display>,
    pub debug: Option<&'a dyn Debug>,
    /// Returns the error if it implements the standard trait. Called only where its sources are needed.
    pub error: &'a dyn Fn() -> Option<&'a (dyn Error + 'a)>,
}

/// Calls its argument with a view of one error.
pub(crate) type ShowError<'a> = &'a dyn Fn(&mut dyn FnMut(&ErrorRef<'_>));
