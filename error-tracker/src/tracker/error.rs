use std::fmt;

/// The reason why a tracker could not be set up. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// A setting is invalid.
    Setting {
        /// The name of the setting or variable: `queue`, `ERROR_TRACKER_QUEUE`.
        name: String,
        /// The problem, and what to write instead.
        problem: String,
    },
    /// A tracker is already installed, and stays installed.
    Installed,
}

impl InitError {
    pub(super) fn setting(name: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Setting { name: name.into(), problem: problem.into() }
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { name, problem } => write!(f, "error-tracker's setting `{name}`: {problem}"),
            Self::Installed => f.write_str(
                "a tracker is already installed: install one in `main`, and build others with `TrackerBuilder::build`",
            ),
        }
    }
}

impl std::error::Error for InitError {}
