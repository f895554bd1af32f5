//! A store of your own: events as lines of JSON, one file, nothing else.
//!
//!     cargo run --example own_store
//!
//! A store answers six questions; the other methods of the trait have defaults. This one keeps everything in memory as
//! well, which a program that makes few errors can afford.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use error_tracker::event::{Event, Issue, Status};
use error_tracker::store::{IssueQuery, Page, Recorded, Sighting, Store, StoreError, Which};
use error_tracker::{auto_track_exception, builder};

#[derive(Debug)]
struct JsonLines {
    path: PathBuf,
    kept: Mutex<BTreeMap<String, (Issue, Vec<Event>)>>,
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Other(Box::new(error))
}

impl JsonLines {
    /// Reads what an earlier run has written.
    fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let store = Self { path: path.as_ref().into(), kept: Mutex::default() };
        if let Ok(file) = File::open(&store.path) {
            for line in BufReader::new(file).lines() {
                let event = serde_json::from_str(&line.map_err(failed)?).map_err(failed)?;
                store.keep(&Sighting::new(event));
            }
        }
        Ok(store)
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, (Issue, Vec<Event>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, sighting: &Sighting) -> Recorded {
        let event = &sighting.event;
        let mut kept = self.kept();
        let entry = kept.entry(event.grouping.hash.clone());
        let (issue, events) = entry.or_insert_with(|| {
            let mut issue = Issue::of(event);
            issue.count = 0;
            (issue, Vec::new())
        });
        let regression = issue.status == Status::Resolved;
        if regression {
            issue.status = Status::Unresolved;
        }
        issue.count += sighting.count;
        issue.last_seen = issue.last_seen.max(sighting.last_seen);
        if !sighting.again {
            events.push(event.clone());
        }
        Recorded::seen(issue.count).new(issue.count == sighting.count).regression(regression)
    }
}

impl Store for JsonLines {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path).map_err(failed)?;
        for sighting in batch.iter().filter(|sighting| !sighting.again) {
            let line = serde_json::to_string(&sighting.event).map_err(failed)?;
            writeln!(file, "{line}").map_err(failed)?;
        }
        file.sync_data().map_err(failed)?;
        Ok(batch.iter().map(|sighting| self.keep(sighting)).collect())
    }

    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        let kept = self.kept();
        let issues = kept.values().map(|(issue, _)| issue);
        let wanted = issues.filter(|issue| query.status.is_none_or(|status| issue.status == status));
        let mut issues: Vec<Issue> = wanted.cloned().collect();
        issues.sort_by_key(|issue| std::cmp::Reverse(issue.last_seen));
        issues.truncate(if query.limit == 0 { 20 } else { query.limit });
        Ok(Page::new(issues, None, None))
    }

    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        Ok(self.kept().get(hash).map(|(issue, _)| issue.clone()))
    }

    fn event(&self, hash: &str, which: &Which) -> Result<Option<Event>, StoreError> {
        let kept = self.kept();
        let Some((_, events)) = kept.get(hash) else { return Ok(None) };
        let place = |id: &str| events.iter().position(|event| event.id == id);
        let at = match which {
            Which::Oldest => Some(0),
            Which::Id(id) => place(id),
            Which::After(id) => place(id).map(|at| at + 1),
            Which::Before(id) => place(id).and_then(|at| at.checked_sub(1)),
            _ => events.len().checked_sub(1),
        };
        Ok(at.and_then(|at| events.get(at)).cloned())
    }

    fn set_status(&self, hashes: &[&str], status: Status) -> Result<u64, StoreError> {
        let mut kept = self.kept();
        let known = hashes
            .iter()
            .filter(|hash| kept.get_mut(**hash).map(|(issue, _)| issue.status = status).is_some());
        Ok(known.count() as u64)
    }

    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        let mut kept = self.kept();
        Ok(hashes.iter().filter(|hash| kept.remove(**hash).is_some()).count() as u64)
    }
}

#[auto_track_exception]
fn port(text: &str) -> Result<u16, std::num::ParseIntError> {
    text.trim().parse()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tracker = builder().store(JsonLines::open("errors.jsonl")?).install()?;
    for text in ["80", "http", "99999"] {
        let _ = port(text);
    }
    tracker.flush(Duration::from_secs(2))?;
    for issue in tracker.get_exceptions(&IssueQuery::default())?.items {
        println!("{:>3} x {} in {}: {}", issue.count, issue.short_type(), issue.function, issue.message);
    }
    println!("They are in errors.jsonl.");
    Ok(())
}
