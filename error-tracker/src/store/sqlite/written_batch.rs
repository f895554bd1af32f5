//! Batches in the form in which they are written.

use std::time::Instant;

use rusqlite::Connection;

use super::convert::failure;
use crate::event::{Event, Timestamp, UserKey};
use crate::store::{Retention, Sighting, StoreError};

/// How long the file remembers a writer that does not write any more, in microseconds.
const WRITER_LIFETIME: i64 = 86_400_000_000;

/// A batch with its events as JSON.
#[derive(Debug)]
pub(super) struct WrittenBatch {
    pub(super) payloads: Vec<String>,
    facts: Vec<SightingFacts>,
    pub(super) retention: Retention,
    pub(super) at: Instant,
    /// Identifies the batch in the file.
    pub(super) mark: BatchMark,
}

/// Identifies a batch. The numbers of one writer increase.
#[derive(Clone, Debug, Default)]
pub(super) struct BatchMark {
    pub(super) writer: String,
    pub(super) number: i64,
    pub(super) is_first: bool,
}

/// The data of a sighting besides its event.
#[derive(Debug)]
struct SightingFacts {
    hash: String,
    count: u64,
    last_seen: Timestamp,
    again: bool,
    users: Vec<UserKey>,
    other_routes: Vec<(String, u64)>,
}

impl WrittenBatch {
    pub(super) fn new(sightings: &[Sighting], retention: &Retention) -> Result<Self, StoreError> {
        let facts = |sighting: &Sighting| SightingFacts {
            hash: sighting.event.grouping.hash.clone(),
            count: sighting.count,
            last_seen: sighting.last_seen,
            again: sighting.again,
            users: sighting.users.clone(),
            other_routes: sighting.other_routes.clone(),
        };
        Ok(Self {
            payloads: payloads(sightings)?,
            facts: sightings.iter().map(facts).collect(),
            retention: retention.clone(),
            at: Instant::now(),
            mark: BatchMark::default(),
        })
    }

    pub(super) fn bytes(&self) -> usize {
        let facts = |facts: &SightingFacts| {
            let routes = facts.other_routes.iter().map(|(route, _)| route.len() + 32);
            size_of::<SightingFacts>() + 8 * facts.users.len() + routes.sum::<usize>()
        };
        self.payloads.iter().map(String::len).sum::<usize>()
            + self.facts.iter().map(facts).sum::<usize>()
    }

    pub(super) fn count(&self) -> u64 {
        self.facts.iter().map(|facts| facts.count).sum()
    }

    pub(super) fn forget(&mut self, hashes: &[&str]) {
        let mut stays = self.facts.iter().map(|facts| !hashes.contains(&facts.hash.as_str()));
        self.payloads.retain(|_| stays.next() == Some(true));
        self.facts.retain(|facts| !hashes.contains(&facts.hash.as_str()));
    }

    pub(super) fn sightings(&self) -> Result<Vec<Sighting>, StoreError> {
        let read = |(payload, facts): (&String, &SightingFacts)| {
            let event: Event = crate::json::from_str(payload)
                .map_err(|error| StoreError::Other(Box::new(error)))?;
            Ok(Sighting::new(event)
                .repeated(facts.count, facts.last_seen)
                .again(facts.again)
                .users(facts.users.clone())
                .other_routes(facts.other_routes.clone()))
        };
        self.payloads.iter().zip(&self.facts).map(read).collect()
    }
}

impl BatchMark {
    /// Notes in the file that it has this batch.
    pub(super) fn note(&self, connection: &Connection) -> Result<(), StoreError> {
        if self.is_first {
            let sql = "DELETE FROM meta WHERE key LIKE 'writer:%' AND value < ?";
            connection
                .execute(sql, [self.number.saturating_sub(WRITER_LIFETIME)])
                .map_err(failure)?;
        }
        let sql =
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        let mut statement = connection.prepare_cached(sql).map_err(failure)?;
        statement.execute((&self.writer, self.number)).map(drop).map_err(failure)
    }
}

/// Returns the events as JSON.
fn payloads(batch: &[Sighting]) -> Result<Vec<String>, StoreError> {
    batch.iter().map(|sighting| payload(&sighting.event)).collect()
}

/// Returns the event as JSON.
pub(super) fn payload(event: &Event) -> Result<String, StoreError> {
    crate::json::to_string(event).map_err(|error| StoreError::Other(Box::new(error)))
}
