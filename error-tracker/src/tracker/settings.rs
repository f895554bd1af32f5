use std::path::PathBuf;

use serde::Deserialize;

use super::error::InitError;

/// Settings as data: from the environment, or from the program's own configuration file by serde.
///
/// Each has a variable of the same name in capitals behind `ERROR_TRACKER_`, such as `ERROR_TRACKER_DATABASE`. Lists
/// are separated by commas there, and switches are `true` or `false`. A name that is not known is an error, in both.
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
    /// How many events wait for the store at most, 1 to 1,000,000; 4,096.
    pub queue: Option<u32>,
    /// Issues not seen for so many days are deleted, 1 to 36,500; 90.
    pub max_age_days: Option<u32>,
    /// How many issues are kept, from 1; 10,000.
    pub max_issues: Option<u32>,
    /// How many events of an issue are kept, its first ones and its newest, from 1; 50.
    pub max_occurrences: Option<u32>,
}

const PREFIX: &str = "ERROR_TRACKER_";

impl Settings {
    /// Reads the variables whose names start with `ERROR_TRACKER_`.
    ///
    /// # Errors
    /// One of them is not known, or its value is none.
    pub fn from_env() -> Result<Self, InitError> {
        Self::from_variables(std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            name.starts_with(PREFIX).then(|| (name, value.to_string_lossy().into_owned()))
        }))
    }

    fn from_variables(variables: impl Iterator<Item = (String, String)>) -> Result<Self, InitError> {
        let mut settings = Self::default();
        for (name, value) in variables {
            let text = || Some(value.clone());
            match name.strip_prefix(PREFIX).unwrap_or(&name) {
                "ENABLED" => settings.enabled = Some(switch(&name, &value)?),
                "DATABASE" => settings.database = Some(PathBuf::from(&value)),
                "RELEASE" => settings.release = text(),
                "ENVIRONMENT" => settings.environment = text(),
                "HOST" => settings.host = text(),
                "MASK" => settings.mask = Some(list(&value)),
                "MASK_WITH" => settings.mask_with = text(),
                "MASK_VALUES" => settings.mask_values = Some(switch(&name, &value)?),
                "IGNORE" => settings.ignore = Some(list(&value)),
                "PANICS" => settings.panics = Some(switch(&name, &value)?),
                "QUEUE" => settings.queue = Some(number(&name, &value)?),
                "MAX_AGE_DAYS" => settings.max_age_days = Some(number(&name, &value)?),
                "MAX_ISSUES" => settings.max_issues = Some(number(&name, &value)?),
                "MAX_OCCURRENCES" => settings.max_occurrences = Some(number(&name, &value)?),
                _ => {
                    let known = "there is no such setting; there are ENABLED, DATABASE, RELEASE, ENVIRONMENT, HOST, MASK, \
                                 MASK_WITH, MASK_VALUES, IGNORE, PANICS, QUEUE, MAX_AGE_DAYS, MAX_ISSUES, \
                                 MAX_OCCURRENCES, each behind ERROR_TRACKER_";
                    return Err(InitError::setting(name, known));
                }
            }
        }
        Ok(settings)
    }

    /// Whether each number is within its bounds.
    pub(super) fn check(&self) -> Result<(), InitError> {
        let bounds = [
            ("queue", self.queue, 1_000_000),
            ("max_age_days", self.max_age_days, 36_500),
            ("max_issues", self.max_issues, u32::MAX),
            ("max_occurrences", self.max_occurrences, u32::MAX),
        ];
        for (name, value, most) in bounds {
            if value.is_some_and(|value| value == 0 || value > most) {
                return Err(InitError::setting(name, format!("must be from 1 to {most}")));
            }
        }
        if self.database.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
            return Err(InitError::setting("database", "is empty: name a file, such as `errors.db`"));
        }
        Ok(())
    }
}

fn switch(name: &str, value: &str) -> Result<bool, InitError> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(InitError::setting(name, format!("{value:?} is no switch: write `true` or `false`"))),
    }
}

fn number(name: &str, value: &str) -> Result<u32, InitError> {
    value
        .trim()
        .parse()
        .map_err(|_| InitError::setting(name, format!("{value:?} is no whole number, such as `1000`")))
}

fn list(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::{InitError, Settings};

    fn read(name: &str, value: &str) -> Result<Settings, InitError> {
        let settings = Settings::from_variables([(name.to_owned(), value.to_owned())].into_iter())?;
        settings.check().map(|()| settings)
    }

    #[test]
    fn every_wrong_setting_is_named_with_the_way_to_mend_it() {
        for (name, value, fix) in [
            ("ERROR_TRACKER_PANICS", "perhaps", "write `true` or `false`"),
            ("ERROR_TRACKER_QUEUE", "many", "whole number"),
            ("ERROR_TRACKER_COLOUR", "blue", "there are ENABLED, DATABASE"),
        ] {
            let error = read(name, value).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(fix), "{error}");
        }
        let error = read("ERROR_TRACKER_QUEUE", "0").unwrap_err().to_string();
        assert!(error.contains("`queue`: must be from 1 to 1000000"), "{error}");
        assert!(read("ERROR_TRACKER_DATABASE", "").unwrap_err().to_string().contains("name a file"));
    }

    #[test]
    fn the_environment_sets_what_serde_sets() {
        let by_serde: Settings =
            crate::json::from_str(r#"{ "mask": ["pin", "word"], "panics": false, "max_issues": 7 }"#)
                .unwrap();
        let variables = [("MASK", "pin, word"), ("PANICS", "no"), ("MAX_ISSUES", "7")];
        let variables = variables.map(|(name, value)| (format!("ERROR_TRACKER_{name}"), value.to_owned()));
        assert_eq!(Settings::from_variables(variables.into_iter()).unwrap(), by_serde);
        assert!(crate::json::from_str::<Settings>(r#"{ "masc": [] }"#).is_err());
    }
}
