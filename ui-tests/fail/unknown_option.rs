use error_tracker::auto_track_exception;

#[auto_track_exception(skipp(text))]
fn unknown(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(skip(text), skip(text))]
fn twice(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception("text")]
fn no_word(text: &str) -> Result<(), String> {
    Err(text.into())
}

fn main() {
    // The functions are there nevertheless.
    let _ = (unknown("x"), twice("x"), no_word("x"));
}
