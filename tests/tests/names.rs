//! The names of enums are those of JSON everywhere.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use error_tracker::event::{Kind, Level, Status, UnknownNameError};
use error_tracker::store::Sort;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Says that each value has one name in `Display`, `FromStr` and JSON, and that an unknown name lists them.
fn check<T>(all: &[T])
where
    T: Debug + Display + FromStr<Err = UnknownNameError> + PartialEq + Serialize + DeserializeOwned,
{
    let names: Vec<String> = all.iter().map(ToString::to_string).collect();
    for (value, name) in all.iter().zip(&names) {
        assert_eq!(name.parse().as_ref(), Ok(value));
        assert_eq!(serde_json::to_value(value).unwrap(), **name);
        assert_eq!(serde_json::from_value::<T>(name.as_str().into()).unwrap(), *value);
    }
    let error = "x".parse::<T>().unwrap_err();
    assert_eq!(error.allowed(), names);
    let message = error.to_string();
    assert!(message.starts_with("\"x\" is not a "), "{message}");
    assert!(message.ends_with(&format!(": {}", names.join(", "))), "{message}");
}

#[test]
fn display_and_from_str_use_the_names_of_json() {
    check(&[Kind::Error, Kind::Panic, Kind::Message, Kind::None]);
    check(&[Level::Debug, Level::Info, Level::Warning, Level::Error, Level::Fatal]);
    check(&[Status::Unresolved, Status::Resolved, Status::Muted]);
    check(&[Sort::LastSeen, Sort::FirstSeen, Sort::Count, Sort::Type]);
}

#[test]
fn a_name_is_padded_as_text_is() {
    assert_eq!(format!("{:>9}|{:<6}|", Level::Warning, Kind::Panic), "  warning|panic |");
}
