//! Messages as files.

use std::fs;
use std::path::Path;

use lettre::Message;

use crate::{Receipt, SendError};

/// Writes a message; one with the same id is replaced. A reader never sees a part of it.
pub(super) fn write(folder: &Path, id: &str, message: &Message) -> Result<Receipt, SendError> {
    let path = folder.join(format!("{id}.eml"));
    let part = folder.join(format!(".{id}.{}.part", std::process::id()));
    let written = fs::write(&part, message.formatted()).and_then(|()| fs::rename(&part, &path));
    written.map_err(|error| {
        let _ = fs::remove_file(&part);
        SendError::transient(format!(
            "{} cannot be written: {error}; the folder must exist and be writable",
            path.display()
        ))
    })?;
    Ok(Receipt::new(path.display().to_string()))
}
