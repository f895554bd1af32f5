//! Records batches, each once, whatever happens to the connection.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use error_tracker::store::{Recorded, Retention, Sighting, StoreError};

use crate::batch::PreparedBatch;
use crate::batch_mark::{BatchMark, BatchWriter};
use crate::connection::{DatabaseConnection, TransactionEnd, TransactionKind};
use crate::process::ProcessState;
use crate::server::DatabaseServer;
use crate::write::{self, RecordOutcome};
use crate::{prune, read, weeks};

/// How often the time of the last write is stored.
const CLOCK_INTERVAL: Duration = Duration::from_secs(3600);
/// For how long the number of issues is taken as known, while other processes may add some.
const COUNT_INTERVAL: Duration = Duration::from_secs(10);
/// How often a batch is tried at once if the connection is lost in the middle.
const MAX_ATTEMPTS: u32 = 2;

/// Records a batch.
pub(crate) fn record(
    server: &Arc<DatabaseServer>,
    process: &ProcessState,
    retention: &Retention,
    state: &mut BatchWriter,
    batch: &[Sighting],
) -> Result<Vec<Recorded>, StoreError> {
    create_weeks(server, process, state, batch);
    let mut attempts = 1;
    let answers = loop {
        match attempt(server, process, state, retention, batch) {
            Err(StoreError::Unavailable(_)) if state.is_uncertain() && attempts < MAX_ATTEMPTS => {
                attempts += 1;
            }
            other => break other?,
        }
    };
    evict(server, process, state, retention.max_issues);
    Ok(answers)
}

/// Records a batch, unless it turns out that an earlier attempt did.
fn attempt(
    server: &Arc<DatabaseServer>,
    process: &ProcessState,
    state: &mut BatchWriter,
    retention: &Retention,
    batch: &[Sighting],
) -> Result<Vec<Recorded>, StoreError> {
    match attempt_once(server, process, state, retention, batch)? {
        RecordOutcome::Recorded { answers, new_issues } => {
            state.note_decided();
            state.add_issues(new_issues);
            Ok(answers)
        }
        RecordOutcome::Superseded => {
            Err(StoreError::Unavailable("the batch was given up, and is tried again".to_owned()))
        }
        RecordOutcome::WasCommitted(number) => {
            let answers = state.take_answers(number, batch);
            let left: Vec<Sighting> = batch
                .iter()
                .zip(&answers)
                .filter(|(_, answer)| answer.is_none())
                .map(|(sighting, _)| sighting.clone())
                .collect();
            let mut recorded = if left.is_empty() {
                Vec::new()
            } else {
                attempt(server, process, state, retention, &left)?
            }
            .into_iter();
            let mut answer = |answer: Option<Recorded>| answer.or_else(|| recorded.next());
            Ok(answers.into_iter().map(|each| answer(each).unwrap_or_default()).collect())
        }
    }
}

fn attempt_once(
    server: &Arc<DatabaseServer>,
    process: &ProcessState,
    state: &mut BatchWriter,
    retention: &Retention,
    batch: &[Sighting],
) -> Result<RecordOutcome, StoreError> {
    let secret = secret(server, process)?;
    let prepared = PreparedBatch::new(batch, Some(&secret))?;
    let mark = state.next_mark()?;
    let number = mark.number;
    let is_clock_due = state.clock_stored.is_none_or(|at| at.elapsed() >= CLOCK_INTERVAL);
    let retention = retention.clone();
    let run = move |connection: &mut DatabaseConnection| {
        run(connection, &prepared, &mark, &retention, is_clock_due)
    };
    let end = match process.writer.call(server, run) {
        Ok(end) => end,
        Err(error) => {
            // The thread may still commit it.
            state.note_uncertain(number, batch, None);
            return Err(error);
        }
    };
    match end {
        TransactionEnd::Committed(outcome) => {
            if is_clock_due && matches!(outcome, RecordOutcome::Recorded { .. }) {
                state.clock_stored = Some(Instant::now());
            }
            Ok(outcome)
        }
        TransactionEnd::Uncertain(RecordOutcome::Recorded { answers, .. }, error) => {
            state.note_uncertain(number, batch, Some(answers));
            Err(error)
        }
        // Nothing was written.
        TransactionEnd::Uncertain(outcome, _) => Ok(outcome),
        TransactionEnd::Failed(error) => Err(error),
    }
}

/// Returns the random bytes of the database.
pub(crate) fn secret(
    server: &Arc<DatabaseServer>,
    process: &ProcessState,
) -> Result<[u8; 32], StoreError> {
    if let Some(secret) = server.secret.get() {
        return Ok(*secret);
    }
    let read =
        |connection: &mut DatabaseConnection| connection.run(TransactionKind::Read, read::secret);
    let secret = process.writer.call(server, read)??;
    Ok(*server.secret.get_or_init(|| secret))
}

fn run(
    connection: &mut DatabaseConnection,
    batch: &PreparedBatch,
    mark: &BatchMark,
    retention: &Retention,
    is_clock_due: bool,
) -> TransactionEnd<RecordOutcome> {
    connection.run_to_end(TransactionKind::Write, |session| {
        if is_clock_due {
            prune::observe_clock(session, retention.max_age)?;
        }
        write::record(session, batch, mark, retention)
    })
}

/// Creates the partitions of the weeks in which the events were captured. Without one, events are
/// stored beside the others.
fn create_weeks(
    server: &Arc<DatabaseServer>,
    process: &ProcessState,
    state: &mut BatchWriter,
    batch: &[Sighting],
) {
    let weeks: BTreeSet<i64> = batch.iter().map(|each| weeks::week_of(each.event.at)).collect();
    for week in weeks {
        if state.weeks.contains(&week) || !weeks::has_partition(week) {
            continue;
        }
        let create = move |connection: &mut DatabaseConnection| {
            connection.run(TransactionKind::Write, |session| weeks::create(session, week))
        };
        if process.writer.call(server, create).is_ok_and(|created| created.is_ok()) {
            state.weeks.insert(week);
        }
    }
}

/// Deletes issues beyond the limit. If this fails, the next batch with a new issue tries it again.
fn evict(
    server: &Arc<DatabaseServer>,
    process: &ProcessState,
    state: &mut BatchWriter,
    max_issues: u64,
) {
    if state.issues.is_some_and(|known| !known.is_due(max_issues)) {
        return;
    }
    let evict = move |connection: &mut DatabaseConnection| {
        connection.run(TransactionKind::Write, |session| prune::evict(session, max_issues))
    };
    if let Ok(Ok(count)) = process.writer.call(server, evict) {
        state.issues = Some(KnownIssues { count, counted: Instant::now(), added: 0 });
    }
}

/// The number of issues, as far as this process knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownIssues {
    pub(crate) count: u64,
    pub(crate) counted: Instant,
    /// Those that this process has added since.
    pub(crate) added: u64,
}

impl KnownIssues {
    /// Returns whether the issues must be counted again.
    fn is_due(&self, max_issues: u64) -> bool {
        self.added > 0
            && (self.count.saturating_add(self.added) > max_issues
                || self.counted.elapsed() >= COUNT_INTERVAL)
    }
}
