//! Keeps the size of the file within its limit.

use std::path::Path;

use rusqlite::{Connection, Transaction};

use super::convert::failure;
use super::delete::{DeleteStep, delete_surplus, purge_text};
use super::paths::with_suffix;
use super::size_limit;
use crate::store::{Pruned, Retention, StoreError};

/// Returns the number of pages that are released in one transaction.
const fn pages_per_step(step: DeleteStep) -> u32 {
    match step {
        DeleteStep::Large => 1_000,
        DeleteStep::Small => 16,
    }
}

/// About the number of bytes that are written for an event besides its JSON.
const EVENT_OVERHEAD: u64 = 500;

const MEGABYTE: u64 = 1_000_000;

/// The maximum sizes of the file and its journal in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SizeBounds {
    file: u64,
    journal: u64,
}

impl SizeBounds {
    pub(super) fn of(retention: &Retention) -> Self {
        let all = retention.max_megabytes.saturating_mul(MEGABYTE);
        let journal = (all / 2).min(32 * MEGABYTE);
        // Space for what is written besides the events.
        let spare = (all / 8).min(4 * MEGABYTE);
        // The limit of file sizes applies to each file.
        let limit = size_limit::max_file_size();
        Self {
            file: (all - journal - spare).min(limit - limit / 8),
            journal: journal.min(limit / 2),
        }
    }

    /// Returns the number of occurrences that are deleted before the space is checked again.
    fn step(self) -> u32 {
        (self.file >> 24).clamp(1, 32) as u32
    }

    /// Returns the newest events of a batch that fit without displacing too many others. A single
    /// event may take most of the file.
    pub(super) fn fitting(self, payloads: &[String]) -> FittingEvents {
        let mut fitting = FittingEvents { first: payloads.len(), bytes: 0 };
        for payload in payloads.iter().rev() {
            let bytes = fitting.bytes + payload.len() as u64 + EVENT_OVERHEAD;
            let is_one = fitting.bytes == 0;
            if bytes > self.file / 4 && !(is_one && bytes <= self.file / 4 * 3) {
                break;
            }
            fitting = FittingEvents { first: fitting.first - 1, bytes };
        }
        fitting
    }

    /// Returns whether the journal has no space for another transaction. SQLite itself does a
    /// checkpoint when the journal is half as large, but not while another connection reads, and
    /// does not truncate it.
    pub(super) fn is_journal_full(self, path: &Path) -> bool {
        let journal = std::fs::metadata(with_suffix(path, "-wal"));
        journal.is_ok_and(|journal| journal.len() > self.journal / 2)
    }

    /// Returns the number of journal pages after which SQLite does a checkpoint. One more
    /// transaction may be added before.
    pub(super) fn checkpoint_at(self) -> u64 {
        self.journal / 2 / 4096
    }
}

/// The events of a batch that are stored.
pub(super) struct FittingEvents {
    /// The index of the first of them in the batch.
    pub(super) first: usize,
    pub(super) bytes: u64,
}

/// Returns the size of all used pages in bytes.
fn used(connection: &Connection) -> Result<u64, StoreError> {
    Ok(size(connection)?.saturating_sub(pages(connection, "freelist_count")?))
}

/// Returns the size of all pages in bytes.
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

/// Fails if there are several events and they may not fit into both the journal and the file, so
/// that fewer are tried. A single event is always tried.
pub(super) fn check_room(payloads: &[String], room: Option<u64>) -> Result<(), StoreError> {
    const SPARE: u64 = 16 << 10;
    let bytes: u64 = payloads.iter().map(|payload| payload.len() as u64 + EVENT_OVERHEAD).sum();
    match room {
        Some(room) if payloads.len() > 1 && 2 * bytes + SPARE > room => {
            Err(StoreError::Full(format!("{bytes} bytes of events for {room} bytes on the disk")))
        }
        _ => Ok(()),
    }
}

/// Sets the maximum size of the journal, and releases free pages if the file is too large.
pub(super) fn keep_size(
    connection: &Connection,
    retention: &Retention,
    room: Option<u64>,
) -> Result<(), StoreError> {
    let bounds = SizeBounds::of(retention);
    // The content of the journal needs space in the file, too.
    let fitting = room.map_or(u64::MAX, |room| room / 8 / 4096).max(1);
    let limit = format!("PRAGMA wal_autocheckpoint = {}", bounds.checkpoint_at().min(fitting));
    connection.execute_batch(&limit).map_err(failure)?;
    if size(connection)? > bounds.file.saturating_add(bounds.file / 16) {
        release_free_pages(connection, DeleteStep::Large)?;
    }
    Ok(())
}

/// Deletes the oldest rows so that `coming` more bytes fit: occurrences except the first five of
/// unresolved issues, then those, then issues. Deleting writes to the journal, so each call deletes
/// a limited amount, and a file that is far too large shrinks with each.
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
    // Deletes more than needed, so that not every batch has to delete.
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
                delete_occurrences(transaction, EXCEPT_FIRST_FIVE, bounds.step())?
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

/// The rows that are deleted next.
#[derive(Clone, Copy)]
enum DeletionStage {
    Others,
    FirstFive,
    Issues,
}

const EXCEPT_FIRST_FIVE: &str =
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
    Ok(super::convert::number(count))
}

/// Returns a part of the free pages to the file system, and whether there may be more. A file that
/// was created without this feature keeps them: see [`compact`].
pub(super) fn release_free_pages(
    connection: &Connection,
    step: DeleteStep,
) -> Result<bool, StoreError> {
    let most = pages_per_step(step);
    let mut statement =
        connection.prepare(&format!("PRAGMA incremental_vacuum({most})")).map_err(failure)?;
    let mut rows = statement.query([]).map_err(failure)?;
    let mut given = 0;
    // Each row is one released page.
    while rows.next().map_err(failure)?.is_some() {
        given += 1;
    }
    Ok(given >= most)
}

/// Rewrites the file without free pages, and so that it can release them later.
pub(super) fn compact(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; VACUUM").map_err(failure)
}

/// Returns whether the file can release free pages.
pub(super) fn can_release_pages(connection: &Connection) -> Result<bool, StoreError> {
    let mode: u32 =
        connection.query_row("PRAGMA auto_vacuum", [], |row| row.get(0)).map_err(failure)?;
    Ok(mode > 0)
}
