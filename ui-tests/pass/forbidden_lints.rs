//! A crate may forbid lints: nothing that is written for it allows one.
#![forbid(warnings, unused, unreachable_code, dead_code, unsafe_code, clippy::all)]

use error_tracker::auto_track_exception;

#[auto_track_exception]
fn question(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number: u32 = text.parse()?;
    Ok(number)
}

#[auto_track_exception]
fn diverges(text: &str) -> Result<u32, String> {
    let length = text.len();
    panic!("{length}")
}

#[auto_track_exception]
fn never(text: &str) -> ! {
    let length = text.len();
    std::process::exit(i32::from(length == 0))
}

#[auto_track_exception]
async fn future(text: &str) -> Result<u32, String> {
    let number: u32 = text.parse().map_err(|error: std::num::ParseIntError| error.to_string())?;
    if number > 3 { Err(text.to_owned()) } else { Ok(number) }
}

#[auto_track_exception(silent, context(length = text.len()), globals(u8::MAX), locals = "always")]
fn options(text: &str) -> Result<u32, String> {
    let number = text.len();
    Err(number.to_string())
}

fn main() {
    assert!(question("x").is_err() && std::panic::catch_unwind(|| options("x")).is_ok());
    drop(future("x"));
    if std::env::args().count() > 9 {
        drop(diverges("x"));
    }
    never("x")
}
