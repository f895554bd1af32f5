//! Paths of the files beside the file of events.

use std::path::{Path, PathBuf};

/// Returns the path with `suffix` appended to its name, such as `errors.db-wal`.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
