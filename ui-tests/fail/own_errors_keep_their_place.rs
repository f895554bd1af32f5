//! What is wrong in the body is said where it stands, once.
use error_tracker::auto_track_exception;

#[auto_track_exception]
fn wrong_type(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number: u64 = text.parse()?;
    Ok(number)
}

#[auto_track_exception]
fn wrong_question(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number = text.parse::<f64>()?;
    Ok(number as u32)
}

#[auto_track_exception]
fn wrong_name(text: &str) -> Result<usize, String> {
    let length = txet.len();
    Ok(length)
}

#[auto_track_exception]
fn moved(text: String) -> Result<String, String> {
    let other = text;
    drop(other);
    Ok(text)
}

fn main() {
    let _ = (wrong_type("x"), wrong_question("x"), wrong_name("x"), moved("x".into()));
}
