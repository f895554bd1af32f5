//! Stores events in a SQLite file.

mod age;
mod candidates;
mod change;
mod connections;
mod convert;
mod delete;
mod facets;
#[allow(unsafe_code, reason = "`pthread_atfork`")]
mod fork;
mod journal;
mod list;
mod list_filter;
mod merge;
mod open;
mod outbox;
mod paths;
mod probe;
mod prune;
mod read;
mod recent_batches;
#[allow(unsafe_code, reason = "`statvfs`")]
mod reserve;
mod schema;
#[allow(unsafe_code, reason = "`pthread_sigmask`, `getrlimit`")]
mod size_limit;
mod slot;
mod space;
mod transaction;
mod write;
mod written_batch;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use super::{
    EventSelector, IssueChange, IssueFacets, IssueQuery, Outbox, Page, Pruned, Recorded, Retention,
    Sighting, Store, StoreError,
};
use crate::event::{Event, Issue, Note, Timestamp};
use crate::fork::PerProcess;
use crate::store::clock::StoreClock;
use connections::StoreConnections;
use delete::DeleteStep;
use list::SearchEffort;
use written_batch::WrittenBatch;

/// Stores events in one SQLite file. While it is in use, SQLite creates two more files beside it
/// (`-wal`, `-shm`).
///
/// Several processes may use the same file. Events are on the disk when [`Store::record`] returns,
/// even if the machine loses power afterwards. The file is readable by its owner only, and deleted
/// data is overwritten. [`Store::close`] and dropping the store leave a single file.
///
/// On a full disk [`Store::record`] returns [`StoreError::Full`], but deleting works: if less than
/// 1 GiB is free, a file of at most 1 MiB beside this one (`-reserve`) reserves space for it.
///
/// SQLite before 3.51.3 may damage a file in WAL mode. A program that links such a version changes
/// the mode of the file before it writes, which fails with [`StoreError::Unavailable`] while other
/// processes use the file.
///
/// If the file is deleted, replaced or overwritten while it is in use, [`Store::restore_missing`]
/// and the next batch detect it and continue with the file that is now at the path. A damaged file
/// is renamed to `NAME.corrupt-TIME`, and a new one is created. The events of the last minute (4
/// MiB at most) are written again if the file does not have them.
///
/// ```
/// use error_tracker::store::{IssueQuery, SqliteStore, Store};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("errors.db");
/// let store = SqliteStore::open(&path)?;
/// assert!(store.issues(&IssueQuery::default())?.items.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteStore {
    path: PathBuf,
    folder: Option<PathBuf>,
    retention: Retention,
    connections: Arc<StoreConnections>,
    /// The clock as of the last recording.
    clock: PerProcess<Mutex<Option<StoreClock>>>,
    /// Whether the text index may still contain deleted text.
    is_purge_due: AtomicBool,
}

impl SqliteStore {
    /// Opens a file for reading and writing, and creates it if it does not exist.
    ///
    /// # Errors
    /// If the file cannot be opened or created, belongs to another program, or was written by a
    /// newer version. The error names the file, the problem and a remedy.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let store = Self::new(path.as_ref(), StoreConnections::new());
        store.write_with_reserve(|_| Ok(()))?;
        Ok(store)
    }

    /// Opens an existing file for reading only; methods that would change it fail. Neither the file
    /// nor its folder need to be writable.
    ///
    /// # Errors
    /// Like [`SqliteStore::open`], and if the file does not exist, or a part of it is in a journal
    /// beside it that cannot be read without write permission.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let store = Self::new(path.as_ref(), StoreConnections::read_only());
        store.connections.read(&store.path, |_| Ok(()))?;
        Ok(store)
    }

    /// Creates a store whose file is opened for reading and writing when it is first used. Creates
    /// `folder`, if given, at that time, accessible to its owner only. As long as the file does not
    /// exist, the store is empty.
    pub(crate) fn unopened(path: &Path, folder: Option<PathBuf>) -> Self {
        Self { folder, ..Self::new(path, StoreConnections::new()) }
    }

    fn new(path: &Path, connections: Arc<StoreConnections>) -> Self {
        Self {
            path: absolute(path),
            folder: None,
            retention: Retention::default(),
            connections,
            clock: PerProcess::new(Mutex::default(), Mutex::default),
            is_purge_due: AtomicBool::new(false),
        }
    }

    fn write<T>(
        &self,
        write: impl Fn(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.make_folder()?;
        self.keep_journal_small();
        self.connections.write(&self.path, write)
    }

    fn keep_journal_small(&self) {
        if space::SizeBounds::of(&self.retention).is_journal_full(&self.path) {
            // If readers prevent it, writing continues all the same.
            let _ = self.connections.checkpoint(&self.path);
        }
    }

    fn make_folder(&self) -> Result<(), StoreError> {
        self.folder.as_deref().map_or(Ok(()), open::make_folder)
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connections.read(&self.path, read)
    }

    /// Sets the limits, instead of [`Retention::default`]. The numbers are enforced at every batch,
    /// the age by [`Store::prune`].
    #[must_use]
    pub fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Returns all free space of the file to the file system. [`Store::prune`] does this for files
    /// that this version has created. A file of an older version has to be rewritten once, which
    /// temporarily needs its size again.
    ///
    /// # Errors
    /// If other processes use the file, or the disk is full.
    pub fn compact(&self) -> Result<(), StoreError> {
        if !self.read(space::can_release_pages)? {
            self.write(|connection| space::compact(connection))?;
            // The open connections do not know the new mode.
            self.connections.close(&self.path)?;
        }
        self.release_free_pages()?;
        self.purge_and_checkpoint()
    }

    fn release_free_pages(&self) -> Result<(), StoreError> {
        self.run_in_steps(
            DeleteStep::Large,
            |connection, step| space::release_free_pages(connection, step),
            |more| more,
        )
    }

    /// Writes in steps for as long as `goes_on` returns `true` for the result of a step. Each step
    /// is a transaction of its own, so that batches can be written in between. On a full disk the
    /// steps are small, and use the reserved space.
    fn run_in_steps<T: Copy>(
        &self,
        mut step: DeleteStep,
        run: impl Fn(&mut Connection, DeleteStep) -> Result<T, StoreError>,
        mut goes_on: impl FnMut(T) -> bool,
    ) -> Result<(), StoreError> {
        loop {
            match self.write(|connection| run(connection, step)) {
                Ok(done) if goes_on(done) => {}
                Ok(_) => return Ok(()),
                Err(StoreError::Full(_)) if step == DeleteStep::Large => {
                    step = DeleteStep::Small;
                    self.connections.release_reserve(&self.path);
                }
                Err(error) => return Err(error),
            }
            if step == DeleteStep::Small {
                // The next step uses the space of the journal.
                let _ = self.connections.checkpoint(&self.path);
            }
        }
    }

    /// Writes; on a full disk with the reserved space.
    fn write_with_reserve<T>(
        &self,
        write: impl Fn(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.write(&write) {
            Err(StoreError::Full(_)) => {
                self.connections.release_reserve(&self.path);
                let _ = self.connections.checkpoint(&self.path);
                self.write(write)
            }
            other => other,
        }
    }

    fn delete_on_full_disk(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        self.connections.release_reserve(&self.path);
        let mut deleted = 0;
        let delete = |connection: &mut Connection, _| delete::delete_some(connection, hashes);
        self.run_in_steps(DeleteStep::Small, delete, |some| {
            deleted += some.issues;
            some != Pruned::default()
        })?;
        let _ = self.release_free_pages();
        Ok(deleted)
    }

    /// Removes deleted data from the text index and the journal.
    fn purge_and_checkpoint(&self) -> Result<(), StoreError> {
        if self.is_purge_due.swap(false, Ordering::Relaxed) {
            let purged = self.write(|connection| delete::purge_text(connection));
            self.is_purge_due.fetch_or(purged.is_err(), Ordering::Relaxed);
            purged?;
        }
        self.connections.checkpoint(&self.path)?;
        self.connections.keep_reserve(&self.path);
        Ok(())
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        self.keep_journal_small();
        // Serialized before the lock is taken and the transaction begins.
        let mut written = Some(WrittenBatch::new(batch, &self.retention)?);
        let mut record = || {
            self.make_folder()?;
            self.connections.record(&self.path, &mut written, |connection, written| {
                let room = reserve::free_space(&self.path);
                space::check_room(&written.payloads, room)?;
                write::record(connection, batch, written, &self.retention, self.clock.get(), room)
            })
        };
        let batch = match record() {
            Err(StoreError::Full(_)) if self.connections.checkpoint(&self.path).is_ok() => {
                // The checkpoint may have freed space.
                record()?
            }
            recorded => recorded?,
        };
        self.is_purge_due.fetch_or(batch.evicted, Ordering::Relaxed);
        Ok(batch.recorded)
    }

    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        self.read(|connection| list::issues(connection, query, &SearchEffort::DEFAULT))
    }

    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        self.read(|connection| read::issue(connection, hash))
    }

    fn event(&self, hash: &str, which: &EventSelector) -> Result<Option<Event>, StoreError> {
        self.read(|connection| read::event(connection, hash, which))
    }

    fn issue_of_event(&self, id: &str) -> Result<Option<String>, StoreError> {
        self.read(|connection| read::issue_of_event(connection, id))
    }

    fn rewrite(&self, events: &[Event]) -> Result<u64, StoreError> {
        let payloads: Vec<_> =
            events.iter().map(written_batch::payload).collect::<Result<_, _>>()?;
        self.write(|connection| write::rewrite(connection, events, &payloads))
    }

    fn change(&self, hashes: &[&str], change: &IssueChange) -> Result<u64, StoreError> {
        self.write_with_reserve(|connection| change::change(connection, hashes, change))
    }

    fn notes(&self, hash: &str) -> Result<Vec<Note>, StoreError> {
        self.read(|connection| change::notes(connection, hash))
    }

    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        let members = self
            .read(|connection| merge::member_hashes(connection, hashes))
            .unwrap_or_else(|_| hashes.iter().map(|hash| (*hash).to_owned()).collect());
        let deleted = match self.write(|connection| delete::delete(connection, hashes)) {
            Err(StoreError::Full(_)) => self.delete_on_full_disk(hashes)?,
            deleted => deleted?,
        };
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        self.connections.forget(&members);
        self.is_purge_due.store(true, Ordering::Relaxed);
        // The rows are deleted; what fails here is repeated when idle.
        let _ = self.purge_and_checkpoint();
        Ok(deleted)
    }

    fn merge(&self, hashes: &[&str], into: &str) -> Result<u64, StoreError> {
        self.write_with_reserve(|connection| merge::merge(connection, hashes, into))
    }

    fn unmerge(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        self.write_with_reserve(|connection| merge::unmerge(connection, hashes))
    }

    fn parts(&self, hash: &str) -> Result<Vec<Issue>, StoreError> {
        self.read(|connection| read::parts(connection, hash))
    }

    fn hourly_counts(&self, hash: &str, since: Timestamp) -> Result<Vec<(u64, u64)>, StoreError> {
        self.read(|connection| read::hourly_counts(connection, hash, since))
    }

    fn facets(&self, hash: &str) -> Result<IssueFacets, StoreError> {
        self.read(|connection| facets::facets(connection, hash))
    }

    fn prune(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let mut all = Pruned::default();
        let oldest = age::oldest(self.clock.get(), retention.max_age);
        let prune =
            |connection: &mut Connection, step| prune::prune(connection, retention, oldest, step);
        self.run_in_steps(DeleteStep::Large, prune, |some| {
            all.issues += some.issues;
            all.occurrences += some.occurrences;
            some != Pruned::default()
        })?;
        self.write_with_reserve(|connection| prune::prune_hours(connection, oldest))?;
        if all != Pruned::default() {
            self.is_purge_due.store(true, Ordering::Relaxed);
        }
        let _ = self.release_free_pages().and_then(|()| self.purge_and_checkpoint());
        Ok(all)
    }

    fn restore_missing(&self) -> Result<Option<String>, StoreError> {
        if self.connections.has_changed(&self.path) {
            self.write(|_| Ok(()))?;
        }
        self.connections.finding()
    }

    fn idle(&self) -> Result<(), StoreError> {
        self.purge_and_checkpoint()
    }

    fn secret(&self) -> Result<Option<[u8; 32]>, StoreError> {
        if open::is_missing(&self.path) {
            return Ok(None);
        }
        self.read(read::secret).map(Some)
    }

    fn outbox(&self) -> Option<&dyn Outbox> {
        Some(self)
    }

    fn close(&self) -> Result<(), StoreError> {
        self.connections.close(&self.path)
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        self.read(read::check)
    }
}

/// Returns the absolute path, so that the file stays the same if the program changes its current
/// folder.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
