use error_tracker::auto_track_exception;

#[auto_track_exception(silent)]
fn silent_without_result(text: &str) -> usize {
    text.len()
}

#[auto_track_exception(none)]
fn none_without_option(text: &str) -> usize {
    text.len()
}

#[auto_track_exception(skip_all, skip(text))]
fn skips_twice(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(skip_all, mask(text))]
fn skips_what_is_masked(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(skip(text), mask(text))]
fn skips_and_masks(text: &str) -> Result<(), String> {
    Err(text.into())
}

struct NoDefault;

#[auto_track_exception(silent)]
fn silent_without_default(text: &str) -> Result<NoDefault, String> {
    let length = text.len();
    if length > 3 { Err(text.into()) } else { Ok(NoDefault) }
}

#[auto_track_exception(silent = "three")]
fn silent_of_another_type(text: &str) -> Result<u32, String> {
    let length = text.len();
    if length > 3 { Err(text.into()) } else { Ok(3) }
}

fn main() {
    let _ = (silent_without_result("x"), none_without_option("x"), silent_without_default("x").is_ok());
    let _ = (silent_of_another_type("x"), skips_twice("x"), skips_what_is_masked("x"), skips_and_masks("x"));
}
