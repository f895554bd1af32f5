//! What was recorded last, in case the file is lost: it is then written again.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _};

use super::written_batch::{BatchMark, WrittenBatch};
use super::{failure, integer, write};
use crate::event::Timestamp;
use crate::store::StoreError;

/// About how many bytes are kept, besides the last batch.
const BYTES: usize = 4 << 20;

/// How long something is kept at least, unless it is more than [`BYTES`].
const LONG: Duration = Duration::from_secs(60);

/// The file has the last batch of each that wrote into it, by this and its name.
const WRITER: &str = "writer:";

/// What one writer has recorded.
#[derive(Debug, Default)]
pub(super) struct RecentBatches {
    batches: VecDeque<WrittenBatch>,
    last: BatchMark,
    /// How many occurrences were recorded that are no longer kept.
    gone: u64,
    /// The number of these that were lost, and not reported yet.
    lost: u64,
}

/// The numbers of occurrences that were written again, and that were lost, when the file was lost.
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

    /// A batch was recorded.
    pub(super) fn add(&mut self, batch: WrittenBatch) {
        self.last = BatchMark { is_first: false, ..batch.mark.clone() };
        self.batches.push_back(batch);
        let mut bytes: usize = self.batches.iter().map(WrittenBatch::bytes).sum();
        while bytes > BYTES && self.batches.len() > 1 {
            bytes -= self.forget_first();
        }
    }

    fn forget_first(&mut self) -> usize {
        let Some(batch) = self.batches.pop_front() else { return 0 };
        self.gone += batch.count();
        batch.bytes()
    }

    /// The file has all of it.
    pub(super) fn is_sound(&mut self) {
        while self.batches.front().is_some_and(|batch| batch.at.elapsed() > LONG) {
            self.forget_first();
        }
    }

    /// These issues were deleted.
    pub(super) fn forget(&mut self, hashes: &[&str]) {
        self.batches.iter_mut().for_each(|batch| batch.forget(hashes));
    }

    /// Writes what a file does not have.
    pub(super) fn restore(
        &mut self,
        connection: &mut Connection,
        room: Option<u64>,
    ) -> Result<RestoreOutcome, StoreError> {
        let sql = "SELECT value FROM meta WHERE key = ?";
        let found = connection.query_row(sql, [&self.last.writer], |row| row.get(0)).optional();
        let found: Option<i64> = found.map_err(failure)?;
        if found.is_none() {
            self.lost += std::mem::take(&mut self.gone);
        }
        let mut written = 0;
        for batch in
            self.batches.iter().filter(|batch| found.is_none_or(|found| batch.mark.number > found))
        {
            let sightings = batch.sightings()?;
            // The clock has been looked at when it was recorded.
            let clock = Mutex::default();
            write::record(connection, &sightings, batch, &batch.retention, &clock, room)?;
            written += batch.count();
        }
        Ok(RestoreOutcome { written, lost: std::mem::take(&mut self.lost) })
    }
}

/// Returns the numbers of occurrences in words.
pub(super) fn words(restored: RestoreOutcome) -> String {
    let events =
        |count: u64| if count == 1 { "1 event".to_owned() } else { format!("{count} events") };
    let written = format!("written again: {} of this program", events(restored.written));
    if restored.lost == 0 { written } else { format!("{written}, lost: {}", events(restored.lost)) }
}
