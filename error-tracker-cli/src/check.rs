//! `check`: looks for damage in a file or a database.

use std::path::Path;

use error_tracker::store::StoreError;

use crate::failure::CommandError;
use crate::open;
use crate::output::TerminalOutput;

/// Prints the findings.
///
/// # Errors
/// There are any, or the file cannot be opened.
pub(crate) fn run(file: &Path, output: &mut TerminalOutput) -> Result<(), CommandError> {
    let findings = match open::to_read(file).and_then(|store| store.check()) {
        Err(StoreError::Damaged(finding)) => vec![finding],
        other => other?,
    };
    if findings.is_empty() {
        output.line(&format!("{} is whole", open::name(file)))?;
        return Ok(());
    }
    for finding in &findings {
        output.line(finding)?;
    }
    output.finish()?;
    Err(CommandError::Unhealthy(format!(
        "{} is damaged: {} findings",
        open::name(file),
        findings.len()
    )))
}
