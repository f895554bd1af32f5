//! What the compiler would say of a function, it says of it annotated.
#![deny(warnings)]

use error_tracker::auto_track_exception;

#[expect(dead_code, reason = "it is never called")]
#[auto_track_exception]
fn never_called(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number = text.parse()?;
    Ok(number)
}

#[expect(dead_code, reason = "it is never called")]
#[auto_track_exception]
async fn never_called_asynchronously(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number = text.parse()?;
    Ok(number)
}

#[auto_track_exception]
fn main() {
    #[expect(unused_variables, reason = "it is never read")]
    let unread = 7;
}
