use error_tracker::auto_track_exception;

#[auto_track_exception(skipp(text))]
fn unknown(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(skip(text), skip(text))]
fn twice(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(ret)]
fn known_elsewhere(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(fields(length = 1))]
fn called_otherwise(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(skip-all)]
fn two_words(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(skip_all silent)]
fn no_comma(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception("text")]
fn no_word(text: &str) -> Result<(), String> {
    Err(text.into())
}

fn main() {
    // The functions are there nevertheless.
    let _ = (unknown("x"), twice("x"), no_word("x"));
    let _ = (known_elsewhere("x"), called_otherwise("x"), two_words("x"), no_comma("x"));
}
