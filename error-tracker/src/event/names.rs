//! Names of enums for JSON, the command line, queries and the SQLite file.

use std::fmt;

/// A text that is not the name of a [`Kind`](super::Kind), [`Level`](super::Level),
/// [`Status`](super::Status) or [`Sort`](crate::store::Sort). Its message lists the allowed names.
///
/// ```
/// use error_tracker::event::Level;
///
/// let error = "loud".parse::<Level>().unwrap_err();
/// assert_eq!(error.to_string(), "\"loud\" is not a level: debug, info, warning, error, fatal");
/// assert_eq!(error.allowed()[0], "debug");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownNameError {
    what: &'static str,
    given: String,
    allowed: &'static [&'static str],
}

impl UnknownNameError {
    pub(crate) fn new(what: &'static str, given: &str, allowed: &'static [&'static str]) -> Self {
        Self { what, given: given.to_owned(), allowed }
    }

    /// Returns the allowed names, in the order of the enum's variants.
    #[must_use]
    pub fn allowed(&self) -> &'static [&'static str] {
        self.allowed
    }
}

impl fmt::Display for UnknownNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a {}: {}", self.given, self.what, self.allowed.join(", "))
    }
}

impl std::error::Error for UnknownNameError {}

/// Implements `Display` and `FromStr` by the names of all variants, which are those of serde.
macro_rules! named {
    ($type:ty, $what:literal, $($variant:ident = $name:literal),+ $(,)?) => {
        impl $type {
            /// All names, in the order of the variants.
            pub(crate) const NAMES: &[&str] = &[$($name),+];

            /// Returns the name as [`Display`](std::fmt::Display) writes it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        /// Writes the same name as in JSON.
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        /// Reads the same name as in JSON.
        impl std::str::FromStr for $type {
            type Err = $crate::event::UnknownNameError;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($crate::event::UnknownNameError::new($what, name, Self::NAMES)),
                }
            }
        }
    };
}

pub(crate) use named;

named!(super::Kind, "kind", Error = "error", Panic = "panic", Message = "message", None = "none");
named!(
    super::Level,
    "level",
    Debug = "debug",
    Info = "info",
    Warning = "warning",
    Error = "error",
    Fatal = "fatal",
);
named!(super::Status, "status", Unresolved = "unresolved", Resolved = "resolved", Muted = "muted",);
