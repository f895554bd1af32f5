//! Errors that borrow, of types that are an `Error` for `'static` only.
#![deny(warnings)]

use std::any::Any;
use std::error::Error;
use std::fmt;

use error_tracker::auto_track_exception;

/// Like arrayvec's.
#[derive(PartialEq)]
struct CapacityError<T = ()>(T);

impl<T: Any> Error for CapacityError<T> {}

impl<T> fmt::Display for CapacityError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("insufficient capacity")
    }
}

impl<T> fmt::Debug for CapacityError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CapacityError")
    }
}

#[derive(Default)]
struct Short(String);

#[auto_track_exception]
impl Short {
    fn new(text: &str) -> Result<Self, CapacityError<&str>> {
        let mut short = Self::default();
        short.push(text)?;
        Ok(short)
    }

    fn push<'a>(&mut self, text: &'a str) -> Result<(), CapacityError<&'a str>> {
        if text.len() + self.0.len() > 3 {
            return Err(CapacityError(text));
        }
        self.0 += text;
        Ok(())
    }

    fn write(&mut self, texts: &[&str]) -> fmt::Result {
        for text in texts {
            self.push(text).map_err(|_| fmt::Error)?;
        }
        self.push("").map_err(|_| fmt::Error)
    }

    fn simple(&mut self, text: &str) -> Result<(), CapacityError> {
        let CapacityError(()) = match self.push(text) {
            Ok(()) => return Ok(()),
            Err(CapacityError(_)) => CapacityError(()),
        };
        Err(CapacityError(()))
    }
}

impl<'a> TryFrom<&'a str> for Short {
    type Error = CapacityError<&'a str>;

    #[auto_track_exception]
    fn try_from(text: &'a str) -> Result<Self, Self::Error> {
        let mut short = Self::default();
        short.push(text)?;
        Ok(short)
    }
}

/// Like futures' `ReuniteError`: an error that holds what was given, of a type that need not be `'static`.
struct Half<T>(Option<T>);

#[auto_track_exception]
impl<T> Half<T> {
    fn take(self) -> Result<T, CapacityError<T>> {
        self.whole().map_err(|CapacityError(value)| CapacityError(value))
    }

    fn whole(self) -> Result<T, CapacityError<T>> {
        let value = self.0;
        let inner = Half(value).inner()?;
        Ok(inner)
    }

    fn inner(self) -> Result<T, CapacityError<T>> {
        match self.0 {
            Some(value) => Err(CapacityError(value)),
            None => panic!("nothing there"),
        }
    }
}

fn main() {
    let text = String::from("four");
    assert!(Short::new(&text).is_err() && Short::new("abc").is_ok());
    assert!(Short::try_from(&*text).is_err() && Short::default().write(&["a", &text]).is_err());
    assert!(Short::default().simple(&text).is_err());
    assert_eq!(Half(Some(&*text)).take(), Err(CapacityError(&*text)));
}
