//! A failure that passes three functions with ten variables in all.

use std::fmt;
use std::hint::black_box;

use error_tracker::auto_track_exception;

/// An order that cannot be taken; each number makes a text of its own, so that failures are equal or distinct at will.
#[derive(Debug)]
pub struct Refused {
    /// The order.
    pub id: u64,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order {} is refused", self.id)
    }
}

impl std::error::Error for Refused {}

/// Not annotated, and not `map_err` within the `?`: then the error below it, always the same, would be what is told apart.
fn parse(text: &str, id: u64) -> Result<u32, Refused> {
    text.parse().map_err(|_| Refused { id })
}

/// The three functions; `check` has four variables where it fails, the others three each.
macro_rules! three {
    ($(#[$attr:meta])*) => {
        #[inline(never)]
        $(#[$attr])*
        fn check(text: &str, id: u64, strict: bool) -> Result<u32, Refused> {
            let trimmed = text.trim();
            let pieces = parse(trimmed, id)?;
            Ok(if strict { pieces } else { 0 })
        }

        #[inline(never)]
        $(#[$attr])*
        fn order(text: &str, id: u64) -> Result<u32, Refused> {
            let line = id as u32 % 100;
            let pieces = check(text, id, true)?;
            Ok(pieces + line)
        }

        /// The outermost.
        ///
        /// # Errors
        /// Whenever `text` is no number.
        #[inline(never)]
        $(#[$attr])*
        pub fn import(text: &str, first: u64) -> Result<u32, Refused> {
            let id = first + 1;
            let pieces = order(text, id)?;
            Ok(pieces)
        }
    };
}

three!(#[auto_track_exception]);

/// The same without annotation.
pub mod plain {
    use super::{Refused, parse};

    three!();
}

/// Runs `call` with so many further calls on the stack.
#[inline(never)]
pub fn deep<R>(depth: u32, call: &mut dyn FnMut() -> R) -> R {
    if depth == 0 { call() } else { black_box(deep(depth - 1, black_box(call))) }
}
