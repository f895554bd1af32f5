//! A store of your own: what happens goes as lines of JSON into one file.
//!
//!     cargo run --example own_store
//!
//! A store answers six questions; the other methods of the trait have defaults. This one writes each change down and
//! leaves the answers to a `MemoryStore`, which is filled from the file when it is opened. The file only grows: one for
//! a busy program would be written anew from time to time.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use error_tracker::event::{Event, Issue, Note, Timestamp};
use error_tracker::store::{
    EventSelector, IssueChange, IssueQuery, MemoryStore, Page, Recorded, Sighting, Store,
    StoreError,
};
use error_tracker::{auto_track_exception, builder};
use serde::{Deserialize, Serialize};

#[derive(Debug)]
struct JsonLines {
    file: Mutex<File>,
    kept: MemoryStore,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Seen { event: Box<Event>, count: u64, last_seen: Timestamp, again: bool },
    Changed { hashes: Vec<String>, change: IssueChange },
    Deleted { hashes: Vec<String> },
}

impl JsonLines {
    /// Opens the file, or makes it, and reads what earlier runs have written.
    fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true);
        // Values of variables are nobody else's business.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;

        let mut text = String::new();
        file.read_to_string(&mut text)?;
        // What a program that was killed left half written does not count.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64)?;

        let kept = MemoryStore::new();
        for line in text[..whole].lines() {
            play(&kept, serde_json::from_str(line)?).map_err(io::Error::other)?;
        }
        Ok(Self { file: Mutex::new(file), kept })
    }

    /// Writes the lines down, all or none, and only then does what they say.
    fn write<T>(
        &self,
        lines: &[Line],
        then: impl FnOnce(&MemoryStore) -> T,
    ) -> Result<T, StoreError> {
        // What fails, a full disk say, may work later: the tracker tries again.
        let unavailable = |error: io::Error| StoreError::Unavailable(error.to_string());
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)
                .map_err(|error| StoreError::Other(error.into()))?;
            text.push(b'\n');
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let end = file.metadata().map_err(unavailable)?.len();
        if let Err(error) = file.write_all(&text).and_then(|()| file.sync_data()) {
            let _ = file.set_len(end);
            return Err(unavailable(error));
        }
        Ok(then(&self.kept))
    }
}

/// Does again what a line says.
fn play(kept: &MemoryStore, line: Line) -> Result<(), StoreError> {
    fn borrowed(hashes: &[String]) -> Vec<&str> {
        hashes.iter().map(String::as_str).collect()
    }
    match line {
        Line::Seen { event, count, last_seen, again } => {
            kept.record(&[Sighting::new(*event).repeated(count, last_seen).again(again)])?;
        }
        Line::Changed { hashes, change } => {
            kept.change(&borrowed(&hashes), &change)?;
        }
        Line::Deleted { hashes } => {
            kept.delete(&borrowed(&hashes))?;
        }
    }
    Ok(())
}

fn owned(hashes: &[&str]) -> Vec<String> {
    hashes.iter().map(|hash| (*hash).to_owned()).collect()
}

impl Store for JsonLines {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        let lines: Vec<Line> = batch
            .iter()
            .map(|sighting| Line::Seen {
                event: Box::new(sighting.event.clone()),
                count: sighting.count,
                last_seen: sighting.last_seen,
                again: sighting.again,
            })
            .collect();
        self.write(&lines, |kept| kept.record(batch))?
    }

    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        self.kept.issues(query)
    }

    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        self.kept.issue(hash)
    }

    fn event(&self, hash: &str, which: &EventSelector) -> Result<Option<Event>, StoreError> {
        self.kept.event(hash, which)
    }

    fn change(&self, hashes: &[&str], change: &IssueChange) -> Result<u64, StoreError> {
        let line = Line::Changed { hashes: owned(hashes), change: change.clone() };
        self.write(&[line], |kept| kept.change(hashes, change))?
    }

    fn notes(&self, hash: &str) -> Result<Vec<Note>, StoreError> {
        self.kept.notes(hash)
    }

    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        self.write(&[Line::Deleted { hashes: owned(hashes) }], |kept| kept.delete(hashes))?
    }
}

#[auto_track_exception]
fn port(text: &str) -> Result<u16, std::num::ParseIntError> {
    text.trim().parse()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tracker = builder().store(JsonLines::open("errors.jsonl")?).install()?;
    for text in ["80", "http", "99999"] {
        if let Err(error) = port(text) {
            println!("{text:?} is no port: {error}");
        }
    }
    tracker.flush(Duration::from_secs(2))?;
    for issue in tracker.issues(&IssueQuery::default())?.items {
        println!(
            "{:>3} x {} in {}: {}",
            issue.count,
            issue.short_type(),
            issue.function,
            issue.message
        );
    }
    println!("They are in errors.jsonl.");
    Ok(())
}
