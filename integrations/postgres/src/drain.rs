//! Batches that wait in a file while the server is away, and are recorded when it is back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use error_tracker::store::{Recorded, Retention, Sighting, StoreError};

use crate::batch::PreparedBatch;
use crate::batch_mark::BatchWriter;
use crate::connection::{DatabaseConnection, TransactionEnd, TransactionKind};
use crate::process::ProcessState;
use crate::server::DatabaseServer;
use crate::spool::{Spool, SpooledBatch};
use crate::write::{self, RecordOutcome};

/// How long one call drains. What comes meanwhile is added to the file.
const DRAIN_TIME: Duration = Duration::from_secs(1);
/// How long the server is left alone after it was not reached.
const FIRST_DELAY: Duration = Duration::from_secs(1);
const LAST_DELAY: Duration = Duration::from_secs(30);

/// What a process knows of the server's absence.
#[derive(Debug, Default)]
pub(crate) struct ServerAbsence {
    /// When the server is tried again, and how long it was left alone.
    next_try: Option<(Instant, Duration)>,
    /// What a person should know, once.
    findings: Vec<String>,
}

impl ServerAbsence {
    /// Returns whether the server was away a moment ago.
    pub(crate) fn is_away(&self) -> bool {
        self.next_try.is_some_and(|(at, _)| Instant::now() < at)
    }

    pub(crate) fn note_away(&mut self, spool: &Spool, error: &StoreError) {
        let delay = match self.next_try {
            Some((_, delay)) => (delay * 2).min(LAST_DELAY),
            None => {
                let path = spool.path().display();
                self.findings.push(format!("{error}; events wait in {path} until it is back"));
                FIRST_DELAY
            }
        };
        self.next_try = Some((Instant::now() + delay, delay));
    }

    fn note_dropped(&mut self, spool: &Spool, events: u64, reason: &str) {
        if events > 0 {
            spool.note_dropped(events);
            self.findings
                .push(format!("{events} events that waited for the server were dropped: {reason}"));
        }
    }

    fn note_back(&mut self, drained: bool) {
        if self.next_try.take().is_some() || drained {
            self.findings
                .push("the server is back, and all events that waited are stored".to_owned());
        }
    }

    /// Takes what a person should know.
    pub(crate) fn take_finding(&mut self) -> Option<String> {
        (!self.findings.is_empty()).then(|| std::mem::take(&mut self.findings).join("; "))
    }
}

/// Adds a batch to the file. Returns an answer for each sighting, which does not say whether its
/// issue is new.
///
/// # Errors
/// If there is no room, or an earlier batch may have been committed with a part of this one.
pub(crate) fn append(
    server: &DatabaseServer,
    spool: &Spool,
    state: &mut BatchWriter,
    batch: &[Sighting],
) -> Result<Vec<Recorded>, StoreError> {
    if !state.is_same_batch(batch) {
        return Err(StoreError::Unavailable(
            "a part of the batch may be stored already".to_owned(),
        ));
    }
    let known = server.secret.get().copied();
    let secret = known.or_else(|| spool.secret());
    let prepared = PreparedBatch::new(batch, secret.as_ref())?;
    let spooled = SpooledBatch { mark: state.next_mark()?, batch: prepared };
    spool.append(&spooled, known)?;
    // The file has it now, with what is uncertain.
    state.note_decided();
    Ok(batch.iter().map(|sighting| Recorded::seen(sighting.count)).collect())
}

/// Records batches of the file for about a second. Returns whether none is left.
///
/// # Errors
/// If the server or the file cannot be used.
pub(crate) fn drain(
    server: &Arc<DatabaseServer>,
    process: &ProcessState,
    retention: &Retention,
    spool: &Spool,
    absence: &mut ServerAbsence,
) -> Result<bool, StoreError> {
    let begun = Instant::now();
    absence.note_dropped(spool, spool.remove_old()?, "they were older than seven days");
    let mut drained = false;
    while begun.elapsed() < DRAIN_TIME {
        let Some((id, batch)) = spool.first()? else {
            absence.note_back(drained);
            return Ok(true);
        };
        let recorded = match batch {
            Some(batch) => record(server, process, retention, batch),
            None => Err(StoreError::Damaged("they cannot be read".to_owned())),
        };
        match recorded {
            Ok(()) => {
                spool.remove(id)?;
                drained = true;
            }
            Err(error) if error.is_transient() => return Err(error),
            // It would keep all others from being recorded.
            Err(error) => absence.note_dropped(spool, spool.remove(id)?, &error.to_string()),
        }
    }
    Ok(false)
}

fn record(
    server: &Arc<DatabaseServer>,
    process: &ProcessState,
    retention: &Retention,
    spooled: SpooledBatch,
) -> Result<(), StoreError> {
    let retention = retention.clone();
    let run = move |connection: &mut DatabaseConnection| {
        connection.run_to_end(TransactionKind::Write, |session| {
            write::record(session, &spooled.batch, &spooled.mark, &retention)
        })
    };
    match process.writer.call(server, run)? {
        TransactionEnd::Uncertain(RecordOutcome::Recorded { .. }, error)
        | TransactionEnd::Failed(error) => Err(error),
        // It is committed now, or was before.
        TransactionEnd::Committed(_) | TransactionEnd::Uncertain(..) => Ok(()),
    }
}
