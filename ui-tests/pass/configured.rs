//! `#[cfg]` wherever it may stand in a function, and attributes above and below ours.
#![deny(warnings, unreachable_code, unused)]
#![allow(clippy::let_and_return)]

use std::num::ParseIntError;

use error_tracker::auto_track_exception;

#[derive(Clone, Copy)]
struct Pair {
    left: u32,
    #[cfg(any())]
    missing: Missing,
    right: u32,
}

#[auto_track_exception]
fn arguments(#[cfg(any())] missing: Missing, #[cfg(all())] text: &str, #[allow(unused_variables)] unused: u32, #[cfg(any())] last: Missing) -> Result<u32, ParseIntError> {
    text.parse()
}

#[auto_track_exception]
async fn async_arguments(#[cfg(any())] missing: Missing, #[cfg(all())] text: &str, #[allow(unused_variables)] unused: u32) -> Result<u32, ParseIntError> {
    text.parse()
}

#[auto_track_exception]
fn statements(text: &str) -> Result<u32, ParseIntError> {
    #[cfg(any())]
    use missing::Missing;
    #[cfg(any())]
    let number = Missing::number()?;
    #[cfg(all())]
    let number = text.parse::<u32>()?;
    #[cfg(any())]
    {
        return missing(number)?;
    }
    #[cfg(all())]
    {
        let inner = text.parse::<u32>()?;
        let _ = inner;
    }
    #[cfg(any())]
    missing!(number);
    #[cfg_attr(any(), missing)]
    let doubled = number * 2;
    Ok(doubled)
}

#[auto_track_exception]
fn arms(number: u32) -> Result<u32, String> {
    let found = match number {
        #[cfg(any())]
        missing => missing?,
        #[cfg(all())]
        0 => return Err("zero".to_owned()),
        #[allow(clippy::match_same_arms)]
        1 => 2,
        #[cfg(all())]
        other => {
            let less = other.checked_sub(3).ok_or_else(|| other.to_string())?;
            less
        }
        #[cfg(any())]
        _ => missing,
    };
    Ok(found)
}

#[auto_track_exception]
fn fields(text: &str) -> Result<Pair, ParseIntError> {
    let pair = Pair {
        left: text.parse()?,
        #[cfg(any())]
        missing: missing(),
        #[cfg(all())]
        right: text.parse()?,
    };
    let Pair {
        left,
        #[cfg(any())]
        missing,
        #[cfg(all())]
        right,
    } = pair;
    let list = [
        left,
        #[cfg(any())]
        missing,
        #[cfg(all())]
        right,
    ];
    Ok(Pair { left: list[0], ..pair })
}

#[auto_track_exception]
fn tails(text: &str) -> Result<u32, ParseIntError> {
    let trimmed = text.trim();
    #[cfg(any())]
    {
        missing(trimmed)
    }
    #[cfg(all())]
    {
        trimmed.parse()
    }
}

#[auto_track_exception]
fn first_tail(text: &str) -> Result<u32, ParseIntError> {
    let trimmed = text.trim();
    #[cfg(all())]
    return trimmed.parse();
    #[cfg(any())]
    return missing(trimmed);
}

#[auto_track_exception]
fn whole_blocks(number: u32) -> Result<u32, String> {
    #[cfg(any())]
    if number > 3 {
        return missing();
    }
    #[allow(unused_assignments)]
    let mut last = 0;
    #[allow(clippy::all)]
    for each in 0..number { last = each; }
    #[allow(clippy::never_loop)]
    loop {
        last += 1;
        break;
    }
    #[cfg(all())]
    if last > 3 {
        return Err(last.to_string());
    } else {
        last += 1;
    }
    if cfg!(any()) { unreachable!() } else { Ok(last) }
}

/// Documented above.
#[auto_track_exception]
/// And below.
#[inline(always)]
#[must_use = "it is a number"]
#[doc(alias = "number")]
#[cfg_attr(all(), allow(clippy::all))]
#[cold]
fn documented(text: &str) -> Option<u32> {
    #![allow(unused_parens)]
    let length = (text.len());
    u32::try_from(length).ok()
}

#[deprecated(note = "there is a newer one")]
#[auto_track_exception]
#[expect(clippy::unnecessary_wraps)]
fn old(text: &str) -> Result<usize, String> {
    let length = text.len();
    Ok(length)
}

#[track_caller]
#[auto_track_exception]
fn caller(number: u32) -> Result<u32, &'static std::panic::Location<'static>> {
    let here = std::panic::Location::caller();
    if number == 0 { Err(here) } else { Ok(number) }
}

#[cfg(all())]
#[auto_track_exception]
#[cfg(all())]
fn there(number: u32) -> Result<u32, String> {
    number.checked_sub(1).ok_or_else(|| "zero".to_owned())
}

#[auto_track_exception]
#[cfg(any())]
fn not_there(number: Missing) -> Result<u32, Missing> {
    number.missing()
}

#[cfg_attr(all(), auto_track_exception)]
#[expect(dead_code)]
fn never_called(number: u32) -> Result<u32, String> {
    let text = number.to_string();
    Err(text)
}

#[auto_track_exception]
#[expect(unused_variables, unused_mut)]
fn expects(text: &str, unused: u32) -> Result<u32, ParseIntError> {
    let mut number: u32 = text.parse()?;
    let other = number;
    Ok(number)
}

#[auto_track_exception]
#[expect(unreachable_code)]
fn expects_unreachable(text: &str) -> Result<u32, ParseIntError> {
    let number = text.parse()?;
    return Ok(number);
    Ok(1)
}

#[auto_track_exception]
fn expects_inside(text: &str) -> Result<u32, ParseIntError> {
    #[expect(unused_variables)]
    let other = text.parse::<u32>()?;
    #[expect(unused_must_use)]
    text.parse::<u32>();
    #[expect(dead_code)]
    fn inner() {}
    #[expect(unused_parens)]
    let number = (text.parse()?);
    Ok(number)
}

/// A lint of a parameter is about its binding.
#[auto_track_exception]
async fn expects_of_parameters(text: &str, #[expect(unused_variables)] unused: u32, #[expect(unused_mut)] mut number: u32) -> Result<u32, ParseIntError> {
    text.parse::<u32>().map(|parsed| parsed + number)
}

/// The same in an async function.
#[auto_track_exception]
#[expect(unused_variables, unused_mut)]
async fn expects_async(text: &str, unused: u32, mut number: u32) -> Result<u32, ParseIntError> {
    let other = text.parse::<u32>()?;
    Ok(number)
}

mod tests {
    use error_tracker::auto_track_exception;

    // Only a test harness calls it.
    #[test]
    #[auto_track_exception]
    fn in_a_test() -> Result<(), String> {
        let text = "x".to_owned();
        Err(text)
    }

    #[auto_track_exception]
    #[test]
    #[should_panic = "x"]
    fn in_a_test_that_panics() {
        let text = "x".to_owned();
        panic!("{text}");
    }
}

fn main() {
    assert_eq!((arguments("1", 2), statements("2")), (Ok(1), Ok(4)));
    assert_eq!((arms(0).is_err(), arms(4), fields("1").map(|pair| pair.right)), (true, Ok(1), Ok(1)));
    assert_eq!((tails(" 1"), first_tail("x").is_err(), whole_blocks(1)), (Ok(1), true, Ok(2)));
    assert_eq!(documented("ab"), Some(2));
    #[expect(deprecated)]
    let old = old("x");
    assert_eq!((old, there(0).is_err()), (Ok(1), true));
    assert_eq!(caller(0).map_err(std::panic::Location::line), Err(line!()));
    assert_eq!((expects("1", 2), expects_unreachable("1"), expects_inside("1")), (Ok(1), Ok(1), Ok(1)));
    drop((async_arguments("1", 2), expects_of_parameters("1", 2, 3), expects_async("1", 2, 3)));
}
