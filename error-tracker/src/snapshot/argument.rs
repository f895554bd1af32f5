//! Arguments as they are handed over when a call begins: without their types, so that what looks at a function's errors need not
//! know them. A list of types would be gone through by the compiler at each place where that is done, and be in the program once for
//! each list.

use super::keep::{Function, Held};
use crate::frame::{Content, Untaken, UntakenText};

/// An argument, and how it is kept.
#[derive(Clone, Copy)]
pub enum Argument<'a> {
    /// As it is, also when a call fails that is not followed.
    Late(Content),
    /// Its text, while that is certain to be there.
    Text(UntakenText<'a>),
    /// Its value, while that is certain to be there.
    Value(Untaken<'a>),
}

impl Argument<'_> {
    /// What can be kept when a call fails.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn late(self) -> Option<Content> {
        match self {
            Self::Late(content) => Some(content),
            Self::Text(_) | Self::Value(_) => None,
        }
    }

    pub(crate) fn keep<M: Function>(self, held: Held<'_, M>) {
        match self {
            Self::Late(content) => held.frame.fill(held.index, content),
            Self::Text(text) => M::keep_text(held, text),
            Self::Value(value) => M::keep_value(held, value),
        }
    }
}
