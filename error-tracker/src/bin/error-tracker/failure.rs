use std::io;
use std::process::ExitCode;

use error_tracker::format::escape;
use error_tracker::store::StoreError;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Looked, and found nothing or damage; exit code 1.
    Unhealthy(String),
    /// Could not look; exit code 2.
    Impossible(String),
    /// What was printed could not be written.
    Output(io::Error),
}

impl Failure {
    pub(crate) fn report(self) -> ExitCode {
        let (message, code) = match self {
            Self::Unhealthy(message) => (message, 1),
            Self::Impossible(message) => (message, 2),
            // `error-tracker list FILE | head` is no failure.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Self::Output(error) => (format!("cannot write: {error}"), 2),
        };
        for line in message.lines() {
            eprintln!("error-tracker: {}", escape(line));
        }
        ExitCode::from(code)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Impossible(error.to_string())
    }
}
