//! Every option where it may stand.
#![deny(warnings, unused)]

extern crate error_tracker as renamed;

use error_tracker::{auto_track_exception, track_exception};

static LIMIT: u32 = 3;

#[derive(Default)]
struct Opaque;

#[auto_track_exception(
    skip(number),
    mask(text, local),
    context(length = text.len(), shop = "north"),
    globals(LIMIT, self::LIMIT, u8::MAX),
    level = "warning",
    name = "all of them",
    locals = "always",
    crate = renamed,
    silent = Opaque,
)]
fn all(number: u32, text: &str) -> Result<Opaque, String> {
    let local = number + 1;
    Err(format!("{text} {local}"))
}

#[auto_track_exception(silent, skip_all)]
fn silent(text: &str) -> Result<Opaque, std::num::ParseIntError> {
    let _: u32 = text.parse()?;
    Ok(Opaque)
}

#[auto_track_exception(none, locals = "never")]
fn none(numbers: &[u32]) -> Option<&u32> {
    let first = numbers.first()?;
    Some(first)
}

#[track_exception]
fn handler(error: &dyn std::error::Error) -> String {
    error.to_string()
}

#[track_exception(error = problem)]
fn named(problem: &str) -> usize {
    problem.len()
}

fn main() {
    assert!(all(1, "x").is_ok() && silent("x").is_ok() && none(&[]).is_none());
    assert_eq!((handler(&std::fmt::Error).len() > 1, named("abc")), (true, 3));
}
