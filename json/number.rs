use std::fmt::{self, Debug, Display};

use serde::{Serialize, Serializer};

/// A JSON number: an integer of 64 bits, kept exactly, or a finite `f64`.
#[derive(Clone, Copy, PartialEq)]
pub struct Number(pub(super) Kind);

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Unsigned(u64),
    /// Below zero.
    Negative(i64),
    Float(f64),
}

impl Number {
    /// `None` for infinities and NaN, which JSON does not have.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(Kind::Float(value)))
    }

    /// The `f64` with the digits that the `f32` is shown with.
    pub(super) fn from_f32(value: f32) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let shown = zmij::Buffer::new().format_finite(value).parse();
        Self::from_f64(shown.unwrap_or_else(|_| value.into()))
    }

    /// The integer, unless it is below zero or a float.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self.0 {
            Kind::Unsigned(value) => Some(value),
            Kind::Negative(_) | Kind::Float(_) => None,
        }
    }

    /// The integer, unless it is beyond `i64` or a float.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Kind::Unsigned(value) => value.try_into().ok(),
            Kind::Negative(value) => Some(value),
            Kind::Float(_) => None,
        }
    }

    /// The nearest float.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn as_f64(&self) -> f64 {
        match self.0 {
            Kind::Unsigned(value) => value as f64,
            Kind::Negative(value) => value as f64,
            Kind::Float(value) => value,
        }
    }

    pub(super) fn write(self, text: &mut String) {
        match self.0 {
            Kind::Unsigned(value) => text.push_str(itoa::Buffer::new().format(value)),
            Kind::Negative(value) => text.push_str(itoa::Buffer::new().format(value)),
            Kind::Float(value) => text.push_str(zmij::Buffer::new().format_finite(value)),
        }
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(Kind::Unsigned(value))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(u64::try_from(value).map_or(Kind::Negative(value), Kind::Unsigned))
    }
}

impl Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}

impl Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Kind::Unsigned(value) => serializer.serialize_u64(value),
            Kind::Negative(value) => serializer.serialize_i64(value),
            Kind::Float(value) => serializer.serialize_f64(value),
        }
    }
}
