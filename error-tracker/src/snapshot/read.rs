//! Turns what slots keep into text, at a failure.

use std::fmt::{self, Debug, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::budget;
use super::debug;
use super::keep::Var;
use super::policy::Policy;
use crate::event::{Taken, Variable};
use crate::frame::{FrameRef, Slot, Slots, Value};
use crate::mask::{Rendering, Taint, drop_quietly};

/// Reads slots under one policy.
pub(crate) struct Reader<'a> {
    pub(crate) policy: &'a Policy,
    /// Values that were masked by name so far.
    pub(crate) taint: &'a mut Taint,
    /// Whether user code may run; not inside a panic hook.
    pub(crate) user_code: bool,
}

impl Reader<'_> {
    /// What is known of a variable; `None` while it is not bound.
    pub(crate) fn read(
        &mut self,
        var: &Var,
        slot: Slot<'_>,
        frame: FrameRef<'_, impl Slots>,
    ) -> Option<Variable> {
        let type_name = slot.type_name()?;
        let mut variable = Variable { name: var.name.into(), type_name, ..Variable::default() };
        if self.mask(var.name, var.masked, &mut variable) {
            return Some(variable);
        }
        slot.read(&mut |value| {
            let mut text = String::with_capacity(24);
            match value {
                Value::Bits(value) => {
                    let _ = write!(text, "{value:?}");
                    variable.taken = Taken::Bound;
                }
                Value::Reference(_) if !self.user_code => {
                    variable.note = Some("not read inside a panic hook".into());
                    return;
                }
                Value::Reference(value) => {
                    self.render(value, &mut text, &mut variable);
                    variable.taken = Taken::Failure;
                }
                Value::Str(value) => {
                    debug::str(value, &self.policy.limits, &mut text);
                    variable.taken = Taken::Failure;
                }
                Value::Text(piece) => {
                    debug::str(&frame.text(piece), &self.policy.limits, &mut text);
                    if piece.whole() > piece.len as u64 {
                        text.push_str(&format!("… ({} bytes)", piece.whole()));
                        variable.note = Some("only the start was kept".into());
                    }
                    variable.taken = Taken::Bound;
                }
                Value::Rendered(piece) => {
                    text.push_str(&frame.text(piece));
                    let masked = frame.masked(piece);
                    masked.split_terminator('\0').for_each(|value| self.taint.add(value));
                    variable.taken = Taken::Bound;
                    if piece.is_cut() {
                        variable.note = Some("cut".into());
                    }
                }
                Value::NoDebug => {
                    variable.note = Some("the type has no Debug".into());
                    return;
                }
                Value::Unfollowed => {
                    variable.note = Some("this call was not followed (see error_tracker::guide)".into());
                    return;
                }
                Value::NotNow => {
                    variable.note = Some(budget::why_not_now().into());
                    return;
                }
            }
            variable.value = Some(text);
        });
        Some(variable)
    }

    /// A value that is at hand: a global.
    pub(crate) fn value(&mut self, name: &str, type_name: &str, value: Option<&dyn Debug>) -> Variable {
        let mut variable = Variable {
            name: name.into(),
            type_name: type_name.into(),
            taken: Taken::Failure,
            ..Variable::default()
        };
        if self.mask(name, false, &mut variable) {
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

    fn mask(&self, name: &str, by_option: bool, variable: &mut Variable) -> bool {
        let masking = &self.policy.masking;
        if by_option {
            variable.masked_by = Some("option `mask`".into());
            variable.value = Some(crate::mask::MASK.into());
        } else if let Some(masked) = masking.name(name) {
            variable.masked_by = Some(masked.rule.to_string());
            variable.value = Some(masked.text.to_string());
        } else {
            return false;
        }
        variable.masked = true;
        variable.taken = Taken::Never;
        true
    }

    fn render(&mut self, value: &dyn Debug, text: &mut String, variable: &mut Variable) {
        let outcome = debug::render(value, &self.policy.limits, &self.policy.masking, self.taint, text);
        if outcome.cut {
            variable.note = Some("cut".into());
        }
    }
}

/// A text as `Display` writes it, at most `bytes` long. What its `Display` does cannot hurt.
pub(crate) fn display(value: &dyn fmt::Display, bytes: usize) -> String {
    display_into(String::with_capacity(48), value, bytes)
}

/// The same, behind what stands in `text`.
pub(crate) fn display_into(text: String, value: &dyn fmt::Display, bytes: usize) -> String {
    let mut text = Bounded { text, left: bytes };
    let _rendering = Rendering::start();
    // An error is the sign that the text is full, or whatever the value's own error means.
    let shown = catch_unwind(AssertUnwindSafe(|| {
        let _ = write!(text, "{value}");
    }));
    if let Err(payload) = shown {
        drop_quietly(payload);
        text.text.push_str("<Display panicked>");
    }
    text.text
}

struct Bounded {
    text: String,
    left: usize,
}

impl fmt::Write for Bounded {
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
