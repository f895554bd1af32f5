//! JSON: the values that an event's extra data is made of, read and written with serde.
//!
//! The library has its own because of what `serde_json` adds to a program by being there: `impl PartialEq<Value> for
//! u8`, `f64`, `bool` and so on. With these, `assert_eq!(1u8, "1".parse().unwrap())` no longer compiles, and code
//! that only carries an attribute of this library must compile as before. So no type here is on the right-hand side
//! of a standard operator: `value == 7` works, `7 == value` does not.
//!
//! A `serde_json::Value` is taken wherever a [`Serialize`] is, and [`to_value`] makes a [`Value`] of it.
//!
//! ```
//! use error_tracker::json::{self, Value};
//!
//! let order: Value = json::from_str(r#"{ "id": 7, "lines": ["tea", null] }"#)?;
//! assert_eq!(order["id"], 7);
//! assert_eq!(order["lines"][0], "tea");
//! assert_eq!(order["customer"], Value::Null);
//! assert_eq!(order.to_string(), r#"{"id":7,"lines":["tea",null]}"#);
//! # Ok::<(), json::Error>(())
//! ```

mod deserialize;
mod error;
mod number;
mod parse;
mod serialize;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod value;

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use error::Error;
pub use number::Number;
pub use value::Value;

/// A JSON object. Its names are sorted, so equal objects have the same text.
pub type Map = BTreeMap<String, Value>;

/// The value that serde makes of `value`.
///
/// Floats that JSON has no number for become `null`, and an `f32` keeps its own digits: `0.1f32` is `0.1`.
///
/// # Errors
/// When the value's `Serialize` fails, a map's key is no text, number or bool, or an integer is beyond 64 bits.
pub fn to_value(value: impl Serialize) -> Result<Value, Error> {
    let mut tree = tree::Tree::default();
    value.serialize(serialize::Emitter(&mut tree))?;
    Ok(tree.finish())
}

/// The JSON text of `value`, without spaces.
///
/// # Errors
/// As [`to_value`].
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let mut text = text::Text::compact();
    value.serialize(serialize::Emitter(&mut text))?;
    Ok(text.finish())
}

/// The JSON text of `value`, on several lines that are indented by two spaces.
///
/// # Errors
/// As [`to_value`].
pub fn to_string_pretty<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let mut text = text::Text::pretty();
    value.serialize(serialize::Emitter(&mut text))?;
    Ok(text.finish())
}

/// Reads JSON text. Of a name that an object has twice, the last value counts.
///
/// # Errors
/// When the text is not JSON or not all of it is one value, when it is nested 128 deep, has a number beyond `f64`, or
/// is not what `T` wants.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    from_value(parse::parse(text)?)
}

/// Reads what [`to_value`] made.
///
/// # Errors
/// When the value is not what `T` wants.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    T::deserialize(value)
}
