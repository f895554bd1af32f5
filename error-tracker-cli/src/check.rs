//! `check`: looks for damage in a file.

use std::path::Path;

use error_tracker::store::{SqliteStore, Store, StoreError};

use crate::failure::CommandError;
use crate::output::TerminalOutput;

/// Prints the findings.
///
/// # Errors
/// There are any, or the file cannot be opened.
pub(crate) fn run(file: &Path, output: &mut TerminalOutput) -> Result<(), CommandError> {
    let findings = match SqliteStore::open_read_only(file).and_then(|store| store.check()) {
        Err(StoreError::Damaged(finding)) => vec![finding],
        other => other?,
    };
    if findings.is_empty() {
        output.line(&format!("{} is whole", file.display()))?;
        return Ok(());
    }
    for finding in &findings {
        output.line(finding)?;
    }
    output.finish()?;
    Err(CommandError::Unhealthy(format!(
        "{} is damaged: {} findings",
        file.display(),
        findings.len()
    )))
}
