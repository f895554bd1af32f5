//! Turns what slots keep into text, at a failure.

use std::fmt::{self, Debug, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::budget;
use super::chunk::Chunk;
use super::debug;
use super::eager::Piece;
use super::policy::Policy;
use super::slot::{Form, Slot, Var};
use crate::event::{Taken, Variable};
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
    pub(crate) fn read(&mut self, var: &Var, slot: Slot<'_>, chunk: *const Chunk) -> Option<Variable> {
        let kept = slot.kept()?;
        let mut variable =
            Variable { name: var.name.into(), type_name: (kept.type_name)().into(), ..Variable::default() };
        if self.mask(var.name, var.masked, &mut variable) {
            return Some(variable);
        }
        let mut text = String::with_capacity(24);
        match kept.form {
            Form::Bits(show) => {
                // SAFETY: `Slot::copy` put a value of that type there; it has no referents.
                unsafe {
                    show(slot.data(), &mut |value| {
                        let _ = write!(text, "{value:?}");
                    });
                }
                variable.taken = Taken::Bound;
            }
            Form::Reference(_) if !self.user_code => {
                variable.note = Some("not read inside a panic hook".into());
                return Some(variable);
            }
            Form::Reference(show) => {
                // SAFETY: the reference outlives the frame, and the frame is alive.
                unsafe { show(slot.data(), &mut |value| self.render(value, &mut text, &mut variable)) };
                variable.taken = Taken::Failure;
            }
            Form::Str => {
                // SAFETY: `AsText` put a `&str` there that outlives the frame, and the frame is alive.
                let value = unsafe { slot.data().cast::<&str>().read_unaligned() };
                debug::str(value, &self.policy.limits, &mut text);
                variable.taken = Taken::Failure;
            }
            Form::Text => {
                let piece = Self::piece(slot);
                let start = Self::text(chunk, piece.start, piece.len);
                debug::str(start, &self.policy.limits, &mut text);
                if piece.whole > piece.len as u64 {
                    text.push_str(&format!("… ({} bytes)", piece.whole));
                    variable.note = Some("only the start was kept".into());
                }
                variable.taken = Taken::Bound;
            }
            Form::Rendered => {
                let piece = Self::piece(slot);
                text.push_str(Self::text(chunk, piece.start, piece.len));
                let masked = Self::text(chunk, piece.start + piece.len, piece.taint);
                masked.split_terminator('\0').for_each(|value| self.taint.add(value));
                variable.taken = Taken::Bound;
                if piece.whole != 0 {
                    variable.note = Some("cut".into());
                }
            }
            Form::NoDebug => {
                variable.note = Some("the type has no Debug".into());
                return Some(variable);
            }
            Form::NotNow => {
                variable.note = Some(budget::why_not_now().into());
                return Some(variable);
            }
        }
        variable.value = Some(text);
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

    fn piece(slot: Slot<'_>) -> Piece {
        // SAFETY: `eager` put a packed piece there.
        Piece::unpack(unsafe { *slot.data() })
    }

    fn text<'a>(chunk: *const Chunk, start: usize, len: usize) -> &'a str {
        // SAFETY: the chunk is null or the live frame's own, which nobody changes while it is read.
        let bytes = unsafe { chunk.as_ref() }.map(|chunk| chunk.get(start, len)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// A text as `Display` writes it, at most `bytes` long. What its `Display` does cannot hurt.
pub(crate) fn display(value: &dyn fmt::Display, bytes: usize) -> String {
    let mut text = Bounded { text: String::with_capacity(48), left: bytes };
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
