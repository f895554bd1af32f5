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

struct Text(String);

// Small functions on one line: they are handed on as they were written.
#[rustfmt::skip]
impl Text {
    #[auto_track_exception] fn len(&self) -> usize { self.0.len() }
    #[auto_track_exception] fn grows(&mut self, by: char) { self.0.push(by); }
    #[auto_track_exception] fn is_longer(&self, other: &Self) -> bool { *self.0 > *other.0 }
    #[auto_track_exception] fn flush(&mut self) -> std::io::Result<()> { Ok(()) }
    #[auto_track_exception] fn number(&self) -> Result<u32, std::num::ParseIntError> { self.0.parse() }
}

#[auto_track_exception]
fn main() {
    let mut text = Text("1".into());
    text.grows('2');
    assert!(text.len() == 2 && !text.is_longer(&text) && text.flush().is_ok() && text.number() == Ok(12));
    #[expect(unused_variables, reason = "it is never read")]
    let unread = 7;
}
