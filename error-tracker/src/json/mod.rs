//! JSON: the values in events, and their text in stores and pages.
//!
//! The library has its own, small, instead of `serde_json`: a crate that uses an attribute of this
//! library loads the trait implementations of all the library's dependencies, and `serde_json` has
//! `impl PartialEq<Value> for u8` and its like. With those, `assert_eq!(1u8, "1".parse().unwrap())`
//! no longer compiles. So no type here is on the right of another type's `==`: [`Value`] compares
//! with texts and numbers only from the left.
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
mod depth;
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

/// Returns the value of `serde_json::json!`, as a [`Value`].
#[cfg(test)]
macro_rules! json {
    ($($tokens:tt)*) => {
        crate::json::to_value(serde_json::json!($($tokens)*)).unwrap_or_default()
    };
}
#[cfg(test)]
pub(crate) use json;

pub(crate) use depth::{cut, discard, discard_any};
pub use error::Error;
pub use map::Map;
pub use number::Number;
pub use value::Value;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Converts anything that serde can serialize to a value. Lists and objects below 127 levels become
/// `…`.
///
/// # Errors
/// Fails when the type's own `Serialize` fails, a map has a key that is not a text, a number or a
/// unit variant, or an integer has more than 64 bits.
pub fn to_value(value: impl Serialize) -> Result<Value, Error> {
    let built = value.serialize(build::ValueSerializer { depth: depth::MAX_DEPTH });
    discard_any(value);
    built
}

/// Reads a type from a value, in which lists and objects have at most 127 levels.
///
/// # Errors
/// Fails when the value does not have the form that the type needs, or has too many levels.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    if depth::is_deeper(&value, depth::MAX_DEPTH) {
        discard(value);
        return Err(Error::new("nested too deep"));
    }
    T::deserialize(read::ValueDeserializer(value))
}

/// Returns the JSON text of anything that serialises, on one line. A float that is not finite is
/// `null`; lists and objects that nest more than 127 deep are `"…"`.
///
/// # Errors
/// Fails when the type's own `Serialize` fails, or a map has a key that is not a text, a number or
/// a unit variant.
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    write::text(value, false)
}

/// Returns the JSON text over several lines, indented by two spaces.
///
/// # Errors
/// Fails as [`to_string`] does.
pub fn to_string_pretty<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    write::text(value, true)
}

/// Reads a type from JSON text. Only whitespace may follow, and lists and objects have at most 127
/// levels. Of equal keys in an object the last one counts.
///
/// # Errors
/// Fails when the text is not JSON; the error then has the line and the column. Fails when the
/// value does not have the form that the type needs.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    from_value(parse::value(text)?)
}
