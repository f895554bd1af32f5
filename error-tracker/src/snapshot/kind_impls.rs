//! How each kind of capture reads the values of the types that it is for.

use std::any::type_name;
use std::fmt::{self, Debug};
use std::ops::Deref;

use super::capture_kind::{
    CaptureBits, CaptureBitsBehind, CaptureDebug, CaptureList, CaptureReference, CaptureText,
    CaptureType, CaptureValue, ShowValue, TrackedFunction, VariableRef,
};
use super::known_types::{ListHead, ListType, PrimitiveType, TextType};
use crate::byte_text;
use crate::frame::{CallArgument, FormatValue, PendingText, PendingValue, SlotContent};

impl<T: Debug> FormatValue<T> for CaptureDebug {
    const FMT: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result = byte_text::fmt;
}

impl<T: ListType> FormatValue<T> for CaptureList {
    const FMT: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result = T::fmt_head;
}

impl<T: PrimitiveType> CaptureValue<T> for CaptureBits {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn argument(value: &T) -> CallArgument<'_> {
        match SlotContent::bits(*value) {
            Some(content) => CallArgument::content(content),
            None => CallArgument::value(PendingValue::new::<T, CaptureDebug>(value)),
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn capture<M: TrackedFunction>(value: &T, variable: VariableRef<'_, M>) {
        match SlotContent::bits(*value) {
            Some(content) => variable.frame.fill(variable.index, content),
            None => <CaptureDebug as CaptureValue<T>>::capture(value, variable),
        }
    }
}

impl<P: Deref<Target: PrimitiveType> + Debug> CaptureValue<P> for CaptureBitsBehind {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn argument(value: &P) -> CallArgument<'_> {
        match SlotContent::bits_behind(value) {
            Some(content) => CallArgument::content(content),
            None => CallArgument::value(PendingValue::new::<P, CaptureDebug>(value)),
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn capture<M: TrackedFunction>(value: &P, variable: VariableRef<'_, M>) {
        match SlotContent::bits_behind(value) {
            Some(content) => variable.frame.fill(variable.index, content),
            None => <CaptureDebug as CaptureValue<P>>::capture(value, variable),
        }
    }
}

impl<T: TextType> CaptureValue<T> for CaptureText {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn argument(value: &T) -> CallArgument<'_> {
        CallArgument::text(PendingText::new::<T>(value.text()))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn capture<M: TrackedFunction>(value: &T, variable: VariableRef<'_, M>) {
        M::capture_text(variable, PendingText::new::<T>(value.text()));
    }
}

impl<T: ListType> CaptureValue<T> for CaptureList {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn argument(value: &T) -> CallArgument<'_> {
        CallArgument::value(PendingValue::new::<T, Self>(value))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn capture<M: TrackedFunction>(value: &T, variable: VariableRef<'_, M>) {
        if !variable.is_left_out() {
            value.lend(|value| M::capture_value(variable, PendingValue::new::<T, Self>(value)));
        }
    }
}

impl<T: Debug> CaptureValue<T> for CaptureDebug {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn argument(value: &T) -> CallArgument<'_> {
        CallArgument::value(PendingValue::new::<T, Self>(value))
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn capture<M: TrackedFunction>(value: &T, variable: VariableRef<'_, M>) {
        if !variable.is_left_out() {
            M::capture_value(variable, PendingValue::new::<T, Self>(value));
        }
    }
}

impl<T> CaptureValue<T> for CaptureType {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn argument(_: &T) -> CallArgument<'_> {
        CallArgument::content(SlotContent::no_debug::<T>())
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn capture<M: TrackedFunction>(_: &T, variable: VariableRef<'_, M>) {
        variable.frame.fill(variable.index, SlotContent::no_debug::<T>());
    }
}

macro_rules! impl_capture_reference {
    ($($kind:ident where $bound:ident: |$value:ident| $content:expr;)+) => {$(
        impl<T: $bound + ?Sized> CaptureReference<T> for $kind {
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn content($value: &T) -> SlotContent {
                $content
            }
        }
    )+};
}

impl_capture_reference! {
    CaptureBits where PrimitiveType: |value| SlotContent::argument::<T, CaptureDebug>(value);
    CaptureBitsBehind where Debug: |value| SlotContent::argument::<T, CaptureDebug>(value);
    CaptureText where TextType: |value| SlotContent::text_argument::<T>(value.text());
    CaptureList where ListType: |value| SlotContent::argument::<T, Self>(value);
    CaptureDebug where Debug: |value| SlotContent::argument::<T, Self>(value);
}

impl<T: ?Sized> CaptureReference<T> for CaptureType {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn content(_: &T) -> SlotContent {
        SlotContent::no_debug_argument::<T>()
    }
}

macro_rules! impl_show_value {
    ($($kind:ident where $bound:ident: |$value:ident| $debug:expr;)+) => {$(
        impl<T: $bound + ?Sized> ShowValue<T> for $kind {
            fn show($value: &T, visit: &mut dyn FnMut(&'static str, Option<&dyn Debug>)) {
                visit(type_name::<T>(), Some($debug));
            }
        }
    )+};
}

impl_show_value! {
    CaptureBitsBehind where Debug: |value| &value;
    CaptureText where TextType: |value| &value.text();
    CaptureList where ListType: |value| &ListHead(value);
    CaptureDebug where Debug: |value| &value;
}

impl<T: PrimitiveType> ShowValue<T> for CaptureBits {
    fn show(value: &T, visit: &mut dyn FnMut(&'static str, Option<&dyn Debug>)) {
        visit(type_name::<T>(), Some(&BytesDebug(value)));
    }
}

/// Shows an array of bytes as a text where it is one.
struct BytesDebug<'a, T>(&'a T);

impl<T: Debug> Debug for BytesDebug<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        byte_text::fmt(self.0, f)
    }
}

impl<T: ?Sized> ShowValue<T> for CaptureType {
    fn show(_: &T, visit: &mut dyn FnMut(&'static str, Option<&dyn Debug>)) {
        visit(type_name::<T>(), None);
    }
}
