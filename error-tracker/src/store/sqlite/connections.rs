//! The connections of a store in each process: one that writes and one that reads, both to the file
//! that is now at the path.

use std::path::Path;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::fork::{self, ForkAware, InUse};
use super::open::{ReadableFile, identity};
use super::reserve;
use super::schema;
use super::slot::{ConnectionSlot, set_aside};
use super::written_batch::WrittenBatch;
use crate::fork::SetOnce;
use crate::store::StoreError;
use crate::warning::warn;

#[derive(Debug)]
pub(super) struct StoreConnections {
    process: u32,
    read_only: bool,
    /// Separate from the writer, so that reads never wait for writes. Closed before it, because the
    /// last connection that is closed removes the files beside the database. A thread that holds
    /// this lock does not take the writer's. Both are locked only while [`InUse`] exists, so that a
    /// fork finds them free.
    reader: Mutex<ConnectionSlot>,
    writer: Mutex<ConnectionSlot>,
    /// The connections of a forked child, which cannot use these: a lock may have been held at the
    /// fork.
    child: SetOnce<Arc<StoreConnections>>,
}

impl StoreConnections {
    /// Creates connections for reading and writing, without opening the file.
    pub(super) fn new() -> Arc<Self> {
        Self::create(false)
    }

    /// Creates connections for reading only, without opening the file.
    pub(super) fn read_only() -> Arc<Self> {
        Self::create(true)
    }

    fn create(read_only: bool) -> Arc<Self> {
        let (reader, writer) = (Mutex::default(), Mutex::default());
        let connections = Arc::new(Self {
            process: process::id(),
            read_only,
            reader,
            writer,
            child: SetOnce::new(),
        });
        let registered = Arc::downgrade(&connections);
        fork::register(registered);
        connections
    }

    /// Returns the connections of the current process.
    fn of_current_process(&self) -> Result<&Self, StoreError> {
        let process = process::id();
        let mut current = self;
        while current.process != process {
            let make = || current.child.get_or_set(Self::create(self.read_only)).0;
            current = current.child.get().unwrap_or_else(make);
        }
        if fork::was_in_use() {
            let reason = "SQLite was in use when this process was forked, so the state of its locks is unknown here";
            return Err(StoreError::Open(reason.to_owned()));
        }
        Ok(current)
    }

    /// Runs `read`. Reads do not wait for writes, unless the schema has to be brought up to date.
    pub(super) fn read<T>(
        &self,
        path: &Path,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let current = self.of_current_process()?;
        let mut may_update = !current.read_only;
        loop {
            {
                let _in_use = InUse::enter();
                let mut reader = lock(&current.reader);
                match reader.open_to_read(path, !current.read_only)? {
                    Some(ReadableFile::Live(connection)) => {
                        return read(reader.set_connection(path, connection));
                    }
                    Some(ReadableFile::Frozen(connection)) => return read(&connection),
                    Some(ReadableFile::Outdated(error)) if !may_update => return Err(error),
                    Some(ReadableFile::Outdated(_)) => {}
                    None => return read(reader.connection()?),
                }
            }
            may_update = false;
            current.write(path, |_| Ok(()))?;
        }
    }

    /// Runs `write`, and repeats it with a new file if this one is damaged.
    pub(super) fn write<T>(
        &self,
        path: &Path,
        write: impl Fn(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let current = self.writable(path)?;
        let _in_use = InUse::enter();
        current.write_with(&mut lock(&current.writer), path, write)
    }

    /// Runs `record` like `write`, and keeps the batch in case the file is lost.
    pub(super) fn record<T>(
        &self,
        path: &Path,
        batch: &mut Option<WrittenBatch>,
        record: impl Fn(&mut Connection, &WrittenBatch) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let current = self.writable(path)?;
        let _in_use = InUse::enter();
        let mut slot = lock(&current.writer);
        let Some(written) = batch else {
            return Err(StoreError::Unavailable("the batch was recorded before".to_owned()));
        };
        written.mark = slot.recent.next();
        let recorded =
            current.write_with(&mut slot, path, |connection| record(connection, written));
        if recorded.is_ok()
            && let Some(written) = batch.take()
        {
            slot.recent.add(written);
        }
        recorded
    }

    fn writable(&self, path: &Path) -> Result<&Self, StoreError> {
        let current = self.of_current_process()?;
        if current.read_only {
            return Err(StoreError::Open(format!(
                "{} was opened for reading only",
                path.display()
            )));
        }
        Ok(current)
    }

    fn write_with<T>(
        &self,
        slot: &mut ConnectionSlot,
        path: &Path,
        write: impl Fn(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if !slot.is_current(path) {
            // An open reader would prevent a change of the journal mode.
            lock(&self.reader).connection = None;
        }
        match slot.write(path, &write) {
            Err(StoreError::Damaged(what)) => {
                slot.connection = None;
                let was_ours = slot.identity.is_some() && slot.identity == identity(path);
                if !was_ours && !schema::is_marked(path) {
                    return Err(StoreError::Damaged(format!("{}: {what}", path.display())));
                }
                lock(&self.reader).connection = None;
                let what = set_aside(path, &what)?;
                if slot.recent.has_recorded() {
                    slot.set_aside_message = Some(what);
                } else {
                    warn(format_args!("{what}"));
                }
                slot.write(path, &write)
            }
            other => other,
        }
    }

    /// Returns whether the file has changed since this process recorded something.
    pub(super) fn has_changed(&self, path: &Path) -> bool {
        let Ok(current) = self.of_current_process() else { return false };
        let _in_use = InUse::enter();
        let slot = lock(&current.writer);
        !current.read_only && slot.recent.has_recorded() && slot.has_changed(path)
    }

    /// Returns a description of what happened to the file, once.
    pub(super) fn finding(&self) -> Result<Option<String>, StoreError> {
        let current = self.of_current_process()?;
        let _in_use = InUse::enter();
        let mut slot = lock(&current.writer);
        let finding = slot.finding.take();
        match finding {
            Some(what) if std::mem::take(&mut slot.has_lost) => Err(StoreError::Damaged(what)),
            finding => Ok(finding),
        }
    }

    /// Forgets the events of deleted issues.
    pub(super) fn forget(&self, hashes: &[&str]) {
        if let Ok(current) = self.of_current_process() {
            let _in_use = InUse::enter();
            lock(&current.writer).recent.forget(hashes);
        }
    }

    /// Writes the content of the journal into the file, and empties the journal.
    pub(super) fn checkpoint(&self, path: &Path) -> Result<(), StoreError> {
        let current = self.of_current_process()?;
        let _in_use = InUse::enter();
        lock(&current.writer).checkpoint(path)
    }

    /// Does a checkpoint and closes the file, so that no files are left beside it unless other
    /// processes have it open.
    pub(super) fn close(&self, path: &Path) -> Result<(), StoreError> {
        let current = self.of_current_process()?;
        let _in_use = InUse::enter();
        let mut writer = lock(&current.writer);
        let emptied = writer.checkpoint(path);
        lock(&current.reader).connection = None;
        writer.connection = None;
        writer.remember_state(path);
        emptied
    }

    /// Reserves space for deleting on a full disk, if there is little space.
    pub(super) fn keep_reserve(&self, path: &Path) {
        let _in_use = InUse::enter();
        if identity(path).is_some() {
            reserve::keep_if_needed(path);
        }
    }

    pub(super) fn release_reserve(&self, path: &Path) {
        let _in_use = InUse::enter();
        reserve::release(path);
    }
}

impl ForkAware for StoreConnections {
    fn close_at_fork(&self) {
        for slot in [&self.reader, &self.writer] {
            if let Ok(mut slot) = slot.try_lock()
                && let Some(connection) = slot.connection.take()
            {
                // Nothing is written: the content of the journal stays there.
                let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            }
        }
    }
}

impl Drop for StoreConnections {
    fn drop(&mut self) {
        let is_of_parent = self.process != process::id();
        // If all connections are closed, a fork may be dropping this, which must not wait.
        let slots = [&mut self.reader, &mut self.writer];
        let is_open = |slot: &mut Mutex<ConnectionSlot>| {
            slot.get_mut().unwrap_or_else(PoisonError::into_inner).connection.is_some()
        };
        let _in_use = (!is_of_parent && slots.into_iter().any(is_open)).then(InUse::enter);
        for slot in [&mut self.reader, &mut self.writer] {
            let connection =
                slot.get_mut().unwrap_or_else(PoisonError::into_inner).connection.take();
            if is_of_parent {
                // It was in use at the fork. Closing it would undo the parent's transaction.
                std::mem::forget(connection);
            }
        }
    }
}

/// Locks a slot. A poisoned lock is usable, because a transaction is rolled back when a thread
/// unwinds.
fn lock<T>(slot: &Mutex<T>) -> MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
