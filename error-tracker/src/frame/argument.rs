//! Arguments as a call hands them over: without their types, so that one call keeps those of any function, and a program has it
//! once. A list of types would be gone through by the compiler at each place that looks at an error.

use std::marker::PhantomData;

use super::slot::Form;
use super::{Content, Untaken, UntakenText};

/// An argument of a call that begins, while it is borrowed.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Argument<'a> {
    content: Content,
    borrowed: PhantomData<&'a ()>,
}

/// The same later in the call, when it may have been moved.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct PastArgument(Content);

/// How an argument is kept.
pub(crate) enum Given<'a> {
    /// As it is, which can also be done later.
    Content(Content),
    Text(UntakenText<'a>),
    Value(Untaken<'a>),
}

impl<'a> Argument<'a> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn content(content: Content) -> Self {
        Self { content, borrowed: PhantomData }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn text(text: UntakenText<'a>) -> Self {
        Self::content(Content::new(text.kept, text.text))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn value(value: Untaken<'a>) -> Self {
        Self::content(Content::new(value.kept, value.at))
    }

    pub(crate) fn given(self) -> Given<'a> {
        let Content { kept, data } = self.content;
        match kept().form {
            Form::Text => {
                // SAFETY: `text` put it there, and it is borrowed.
                let text = unsafe { data.as_ptr().cast::<&str>().read_unaligned() };
                Given::Text(UntakenText { kept, text })
            }
            Form::Value(_) => {
                // SAFETY: `value` put it there.
                let at = unsafe { data.as_ptr().cast::<*const ()>().read_unaligned() };
                Given::Value(Untaken { at, kept, borrowed: PhantomData })
            }
            _ => Given::Content(self.content),
        }
    }

    /// Not built anew, since the optimizer would leave that list in memory.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn past<const N: usize>(arguments: [Self; N]) -> [PastArgument; N] {
        // SAFETY: both are a `Content` and nothing else.
        unsafe { (&raw const arguments).cast::<[PastArgument; N]>().read() }
    }
}

impl PastArgument {
    /// What can still be kept.
    pub(crate) fn content(self) -> Option<Content> {
        let was_borrowed = matches!((self.0.kept)().form, Form::Text | Form::Value(_));
        (!was_borrowed).then_some(self.0)
    }
}
