use std::fmt::{self, Display};

/// Why a text or a value could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    message: Box<str>,
    place: Option<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
}

impl Error {
    /// The error at the byte `at` of `text`.
    pub(super) fn at(message: &str, text: &str, at: usize) -> Self {
        let before = &text[..at];
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let place = Place {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[start..].chars().count() + 1,
        };
        Self { message: message.into(), place: Some(place) }
    }

    pub(super) fn new(message: impl Display) -> Self {
        Self { message: message.to_string().into(), place: None }
    }

    /// The line of the first character that is wrong, from 1; `None` where the text is JSON, but not what was wanted.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        Some(self.place?.line)
    }

    /// The column of the first character that is wrong, in characters, from 1.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        Some(self.place?.column)
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.place {
            Some(place) => write!(f, " at line {} column {}", place.line, place.column),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl serde::ser::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message)
    }
}

impl serde::de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message)
    }
}
