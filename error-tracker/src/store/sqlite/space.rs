//! How much room a file takes, and how it is kept within its bound.

use std::path::Path;

use rusqlite::{Connection, Transaction};

use super::delete::{DeleteStep, delete_surplus, purge_text};
use super::paths::with_suffix;
use super::{failure, size_limit};
use crate::store::{Pruned, Retention, StoreError};

/// Returns how many pages are given back in one transaction.
const fn given_back(step: DeleteStep) -> u32 {
    match step {
        DeleteStep::Large => 1_000,
        DeleteStep::Small => 16,
    }
}

/// About what is written for an event besides its text.
const AROUND: u64 = 500;

const MEGABYTE: u64 = 1_000_000;

/// How many bytes the file, and the journal beside it, may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SizeBounds {
    file: u64,
    journal: u64,
}

impl SizeBounds {
    pub(super) fn of(retention: &Retention) -> Self {
        let all = retention.max_megabytes.saturating_mul(MEGABYTE);
        let journal = (all / 2).min(32 * MEGABYTE);
        // What is written besides the events is not counted beforehand.
        let spare = (all / 8).min(4 * MEGABYTE);
        // A limit of file sizes holds for each of them.
        let limit = size_limit::of_files();
        Self {
            file: (all - journal - spare).min(limit - limit / 8),
            journal: journal.min(limit / 2),
        }
    }

    /// Returns how many occurrences are deleted before it is looked again whether there is room.
    fn step(self) -> u32 {
        (self.file >> 24).clamp(1, 32) as u32
    }

    /// Returns the newest of a batch's events that fit without taking the room of too much else. One may take most of
    /// it.
    pub(super) fn fitting(self, payloads: &[String]) -> FittingEvents {
        let mut fitting = FittingEvents { first: payloads.len(), bytes: 0 };
        for payload in payloads.iter().rev() {
            let bytes = fitting.bytes + payload.len() as u64 + AROUND;
            let is_one = fitting.bytes == 0;
            if bytes > self.file / 4 && !(is_one && bytes <= self.file / 4 * 3) {
                break;
            }
            fitting = FittingEvents { first: fitting.first - 1, bytes };
        }
        fitting
    }

    /// Returns whether the journal may not hold another transaction. SQLite itself takes it into the file when it is
    /// half as large, but not while somebody reads, and leaves it as long as it was.
    pub(super) fn is_journal_full(self, path: &Path) -> bool {
        let journal = std::fs::metadata(with_suffix(path, "-wal"));
        journal.is_ok_and(|journal| journal.len() > self.journal / 2)
    }

    /// After how many pages the journal is taken into the file. One transaction may come on top.
    pub(super) fn checkpoint_at(self) -> u64 {
        self.journal / 2 / 4096
    }
}

/// Which events of a batch are kept.
pub(super) struct FittingEvents {
    /// The first of them, in the order of the batch.
    pub(super) first: usize,
    pub(super) bytes: u64,
}

/// Pages of the file that hold something, in bytes.
fn used(connection: &Connection) -> Result<u64, StoreError> {
    Ok(size(connection)?.saturating_sub(pages(connection, "freelist_count")?))
}

/// Returns all pages of the file, in bytes.
fn size(connection: &Connection) -> Result<u64, StoreError> {
    pages(connection, "page_count")
}

fn pages(connection: &Connection, which: &str) -> Result<u64, StoreError> {
    let number = |name: &str| {
        let sql = format!("PRAGMA {name}");
        connection.prepare_cached(&sql)?.query_row([], |row| row.get::<_, u32>(0)).map(u64::from)
    };
    number("page_size").and_then(|size| Ok(size * number(which)?)).map_err(failure)
}

/// Fails for several events that may not fit into both the journal and the file, so that fewer are tried. One is tried
/// wherever it may fit.
pub(super) fn check_room(payloads: &[String], room: Option<u64>) -> Result<(), StoreError> {
    const SPARE: u64 = 16 << 10;
    let bytes: u64 = payloads.iter().map(|payload| payload.len() as u64 + AROUND).sum();
    match room {
        Some(room) if payloads.len() > 1 && 2 * bytes + SPARE > room => {
            Err(StoreError::Full(format!("{bytes} bytes of events for {room} bytes on the disk")))
        }
        _ => Ok(()),
    }
}

/// Gives back what a file has beyond its bound, and how large its journal may become.
pub(super) fn keep_size(
    connection: &Connection,
    retention: &Retention,
    room: Option<u64>,
) -> Result<(), StoreError> {
    let bounds = SizeBounds::of(retention);
    // What is in the journal needs room in the file, too.
    let fitting = room.map_or(u64::MAX, |room| room / 8 / 4096).max(1);
    let limit = format!("PRAGMA wal_autocheckpoint = {}", bounds.checkpoint_at().min(fitting));
    connection.execute_batch(&limit).map_err(failure)?;
    if size(connection)? > bounds.file.saturating_add(bounds.file / 16) {
        give_back(connection, DeleteStep::Large)?;
    }
    Ok(())
}

/// Deletes what is oldest, so that so many further bytes fit: first occurrences, of unresolved issues the first five
/// last, then issues. What a transaction deletes goes through the journal, so a file that is far beyond its bound
/// gets smaller with each.
pub(super) fn make_room(
    transaction: &Transaction<'_>,
    coming: u64,
    retention: &Retention,
    step: DeleteStep,
) -> Result<Pruned, StoreError> {
    let bounds = SizeBounds::of(retention);
    let mut pruned = Pruned::default();
    let begun = used(transaction)?;
    if begun + coming <= bounds.file {
        return Ok(pruned);
    }
    // More than needed, so that this is not done for each batch.
    let spare = (bounds.file / 16).min(bounds.journal / 4);
    let at_once = (bounds.journal / 4).min(step.bytes());
    let enough =
        bounds.file.saturating_sub(coming + spare).max(begun.saturating_sub(coming + at_once));
    let mut left = DeletionStage::Others;
    loop {
        let now = used(transaction)?;
        if now <= enough {
            return Ok(pruned);
        }
        let deleted = match left {
            DeletionStage::Others => {
                delete_occurrences(transaction, FIRST_FIVE_STAY, bounds.step())?
            }
            DeletionStage::FirstFive => delete_occurrences(transaction, "", 1)?,
            DeletionStage::Issues => {
                let kept = issues(transaction)?;
                let deleted = delete_surplus(transaction, kept - kept.div_ceil(8), u64::MAX, step)?;
                purge_text(transaction)?;
                deleted
            }
        };
        pruned.issues += deleted.issues;
        pruned.occurrences += deleted.occurrences;
        if deleted == Pruned::default() {
            left = match left {
                DeletionStage::Others => DeletionStage::FirstFive,
                DeletionStage::FirstFive => DeletionStage::Issues,
                DeletionStage::Issues => return Ok(pruned),
            };
        }
    }
}

/// What there is still to delete.
#[derive(Clone, Copy)]
enum DeletionStage {
    Others,
    FirstFive,
    Issues,
}

const FIRST_FIVE_STAY: &str =
    "WHERE NOT (status = 'unresolved' AND seq >= first_seq AND (SELECT count(*) FROM
    (SELECT 1 FROM occurrence AS earlier WHERE earlier.issue = occurrence.issue AND earlier.seq >= first_seq
        AND earlier.seq < occurrence.seq LIMIT 5)) < 5)";

fn delete_occurrences(
    transaction: &Transaction<'_>,
    condition: &str,
    most: u32,
) -> Result<Pruned, StoreError> {
    let sql = format!(
        "DELETE FROM occurrence WHERE seq IN (SELECT seq FROM occurrence JOIN issue ON issue.id = occurrence.issue \
            {condition} ORDER BY seq LIMIT ?)"
    );
    let mut statement = transaction.prepare_cached(&sql).map_err(failure)?;
    let occurrences = statement.execute([most]).map_err(failure)? as u64;
    Ok(Pruned { occurrences, ..Pruned::default() })
}

fn issues(connection: &Connection) -> Result<u64, StoreError> {
    let count: i64 = connection
        .query_row("SELECT count(*) FROM issue", [], |row| row.get(0))
        .map_err(failure)?;
    Ok(super::number(count))
}

/// Gives a part of the free pages back to the file system. Returns whether there may be more. A file that was made
/// without that keeps them: see [`compact`].
pub(super) fn give_back(connection: &Connection, step: DeleteStep) -> Result<bool, StoreError> {
    let most = given_back(step);
    let mut statement =
        connection.prepare(&format!("PRAGMA incremental_vacuum({most})")).map_err(failure)?;
    let mut rows = statement.query([]).map_err(failure)?;
    let mut given = 0;
    // Each step gives back one page.
    while rows.next().map_err(failure)?.is_some() {
        given += 1;
    }
    Ok(given >= most)
}

/// Writes the file anew, without free pages, so that it can give them back later.
pub(super) fn compact(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; VACUUM").map_err(failure)
}

/// Returns whether a file can give free pages back.
pub(super) fn gives_back(connection: &Connection) -> Result<bool, StoreError> {
    let mode: u32 =
        connection.query_row("PRAGMA auto_vacuum", [], |row| row.get(0)).map_err(failure)?;
    Ok(mode > 0)
}
