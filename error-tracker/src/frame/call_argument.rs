//! Arguments as an expansion passes them to the guard: without their types. So a program has the
//! code that captures them once, and the compiler does not go through a list of types wherever an
//! error is inspected.

use std::marker::PhantomData;

use super::{PendingText, PendingValue, SlotContent};

/// An argument of a call that begins, still borrowed.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct CallArgument<'a> {
    parts: ArgumentParts,
    borrowed: PhantomData<&'a ()>,
}

/// An argument later in the call, when it may have been moved.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct DeferredArgument(ArgumentParts);

#[derive(Clone, Copy)]
struct ArgumentParts {
    form: ArgumentForm,
    content: SlotContent,
}

/// How the content of an argument is read.
#[derive(Clone, Copy)]
enum ArgumentForm {
    /// Content for a slot.
    Content,
    /// A `&str`, borrowed while the call begins.
    Text,
    /// A pointer to a value, borrowed while the call begins.
    Value,
}

/// An argument, and how it is captured.
pub(crate) enum ArgumentValue<'a> {
    /// Content that borrows only what outlives the frame, so that it can also be captured later.
    Content(SlotContent),
    Text(PendingText<'a>),
    Value(PendingValue<'a>),
}

impl<'a> CallArgument<'a> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn content(content: SlotContent) -> Self {
        Self::new(ArgumentForm::Content, content)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn new(form: ArgumentForm, content: SlotContent) -> Self {
        Self { parts: ArgumentParts { form, content }, borrowed: PhantomData }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn text(text: PendingText<'a>) -> Self {
        Self::new(ArgumentForm::Text, SlotContent::new(text.descriptor, text.text))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn value(value: PendingValue<'a>) -> Self {
        Self::new(ArgumentForm::Value, SlotContent::new(value.descriptor, value.at))
    }

    pub(crate) fn into_value(self) -> ArgumentValue<'a> {
        let ArgumentParts { form, content } = self.parts;
        let SlotContent { descriptor, data } = content;
        match form {
            ArgumentForm::Text => {
                // SAFETY: `text` put it there, and the text is still borrowed.
                let text = unsafe { data.as_ptr().cast::<&str>().read_unaligned() };
                ArgumentValue::Text(PendingText { descriptor, text })
            }
            ArgumentForm::Value => {
                // SAFETY: `value` put it there.
                let at = unsafe { data.as_ptr().cast::<*const ()>().read_unaligned() };
                ArgumentValue::Value(PendingValue { at, descriptor, borrowed: PhantomData })
            }
            ArgumentForm::Content => ArgumentValue::Content(content),
        }
    }

    /// Drops the borrows of the arguments.
    // Reinterpreted instead of copied one by one, since the optimizer would write that list to
    // memory.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn deferred<const N: usize>(arguments: [Self; N]) -> [DeferredArgument; N] {
        // SAFETY: both types are transparent around the same parts.
        unsafe { (&raw const arguments).cast::<[DeferredArgument; N]>().read() }
    }
}

impl DeferredArgument {
    /// Returns the content if it does not borrow from the argument, which may be gone.
    pub(crate) fn content(self) -> Option<SlotContent> {
        matches!(self.0.form, ArgumentForm::Content).then_some(self.0.content)
    }
}
