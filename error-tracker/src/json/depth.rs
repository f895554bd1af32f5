//! How deep values may nest: to walk through those beyond by recursion would overflow the stack.

use super::{Map, Value};

/// Lists and objects nest this deep at most in what is read, built or written.
pub(super) const MAX_DEPTH: usize = 127;

/// Stands in place of what nests deeper.
pub(super) const CUT: &str = "…";

/// Returns whether lists and objects nest deeper than `depth`.
pub(super) fn is_deeper(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth == 0 || items.iter().any(|item| is_deeper(item, depth - 1)),
        Value::Object(entries) => {
            depth == 0 || entries.values().any(|item| is_deeper(item, depth - 1))
        }
        _ => false,
    }
}

/// Cuts what nests deeper than `depth`.
pub(crate) fn cut(value: &mut Value, depth: usize) {
    if let Value::Array(_) | Value::Object(_) = value
        && depth == 0
    {
        discard(std::mem::replace(value, Value::Text(CUT.to_owned())));
    } else if let Value::Array(items) = value {
        items.iter_mut().for_each(|item| cut(item, depth - 1));
    } else if let Value::Object(entries) = value {
        entries.values_mut().for_each(|item| cut(item, depth - 1));
    }
}

/// Drops a value, however deep it nests, which the compiler's own way of dropping would do by
/// recursion.
pub(crate) fn discard(value: Value) {
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(entries) => left.extend(entries.into_iter().map(|(_, item)| item)),
            _ => {}
        }
    }
}

/// Drops a value of any type without recursion, if it is a JSON value or has JSON values.
pub(crate) fn discard_any<T>(any: T) {
    let any = match crate::cast::taken::<T, Value>(any) {
        Ok(value) => return discard(value),
        Err(any) => any,
    };
    let any = match crate::cast::taken::<T, Map>(any) {
        Ok(entries) => return discard(entries.into()),
        Err(any) => any,
    };
    if let Ok(items) = crate::cast::taken::<T, Vec<Value>>(any) {
        discard(Value::Array(items));
    }
}
