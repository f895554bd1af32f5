use std::path::PathBuf;

use serde::Deserialize;

use super::error::InitError;
use super::handled::Handled;
use crate::stack::BacktraceMode;

/// Settings as data, from environment variables, or from the program's own configuration file by
/// serde.
///
/// Each setting has an environment variable: its name in capitals with the prefix `ERROR_TRACKER_`,
/// such as `ERROR_TRACKER_DATABASE`. In variables, lists are separated by commas, and booleans are
/// `true` or `false`. Unknown names are errors, both in the environment and in files; only
/// variables that a cluster sets for a service called `error-tracker` are ignored.
///
/// ```
/// use error_tracker::Settings;
///
/// let settings: Settings = error_tracker::json::from_str(r#"{ "database": "/var/lib/shop/errors.db", "release": "1.4.2" }"#)?;
/// let builder = error_tracker::builder().settings(settings);
/// # Ok::<(), error_tracker::json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Whether anything is recorded; `true` by default.
    pub enabled: Option<bool>,
    /// The SQLite file; `errors.db` in the current folder by default.
    pub database: Option<PathBuf>,
    /// The program's release, such as `shop@1.4.2`.
    pub release: Option<String>,
    /// The environment, such as `production` or `staging`.
    pub environment: Option<String>,
    /// The machine's name; the system's name for it by default.
    pub host: Option<String>,
    /// Names that are masked instead of the standard ones; an empty list turns masking off.
    pub mask: Option<Vec<String>>,
    /// The text that replaces a masked value.
    pub mask_with: Option<String>,
    /// Whether values are also masked by their shape (tokens, card numbers); `true` by default.
    pub mask_values: Option<bool>,
    /// Types of errors that are not recorded, by path or last name.
    pub ignore: Option<Vec<String>>,
    /// Whether panics are recorded; `true` by default.
    pub panics: Option<bool>,
    /// For which failures the call stack is taken: `auto`, `all` or `off`; `auto` by default.
    pub backtrace: Option<BacktraceMode>,
    /// How errors are recorded that the program handled within annotated functions: `keep`, `count`
    /// or `off`; `keep` by default.
    pub handled: Option<Handled>,
    /// Whether errors without information, such as `()`, are recorded; `false` by default.
    pub empty_errors: Option<bool>,
    /// The maximum number of queued events, from 1 to 1,000,000; 4,096 by default.
    pub queue: Option<u32>,
    /// Days after which an issue that was not seen again is deleted, from 1 to 36,500; 90 by
    /// default.
    pub max_age_days: Option<u32>,
    /// The number of issues that are kept, 1 or more; 10,000 by default.
    pub max_issues: Option<u32>,
    /// The number of events of an issue that are kept, its first and its newest ones, 1 or more; 50
    /// by default.
    pub max_occurrences: Option<u32>,
    /// The maximum size of the SQLite file in million bytes, with its journal, 1 or more; 512 by
    /// default.
    pub max_megabytes: Option<u32>,
}

impl Settings {
    /// Removes the invalid values, and returns what is wrong with each.
    pub(super) fn take_invalid(&mut self) -> Vec<InitError> {
        let mut problems = Vec::new();
        let bounds = [
            ("queue", &mut self.queue, 1_000_000),
            ("max_age_days", &mut self.max_age_days, 36_500),
            ("max_issues", &mut self.max_issues, u32::MAX),
            ("max_occurrences", &mut self.max_occurrences, u32::MAX),
            ("max_megabytes", &mut self.max_megabytes, u32::MAX),
        ];
        for (name, value, max) in bounds {
            if value.take_if(|value| *value == 0 || *value > max).is_some() {
                problems.push(InitError::setting(name, format!("must be from 1 to {max}")));
            }
        }
        if self.database.take_if(|path| path.as_os_str().is_empty()).is_some() {
            problems
                .push(InitError::setting("database", "is empty: name a file, such as `errors.db`"));
        }
        problems
    }
}
