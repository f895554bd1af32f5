//! Reads source lines around a failing expression from the disk, if the source is there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::event::{Event, Frame, Snippet};
use crate::mask::{self, Masking};

/// Lines before and after the failing one.
const CONTEXT_LINES: u32 = 5;
/// Chars of a line that are kept.
const MAX_LINE: usize = 240;
/// The most files in the cache.
const MAX_FILES: usize = 200;
/// The maximum size of a file that is read, in bytes.
const MAX_FILE_SIZE: u64 = 4 * 1024 * 1024;

/// A cache of the lines of files; `None` for files that could not be read.
pub(crate) struct SourceFiles {
    /// Masks secrets in the lines by their shape.
    masking: Masking,
    files: HashMap<(String, &'static str), Option<Vec<String>>>,
}

impl SourceFiles {
    pub(crate) fn new(masking: Masking) -> Self {
        Self { masking, files: HashMap::new() }
    }

    /// Adds the source lines to all frames of an event. Reads files.
    pub(crate) fn add_to(&mut self, event: &mut Event) {
        for frame in event.frames.iter_mut().chain(&mut event.callers) {
            if frame.snippet.is_none() {
                frame.snippet = self.snippet(frame, &frame.file);
            }
        }
    }

    /// Returns the lines around a frame's line in `file`: the frame's file, or its absolute path.
    /// Returns `None` if the source does not exist or has changed.
    pub(super) fn snippet(&mut self, frame: &Frame, file: &str) -> Option<Snippet> {
        if self.files.len() > MAX_FILES {
            self.files.clear();
        }
        let key = (file.to_owned(), frame.root);
        let lines = self.files.entry(key).or_insert_with(|| read(file, frame.root)).as_ref()?;
        let at = frame.line.checked_sub(1)?;
        let first = at.saturating_sub(CONTEXT_LINES) as usize;
        let mut lines: Vec<String> = lines
            .iter()
            .skip(first)
            .take((at as usize - first) + 1 + CONTEXT_LINES as usize)
            .cloned()
            .collect();
        // The source may have changed since it was compiled.
        let first_word = frame
            .expression
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .find(|word| !word.is_empty());
        let is_there = lines
            .get(at as usize - first)
            .is_some_and(|line| first_word.is_none_or(|word| line.contains(word)));
        lines.iter_mut().for_each(|line| mask::source_line(&self.masking, line));
        is_there
            .then(|| Snippet { first_line: u32::try_from(first + 1).unwrap_or(u32::MAX), lines })
    }
}

/// Reads a file whose path is relative to the workspace's folder: `root`, which is the crate's
/// folder, or one of its ancestors.
fn read(file: &str, root: &str) -> Option<Vec<String>> {
    let path = Path::new(file);
    let candidates =
        Path::new(root).ancestors().filter(|_| !root.is_empty()).map(|folder| folder.join(path));
    let found: PathBuf = candidates.chain([path.to_path_buf()]).find(|path| {
        std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() <= MAX_FILE_SIZE)
    })?;
    let text = std::fs::read(found).ok()?;
    let text = String::from_utf8_lossy(&text);
    let cut = |line: &str| line.chars().take(MAX_LINE).collect();
    Some(text.lines().map(cut).collect())
}
