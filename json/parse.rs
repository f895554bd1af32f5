use super::number::Kind;
use super::{Error, Map, Number, Value};

/// Lists and objects must nest less deeply than this.
const DEPTH: usize = 128;

/// Reads a text that is one value.
pub(super) fn parse(text: &str) -> Result<Value, Error> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let value = parser.value()?;
    match parser.next() {
        None => Ok(value),
        Some(_) => Err(parser.error("nothing may follow the value")),
    }
}

struct Parser<'a> {
    text: &'a str,
    /// The next byte.
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn error(&self, message: &str) -> Error {
        let message = if self.peek().is_none() { "the text ends too early" } else { message };
        Error::at(message, self.text, self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte after white space.
    fn next(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    /// Goes on after `byte`, if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self) -> Result<Value, Error> {
        match self.next() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b'[') => self.nested(Self::array),
            Some(b'{') => self.nested(Self::object),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.error("expected a value")),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Error> {
        match word.bytes().all(|byte| self.take(byte)) {
            true => Ok(value),
            false => Err(self.error("expected a value")),
        }
    }

    fn nested(&mut self, inner: fn(&mut Self) -> Result<Value, Error>) -> Result<Value, Error> {
        self.depth += 1;
        if self.depth == DEPTH {
            return Err(self.error("nested too deeply"));
        }
        self.at += 1;
        let value = inner(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Value, Error> {
        let mut items = Vec::new();
        if self.next() != Some(b']') {
            loop {
                items.push(self.value()?);
                if self.next() != Some(b',') {
                    break;
                }
                self.at += 1;
            }
        }
        match self.take(b']') {
            true => Ok(Value::Array(items)),
            false => Err(self.error("expected `,` or `]`")),
        }
    }

    fn object(&mut self) -> Result<Value, Error> {
        let mut map = Map::new();
        if self.next() != Some(b'}') {
            loop {
                if self.next() != Some(b'"') {
                    return Err(self.error("expected a name in quotes"));
                }
                let name = self.string()?;
                if self.next() != Some(b':') {
                    return Err(self.error("expected `:`"));
                }
                self.at += 1;
                map.insert(name, self.value()?);
                if self.next() != Some(b',') {
                    break;
                }
                self.at += 1;
            }
        }
        match self.take(b'}') {
            true => Ok(Value::Object(map)),
            false => Err(self.error("expected `,` or `}`")),
        }
    }

    fn number(&mut self) -> Result<Number, Error> {
        let start = self.at;
        let negative = self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        } else if let Some(b'0'..=b'9') = self.peek() {
            return Err(self.error("a number does not start with 0"));
        }
        let mut whole = true;
        if self.take(b'.') {
            whole = false;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            whole = false;
            self.at += 1;
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let digits = &self.text[start..self.at];
        if whole {
            let integer = if negative {
                // There is no integer -0.
                digits.parse().ok().filter(|integer| *integer < 0).map(Kind::Negative)
            } else {
                digits.parse().ok().map(Kind::Unsigned)
            };
            if let Some(integer) = integer {
                return Ok(Number(integer));
            }
        }
        let float = digits.parse().ok().and_then(Number::from_f64);
        float.ok_or_else(|| Error::at("the number is too large", self.text, start))
    }

    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.error("expected a digit")) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<String, Error> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            string.push_str(&self.text[start..self.at]);
            if self.take(b'"') {
                return Ok(string);
            }
            if !self.take(b'\\') {
                return Err(self.error("a control character in a text"));
            }
            string.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let character = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte.into(),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.error("an unknown escape")),
        };
        self.at += 1;
        Ok(character)
    }

    /// `u` and four digits, or a pair of them.
    fn unicode(&mut self) -> Result<char, Error> {
        let start = self.at - 1;
        let first = self.unit()?;
        let mut units = vec![first];
        if (0xd800..0xdc00).contains(&first) && self.take(b'\\') {
            if self.peek() != Some(b'u') {
                return Err(Error::at("half of a surrogate pair", self.text, start));
            }
            units.push(self.unit()?);
        }
        match char::decode_utf16(units).next() {
            Some(Ok(character)) => Ok(character),
            _ => Err(Error::at("half of a surrogate pair", self.text, start)),
        }
    }

    fn unit(&mut self) -> Result<u16, Error> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let digit = digit.and_then(|digit| u16::try_from(digit).ok());
            unit = unit * 16 + digit.ok_or_else(|| self.error("expected four hexadecimal digits"))?;
            self.at += 1;
        }
        Ok(unit)
    }
}
