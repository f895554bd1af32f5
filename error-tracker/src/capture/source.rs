//! Source lines around a failing expression, read from the disk where the source is still there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::event::{Event, Frame, Snippet};

/// Lines before and behind the failing one.
const AROUND: u32 = 5;
/// Longest line that is kept, in characters.
const LONGEST: usize = 240;
/// Files that are remembered.
const MOST_FILES: usize = 200;
/// Largest file that is read.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Files that were read, and those that are not there.
#[derive(Default)]
pub(crate) struct Sources {
    files: HashMap<(String, &'static str), Option<Vec<String>>>,
}

impl Sources {
    /// Adds the source lines to all frames of an event. Reads files.
    pub(crate) fn add_to(&mut self, event: &mut Event) {
        for frame in event.frames.iter_mut().chain(&mut event.callers) {
            if frame.snippet.is_none() {
                frame.snippet = self.around(frame);
            }
        }
    }

    fn around(&mut self, frame: &Frame) -> Option<Snippet> {
        if self.files.len() > MOST_FILES {
            self.files.clear();
        }
        let key = (frame.file.clone(), frame.root);
        let lines = self.files.entry(key).or_insert_with(|| read(&frame.file, frame.root)).as_ref()?;
        let at = frame.line.checked_sub(1)?;
        let first = at.saturating_sub(AROUND) as usize;
        let lines: Vec<String> =
            lines.iter().skip(first).take((at as usize - first) + 1 + AROUND as usize).cloned().collect();
        // The source may have changed since it was compiled.
        let first_word =
            frame.expression.split(|c: char| !c.is_alphanumeric() && c != '_').find(|word| !word.is_empty());
        let is_there = lines
            .get(at as usize - first)
            .is_some_and(|line| first_word.is_none_or(|word| line.contains(word)));
        is_there.then(|| Snippet { first_line: u32::try_from(first + 1).unwrap_or(u32::MAX), lines })
    }
}

/// `file` counts from the workspace's folder, which is the crate's or one above.
fn read(file: &str, root: &str) -> Option<Vec<String>> {
    let path = Path::new(file);
    let candidates = Path::new(root).ancestors().filter(|_| !root.is_empty()).map(|folder| folder.join(path));
    let found: PathBuf = candidates
        .chain([path.to_path_buf()])
        .find(|path| std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() <= LARGEST))?;
    let text = std::fs::read(found).ok()?;
    let text = String::from_utf8_lossy(&text);
    let cut = |line: &str| line.chars().take(LONGEST).collect();
    Some(text.lines().map(cut).collect())
}
