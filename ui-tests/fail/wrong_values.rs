use error_tracker::{auto_track_exception, track_exception};

#[auto_track_exception(level = "loud")]
fn level(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(level = 3)]
fn level_by_number(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(locals = "sometimes")]
fn locals(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(name = name)]
fn name(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[track_exception(error = problem)]
fn error(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(error)]
fn error_without_name(text: &str) -> Result<(), String> {
    Err(text.into())
}

fn main() {
    let _ = (level("x"), level_by_number("x"), locals("x"), name("x"), error("x"), error_without_name("x"));
}
