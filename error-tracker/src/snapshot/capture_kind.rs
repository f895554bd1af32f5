//! The kinds of capture, and the variable of a running function that is captured.

use std::fmt::Debug;

use super::budget::FunctionBudget;
use crate::frame::{
    ArgumentValue, CallArgument, FrameRef, PendingText, PendingValue, SlotContent, SlotCount,
};

/// A variable of a running function. Two words, so that it is passed in registers.
#[repr(C)]
pub struct VariableRef<'a, M: 'static> {
    pub(crate) frame: FrameRef<'a, M>,
    pub(crate) index: usize,
}

impl<M> Clone for VariableRef<'_, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for VariableRef<'_, M> {}

impl<M: TrackedFunction> VariableRef<'_, M> {
    /// Returns whether the slot already says that the budget does not allow the value, as in the
    /// next iteration of a loop. Inlined, since a loop may bind a variable for each byte.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn is_left_out(self) -> bool {
        self.frame.leaves_out(self.index) && !self.frame.meta().budget().is_open(self.index)
    }
}

/// A variable with a slot, as the attribute describes it.
#[derive(Clone, Copy, Debug)]
pub struct VariableInfo {
    pub(crate) name: &'static str,
    pub(crate) role: SlotRole,
    /// Masked by the attribute's option `mask`.
    pub(crate) masked: bool,
    /// The variable is in scope at the sites whose `order` is in `from..=to`.
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// From which places on it may have changed since it was captured, and how: see `changed`.
    pub(crate) changes: &'static str,
}

/// The role of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotRole {
    Argument,
    Local,
    /// A value of the option `context`.
    Context,
}

/// The constants of a function whose variables are captured.
///
/// The captures are not generic over the variable's type, so that a program has them once. By their
/// ABI they do not unwind, so an annotated function needs no landing pads for them.
pub trait TrackedFunction: SlotCount + Sized {
    fn budget(&self) -> &FunctionBudget;
    /// Returns the variable with this index; `None` when there is none.
    fn variable(&self, index: usize) -> Option<VariableInfo>;
    /// Copies the start of a text into the frame.
    extern "C" fn capture_text(variable: VariableRef<'_, Self>, text: PendingText<'_>);
    /// Renders a value into the frame, if the budget allows.
    extern "C" fn capture_value(variable: VariableRef<'_, Self>, value: PendingValue<'_>);
}

/// Captures an argument of a call that begins.
#[inline]
pub(crate) fn capture_argument<M: TrackedFunction>(
    argument: CallArgument<'_>,
    variable: VariableRef<'_, M>,
) {
    match argument.into_value() {
        ArgumentValue::Content(content) => variable.frame.fill(variable.index, content),
        ArgumentValue::Text(text) => M::capture_text(variable, text),
        ArgumentValue::Value(value) => M::capture_value(variable, value),
    }
}

/// A kind of capture for a `T` that was just bound or assigned.
pub trait CaptureValue<T> {
    /// Returns the value as an argument of a call that begins.
    fn argument(value: &T) -> CallArgument<'_>;
    /// Captures the value in the variable's slot.
    fn capture<M: TrackedFunction>(value: &T, variable: VariableRef<'_, M>);
}

/// A kind of capture for a reference that outlives the frame. It is read at a failure only.
pub trait CaptureReference<T: ?Sized> {
    /// Returns the content for the variable's slot.
    fn content(value: &T) -> SlotContent;
}

/// A kind of capture that can show a value at once.
pub trait ShowValue<T: ?Sized> {
    /// Calls `visit` with the name of the type, and the value if it has a `Debug`.
    fn show(value: &T, visit: &mut dyn FnMut(&'static str, Option<&dyn Debug>));
}

/// Copies the bits of a value.
#[derive(Clone, Copy, Debug)]
pub struct CaptureBits;
/// Copies the bits of a pointer's referent.
#[derive(Clone, Copy, Debug)]
pub struct CaptureBitsBehind;
/// Copies the start of a text.
#[derive(Clone, Copy, Debug)]
pub struct CaptureText;
/// Renders the first elements of a collection.
#[derive(Clone, Copy, Debug)]
pub struct CaptureList;
/// Renders a value with its `Debug`.
#[derive(Clone, Copy, Debug)]
pub struct CaptureDebug;
/// Notes the type only.
#[derive(Clone, Copy, Debug)]
pub struct CaptureType;
