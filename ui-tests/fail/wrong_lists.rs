use error_tracker::auto_track_exception;

#[auto_track_exception(skip)]
fn without_list(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(mask())]
fn empty_list(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(skip(text, txet), mask(nobody))]
fn unknown_names(text: &str) -> Result<(), String> {
    let local = text.len();
    Err(format!("{local}"))
}

#[auto_track_exception(context(text))]
fn context_without_value(text: &str) -> Result<(), String> {
    Err(text.into())
}

#[auto_track_exception(globals("LIMIT"))]
fn globals_by_text(text: &str) -> Result<(), String> {
    Err(text.into())
}

fn main() {
    let _ = (without_list("x"), empty_list("x"), unknown_names("x"), context_without_value("x"), globals_by_text("x"));
}
