use std::path::PathBuf;

use serde::Deserialize;

use super::error::InitError;
use super::handled::Handled;
use crate::stack::BacktraceMode;

/// Settings as data: from the environment, or from the program's own configuration file by serde.
///
/// Each has a variable of the same name in capitals behind `ERROR_TRACKER_`, such as `ERROR_TRACKER_DATABASE`. Lists
/// are separated by commas there, and switches are `true` or `false`. A name that is not known is an error, in both;
/// only variables that a cluster sets for a service called `error-tracker` are passed over.
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
    /// Whether anything is recorded; `true`.
    pub enabled: Option<bool>,
    /// The SQLite file; `errors.db` in the current folder.
    pub database: Option<PathBuf>,
    /// The program's release, such as `shop@1.4.2`.
    pub release: Option<String>,
    /// `production`, `staging`, ..
    pub environment: Option<String>,
    /// The machine's name; asked from the system.
    pub host: Option<String>,
    /// Names that are masked, in place of the standard ones; an empty list turns masking off.
    pub mask: Option<Vec<String>>,
    /// What stands in place of a masked value.
    pub mask_with: Option<String>,
    /// Whether values are masked by their shape (tokens, card numbers) as well; `true`.
    pub mask_values: Option<bool>,
    /// Types of errors that are not recorded, by path or last name.
    pub ignore: Option<Vec<String>>,
    /// Whether panics are recorded; `true`.
    pub panics: Option<bool>,
    /// Of which failures the call stack is taken: `auto`, `all` or `off`; `auto`.
    pub backtrace: Option<BacktraceMode>,
    /// What is recorded of errors that the program handled on the way: `keep`, `count` or `off`; `keep`.
    pub handled: Option<Handled>,
    /// Whether errors that say nothing, such as `()`, are recorded; `false`.
    pub empty_errors: Option<bool>,
    /// The largest number of events that wait for the store, 1 to 1,000,000; 4,096.
    pub queue: Option<u32>,
    /// Issues not seen for so many days are deleted, 1 to 36,500; 90.
    pub max_age_days: Option<u32>,
    /// The number of issues that are kept, from 1; 10,000.
    pub max_issues: Option<u32>,
    /// The number of events of an issue that are kept, its first ones and its newest, from 1; 50.
    pub max_occurrences: Option<u32>,
    /// The largest size of the SQLite file in million bytes, with its journal, from 1; 512.
    pub max_megabytes: Option<u32>,
}

impl Settings {
    /// Takes out the values that are not allowed. Returns what is wrong with each.
    pub(super) fn take_wrong(&mut self) -> Vec<InitError> {
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
