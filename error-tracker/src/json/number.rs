use std::fmt::{self, Display, Write};

/// A number as it was given: an integer of up to 64 bits exactly, or a finite float.
///
/// `1` and `1.0` are different numbers.
#[derive(Clone, Copy, PartialEq)]
pub struct Number(NumberKind);

#[derive(Clone, Copy, PartialEq)]
pub(super) enum NumberKind {
    Unsigned(u64),
    /// Below zero.
    Negative(i64),
    /// Finite.
    Float(f64),
}

impl Number {
    /// Returns the float as a number; `None` when it is not finite.
    #[must_use]
    pub fn from_f64(float: f64) -> Option<Self> {
        float.is_finite().then_some(Self(NumberKind::Float(float)))
    }

    /// Returns the number, if it is a positive integer.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self.0 {
            NumberKind::Unsigned(integer) => Some(integer),
            _ => None,
        }
    }

    /// Returns the number, if it is an integer that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            NumberKind::Unsigned(integer) => integer.try_into().ok(),
            NumberKind::Negative(integer) => Some(integer),
            NumberKind::Float(_) => None,
        }
    }

    /// Returns the number as a float, rounded where it is a large integer.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        match self.0 {
            NumberKind::Unsigned(integer) => integer as f64,
            NumberKind::Negative(integer) => integer as f64,
            NumberKind::Float(float) => float,
        }
    }

    pub(super) fn kind(self) -> NumberKind {
        self.0
    }
}

impl From<u64> for Number {
    fn from(integer: u64) -> Self {
        Self(NumberKind::Unsigned(integer))
    }
}

impl From<i64> for Number {
    fn from(integer: i64) -> Self {
        Self(integer.try_into().map_or(NumberKind::Negative(integer), NumberKind::Unsigned))
    }
}

impl Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            NumberKind::Unsigned(integer) => write!(f, "{integer}"),
            NumberKind::Negative(integer) => write!(f, "{integer}"),
            NumberKind::Float(float) => write_f64(f, float),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Returns the shortest digits that read back as the same float, always with a point or an
/// exponent, the latter with its sign: as `serde_json` has them, but for the last digit of exact
/// ties. Not finite: `null`.
pub(super) fn write_f64(to: &mut impl Write, float: f64) -> fmt::Result {
    write_float(to, float, float.is_finite(), (1e-5..1e16).contains(&float.abs()) || float == 0.0)
}

/// As [`write_f64`], with the fewer digits that an `f32` needs.
pub(super) fn write_f32(to: &mut impl Write, float: f32) -> fmt::Result {
    write_float(to, float, float.is_finite(), (1e-6..1e13).contains(&float.abs()) || float == 0.0)
}

fn write_float<F: Display + fmt::LowerExp>(
    to: &mut impl Write,
    float: F,
    finite: bool,
    plain: bool,
) -> fmt::Result {
    if !finite {
        return to.write_str("null");
    }
    let mut text = if plain { format!("{float}") } else { format!("{float:e}") };
    if plain && !text.contains('.') {
        text.push_str(".0");
    }
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => {
            write!(to, "{digits}e+{exponent}")
        }
        _ => to.write_str(&text),
    }
}
