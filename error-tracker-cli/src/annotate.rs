//! `annotate`: adds the attribute to the functions of source files, and removes it.

mod arithmetic;
mod attributes;
mod files;
mod places;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::arguments::AnnotateArguments;
use crate::failure::CommandError;
use crate::output::{CYAN, GREEN, RED, TerminalOutput};

/// The attribute as this command writes it.
const ATTRIBUTE: &str = "#[error_tracker::auto_track_exception]";

/// Changes the files, or prints the changes, and lists the changed files.
///
/// # Errors
/// A path cannot be read, or some files could not be changed; the others are.
pub(crate) fn run(
    options: &AnnotateArguments,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let found = files::below(&options.paths)?;
    let mut problems = found.problems;
    let mut changed: Vec<(PathBuf, usize)> = Vec::new();
    for file in &found.files {
        let edits = if options.remove { places::to_remove(file) } else { places::to_add(file) };
        if edits.is_empty() {
            continue;
        }
        let text = places::apply(&file.text, &edits);
        if options.dry_run {
            diff(&file.path, &file.text, &text, output)?;
        } else if let Err(error) = replace(&file.path, &text) {
            problems.push(format!("{}: {error}; it is unchanged", file.path.display()));
            continue;
        }
        changed.push((file.path.clone(), edits.len()));
    }
    if !options.dry_run {
        summary(options, &changed, output)?;
    }
    match problems.len() {
        0 => Ok(()),
        _ => {
            output.finish()?;
            Err(CommandError::Impossible(problems.join("\n")))
        }
    }
}

/// Replaces a file by a rename, so that it is never half written.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".annotated");
    let new = path.with_file_name(name);
    let written = (|| {
        let mut file = fs::File::create_new(&new)?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.write_all(text.as_bytes())?;
        fs::rename(&new, &path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

/// Prints the number of attributes by file, and what is left to do in a package without
/// error-tracker.
fn summary(
    options: &AnnotateArguments,
    changed: &[(PathBuf, usize)],
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let attributes = |count: usize| match count {
        1 => "1 attribute".to_owned(),
        _ => format!("{count} attributes"),
    };
    for (path, count) in changed {
        output.line(&format!("{}: {}", path.display(), attributes(*count)))?;
    }
    let done = if options.remove { "removed" } else { "added" };
    let total = changed.iter().map(|(_, count)| count).sum();
    let in_files =
        if changed.len() == 1 { "1 file".to_owned() } else { format!("{} files", changed.len()) };
    output.line(&format!("{done} {} in {in_files}", attributes(total)))?;
    if !options.remove
        && let Some((path, _)) = changed.first()
        && let Some(manifest) = files::manifest_of(path)
        && !fs::read_to_string(&manifest).is_ok_and(|text| text.contains("error-tracker"))
    {
        output.line(&format!(
            "{} does not name error-tracker yet: `cargo add error-tracker`, and call `error_tracker::init()` in `main`",
            manifest.display()
        ))?;
    }
    Ok(())
}

/// Prints the change of a file in the format of `patch`.
fn diff(
    path: &Path,
    old: &str,
    new: &str,
    output: &mut TerminalOutput,
) -> Result<(), CommandError> {
    let name = path.display().to_string();
    let text = TextDiff::from_lines(old, new).unified_diff().header(&name, &name).to_string();
    for line in text.split_inclusive('\n') {
        let color = match line.as_bytes() {
            [b'+', ..] => GREEN,
            [b'-', ..] => RED,
            [b'@', ..] => CYAN,
            _ => "",
        };
        if output.columns().is_none() {
            output.raw(line)?;
        } else {
            output.text(color, line.trim_end())?;
            output.end_line()?;
        }
    }
    Ok(())
}
