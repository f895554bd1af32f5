//! What is wrong in the body is said where it stands, once.
use error_tracker::auto_track_exception;

#[auto_track_exception]
fn wrong_type(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number: u32 = text.len();
    Ok(number + text.parse::<u32>()?)
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

#[auto_track_exception]
fn wrong_tail(text: &str) -> Result<u32, String> {
    let length = text.len();
    counted(length)
}

fn counted(length: usize) -> Result<u64, String> {
    u64::try_from(length).map_err(|error| error.to_string())
}

#[auto_track_exception]
fn option_in_result(text: &str) -> Result<char, String> {
    let first = text.chars().next()?;
    Ok(first)
}

#[auto_track_exception]
fn question_without_result(text: &str) {
    let number: u32 = text.parse()?;
    drop(number);
}

#[auto_track_exception]
fn missing_import(text: &str) -> Result<HashMap<u32, u32>, std::num::ParseIntError> {
    let number = text.parse()?;
    Ok([(number, 1)].into())
}

#[auto_track_exception]
async fn never_awaited(text: &str) -> Result<u32, String> {
    let number = later(text)?;
    Ok(number)
}

async fn later(text: &str) -> Result<u32, String> {
    Err(text.to_owned())
}

#[auto_track_exception]
fn borrowed(mut numbers: Vec<u32>) -> Result<u32, String> {
    let first = numbers.first().ok_or("none")?;
    numbers.push(1);
    Ok(*first)
}

#[auto_track_exception]
fn type_unknown(text: &str) -> Result<usize, String> {
    let all = Vec::new();
    let length = text.len() + all.len();
    Ok(length)
}

fn main() {
    let _ = (wrong_type("x"), wrong_question("x"), wrong_name("x"), moved("x".into()), wrong_tail("x"));
    let _ = (option_in_result("x"), question_without_result("x"), missing_import("x"), never_awaited("x"));
    let _ = (borrowed(vec![]), type_unknown("x"));
}
