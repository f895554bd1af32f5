//! The start of a `Debug` text, which shows the variant of an enum and the kind of an `io::Error`.

use std::fmt;

use crate::user_code;

/// How many bytes of a text are searched for the name at its start.
const MAX_NAME: usize = 256;
/// Bytes kept of one write.
const MAX_PIECE: usize = 8 * 1024;

/// The start of a `Debug` text, unmasked: more than `MAX_NAME` bytes of it, or all.
#[derive(Default)]
pub(crate) struct DebugHead(String);

impl DebugHead {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn push(&mut self, part: &str) {
        if !self.is_full() {
            self.0.push_str(&part[..part.floor_char_boundary(MAX_PIECE)]);
        }
    }

    fn is_full(&self) -> bool {
        self.0.len() > MAX_NAME
    }
}

/// A `Debug` text of which only the start is of interest.
#[derive(Clone, Copy)]
pub(crate) enum DebugText<'a> {
    /// It is written as far as needed.
    Unread(&'a dyn fmt::Debug),
    /// It was written before.
    Read(&'a DebugHead),
}

impl DebugText<'_> {
    /// Returns its first name, and what follows up to the name of its first field, which shows what
    /// the name stands for, in the memory of `spare`.
    pub(crate) fn name(self, spare: String) -> String {
        self.read(spare, &|text| {
            let name =
                text.find(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_')?;
            let find_after = |from: usize, is_wanted: fn(char) -> bool| {
                text[from..]
                    .char_indices()
                    .find(|(_, c)| is_wanted(*c))
                    .map(|(at, c)| (from + at + c.len_utf8(), c))
            };
            // A space does not show what the name stands for.
            match find_after(name, |c| c != ' ')? {
                (fields, '{') => {
                    find_after(fields, |c| !(c.is_alphanumeric() || c == '_' || c == ' '))
                        .map(|(end, _)| end)
                }
                (end, _) => Some(end),
            }
        })
    }

    /// Returns it up to the end that `enough` returns, and at most about `MAX_NAME` bytes.
    pub(crate) fn start(self, enough: &dyn Fn(&str) -> Option<usize>) -> String {
        self.read(String::new(), enough)
    }

    fn read(self, mut spare: String, enough: &dyn Fn(&str) -> Option<usize>) -> String {
        spare.clear();
        match self {
            Self::Read(DebugHead(head)) => {
                spare.push_str(&head[..enough(head).unwrap_or(head.len())]);
                spare
            }
            Self::Unread(value) => {
                let writer = StartWriter { head: DebugHead(spare), enough };
                let (writer, _) =
                    user_code::write(writer, format_args!("{value:?}"), |mut writer| {
                        writer.head.clear();
                        writer
                    });
                writer.head.0
            }
        }
    }
}

struct StartWriter<'a> {
    head: DebugHead,
    /// Returns where the text ends, once it is long enough.
    enough: &'a dyn Fn(&str) -> Option<usize>,
}

impl fmt::Write for StartWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.head.push(text);
        let end = (self.enough)(&self.head.0);
        let ended = end.is_some() || self.head.is_full();
        self.head.0.truncate(end.unwrap_or(self.head.0.len()));
        if ended { Err(fmt::Error) } else { Ok(()) }
    }
}
