//! Writes anything that serde can serialize as text, without building a value.

use std::fmt::{Display, Write};

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::depth::{CUT, MAX_DEPTH};
use super::{Error, key, number};

/// Returns the text of a value.
pub(super) fn text<T: Serialize + ?Sized>(value: &T, pretty: bool) -> Result<String, Error> {
    let mut text = TextSerializer { out: String::with_capacity(256), pretty, depth: 0 };
    value.serialize(&mut text)?;
    Ok(text.out)
}

struct TextSerializer {
    out: String,
    pretty: bool,
    depth: usize,
}

impl TextSerializer {
    fn open(&mut self, bracket: char) {
        self.out.push(bracket);
        self.depth += 1;
    }

    fn close(&mut self, bracket: char, empty: bool) {
        self.depth -= 1;
        if !empty {
            self.line();
        }
        self.out.push(bracket);
    }

    fn line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.depth));
        }
    }

    fn name(&mut self, name: &str) {
        self.string(name);
        self.out.push_str(if self.pretty { ": " } else { ":" });
    }

    /// Opens the object that names a variant.
    fn variant(&mut self, variant: &str) {
        self.open('{');
        self.line();
        self.name(variant);
    }

    fn string(&mut self, text: &str) {
        self.out.reserve(text.len() + 2);
        self.out.push('"');
        let mut kept = 0;
        for (at, byte) in text.bytes().enumerate() {
            if byte >= b' ' && byte != b'"' && byte != b'\\' {
                continue;
            }
            self.out.push_str(&text[kept..at]);
            kept = at + 1;
            match byte {
                b'"' => self.out.push_str("\\\""),
                b'\\' => self.out.push_str("\\\\"),
                b'\n' => self.out.push_str("\\n"),
                b'\r' => self.out.push_str("\\r"),
                b'\t' => self.out.push_str("\\t"),
                0x08 => self.out.push_str("\\b"),
                0x0c => self.out.push_str("\\f"),
                control => self.display(format_args!("\\u{control:04x}")),
            }
        }
        self.out.push_str(&text[kept..]);
        self.out.push('"');
    }

    fn display(&mut self, value: impl Display) {
        // Writing to a String does not fail.
        let _ = write!(self.out, "{value}");
    }

    /// Writes a mark instead of a list or an object that is too deep; returns whether it did.
    fn cut(&mut self) -> bool {
        let is_too_deep = self.depth >= MAX_DEPTH;
        if is_too_deep {
            self.string(CUT);
        }
        is_too_deep
    }

    fn within(&mut self, opening: char, bracket: char) -> OpenContainer<'_> {
        let cut = self.cut();
        if !cut {
            self.open(opening);
        }
        OpenContainer { text: self, bracket, empty: true, variant: false, cut }
    }

    fn list(&mut self) -> OpenContainer<'_> {
        self.within('[', ']')
    }

    fn object(&mut self) -> OpenContainer<'_> {
        self.within('{', '}')
    }
}

/// A list or an object that is being written.
struct OpenContainer<'a> {
    text: &'a mut TextSerializer,
    bracket: char,
    empty: bool,
    /// Whether it stands in an object that names a variant.
    variant: bool,
    /// Whether it is too deep, and nothing of it is written.
    cut: bool,
}

impl OpenContainer<'_> {
    fn next(&mut self) {
        if !self.empty {
            self.text.out.push(',');
        }
        self.empty = false;
        self.text.line();
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        if self.cut {
            return Ok(());
        }
        self.next();
        value.serialize(&mut *self.text)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        if self.cut {
            return Ok(());
        }
        self.next();
        self.text.name(name);
        value.serialize(&mut *self.text)
    }

    fn finish(self) -> Result<(), Error> {
        if !self.cut {
            self.text.close(self.bracket, self.empty);
        }
        if self.variant {
            self.text.close('}', false);
        }
        Ok(())
    }
}

macro_rules! displayed {
    ($($method:ident $type:ty)*) => {$(
        fn $method(self, value: $type) -> Result<(), Error> {
            self.display(value);
            Ok(())
        }
    )*};
}

impl<'a> Serializer for &'a mut TextSerializer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = OpenContainer<'a>;
    type SerializeTuple = OpenContainer<'a>;
    type SerializeTupleStruct = OpenContainer<'a>;
    type SerializeTupleVariant = OpenContainer<'a>;
    type SerializeMap = OpenContainer<'a>;
    type SerializeStruct = OpenContainer<'a>;
    type SerializeStructVariant = OpenContainer<'a>;

    displayed! {
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        number::write_f32(&mut self.out, value).map_err(|error| Error::new(error.to_string()))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        number::write_f64(&mut self.out, value).map_err(|error| Error::new(error.to_string()))
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.string(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.string(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.out.push_str("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        if self.cut() {
            return Ok(());
        }
        self.variant(variant);
        value.serialize(&mut *self)?;
        self.close('}', false);
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<OpenContainer<'a>, Error> {
        Ok(self.list())
    }

    fn serialize_tuple(self, _: usize) -> Result<OpenContainer<'a>, Error> {
        Ok(self.list())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<OpenContainer<'a>, Error> {
        Ok(self.list())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<OpenContainer<'a>, Error> {
        self.variant(variant);
        Ok(OpenContainer { variant: true, ..self.list() })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<OpenContainer<'a>, Error> {
        Ok(self.object())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<OpenContainer<'a>, Error> {
        Ok(self.object())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<OpenContainer<'a>, Error> {
        self.variant(variant);
        Ok(OpenContainer { variant: true, ..self.object() })
    }
}

impl SerializeMap for OpenContainer<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        if self.cut {
            return Ok(());
        }
        self.next();
        self.text.name(&key::name(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        if self.cut {
            return Ok(());
        }
        value.serialize(&mut *self.text)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

macro_rules! items {
    ($($trait:ident $method:ident)*) => {$(
        impl $trait for OpenContainer<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
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
        impl $trait for OpenContainer<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

fields! { SerializeStruct SerializeStructVariant }
