//! Reads settings from environment variables.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::error::InitError;
use super::handled::Handled;
use super::settings::Settings;
use crate::stack::BacktraceMode;
use crate::warning::warn;

const PREFIX: &str = "ERROR_TRACKER_";

/// The settings that have a variable, without [`PREFIX`].
const NAMES: [&str; 18] = [
    "ENABLED",
    "DATABASE",
    "RELEASE",
    "ENVIRONMENT",
    "HOST",
    "MASK",
    "MASK_WITH",
    "MASK_VALUES",
    "IGNORE",
    "PANICS",
    "BACKTRACE",
    "HANDLED",
    "EMPTY_ERRORS",
    "QUEUE",
    "MAX_AGE_DAYS",
    "MAX_ISSUES",
    "MAX_OCCURRENCES",
    "MAX_MEGABYTES",
];

impl Settings {
    /// Reads the variables whose names start with `ERROR_TRACKER_`.
    ///
    /// Variables that a cluster sets for a service called `error-tracker`
    /// (`ERROR_TRACKER_SERVICE_HOST`, `ERROR_TRACKER_PORT_8765_TCP_ADDR`) are ignored, with one
    /// warning on standard error.
    ///
    /// # Errors
    /// If another variable is not a setting, or its value is invalid.
    pub fn from_env() -> Result<Self, InitError> {
        let (settings, problems) = Self::from_env_with_problems();
        problems.into_iter().next().map_or(Ok(settings), Err)
    }

    /// Reads settings like `from_env`, and returns all problems. A setting with an invalid variable
    /// is not set.
    pub(super) fn from_env_with_problems() -> (Self, Vec<InitError>) {
        let found = FoundSettings::from_variables(std::env::vars_os());
        if !found.skipped.is_empty() {
            static WARNED: AtomicBool = AtomicBool::new(false);
            if !WARNED.swap(true, Relaxed) {
                let names = found.skipped.join(", ");
                warn(format_args!(
                    "ignores variables that belong to a service of this name: {names}"
                ));
            }
        }
        (found.settings, found.problems)
    }

    /// Sets a setting to the value of the variable `name`.
    fn set(&mut self, setting: &str, name: &str, value: OsString) -> Result<(), InitError> {
        // The name of a file may have any bytes; all other values are text.
        if setting == "DATABASE" {
            self.database = Some(PathBuf::from(value));
            return Ok(());
        }
        if !NAMES.contains(&setting) {
            return Err(unknown(name, setting));
        }
        let value = value.into_string().map_err(|value| {
            InitError::setting(name, format!("{} is not UTF-8: write it in UTF-8", value.display()))
        })?;
        match setting {
            "ENABLED" => self.enabled = Some(parse_bool(name, &value)?),
            "RELEASE" => self.release = Some(value),
            "ENVIRONMENT" => self.environment = Some(value),
            "HOST" => self.host = Some(value),
            "MASK" => self.mask = Some(parse_list(&value)),
            "MASK_WITH" => self.mask_with = Some(value),
            "MASK_VALUES" => self.mask_values = Some(parse_bool(name, &value)?),
            "IGNORE" => self.ignore = Some(parse_list(&value)),
            "PANICS" => self.panics = Some(parse_bool(name, &value)?),
            "BACKTRACE" => self.backtrace = Some(parse_backtrace(name, &value)?),
            "HANDLED" => self.handled = Some(parse_handled(name, &value)?),
            "EMPTY_ERRORS" => self.empty_errors = Some(parse_bool(name, &value)?),
            "QUEUE" => self.queue = Some(parse_number(name, &value)?),
            "MAX_AGE_DAYS" => self.max_age_days = Some(parse_number(name, &value)?),
            "MAX_ISSUES" => self.max_issues = Some(parse_number(name, &value)?),
            "MAX_OCCURRENCES" => self.max_occurrences = Some(parse_number(name, &value)?),
            "MAX_MEGABYTES" => self.max_megabytes = Some(parse_number(name, &value)?),
            _ => return Err(unknown(name, setting)),
        }
        Ok(())
    }
}

#[derive(Default)]
struct FoundSettings {
    settings: Settings,
    /// Names of variables that a cluster sets.
    skipped: Vec<String>,
    problems: Vec<InitError>,
}

impl FoundSettings {
    fn from_variables(variables: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let mut found = Self::default();
        for (name, value) in variables {
            if !name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
                continue;
            }
            let name = name.to_string_lossy().into_owned();
            let setting = &name[PREFIX.len()..];
            if is_of_integration(setting) {
                continue;
            }
            if is_service_variable(setting) {
                found.skipped.push(name);
            } else if let Err(problem) = found.settings.set(setting, &name, value) {
                found.problems.push(problem);
            }
        }
        found
    }
}

/// Returns whether the crate `error-tracker-notify` reads a variable, and not this one.
fn is_of_integration(setting: &str) -> bool {
    setting.starts_with("NOTIFY_")
}

/// Returns whether Kubernetes sets a variable of this name for a service `error-tracker`, or for
/// one whose name begins with that (`error-tracker-web`): see "Accessing the Service, environment
/// variables" in its documentation. Docker's links have the same names for ports.
fn is_service_variable(setting: &str) -> bool {
    let words: Vec<&str> = setting.split('_').collect();
    (0..words.len()).any(|at| match words[at..] {
        ["SERVICE", "HOST"] | ["SERVICE", "PORT", ..] | ["PORT"] => true,
        ["PORT", number, protocol, ref rest @ ..] => {
            number.parse::<u16>().is_ok()
                && matches!(protocol, "TCP" | "UDP" | "SCTP")
                && matches!(rest, [] | ["ADDR" | "PORT" | "PROTO"])
        }
        _ => false,
    })
}

fn unknown(name: &str, setting: &str) -> InitError {
    let nearest = NAMES.iter().map(|known| (edit_distance(setting, known), known)).min();
    let guess = match nearest {
        Some((distance, known)) if distance * 3 <= known.len() => {
            format!(" (is {PREFIX}{known} meant?)")
        }
        _ => String::new(),
    };
    let known = NAMES.join(", ");
    InitError::setting(
        name,
        format!(
            "there is no such setting{guess}; there are {known}, each with the prefix {PREFIX}"
        ),
    )
}

/// Returns how many letters have to be inserted, removed or changed to get from `a` to `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

fn parse_bool(name: &str, value: &str) -> Result<bool, InitError> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(InitError::setting(
            name,
            format!("{value:?} is not a boolean: write `true` or `false`"),
        )),
    }
}

fn parse_backtrace(name: &str, value: &str) -> Result<BacktraceMode, InitError> {
    match value.trim().to_ascii_lowercase().as_str() {
        "auto" => Ok(BacktraceMode::Auto),
        "all" => Ok(BacktraceMode::All),
        "off" => Ok(BacktraceMode::Off),
        _ => Err(InitError::setting(
            name,
            format!("{value:?} is unknown: write `auto`, `all` or `off`"),
        )),
    }
}

fn parse_handled(name: &str, value: &str) -> Result<Handled, InitError> {
    let word = value.trim().to_ascii_lowercase();
    crate::json::from_value(word.into()).map_err(|_| {
        InitError::setting(name, format!("{value:?} is not one of `keep`, `count` and `off`"))
    })
}

fn parse_number(name: &str, value: &str) -> Result<u32, InitError> {
    value.trim().parse().map_err(|_| {
        InitError::setting(name, format!("{value:?} is not a whole number, such as `1000`"))
    })
}

fn parse_list(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::{FoundSettings, InitError, Settings};

    fn found(name: &str, value: &str) -> FoundSettings {
        FoundSettings::from_variables([(name.into(), value.into())].into_iter())
    }

    fn read(name: &str, value: &str) -> Result<Settings, InitError> {
        let FoundSettings { mut settings, mut problems, .. } = found(name, value);
        problems.extend(settings.take_invalid());
        problems.into_iter().next().map_or(Ok(settings), Err)
    }

    #[test]
    fn every_invalid_setting_is_named_with_its_remedy() {
        for (name, value, fix) in [
            ("ERROR_TRACKER_PANICS", "perhaps", "write `true` or `false`"),
            ("ERROR_TRACKER_BACKTRACE", "full", "write `auto`, `all` or `off`"),
            ("ERROR_TRACKER_QUEUE", "many", "whole number"),
            ("ERROR_TRACKER_HANDLED", "no", "`keep`, `count` and `off`"),
            ("ERROR_TRACKER_COLOUR", "blue", "there are ENABLED, DATABASE"),
            ("ERROR_TRACKER_DATABSE", "errors.db", "is ERROR_TRACKER_DATABASE meant?"),
            ("ERROR_TRACKER_MAX_ISSUE", "7", "is ERROR_TRACKER_MAX_ISSUES meant?"),
            ("ERROR_TRACKER_HOSTS", "a", "is ERROR_TRACKER_HOST meant?"),
        ] {
            let error = read(name, value).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(fix), "{error}");
        }
        let error = read("ERROR_TRACKER_QUEUE", "0").unwrap_err().to_string();
        assert!(error.contains("`queue`: must be from 1 to 1000000"), "{error}");
        assert!(
            read("ERROR_TRACKER_DATABASE", "").unwrap_err().to_string().contains("name a file")
        );
    }

    #[test]
    fn variables_that_a_cluster_sets_for_a_service_of_this_name_are_skipped_and_named() {
        for name in [
            "SERVICE_HOST",
            "SERVICE_PORT",
            "SERVICE_PORT_HTTP",
            "SERVICE_PORT_HTTP_METRICS",
            "PORT",
            "PORT_8765_TCP",
            "PORT_8765_TCP_ADDR",
            "PORT_8765_TCP_PORT",
            "PORT_8765_TCP_PROTO",
            "PORT_53_UDP",
            "PORT_9_SCTP_ADDR",
            "WEB_SERVICE_HOST",
            "WEB_PORT_80_TCP_ADDR",
            "DB_1_PORT_5432_TCP",
            "WEB_PORT",
        ] {
            let name = format!("ERROR_TRACKER_{name}");
            let found = found(&name, "tcp://10.0.0.11:8765");
            assert_eq!((found.skipped, found.problems), (vec![name], vec![]));
            assert_eq!(found.settings, Settings::default());
        }
        for name in [
            "PORTS",
            "PORT_TCP",
            "PORT_8765",
            "PORT_8765_HTTP",
            "SERVICE",
            "SERVICE_NAME",
            "HOST_SERVICE",
        ] {
            assert!(read(&format!("ERROR_TRACKER_{name}"), "10.0.0.11").is_err(), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_database_may_have_a_name_that_is_not_utf_8_but_no_other_value() {
        use std::os::unix::ffi::OsStringExt;
        let bytes = std::ffi::OsString::from_vec(b"caf\xe9.db".to_vec());
        let read =
            |name: &str| FoundSettings::from_variables([(name.into(), bytes.clone())].into_iter());
        assert_eq!(read("ERROR_TRACKER_DATABASE").settings.database.unwrap().as_os_str(), bytes);
        let problem = read("ERROR_TRACKER_RELEASE").problems[0].to_string();
        assert!(
            problem.contains("`ERROR_TRACKER_RELEASE`") && problem.contains("is not UTF-8"),
            "{problem}"
        );
    }

    #[test]
    fn environment_variables_set_the_same_settings_as_serde() {
        let by_serde: Settings = crate::json::from_str(
            r#"{ "mask": ["pin", "word"], "panics": false, "backtrace": "all", "handled": "count", "max_issues": 7 }"#,
        )
        .unwrap();
        let variables = [
            ("MASK", "pin, word"),
            ("PANICS", "no"),
            ("BACKTRACE", "ALL"),
            ("HANDLED", "Count"),
            ("MAX_ISSUES", "7"),
        ];
        let variables =
            variables.map(|(name, value)| (format!("ERROR_TRACKER_{name}").into(), value.into()));
        let found = FoundSettings::from_variables(variables.into_iter());
        assert_eq!((found.settings, found.problems), (by_serde, vec![]));
        assert!(crate::json::from_str::<Settings>(r#"{ "masc": [] }"#).is_err());
    }
}
