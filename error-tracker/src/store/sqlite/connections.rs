//! One connection that writes and one that reads, each to the file that is at the path now, and each of this process.

use std::path::Path;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::fork::{self, InUse};
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
    /// Apart from the writer, so that reads never wait for writes. Closed before it: the last one to close takes away
    /// what lies beside the file. A thread with this lock does not take the writer's. Both are locked only while
    /// SQLite counts as in use: a fork finds them free.
    reader: Mutex<ConnectionSlot>,
    writer: Mutex<ConnectionSlot>,
    /// Those of a forked child, in the child: a lock may have been held at the fork.
    child: SetOnce<Arc<StoreConnections>>,
}

impl StoreConnections {
    /// Opens nothing yet.
    pub(super) fn new() -> Arc<Self> {
        Self::of_this_process(false)
    }

    /// Opens nothing yet.
    pub(super) fn read_only() -> Arc<Self> {
        Self::of_this_process(true)
    }

    fn of_this_process(read_only: bool) -> Arc<Self> {
        let (reader, writer) = (Mutex::default(), Mutex::default());
        let connections = Arc::new(Self {
            process: process::id(),
            read_only,
            reader,
            writer,
            child: SetOnce::new(),
        });
        fork::register(&connections);
        connections
    }

    /// Returns the connections of this process.
    fn mine(&self) -> Result<&Self, StoreError> {
        let process = process::id();
        let mut mine = self;
        while mine.process != process {
            let make = || mine.child.get_or_set(Self::of_this_process(self.read_only)).0;
            mine = mine.child.get().unwrap_or_else(make);
        }
        if fork::was_in_use() {
            let reason = "SQLite was being used when this process was forked, so that its locks are unknown here";
            return Err(StoreError::Open(reason.to_owned()));
        }
        Ok(mine)
    }

    /// Called before a fork, while nothing is in use. Nothing is written: what is in the journal stays there.
    pub(super) fn close_at_fork(&self) {
        for slot in [&self.reader, &self.writer] {
            if let Ok(mut slot) = slot.try_lock()
                && let Some(connection) = slot.connection.take()
            {
                let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            }
        }
    }

    /// Runs `read`. What reads never waits for what writes, unless the file has to be brought up to date.
    pub(super) fn read<T>(
        &self,
        path: &Path,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mine = self.mine()?;
        let mut may_update = !mine.read_only;
        loop {
            {
                let _in_use = InUse::enter();
                let mut reader = locked(&mine.reader);
                match reader.open_to_read(path, !mine.read_only)? {
                    Some(ReadableFile::Live(connection)) => {
                        return read(reader.keep(path, connection));
                    }
                    Some(ReadableFile::Frozen(connection)) => return read(&connection),
                    Some(ReadableFile::Outdated(error)) if !may_update => return Err(error),
                    Some(ReadableFile::Outdated(_)) => {}
                    None => return read(reader.connection()?),
                }
            }
            may_update = false;
            mine.write(path, |_| Ok(()))?;
        }
    }

    /// Runs `write`, a second time in a new file when this one is damaged.
    pub(super) fn write<T>(
        &self,
        path: &Path,
        write: impl Fn(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mine = self.mine_to_write(path)?;
        let _in_use = InUse::enter();
        mine.write_with(&mut locked(&mine.writer), path, write)
    }

    /// Runs `record` as `write` does, and keeps the batch in case the file is lost.
    pub(super) fn record<T>(
        &self,
        path: &Path,
        batch: &mut Option<WrittenBatch>,
        record: impl Fn(&mut Connection, &WrittenBatch) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mine = self.mine_to_write(path)?;
        let _in_use = InUse::enter();
        let mut slot = locked(&mine.writer);
        let Some(written) = batch else {
            return Err(StoreError::Unavailable("the batch was recorded before".to_owned()));
        };
        written.mark = slot.kept.next();
        let recorded = mine.write_with(&mut slot, path, |connection| record(connection, written));
        if recorded.is_ok()
            && let Some(written) = batch.take()
        {
            slot.kept.add(written);
        }
        recorded
    }

    fn mine_to_write(&self, path: &Path) -> Result<&Self, StoreError> {
        let mine = self.mine()?;
        if mine.read_only {
            return Err(StoreError::Open(format!(
                "{} was opened for reading only",
                path.display()
            )));
        }
        Ok(mine)
    }

    fn write_with<T>(
        &self,
        slot: &mut ConnectionSlot,
        path: &Path,
        write: impl Fn(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if !slot.is_current(path) {
            // A connection that reads would keep the file as it is, whose mode may have to change.
            locked(&self.reader).connection = None;
        }
        match slot.write(path, &write) {
            Err(StoreError::Damaged(what)) => {
                slot.connection = None;
                let was_ours = slot.identity.is_some() && slot.identity == identity(path);
                if !was_ours && !schema::is_marked(path) {
                    return Err(StoreError::Damaged(format!("{}: {what}", path.display())));
                }
                locked(&self.reader).connection = None;
                let what = set_aside(path, &what)?;
                if slot.kept.has_recorded() {
                    slot.set_aside_message = Some(what);
                } else {
                    warn(format_args!("{what}"));
                }
                slot.write(path, &write)
            }
            other => other,
        }
    }

    /// Returns whether the file is not as this process left it, which has recorded something.
    pub(super) fn has_changed(&self, path: &Path) -> bool {
        let Ok(mine) = self.mine() else { return false };
        let _in_use = InUse::enter();
        let slot = locked(&mine.writer);
        !mine.read_only && slot.kept.has_recorded() && slot.has_changed(path)
    }

    /// Returns once what happened to the file.
    pub(super) fn finding(&self) -> Result<Option<String>, StoreError> {
        let mine = self.mine()?;
        let _in_use = InUse::enter();
        let mut slot = locked(&mine.writer);
        let finding = slot.finding.take();
        match finding {
            Some(what) if std::mem::take(&mut slot.has_lost) => Err(StoreError::Damaged(what)),
            finding => Ok(finding),
        }
    }

    /// These issues were deleted.
    pub(super) fn forget(&self, hashes: &[&str]) {
        if let Ok(mine) = self.mine() {
            let _in_use = InUse::enter();
            locked(&mine.writer).kept.forget(hashes);
        }
    }

    /// Moves what was written from the journal into the file, and empties the journal.
    pub(super) fn checkpoint(&self, path: &Path) -> Result<(), StoreError> {
        let mine = self.mine()?;
        let _in_use = InUse::enter();
        locked(&mine.writer).checkpoint(path)
    }

    /// Does the same, and closes the file, so that nothing is left beside it unless others have it open.
    pub(super) fn close(&self, path: &Path) -> Result<(), StoreError> {
        let mine = self.mine()?;
        let _in_use = InUse::enter();
        let mut writer = locked(&mine.writer);
        let emptied = writer.checkpoint(path);
        locked(&mine.reader).connection = None;
        writer.connection = None;
        writer.remember_state(path);
        emptied
    }

    /// Has room for deleting on a full disk, where that may come.
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

impl Drop for StoreConnections {
    fn drop(&mut self) {
        let is_parents = self.process != process::id();
        // Where all are closed, it may be a fork that drops this, which waits for nobody.
        let slots = [&mut self.reader, &mut self.writer];
        let is_open = |slot: &mut Mutex<ConnectionSlot>| {
            slot.get_mut().unwrap_or_else(PoisonError::into_inner).connection.is_some()
        };
        let _in_use = (!is_parents && slots.into_iter().any(is_open)).then(InUse::enter);
        for slot in [&mut self.reader, &mut self.writer] {
            let connection =
                slot.get_mut().unwrap_or_else(PoisonError::into_inner).connection.take();
            if is_parents {
                // One that was in use at the fork: closing it would undo the parent's transaction.
                std::mem::forget(connection);
            }
        }
    }
}

/// Locks a slot. A thread that panicked left no half transaction: it was rolled back when it unwound.
pub(super) fn locked<T>(slot: &Mutex<T>) -> MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
