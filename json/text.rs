use super::Number;
use super::serialize::{Shape, Sink};

/// Writes JSON text.
pub(super) struct Text {
    out: String,
    pretty: bool,
    depth: usize,
    /// Nothing stands in the innermost open container yet.
    empty: bool,
}

impl Text {
    pub(super) fn compact() -> Self {
        Self { out: String::with_capacity(128), pretty: false, depth: 0, empty: false }
    }

    pub(super) fn pretty() -> Self {
        Self { pretty: true, ..Self::compact() }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn new_line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.depth));
        }
    }
}

impl Sink for Text {
    fn null(&mut self) {
        self.out.push_str("null");
    }

    fn bool(&mut self, value: bool) {
        self.out.push_str(if value { "true" } else { "false" });
    }

    fn number(&mut self, number: Number) {
        number.write(&mut self.out);
    }

    fn string(&mut self, text: &str) {
        quote(text, &mut self.out);
    }

    fn open(&mut self, shape: Shape) {
        self.out.push(if shape == Shape::Array { '[' } else { '{' });
        self.depth += 1;
        self.empty = true;
    }

    fn element(&mut self) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        self.new_line();
    }

    fn key(&mut self, key: &str) {
        self.element();
        quote(key, &mut self.out);
        self.out.push_str(if self.pretty { ": " } else { ":" });
    }

    fn close(&mut self, shape: Shape) {
        self.depth -= 1;
        if !self.empty {
            self.new_line();
        }
        // What closes here is an element of the container around it.
        self.empty = false;
        self.out.push(if shape == Shape::Array { ']' } else { '}' });
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = ESCAPES[usize::from(byte)];
        if escape == 0 {
            continue;
        }
        out.push_str(&text[written..at]);
        written = at + 1;
        out.push('\\');
        out.push(escape.into());
        if escape == b'u' {
            let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
            out.extend(['0', '0', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out.push_str(&text[written..]);
    out.push('"');
}

/// The letter after the backslash; 0 for a byte that stands for itself.
static ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        escapes[control] = b'u';
        control += 1;
    }
    escapes[0x08] = b'b';
    escapes[0x09] = b't';
    escapes[0x0a] = b'n';
    escapes[0x0c] = b'f';
    escapes[0x0d] = b'r';
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes
};
