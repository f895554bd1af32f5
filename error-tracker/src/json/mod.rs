//! JSON: what the values that are kept with an event are made of, and the text that stores and pages hold.
//!
//! The library has its own, small, instead of `serde_json`: a crate that uses an attribute of this library loads the
//! trait implementations of all the library's dependencies, and `serde_json` has `impl PartialEq<Value> for u8` and
//! its like. With those, `assert_eq!(1u8, "1".parse().unwrap())` no longer compiles. So no type here is on the right
//! of another type's `==`: [`Value`] compares with texts and numbers only from the left.
//!
//! ```
//! use error_tracker::json::{Map, Value, to_value};
//!
//! let order = Value::from(Map::from_iter([("id", 1007)]));
//! assert_eq!(order["id"], 1007);
//! assert_eq!(order.to_string(), r#"{"id":1007}"#);
//! assert_eq!(to_value(["a", "b"])?[1], "b");
//! # Ok::<(), error_tracker::json::Error>(())
//! ```

mod build;
mod convert;
mod error;
mod key;
mod map;
mod number;
mod parse;
mod read;
#[cfg(test)]
mod tests;
mod value;
mod visit;
mod write;

/// What `serde_json::json!` makes, as one of our values.
#[cfg(test)]
macro_rules! json {
    ($($tokens:tt)*) => {
        crate::json::to_value(serde_json::json!($($tokens)*)).unwrap_or_default()
    };
}
#[cfg(test)]
pub(crate) use json;

pub use error::Error;
pub use map::Map;
pub use number::Number;
pub use value::Value;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Makes a value of anything that serialises.
///
/// # Errors
/// When the type's own `Serialize` fails, a map has a key that is no text, number, or word, or an integer takes more
/// than 64 bits.
pub fn to_value(value: impl Serialize) -> Result<Value, Error> {
    value.serialize(build::Builder)
}

/// Reads a type out of a value.
///
/// # Errors
/// When the value has not the form that the type asks for.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    T::deserialize(read::Tree(value))
}

/// The JSON text of anything that serialises, on one line. A float that is not finite is `null`.
///
/// # Errors
/// When the type's own `Serialize` fails, or a map has a key that is no text, number, or word.
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    write::text(value, false)
}

/// The JSON text over several lines, indented by two spaces.
///
/// # Errors
/// As [`to_string`].
pub fn to_string_pretty<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    write::text(value, true)
}

/// Reads a type out of JSON text. Nothing but whitespace may follow, and lists and objects nest up to 127 deep. Of
/// equal keys in an object the last counts.
///
/// # Errors
/// When the text is not JSON; the error then tells the line and the column. When the value has not the form that
/// the type asks for.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    from_value(parse::value(text)?)
}
