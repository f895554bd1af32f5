//! Numbers the batches of a process, so that a batch whose commit was cut off is not written twice.
//!
//! Each transaction that records a batch first sets the process's row in `writer` to a number that
//! is greater than all before. If the connection is lost during the commit, the batch is tried again
//! with the next number, and the row says first whether the earlier one was committed: the lock of
//! the row makes sure that it no longer can be. A transaction that was given up, and goes on late,
//! finds a greater number and fails.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use error_tracker::event::Timestamp;
use error_tracker::store::{Recorded, Sighting, StoreError};
use postgres::types::Type;
use serde::{Deserialize, Serialize};

use crate::convert::integer;
#[cfg(feature = "spool")]
use crate::drain::ServerAbsence;
use crate::record::KnownIssues;
use crate::session::{Session, get};

/// The state of a process's recording.
#[derive(Debug, Default)]
pub(crate) struct BatchWriter {
    /// Identifies the process; empty before the first batch.
    id: Vec<u8>,
    number: i64,
    /// The batches of which it is not known whether they were committed.
    uncertain: Vec<UncertainBatch>,
    /// The weeks that have a partition.
    pub(crate) weeks: HashSet<i64>,
    pub(crate) issues: Option<KnownIssues>,
    /// What is known of the server's absence.
    #[cfg(feature = "spool")]
    pub(crate) absence: ServerAbsence,
    /// When the time of the last write was stored.
    pub(crate) clock_stored: Option<Instant>,
}

/// A batch that may have been committed.
#[derive(Clone, Debug)]
struct UncertainBatch {
    number: i64,
    /// Its sightings with the answers, which are unknown if the server has not answered at all.
    answers: Vec<(SightingKey, Recorded)>,
}

/// What tells sightings apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct SightingKey {
    id: String,
    count: u64,
    last_seen: Timestamp,
    again: bool,
}

/// Whether a batch is to be recorded.
pub(crate) enum MarkState {
    Set,
    /// An earlier attempt with this number was committed after all.
    WasCommitted(i64),
    /// This or a later batch was committed.
    Superseded,
}

/// The mark that the transaction of a batch sets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BatchMark {
    id: Vec<u8>,
    pub(crate) number: i64,
    /// The numbers of earlier batches that may have been committed.
    uncertain: Vec<i64>,
}

impl BatchWriter {
    /// Returns the mark of the next batch.
    pub(crate) fn next_mark(&mut self) -> Result<BatchMark, StoreError> {
        if self.id.is_empty() {
            let mut id = vec![0; 16];
            getrandom::fill(&mut id).map_err(|error| {
                StoreError::Unavailable(format!("the system has no random numbers: {error}"))
            })?;
            self.id = id;
        }
        self.number += 1;
        let uncertain = self.uncertain.iter().map(|batch| batch.number).collect();
        Ok(BatchMark { id: self.id.clone(), number: self.number, uncertain })
    }

    /// Notes that a batch may have been committed. Without `recorded`, its answers are not known.
    pub(crate) fn note_uncertain(
        &mut self,
        number: i64,
        batch: &[Sighting],
        recorded: Option<Vec<Recorded>>,
    ) {
        let recorded = recorded.unwrap_or_else(|| vec![Recorded::default(); batch.len()]);
        let answers = batch.iter().map(SightingKey::of).zip(recorded).collect();
        self.uncertain.push(UncertainBatch { number, answers });
    }

    /// Returns whether it is not known whether a batch was committed.
    pub(crate) fn is_uncertain(&self) -> bool {
        !self.uncertain.is_empty()
    }

    /// Returns whether all batches that may have been committed have the same sightings as `batch`.
    #[cfg(feature = "spool")]
    pub(crate) fn is_same_batch(&self, batch: &[Sighting]) -> bool {
        let keys: Vec<SightingKey> = batch.iter().map(SightingKey::of).collect();
        let is_same =
            |earlier: &UncertainBatch| earlier.answers.iter().map(|(key, _)| key).eq(&keys);
        self.uncertain.iter().all(is_same)
    }

    /// Adds new issues to the number of those that are known.
    pub(crate) fn add_issues(&mut self, new: u64) {
        if let Some(known) = &mut self.issues {
            known.added += new;
        }
    }

    /// Notes that all earlier batches are decided.
    pub(crate) fn note_decided(&mut self) {
        self.uncertain.clear();
    }

    /// Takes the answers of the batch with this number, and notes that the others of its time were
    /// not committed. Returns the answer of each sighting of `batch` that was in it.
    pub(crate) fn take_answers(
        &mut self,
        number: i64,
        batch: &[Sighting],
    ) -> Vec<Option<Recorded>> {
        let decided = std::mem::take(&mut self.uncertain);
        let found = decided.into_iter().find(|earlier| earlier.number == number);
        let mut answers = HashMap::<SightingKey, Vec<Recorded>>::new();
        for (key, answer) in found.into_iter().flat_map(|earlier| earlier.answers) {
            answers.entry(key).or_default().push(answer);
        }
        // In the order in which they were recorded.
        answers.values_mut().for_each(|answers| answers.reverse());
        let take = |sighting| answers.get_mut(&SightingKey::of(sighting))?.pop();
        batch.iter().map(take).collect()
    }
}

impl SightingKey {
    fn of(sighting: &Sighting) -> Self {
        let Sighting { event, count, last_seen, again, .. } = sighting;
        Self { id: event.id.clone(), count: *count, last_seen: *last_seen, again: *again }
    }
}

impl BatchMark {
    /// Sets the mark, unless the batch was committed already.
    pub(crate) fn set(&self, session: &mut Session<'_>) -> Result<MarkState, StoreError> {
        if !self.uncertain.is_empty() {
            let sql = "SELECT number FROM writer WHERE id = $1 FOR UPDATE";
            let row = session.row(sql, &[(&self.id, Type::BYTEA)])?;
            let committed: Option<i64> = row.map(|row| get(&row, 0)).transpose()?;
            let committed = committed.filter(|number| self.uncertain.contains(number));
            if let Some(number) = committed {
                return Ok(MarkState::WasCommitted(number));
            }
        }
        let sql = "INSERT INTO writer VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE \
            SET number = excluded.number, at = excluded.at WHERE writer.number < excluded.number";
        let now = integer(Timestamp::now().as_micros());
        let values: &[_] = &[
            (&self.id as _, Type::BYTEA),
            (&self.number as _, Type::INT8),
            (&now as _, Type::INT8),
        ];
        let is_set = session.execute(sql, values)? > 0;
        Ok(if is_set { MarkState::Set } else { MarkState::Superseded })
    }
}
