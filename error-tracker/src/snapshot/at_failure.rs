//! Snapshots at a failure: turns the content of slots into text.

use std::fmt::{self, Debug, Write as _};

use super::budget;
use super::capture_kind::VariableInfo;
use super::changed::may_have_changed;
use super::debug;
use super::policy::SnapshotPolicy;
use crate::event::{CaptureTime, Variable};
use crate::frame::{FrameRef, SlotCount, SlotValue, VariableSlot};
use crate::mask::EventTaint;
use crate::user_code::{self, WriteOutcome};

/// The note of a variable whose type the program skips.
const SKIPPED: &str = "values of this type are skipped (`TrackerBuilder::skip_type`)";

/// The note of a value that was captured before the failure and may be outdated.
const CHANGED: &str = "may have changed since";

/// Reads the slots of a failure's frames under one policy.
pub(crate) struct SlotReader<'a> {
    pub(crate) policy: &'a SnapshotPolicy,
    /// The values that were masked by name so far.
    pub(crate) taint: &'a mut EventTaint,
    pub(crate) user_code: UserCode,
}

/// The permission to run code of the program, such as a `Debug`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserCode {
    Runs,
    InPanicHook,
    TooCostly,
}

impl SlotReader<'_> {
    /// Returns a variable as it is at the site of this order; `None` while it is not bound.
    pub(crate) fn read(
        &mut self,
        var: &VariableInfo,
        slot: VariableSlot<'_>,
        frame: FrameRef<'_, impl SlotCount>,
        order: Option<u32>,
    ) -> Option<Variable> {
        let type_name = slot.type_name()?;
        let mut variable = Variable { name: var.name.into(), type_name, ..Variable::default() };
        if self.mask(var.name, var.masked, &mut variable) {
            if self.policy.masking.masks_values() && !self.policy.skips(&variable.type_name) {
                self.remember(slot, frame);
            }
            return Some(variable);
        }
        if self.policy.skips(&variable.type_name) {
            variable.note = Some(SKIPPED.into());
            return Some(variable);
        }
        slot.read(&mut |value| {
            let mut text = String::with_capacity(24);
            match value {
                SlotValue::Bits(value) => {
                    let _ = write!(text, "{value:?}");
                    variable.taken = CaptureTime::Bound;
                }
                SlotValue::Reference(_) if self.user_code == UserCode::InPanicHook => {
                    variable.note = Some("not read inside a panic hook".into());
                    return;
                }
                SlotValue::Reference(_) if self.user_code == UserCode::TooCostly => {
                    variable.note =
                        Some("too costly to read at the time: it fails all the time".into());
                    return;
                }
                SlotValue::Reference(value) => {
                    self.render(value, &mut text, &mut variable);
                    variable.taken = CaptureTime::Failure;
                }
                SlotValue::Str(value) => {
                    debug::str(value, &self.policy.limits, &mut text);
                    variable.taken = CaptureTime::Failure;
                }
                SlotValue::Text(piece) => {
                    debug::str(&frame.text(piece), &self.policy.limits, &mut text);
                    if piece.whole() > piece.len as u64 {
                        text.push_str(&format!("… ({} bytes)", piece.whole()));
                        variable.note = Some("only the start was captured".into());
                    }
                    variable.taken = CaptureTime::Bound;
                }
                SlotValue::Rendered(piece) => {
                    text.push_str(&frame.text(piece));
                    let masked = frame.masked(piece);
                    masked.split_terminator('\0').for_each(|value| self.taint.add(value));
                    variable.taken = CaptureTime::Bound;
                    if piece.is_cut() {
                        variable.note = Some("cut".into());
                    }
                }
                SlotValue::NoDebug => {
                    variable.note = Some("the type has no Debug".into());
                    return;
                }
                SlotValue::Untracked => {
                    variable.note =
                        Some("this call was not tracked (see error_tracker::guide)".into());
                    return;
                }
                SlotValue::NotCaptured => {
                    variable.note = Some(budget::omission_reason().into());
                    return;
                }
            }
            variable.value = Some(text);
        });
        let was_bound = variable.value.is_some() && variable.taken == CaptureTime::Bound;
        if was_bound && may_have_changed(var.changes, order, &variable.type_name) {
            let cut = variable.note.take().map(|note| note + "; ").unwrap_or_default();
            variable.note = Some(cut + CHANGED);
        }
        Some(variable)
    }

    /// Adds the text or number of a masked variable to the values for which other text is searched.
    /// Runs no code of the program.
    fn remember(&mut self, slot: VariableSlot<'_>, frame: FrameRef<'_, impl SlotCount>) {
        slot.read(&mut |value| match value {
            SlotValue::Bits(value) => self.taint.add_debug(&format!("{value:?}")),
            SlotValue::Str(text) => self.taint.add(text),
            SlotValue::Text(piece) if piece.whole() > piece.len as u64 => {
                self.taint.add_start(&frame.text(piece));
            }
            SlotValue::Text(piece) => self.taint.add(&frame.text(piece)),
            _ => {}
        });
    }

    /// Returns the variable of a value that can be read at once, such as a global.
    pub(crate) fn value(
        &mut self,
        name: &str,
        type_name: &str,
        value: Option<&dyn Debug>,
    ) -> Variable {
        let mut variable = Variable {
            name: name.into(),
            type_name: type_name.into(),
            taken: CaptureTime::Failure,
            ..Variable::default()
        };
        if self.mask(name, false, &mut variable) {
            return variable;
        }
        if self.policy.skips(type_name) {
            (variable.taken, variable.note) = (CaptureTime::Never, Some(SKIPPED.into()));
            return variable;
        }
        match value {
            Some(value) => {
                let mut text = String::new();
                self.render(value, &mut text, &mut variable);
                variable.value = Some(text);
            }
            None => variable.note = Some("the type has no Debug".into()),
        }
        variable
    }

    /// Masks a variable by the option or by its name. Returns false if it is not masked.
    fn mask(&self, name: &str, by_option: bool, variable: &mut Variable) -> bool {
        let masking = &self.policy.masking;
        if by_option {
            variable.masked_by = Some("option `mask`".into());
            variable.value = Some(crate::mask::MASK.into());
        } else if let Some(masked) = masking.certain_mask(name) {
            variable.masked_by = Some(masked.rule.to_string());
            variable.value = Some(masked.text.to_string());
        } else {
            return false;
        }
        variable.masked = true;
        variable.taken = CaptureTime::Never;
        true
    }

    fn render(&mut self, value: &dyn Debug, text: &mut String, variable: &mut Variable) {
        let outcome = debug::render_variable(
            value,
            &self.policy.limits,
            &self.policy.masking,
            self.taint,
            text,
        );
        if outcome.cut {
            variable.note = Some("cut".into());
        }
    }
}

/// Returns the `Display` text of a value, at most `bytes` long. A panic of its `Display` is caught.
pub(crate) fn display(value: &dyn fmt::Display, bytes: usize) -> String {
    display_into(String::with_capacity(48), value, bytes)
}

/// Appends the `Display` text of a value to `text`, at most `bytes` of it.
pub(crate) fn display_into(text: String, value: &dyn fmt::Display, bytes: usize) -> String {
    written(text, format_args!("{value}"), bytes, "<Display panicked>")
}

/// Appends the `Debug` text of a value to `text`, at most `bytes` of it.
pub(crate) fn debug_into(text: String, value: &dyn Debug, bytes: usize) -> String {
    written(text, format_args!("{value:?}"), bytes, "<Debug panicked>")
}

fn written(text: String, value: fmt::Arguments<'_>, bytes: usize, panicked: &str) -> String {
    let before = text.len();
    let out = BoundedText { text, left: bytes };
    // An error means that the text is full, or comes from the value itself.
    let (mut out, written) = user_code::write(out, value, |BoundedText { mut text, .. }| {
        text.truncate(before);
        BoundedText { text, left: bytes }
    });
    if written == WriteOutcome::Panicked {
        out.text.push_str(panicked);
    }
    out.text
}

struct BoundedText {
    text: String,
    left: usize,
}

impl fmt::Write for BoundedText {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if part.len() <= self.left {
            self.left -= part.len();
            self.text.push_str(part);
            return Ok(());
        }
        self.text.push_str(&part[..part.floor_char_boundary(self.left)]);
        self.text.push('…');
        self.left = 0;
        Err(fmt::Error)
    }
}
