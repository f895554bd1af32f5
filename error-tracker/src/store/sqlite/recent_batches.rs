//! Keeps the batches that were recorded last, to write them again if the file is lost.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _};

use super::convert::{failure, integer};
use super::write;
use super::written_batch::{BatchMark, WrittenBatch};
use crate::event::Timestamp;
use crate::store::StoreError;

/// About the most bytes that are kept, not counting the last batch.
const MAX_BYTES: usize = 4 << 20;

/// The least time that a batch is kept, unless there are more than [`MAX_BYTES`].
const MIN_KEPT: Duration = Duration::from_secs(60);

/// The prefix of the keys under which the file has the number of the last batch of each writer.
const WRITER: &str = "writer:";

/// The last batches of one writer.
#[derive(Debug, Default)]
pub(super) struct RecentBatches {
    batches: VecDeque<WrittenBatch>,
    last: BatchMark,
    /// The number of recorded occurrences whose batches are no longer kept.
    forgotten: u64,
    /// The number of these that were lost and not reported yet.
    lost: u64,
}

/// The numbers of occurrences that were written again and that were lost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RestoreOutcome {
    pub(super) written: u64,
    pub(super) lost: u64,
}

impl RecentBatches {
    /// Returns whether something was recorded.
    pub(super) fn has_recorded(&self) -> bool {
        self.last.number > 0
    }

    /// Returns the mark of the next batch.
    pub(super) fn next(&self) -> BatchMark {
        let now = integer(Timestamp::now().as_micros());
        let number = now.max(self.last.number + 1);
        if self.has_recorded() {
            return BatchMark { writer: self.last.writer.clone(), number, is_first: false };
        }
        BatchMark { writer: format!("{WRITER}{}", crate::event::new_id()), number, is_first: true }
    }

    /// Adds a recorded batch.
    pub(super) fn add(&mut self, batch: WrittenBatch) {
        self.last = BatchMark { is_first: false, ..batch.mark.clone() };
        self.batches.push_back(batch);
        let mut bytes: usize = self.batches.iter().map(WrittenBatch::bytes).sum();
        while bytes > MAX_BYTES && self.batches.len() > 1 {
            bytes -= self.forget_first();
        }
    }

    fn forget_first(&mut self) -> usize {
        let Some(batch) = self.batches.pop_front() else { return 0 };
        self.forgotten += batch.count();
        batch.bytes()
    }

    /// Forgets old batches. Called when the file is known to have all batches.
    pub(super) fn forget_old(&mut self) {
        while self.batches.front().is_some_and(|batch| batch.at.elapsed() > MIN_KEPT) {
            self.forget_first();
        }
    }

    /// Removes the events of deleted issues.
    pub(super) fn forget(&mut self, hashes: &[&str]) {
        self.batches.iter_mut().for_each(|batch| batch.forget(hashes));
    }

    /// Writes the batches that the file does not have.
    pub(super) fn restore(
        &mut self,
        connection: &mut Connection,
        room: Option<u64>,
    ) -> Result<RestoreOutcome, StoreError> {
        let sql = "SELECT value FROM meta WHERE key = ?";
        let found = connection.query_row(sql, [&self.last.writer], |row| row.get(0)).optional();
        let found: Option<i64> = found.map_err(failure)?;
        if found.is_none() {
            self.lost += std::mem::take(&mut self.forgotten);
        }
        let mut written = 0;
        for batch in
            self.batches.iter().filter(|batch| found.is_none_or(|found| batch.mark.number > found))
        {
            let sightings = batch.sightings()?;
            // The clock was updated when the batch was recorded.
            let clock = Mutex::default();
            write::record(connection, &sightings, batch, &batch.retention, &clock, room)?;
            written += batch.count();
        }
        Ok(RestoreOutcome { written, lost: std::mem::take(&mut self.lost) })
    }
}

/// Describes the outcome in words.
pub(super) fn describe(restored: RestoreOutcome) -> String {
    let events =
        |count: u64| if count == 1 { "1 event".to_owned() } else { format!("{count} events") };
    let written = format!("written again: {} of this program", events(restored.written));
    if restored.lost == 0 { written } else { format!("{written}, lost: {}", events(restored.lost)) }
}
