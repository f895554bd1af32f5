//! A variable that is bound without a value, and then assigned only where the macro does not look.
#![deny(warnings)]

use error_tracker::auto_track_exception;

macro_rules! set {
    ($name:ident, $value:expr) => {
        $name = $value
    };
}

#[auto_track_exception]
fn in_a_macro(text: &str) -> Result<(u32, usize), std::num::ParseIntError> {
    let (number, length);
    set!(number, text.parse()?);
    set!(length, text.len());
    Ok((number, length))
}

#[auto_track_exception]
fn below_an_attribute(text: &str) -> Result<usize, std::num::ParseIntError> {
    let last;
    #[allow(clippy::never_loop)]
    let sum = loop {
        last = text.parse::<usize>()?;
        break last;
    };
    Ok(sum + last)
}

fn main() {
    assert_eq!(in_a_macro("17"), Ok((17, 2)));
    assert_eq!(below_an_attribute("17"), Ok(34));
    assert!(below_an_attribute("x").is_err());
}
