//! Finds the folder in which a program keeps its state.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::InitError;

/// Returns the folder for the state of the program `name`, by the rules of the system.
///
/// # Errors
/// If the name is not the name of a folder, or the system has no such folder.
pub(super) fn find(name: &str) -> Result<PathBuf, InitError> {
    let wrong = |problem: &str| Err(InitError::setting("state_folder", problem));
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(std::path::Component::Normal(only)), None) if only == name => {}
        _ => return wrong("is not the name of a folder: write one such as `shop`, without `/`"),
    }
    match base(|variable| std::env::var_os(variable), std::env::home_dir()) {
        Some(base) => Ok(base.join(name)),
        None => wrong(if cfg!(windows) {
            "there is no LOCALAPPDATA: name a file with `database`"
        } else {
            "there is neither HOME nor XDG_STATE_HOME: name a file with `database`"
        }),
    }
}

/// Returns the folder for the state of all programs. Ignores relative paths, as the XDG Base
/// Directory Specification requires.
fn base(variable: impl Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    let given = |name| variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = home.filter(|folder| folder.is_absolute());
    if cfg!(windows) {
        given("LOCALAPPDATA").or_else(|| Some(home?.join("AppData").join("Local")))
    } else if cfg!(target_vendor = "apple") {
        Some(home?.join("Library").join("Application Support"))
    } else {
        given("XDG_STATE_HOME").or_else(|| Some(home?.join(".local").join("state")))
    }
}

#[cfg(all(test, unix, not(target_vendor = "apple")))]
mod tests {
    use super::{base, find};

    #[test]
    fn the_folder_is_that_of_the_system_and_absolute() {
        let with = |xdg: &'static str, home: Option<&str>| {
            base(|name| (name == "XDG_STATE_HOME").then(|| xdg.into()), home.map(Into::into))
        };
        assert_eq!(with("/state", Some("/home/ann")), Some("/state".into()));
        for relative in ["", "state", "./state"] {
            assert_eq!(with(relative, Some("/home/ann")), Some("/home/ann/.local/state".into()));
            assert_eq!(with(relative, None), None);
            assert_eq!(with(relative, Some("")), None);
        }
    }

    #[test]
    fn a_name_is_one_folder() {
        for name in ["", ".", "..", "a/b", "/a", "a/", "../a"] {
            assert!(find(name).unwrap_err().to_string().contains("such as `shop`"), "{name:?}");
        }
    }
}
