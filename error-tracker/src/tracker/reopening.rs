//! The SQLite file of the default tracker. One that cannot be opened is tried again, and never stops the program.
#![cfg(feature = "sqlite")]

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::event::{Event, Issue, Status, Timestamp};
use crate::pipeline::warn_once;
use crate::store::{
    IssueQuery, Mark, Page, Pruned, Recorded, Retention, Sighting, SqliteStore, Store, StoreError, Which,
};

/// How often opening is tried.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Reopening {
    path: PathBuf,
    retention: Retention,
    opened: OnceLock<Arc<SqliteStore>>,
    failed: Mutex<Option<(Instant, String)>>,
}

impl Reopening {
    pub(super) fn new(path: PathBuf, retention: Retention) -> Self {
        let reopening = Self { path, retention, opened: OnceLock::new(), failed: Mutex::new(None) };
        if let Err(error) = reopening.store() {
            warn_once(&error.to_string());
        }
        reopening
    }

    fn store(&self) -> Result<&SqliteStore, StoreError> {
        if let Some(store) = self.opened.get() {
            return Ok(store);
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, problem)) = &*failed
            && at.elapsed() < AGAIN
        {
            return Err(StoreError::Open(problem.clone()));
        }
        match SqliteStore::open(&self.path) {
            Ok(store) => {
                Ok(self.opened.get_or_init(|| Arc::new(store.with_retention(self.retention.clone()))))
            }
            Err(error) => {
                let problem = error.to_string();
                *failed = Some((Instant::now(), problem.clone()));
                Err(StoreError::Open(problem))
            }
        }
    }
}

impl fmt::Debug for Reopening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SQLite file {}", self.path.display())
    }
}

impl Store for Reopening {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        self.store()?.record(batch)
    }

    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        self.store()?.issues(query)
    }

    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        self.store()?.issue(hash)
    }

    fn event(&self, hash: &str, which: &Which) -> Result<Option<Event>, StoreError> {
        self.store()?.event(hash, which)
    }

    fn set_status(&self, hashes: &[&str], status: Status) -> Result<u64, StoreError> {
        self.store()?.set_status(hashes, status)
    }

    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        self.store()?.delete(hashes)
    }

    fn mark(&self, hash: &str, mark: &Mark) -> Result<(), StoreError> {
        self.store()?.mark(hash, mark)
    }

    fn hours(&self, hash: &str, since: Timestamp) -> Result<Vec<(u64, u64)>, StoreError> {
        self.store()?.hours(hash, since)
    }

    fn prune(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        self.store()?.prune(retention)
    }

    fn idle(&self) -> Result<(), StoreError> {
        self.store()?.idle()
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        self.store()?.check()
    }
}
