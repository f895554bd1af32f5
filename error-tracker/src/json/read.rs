//! Reads a type from a value.

use std::vec;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor, value::StringDeserializer,
};
use serde::forward_to_deserialize_any;

use super::number::NumberKind;
use super::{Error, Map, Value};

/// The source that a type is read from.
pub(super) struct ValueDeserializer(pub(super) Value);

impl ValueDeserializer {
    fn unexpected(&self) -> Unexpected<'_> {
        match &self.0 {
            Value::Null => Unexpected::Other("null"),
            Value::Bool(bool) => Unexpected::Bool(*bool),
            Value::Number(number) => match number.kind() {
                NumberKind::Unsigned(integer) => Unexpected::Unsigned(integer),
                NumberKind::Negative(integer) => Unexpected::Signed(integer),
                NumberKind::Float(float) => Unexpected::Float(float),
            },
            Value::Text(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        }
    }
}

fn list<'de, V: Visitor<'de>>(items: Vec<Value>, visitor: V) -> Result<V::Value, Error> {
    let length = items.len();
    let mut items = ListAccess(items.into_iter());
    let value = visitor.visit_seq(&mut items)?;
    match items.0.len() {
        0 => Ok(value),
        _ => Err(Error::invalid_length(length, &"fewer items")),
    }
}

fn object<'de, V: Visitor<'de>>(entries: Map, visitor: V) -> Result<V::Value, Error> {
    visitor.visit_map(ObjectAccess { entries: entries.into_iter(), value: Value::Null })
}

impl<'de> Deserializer<'de> for ValueDeserializer {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(bool) => visitor.visit_bool(bool),
            Value::Number(number) => match number.kind() {
                NumberKind::Unsigned(integer) => visitor.visit_u64(integer),
                NumberKind::Negative(integer) => visitor.visit_i64(integer),
                NumberKind::Float(float) => visitor.visit_f64(float),
            },
            Value::Text(text) => visitor.visit_string(text),
            Value::Array(items) => list(items, visitor),
            Value::Object(entries) => object(entries, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (name, content) = match self.0 {
            Value::Text(name) => (name, None),
            Value::Object(entries) if entries.len() == 1 => match entries.into_iter().next() {
                Some((name, content)) => (name, Some(content)),
                None => return Err(Error::new("expected a variant")),
            },
            _ => {
                return Err(Error::invalid_type(
                    self.unexpected(),
                    &"a variant's name, or an object with it",
                ));
            }
        };
        visitor.visit_enum(VariantDeserializer { name, content })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map struct identifier
    }
}

struct ListAccess(vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for &mut ListAccess {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        self.0.next().map(|item| seed.deserialize(ValueDeserializer(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct ObjectAccess {
    entries: <Map as IntoIterator>::IntoIter,
    /// Of the name that was taken last.
    value: Value,
}

impl<'de> MapAccess<'de> for ObjectAccess {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some((name, value)) = self.entries.next() else { return Ok(None) };
        self.value = value;
        seed.deserialize(NameDeserializer(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(ValueDeserializer(std::mem::take(&mut self.value)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// The name of an entry, also for types of keys that are not texts.
struct NameDeserializer(String);

macro_rules! written_as_text {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match super::parse::value(&self.0) {
                Ok(value @ (Value::Number(_) | Value::Bool(_))) => ValueDeserializer(value).deserialize_any(visitor),
                _ => visitor.visit_string(self.0),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for NameDeserializer {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.0)
    }

    written_as_text! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(VariantDeserializer { name: self.0, content: None })
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

struct VariantDeserializer {
    name: String,
    content: Option<Value>,
}

impl<'de> EnumAccess<'de> for VariantDeserializer {
    type Error = Error;
    type Variant = VariantContent;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, VariantContent), Error> {
        let name: StringDeserializer<Error> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, VariantContent(self.content)))
    }
}

struct VariantContent(Option<Value>);

impl VariantContent {
    fn some(self) -> Result<Value, Error> {
        self.0
            .ok_or_else(|| Error::invalid_type(Unexpected::UnitVariant, &"a variant with content"))
    }
}

impl<'de> VariantAccess<'de> for VariantContent {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0 {
            None | Some(Value::Null) => Ok(()),
            Some(value) => Err(Error::invalid_type(
                ValueDeserializer(value).unexpected(),
                &"a variant without content",
            )),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(ValueDeserializer(self.some()?))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        ValueDeserializer(self.some()?).deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        ValueDeserializer(self.some()?).deserialize_any(visitor)
    }
}
