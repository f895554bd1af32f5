//! Calls that succeed: the same work plain, annotated, and under peers.
//!
//! In every family the annotated functions have the same body; only the attribute differs.

use std::hint::black_box;
use std::num::ParseIntError;

use error_tracker::auto_track_exception;

/// One step that may fail, and is not annotated itself.
///
/// # Errors
/// For the largest number.
#[inline(never)]
pub fn step(number: u32) -> Result<u32, ParseIntError> {
    if black_box(number) == u32::MAX { "no number".parse() } else { Ok(number.wrapping_add(1)) }
}

/// Five `?`, nothing else.
macro_rules! five {
    ($(#[$attr:meta])* $name:ident) => {
        /// Five `?`.
        ///
        /// # Errors
        /// For numbers near the largest.
        #[inline(never)]
        $(#[$attr])*
        pub fn $name(number: u32) -> Result<u32, ParseIntError> {
            let last = step(step(step(step(step(number)?)?)?)?)?;
            Ok(last)
        }
    };
}

/// Five `?` with six primitive locals.
macro_rules! six {
    ($(#[$attr:meta])* $name:ident) => {
        /// Five `?` with six primitive locals.
        ///
        /// # Errors
        /// For numbers near the largest.
        #[inline(never)]
        $(#[$attr])*
        pub fn $name(number: u32) -> Result<u32, ParseIntError> {
            let a = step(number)?;
            let b = step(a)?;
            let c = step(b)?;
            let d = step(c)?;
            let e = step(d)?;
            let f = a ^ b;
            Ok(a + b + c + d + e + f)
        }
    };
}

/// The same with three strings.
macro_rules! strings {
    ($(#[$attr:meta])* $name:ident) => {
        /// Five `?` with six primitive and three string locals.
        ///
        /// # Errors
        /// For numbers near the largest.
        #[inline(never)]
        $(#[$attr])*
        pub fn $name(number: u32) -> Result<u32, ParseIntError> {
            let text = black_box("one, two, three");
            let first = &text[..3];
            let rest = &text[5..];
            let a = step(number)?;
            let b = step(a)?;
            let c = step(b)?;
            let d = step(c)?;
            let e = step(d)?;
            let f = a ^ b;
            Ok(a + b + c + d + e + f + (first.len() + rest.len()) as u32)
        }
    };
}

five!(plain_five);
five!(
    #[auto_track_exception(skip_all)]
    tracked_five
);
five!(
    #[tracing::instrument(skip_all, err)]
    tracing_five
);
five!(
    #[fastrace::trace]
    fastrace_five
);
six!(plain_six);
six!(
    #[auto_track_exception]
    tracked_six
);
six!(
    #[tracing::instrument(err)]
    tracing_six
);
strings!(plain_strings);
strings!(
    #[auto_track_exception]
    tracked_strings
);

strings!(
    #[tracing::instrument(err)]
    tracing_strings
);
