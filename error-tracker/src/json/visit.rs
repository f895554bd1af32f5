//! `Serialize` and `Deserialize` of the values themselves.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::number::NumberKind;
use super::{Map, Number, Value};

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.kind() {
            NumberKind::Unsigned(integer) => serializer.serialize_u64(integer),
            NumberKind::Negative(integer) => serializer.serialize_i64(integer),
            NumberKind::Float(float) => serializer.serialize_f64(float),
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(bool) => serializer.serialize_bool(*bool),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Array(items) => items.serialize(serializer),
            Self::Object(entries) => entries.serialize(serializer),
        }
    }
}

struct ValueVisitor;

macro_rules! plain {
    ($($method:ident $type:ty)*) => {$(
        fn $method<E>(self, value: $type) -> Result<Value, E> {
            Ok(value.into())
        }
    )*};
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    plain! {
        visit_bool bool visit_i64 i64 visit_u64 u64 visit_f64 f64 visit_str &str visit_string String
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut entries = Map::new();
        while let Some((name, value)) = object.next_entry::<String, Value>()? {
            entries.insert(name, value);
        }
        Ok(entries.into())
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let unexpected = match deserializer.deserialize_any(ValueVisitor)? {
            Value::Object(entries) => return Ok(entries),
            Value::Null => Unexpected::Unit,
            Value::Bool(bool) => Unexpected::Bool(bool),
            Value::Number(number) => Unexpected::Float(number.as_f64()),
            Value::Text(_) => Unexpected::Other("a text"),
            Value::Array(_) => Unexpected::Seq,
        };
        Err(D::Error::invalid_type(unexpected, &"an object"))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(ValueVisitor)? {
            Value::Number(number) => Ok(number),
            _ => Err(D::Error::custom("expected a number")),
        }
    }
}
