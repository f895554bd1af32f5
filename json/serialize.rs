use std::fmt::Display;

use serde::ser::{self, Serialize, Serializer};

use super::{Error, Number, Value, parse, to_value};

/// Takes the parts of a JSON value in the order of its text.
pub(super) trait Sink {
    fn null(&mut self);
    fn bool(&mut self, value: bool);
    fn number(&mut self, number: Number);
    fn string(&mut self, text: &str);
    fn open(&mut self, shape: Shape);
    /// An element of the open list follows.
    fn element(&mut self);
    /// A value of the open object follows.
    fn key(&mut self, key: &str);
    fn close(&mut self, shape: Shape);
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Array,
    Object,
}

/// Puts what serde tells into a sink.
pub(super) struct Emitter<'a, S>(pub(super) &'a mut S);

impl<'a, S: Sink> Emitter<'a, S> {
    fn open(self, shape: Shape) -> Compound<'a, S> {
        self.0.open(shape);
        Compound { sink: self.0, form: Form::Container(shape) }
    }

    /// `{ "variant": [..] }` or `{ "variant": {..} }`.
    fn open_variant(self, variant: &str, shape: Shape) -> Compound<'a, S> {
        self.0.open(Shape::Object);
        self.0.key(variant);
        self.0.open(shape);
        Compound { sink: self.0, form: Form::Variant(shape) }
    }

    fn float(self, number: Option<Number>) {
        match number {
            Some(number) => self.0.number(number),
            None => self.0.null(),
        }
    }
}

/// An open list or object.
pub(super) struct Compound<'a, S> {
    sink: &'a mut S,
    form: Form,
}

enum Form {
    Container(Shape),
    Variant(Shape),
    /// A struct whose only field is the text of a JSON value.
    Verbatim,
}

/// How `serde_json` hands a `RawValue`, and each number where a crate of the program turned on its feature
/// `arbitrary_precision`, to a serializer that is not its own.
const VERBATIM: [&str; 2] = ["$serde_json::private::Number", "$serde_json::private::RawValue"];

impl<S: Sink> Compound<'_, S> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.sink.element();
        value.serialize(Emitter(self.sink))
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Error> {
        if let Form::Verbatim = self.form {
            let text = to_value(value)?;
            let value = parse::parse(text.as_str().unwrap_or_default())?;
            return value.serialize(Emitter(self.sink));
        }
        self.sink.key(key);
        value.serialize(Emitter(self.sink))
    }

    fn close(self) {
        match self.form {
            Form::Container(shape) => self.sink.close(shape),
            Form::Variant(shape) => {
                self.sink.close(shape);
                self.sink.close(Shape::Object);
            }
            Form::Verbatim => {}
        }
    }
}

macro_rules! integers {
    ($($method:ident: $narrow:ty as $wide:ty),*) => {$(
        fn $method(self, value: $narrow) -> Result<(), Error> {
            let value = <$wide>::try_from(value).map_err(|_| Error::new("number out of range"))?;
            self.0.number(value.into());
            Ok(())
        }
    )*};
}

impl<'a, S: Sink> Serializer for Emitter<'a, S> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a, S>;
    type SerializeTuple = Compound<'a, S>;
    type SerializeTupleStruct = Compound<'a, S>;
    type SerializeTupleVariant = Compound<'a, S>;
    type SerializeMap = Compound<'a, S>;
    type SerializeStruct = Compound<'a, S>;
    type SerializeStructVariant = Compound<'a, S>;

    integers!(
        serialize_u8: u8 as u64, serialize_u16: u16 as u64, serialize_u32: u32 as u64,
        serialize_u64: u64 as u64, serialize_u128: u128 as u64,
        serialize_i8: i8 as i64, serialize_i16: i16 as i64, serialize_i32: i32 as i64,
        serialize_i64: i64 as i64
    );

    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        match i64::try_from(value) {
            Ok(value) => self.serialize_i64(value),
            Err(_) => self.serialize_u128(value.try_into().unwrap_or(u128::MAX)),
        }
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.float(Number::from_f32(value));
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.float(Number::from_f64(value));
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.0.bool(value);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.0.string(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.0.string(value);
        Ok(())
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.0.string(&value.to_string());
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
        self.0.null();
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut object = self.open(Shape::Object);
        object.field(variant, value)?;
        object.close();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a, S>, Error> {
        Ok(self.open(Shape::Array))
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a, S>, Error> {
        Ok(self.open(Shape::Array))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a, S>, Error> {
        Ok(self.open(Shape::Array))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a, S>, Error> {
        Ok(self.open_variant(variant, Shape::Array))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a, S>, Error> {
        Ok(self.open(Shape::Object))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'a, S>, Error> {
        if VERBATIM.contains(&name) {
            return Ok(Compound { sink: self.0, form: Form::Verbatim });
        }
        Ok(self.open(Shape::Object))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a, S>, Error> {
        Ok(self.open_variant(variant, Shape::Object))
    }
}

macro_rules! lists {
    ($($kind:ident::$method:ident),*) => {$(
        impl<S: Sink> ser::$kind for Compound<'_, S> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        }
    )*};
}

lists!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! structs {
    ($($kind:ident),*) => {$(
        impl<S: Sink> ser::$kind for Compound<'_, S> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.field(key, value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        }
    )*};
}

structs!(SerializeStruct, SerializeStructVariant);

impl<S: Sink> ser::SerializeMap for Compound<'_, S> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        match to_value(key)? {
            Value::String(key) => self.sink.key(&key),
            Value::Number(key) => self.sink.key(&key.to_string()),
            Value::Bool(key) => self.sink.key(if key { "true" } else { "false" }),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return Err(Error::new("a map's key must be a text, a number or a bool"));
            }
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Emitter(self.sink))
    }

    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}
