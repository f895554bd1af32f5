//! Names of a map's entries: JSON has only texts there, so numbers and words become texts.

use serde::Serialize;
use serde::ser::{Impossible, Serializer};

use super::{Error, number};

/// Returns the name that a map's key becomes.
pub(super) fn name<T: Serialize + ?Sized>(key: &T) -> Result<String, Error> {
    key.serialize(KeySerializer)
}

struct KeySerializer;

fn refused<T>() -> Result<T, Error> {
    Err(Error::new("a key must be a text"))
}

fn float(
    finite: bool,
    write: impl FnOnce(&mut String) -> std::fmt::Result,
) -> Result<String, Error> {
    let mut name = String::new();
    if !finite || write(&mut name).is_err() {
        return Err(Error::new("a key must be finite"));
    }
    Ok(name)
}

macro_rules! displayed {
    ($($method:ident $type:ty)*) => {$(
        fn $method(self, key: $type) -> Result<String, Error> {
            Ok(key.to_string())
        }
    )*};
}

impl Serializer for KeySerializer {
    type Ok = String;
    type Error = Error;
    type SerializeSeq = Impossible<String, Error>;
    type SerializeTuple = Impossible<String, Error>;
    type SerializeTupleStruct = Impossible<String, Error>;
    type SerializeTupleVariant = Impossible<String, Error>;
    type SerializeMap = Impossible<String, Error>;
    type SerializeStruct = Impossible<String, Error>;
    type SerializeStructVariant = Impossible<String, Error>;

    displayed! {
        serialize_bool bool
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
        serialize_char char serialize_str &str
    }

    fn serialize_f32(self, key: f32) -> Result<String, Error> {
        float(key.is_finite(), |name| number::write_f32(name, key))
    }

    fn serialize_f64(self, key: f64) -> Result<String, Error> {
        float(key.is_finite(), |name| number::write_f64(name, key))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<String, Error> {
        refused()
    }

    fn serialize_none(self) -> Result<String, Error> {
        refused()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<String, Error> {
        refused()
    }

    fn serialize_unit(self) -> Result<String, Error> {
        refused()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<String, Error> {
        refused()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<String, Error> {
        Ok(variant.to_owned())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        key: &T,
    ) -> Result<String, Error> {
        key.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<String, Error> {
        refused()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        refused()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
        refused()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        refused()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        refused()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Error> {
        refused()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Error> {
        refused()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        refused()
    }
}
