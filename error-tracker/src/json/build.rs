//! Builds a value from anything that serde can serialize.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::depth::CUT;
use super::{Error, Map, Value, key};

#[derive(Clone, Copy)]
pub(super) struct ValueSerializer {
    /// How many levels of lists and objects may follow.
    pub(super) depth: usize,
}

impl ValueSerializer {
    /// Returns the builder for the content of a list or object; `None` if that is too deep, so that
    /// the content is ignored.
    fn inside(self) -> Option<Self> {
        Some(Self { depth: self.depth.checked_sub(1)? })
    }

    fn list(self, capacity: Option<usize>, variant: Option<&'static str>) -> ListSerializer {
        // The length is a claim of the type.
        ListSerializer {
            items: Vec::with_capacity(capacity.unwrap_or(0).min(1024)),
            variant,
            inside: self.inside(),
        }
    }

    fn object(self, variant: Option<&'static str>) -> ObjectSerializer {
        ObjectSerializer {
            entries: Map::new(),
            name: String::new(),
            variant,
            inside: self.inside(),
        }
    }
}

/// A list that is being built.
pub(super) struct ListSerializer {
    items: Vec<Value>,
    variant: Option<&'static str>,
    inside: Option<ValueSerializer>,
}

/// An object that is being built.
pub(super) struct ObjectSerializer {
    entries: Map,
    /// The name whose value comes next.
    name: String,
    variant: Option<&'static str>,
    inside: Option<ValueSerializer>,
}

fn finished(inside: Option<ValueSerializer>, variant: Option<&'static str>, value: Value) -> Value {
    let value = if inside.is_some() { value } else { Value::Text(CUT.to_owned()) };
    match variant {
        Some(variant) => Map::from([(variant, value)]).into(),
        None => value,
    }
}

macro_rules! plain {
    ($($method:ident $type:ty)*) => {$(
        fn $method(self, value: $type) -> Result<Value, Error> {
            Ok(value.into())
        }
    )*};
}

fn too_large<T>(_: T) -> Error {
    Error::new("the integer takes more than 64 bits")
}

impl Serializer for ValueSerializer {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = ListSerializer;
    type SerializeTuple = ListSerializer;
    type SerializeTupleStruct = ListSerializer;
    type SerializeTupleVariant = ListSerializer;
    type SerializeMap = ObjectSerializer;
    type SerializeStruct = ObjectSerializer;
    type SerializeStructVariant = ObjectSerializer;

    plain! {
        serialize_bool bool
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64
        serialize_f32 f32 serialize_f64 f64 serialize_str &str
    }

    fn serialize_i128(self, value: i128) -> Result<Value, Error> {
        match u64::try_from(value) {
            Ok(value) => Ok(value.into()),
            Err(_) => i64::try_from(value).map(Value::from).map_err(too_large),
        }
    }

    fn serialize_u128(self, value: u128) -> Result<Value, Error> {
        u64::try_from(value).map(Value::from).map_err(too_large)
    }

    fn serialize_char(self, value: char) -> Result<Value, Error> {
        Ok(value.to_string().into())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Value, Error> {
        Ok(value.iter().copied().collect())
    }

    fn serialize_none(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value, Error> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Error> {
        let inside = self.inside();
        let value = inside.map(|inside| value.serialize(inside)).transpose()?.unwrap_or_default();
        Ok(finished(inside, Some(variant), value))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<ListSerializer, Error> {
        Ok(self.list(length, None))
    }

    fn serialize_tuple(self, length: usize) -> Result<ListSerializer, Error> {
        Ok(self.list(Some(length), None))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        length: usize,
    ) -> Result<ListSerializer, Error> {
        Ok(self.list(Some(length), None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<ListSerializer, Error> {
        Ok(self.list(Some(length), Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<ObjectSerializer, Error> {
        Ok(self.object(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<ObjectSerializer, Error> {
        Ok(self.object(None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<ObjectSerializer, Error> {
        Ok(self.object(Some(variant)))
    }
}

impl SerializeMap for ObjectSerializer {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        if self.inside.is_some() {
            self.name = key::name(key)?;
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        if let Some(inside) = self.inside {
            self.entries.insert(std::mem::take(&mut self.name), value.serialize(inside)?);
        }
        Ok(())
    }

    fn end(self) -> Result<Value, Error> {
        Ok(finished(self.inside, None, self.entries.into()))
    }
}

macro_rules! items {
    ($($trait:ident $method:ident)*) => {$(
        impl $trait for ListSerializer {
            type Ok = Value;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                if let Some(inside) = self.inside {
                    self.items.push(value.serialize(inside)?);
                }
                Ok(())
            }

            fn end(self) -> Result<Value, Error> {
                Ok(finished(self.inside, self.variant, Value::Array(self.items)))
            }
        }
    )*};
}

items! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! fields {
    ($($trait:ident)*) => {$(
        impl $trait for ObjectSerializer {
            type Ok = Value;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                if let Some(inside) = self.inside {
                    self.entries.insert(name, value.serialize(inside)?);
                }
                Ok(())
            }

            fn end(self) -> Result<Value, Error> {
                Ok(finished(self.inside, self.variant, self.entries.into()))
            }
        }
    )*};
}

fields! { SerializeStruct SerializeStructVariant }
