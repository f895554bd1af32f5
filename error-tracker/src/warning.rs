//! Warnings of the library on standard error.

use std::fmt;
use std::io::{self, Write as _};

/// Writes a line to standard error, in one write, since a panic of another thread may write there
/// at the same time. Ignores a closed standard error.
pub(crate) fn warn(message: fmt::Arguments<'_>) {
    let line = format!("error-tracker: {message}\n");
    // Without the lock of `io::Stderr`: a child that is forked meanwhile could never take it.
    #[cfg(unix)]
    if let Ok(stderr) = std::os::fd::AsFd::as_fd(&io::stderr()).try_clone_to_owned() {
        let _ = std::fs::File::from(stderr).write_all(line.as_bytes());
        return;
    }
    let _ = io::stderr().write_all(line.as_bytes());
}
