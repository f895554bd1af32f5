//! One connection that writes and one that reads, each to the file that is at the path now, and each of this process.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::Connection;

use super::failure;
use super::fork::InUse;
use super::open::{self, BUSY, Identity, identity};
use super::schema;
use crate::event::Timestamp;
use crate::store::StoreError;

/// How long a checkpoint waits for readers: the next idle second is soon enough.
const CHECKPOINT_BUSY: Duration = Duration::from_millis(50);

/// How far apart looks at a changed file are at least.
const PROBES: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Connections {
    process: u32,
    read_only: bool,
    writer: Mutex<Slot>,
    /// Apart from the writer, so that reads never wait for writes.
    reader: Mutex<Slot>,
    /// Those of a forked child, in the child: the parent's must not be used there.
    child: OnceLock<Box<Connections>>,
}

#[derive(Debug, Default)]
struct Slot {
    /// The whole store is for reading only.
    read_only: bool,
    connection: Option<Connection>,
    identity: Identity,
    /// The journal that belongs to it.
    journal: Identity,
    /// Whether something was written since the last checkpoint.
    dirty: bool,
    /// When the file was last changed, by the checkpoints that are known.
    modified: Option<SystemTime>,
    probed: Option<Instant>,
}

impl Connections {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let new = Self::new(false);
        new.write(path, |_| Ok(()))?;
        Ok(new)
    }

    pub(super) fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let new = Self::new(true);
        locked(&new.reader).current(path, open::for_reading)?;
        Ok(new)
    }

    fn new(read_only: bool) -> Self {
        let slot = || Mutex::new(Slot { read_only, ..Slot::default() });
        Self { process: process::id(), read_only, writer: slot(), reader: slot(), child: OnceLock::new() }
    }

    /// Those of this process.
    fn mine(&self) -> &Self {
        let process = process::id();
        let mut mine = self;
        while mine.process != process {
            mine = mine.child.get_or_init(|| {
                mine.leave_to_parent();
                Box::new(Self::new(self.read_only))
            });
        }
        mine
    }

    /// Closes the parent's connections in this child, so that SQLite keeps no locks that only the parent has; SQLite
    /// leaves a file alone that another process has open. One that was in use at the fork, which waited in vain, stays
    /// as it is: its transaction is the parent's.
    fn leave_to_parent(&self) {
        for slot in [&self.writer, &self.reader] {
            if let Ok(mut slot) = slot.try_lock() {
                slot.connection = None;
            }
        }
    }

    pub(super) fn read<T>(
        &self,
        path: &Path,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mine = self.mine();
        let _in_use = InUse::enter();
        read(locked(&mine.reader).current(path, open::for_reading)?)
    }

    /// Runs `write`, a second time in a new file when this one is damaged.
    pub(super) fn write<T>(
        &self,
        path: &Path,
        write: impl Fn(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mine = self.mine();
        if mine.read_only {
            return Err(StoreError::Open(format!("{} was opened for reading only", path.display())));
        }
        let _in_use = InUse::enter();
        let mut slot = locked(&mine.writer);
        match slot.write(path, &write) {
            Err(StoreError::Damaged(what)) => {
                slot.connection = None;
                let was_ours = slot.identity.is_some() && slot.identity == identity(path);
                if !was_ours && !schema::is_marked(path) {
                    return Err(StoreError::Damaged(format!("{}: {what}", path.display())));
                }
                locked(&mine.reader).connection = None;
                set_aside(path, &what)?;
                slot.write(path, &write)
            }
            other => other,
        }
    }

    /// Moves what was written from the journal into the file, and empties the journal.
    pub(super) fn checkpoint(&self, path: &Path) -> Result<(), StoreError> {
        let mine = self.mine();
        let _in_use = InUse::enter();
        let mut slot = locked(&mine.writer);
        let Slot { connection: Some(connection), dirty: dirty @ true, modified, .. } = &mut *slot else {
            return Ok(());
        };
        connection.busy_timeout(CHECKPOINT_BUSY).map_err(failure)?;
        let busy: rusqlite::Result<bool> =
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        connection.busy_timeout(BUSY).map_err(failure)?;
        *dirty = busy.map_err(failure)?;
        *modified = modified_at(path);
        Ok(())
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        if self.process != process::id() {
            for slot in [&mut self.writer, &mut self.reader] {
                // Closing one that was in use at the fork would undo the parent's transaction.
                std::mem::forget(slot.get_mut().unwrap_or_else(PoisonError::into_inner).connection.take());
            }
        }
    }
}

impl Slot {
    /// The connection to the file that is at `path` now.
    fn current(
        &mut self,
        path: &Path,
        open: impl FnOnce(&Path) -> Result<Connection, StoreError>,
    ) -> Result<&mut Connection, StoreError> {
        let is_current = self.connection.is_some() && self.identity == identity(path);
        if !is_current {
            let was_open = self.connection.take().is_some();
            let journal = with_suffix(path, "-wal");
            if was_open && !self.read_only && self.journal.is_some() && self.journal == identity(&journal) {
                // The journal of a file that is gone would be taken for that of the file now at the path.
                let _ = fs::remove_file(&journal);
                let _ = fs::remove_file(with_suffix(path, "-shm"));
            }
            let connection = open(path)?;
            (self.identity, self.journal) = (identity(path), identity(&journal));
            (self.modified, self.probed) = (modified_at(path), None);
            self.connection = Some(connection);
        }
        self.connection.as_mut().ok_or_else(|| StoreError::Unavailable("no connection".to_owned()))
    }

    /// Looks at a file that somebody changed, at most once a second: SQLite itself writes into a file that was
    /// overwritten, from what it has cached.
    fn probe(&mut self, path: &Path) -> Result<(), StoreError> {
        let modified = modified_at(path);
        if modified == self.modified || self.probed.is_some_and(|probed| probed.elapsed() < PROBES) {
            return Ok(());
        }
        self.probed = Some(Instant::now());
        open::probe(path)?;
        self.modified = modified;
        Ok(())
    }

    fn write<T>(
        &mut self,
        path: &Path,
        write: impl Fn(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let current = self.current(path, open::for_writing).map(drop).and_then(|()| self.probe(path));
        let written = current.and_then(|()| write(self.current(path, open::for_writing)?));
        self.dirty = true;
        if matches!(written, Err(StoreError::Open(_))) {
            // A folder that was not writable may be so next time.
            self.connection = None;
        }
        written
    }
}

fn modified_at(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}

/// A thread that panicked left no half transaction: it was rolled back when it unwound.
fn locked(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Renames a damaged file with its journal, for somebody to look at.
fn set_aside(path: &Path, what: &str) -> Result<(), StoreError> {
    let time: String = Timestamp::now().to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    let aside = with_suffix(path, &format!(".corrupt-{time}"));
    for journal in ["-wal", "-shm"] {
        let _ = fs::rename(with_suffix(path, journal), with_suffix(&aside, journal));
    }
    let renamed = fs::rename(path, &aside);
    let (path, aside) = (path.display(), aside.display());
    renamed.map_err(|error| {
        StoreError::Open(format!("{path} is damaged ({what}) and cannot be set aside as {aside}: {error}"))
    })?;
    let _ = writeln!(
        io::stderr(),
        "error-tracker: {path} is damaged ({what}); it is now {aside}, and a new one is used"
    );
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
