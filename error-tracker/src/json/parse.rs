//! Parses text to a value.

use super::depth::MAX_DEPTH;
use super::{Error, Map, Number, Value};

/// One more than lists and objects may nest.
const DEPTH: usize = MAX_DEPTH + 1;

/// Returns the value that a text holds.
pub(super) fn value(text: &str) -> Result<Value, Error> {
    let mut parser = JsonParser { text, at: 0 };
    let value = parser.value(DEPTH)?;
    parser.space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => parser.fail("text after the end of the value"),
    }
}

struct JsonParser<'a> {
    text: &'a str,
    /// The byte that comes next.
    at: usize,
}

impl JsonParser<'_> {
    fn fail<T>(&self, message: &str) -> Result<T, Error> {
        let message = if self.at >= self.text.len() { "the text ends too early" } else { message };
        Err(Error::at(message, self.text, self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Consumes a byte if it is the next one; returns whether it was.
    fn take(&mut self, byte: u8) -> bool {
        let next = self.peek() == Some(byte);
        self.at += usize::from(next);
        next
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        self.space();
        match self.peek() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'[') => self.list(depth - 1),
            Some(b'{') => self.object(depth - 1),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            _ => self.fail("expected a value"),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Error> {
        for byte in word.bytes() {
            if !self.take(byte) {
                return self.fail("expected a value");
            }
        }
        Ok(value)
    }

    /// Enters a list or an object; returns true if it is empty.
    fn enter(&mut self, close: u8, depth: usize) -> Result<bool, Error> {
        if depth == 0 {
            return self.fail("nested too deep");
        }
        self.at += 1;
        self.space();
        Ok(self.take(close))
    }

    /// Continues after an item; returns false at the end.
    fn more(&mut self, close: u8) -> Result<bool, Error> {
        self.space();
        if self.take(b',') {
            return Ok(true);
        }
        if self.take(close) {
            return Ok(false);
        }
        self.fail(if close == b']' { "expected `,` or `]`" } else { "expected `,` or `}`" })
    }

    fn list(&mut self, depth: usize) -> Result<Value, Error> {
        let mut items = Vec::new();
        let mut more = !self.enter(b']', depth)?;
        while more {
            items.push(self.value(depth)?);
            more = self.more(b']')?;
        }
        Ok(Value::Array(items))
    }

    fn object(&mut self, depth: usize) -> Result<Value, Error> {
        let mut entries = Map::new();
        let mut more = !self.enter(b'}', depth)?;
        while more {
            self.space();
            if self.peek() != Some(b'"') {
                return self.fail("expected a name in quotes");
            }
            let name = self.string()?;
            self.space();
            if !self.take(b':') {
                return self.fail("expected `:`");
            }
            entries.insert(name, self.value(depth)?);
            more = self.more(b'}')?;
        }
        Ok(entries.into())
    }

    fn digits(&mut self) -> Result<(), Error> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return self.fail("expected a digit");
        }
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        let mut integer = true;
        self.take(b'-');
        if self.take(b'0') {
            if let Some(b'0'..=b'9') = self.peek() {
                return self.fail("a number does not begin with 0");
            }
        } else {
            self.digits()?;
        }
        if self.take(b'.') {
            integer = false;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            integer = false;
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        let digits = &self.text[start..self.at];
        // -0 and integers of more than 64 bits become floats.
        if integer && digits != "-0" {
            if let Ok(integer) = digits.parse::<u64>() {
                return Ok(integer.into());
            }
            if let Ok(integer) = digits.parse::<i64>() {
                return Ok(integer.into());
            }
        }
        match digits.parse().ok().and_then(Number::from_f64) {
            Some(number) => Ok(number.into()),
            None => Err(Error::at("the number is too large", self.text, start)),
        }
    }

    fn string(&mut self) -> Result<String, Error> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..b' ');
            let plain = self.text.as_bytes()[start..].iter().position(special);
            self.at = plain.map_or(self.text.len(), |plain| start + plain);
            out.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return self.fail("a control character in a text must be escaped"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let char = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return self.fail("no such escape"),
        };
        self.at += 1;
        Ok(char)
    }

    /// Reads one `\u` escape, or the two of a surrogate pair.
    fn unicode(&mut self) -> Result<char, Error> {
        let start = self.at;
        let lone = |parser: &Self| Err(Error::at("half of a surrogate pair", parser.text, start));
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).map_or_else(|| lone(self), Ok);
        }
        if !(self.take(b'\\') && self.take(b'u')) {
            return lone(self);
        }
        let second = self.hex()?;
        if !(0xdc00..0xe000).contains(&second) {
            return lone(self);
        }
        let char = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        char::from_u32(char).map_or_else(|| lone(self), Ok)
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let mut number = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return self.fail("expected four hexadecimal digits");
            };
            number = number * 16 + digit;
            self.at += 1;
        }
        Ok(number)
    }
}
