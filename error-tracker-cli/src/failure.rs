//! Errors of commands, and how they are printed.

use std::io::{self, Write};
use std::process::ExitCode;

use error_tracker::format::escape;
use error_tracker::store::StoreError;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// An issue was not found, or damage was; exit code 1.
    Unhealthy(String),
    /// The file could not be opened, read or changed; exit code 2.
    Impossible(String),
    /// Standard output could not be written; exit code 2.
    Output(io::Error),
}

impl CommandError {
    /// Prints the message, and returns the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let (message, code) = match self {
            Self::Unhealthy(message) => (message, 1),
            Self::Impossible(message) => (message, 2),
            // `error-tracker list FILE | head` closes the pipe early, which is no failure.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return ExitCode::SUCCESS;
            }
            Self::Output(error) => (format!("cannot write: {error}"), 2),
        };
        for line in message.lines() {
            print_error(line);
        }
        ExitCode::from(code)
    }
}

/// Prints a line to standard error. It is lost if standard error is closed or full.
pub(crate) fn print_error(line: &str) {
    let _ = writeln!(io::stderr(), "error-tracker: {}", escape(line));
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::Impossible(error.to_string())
    }
}
