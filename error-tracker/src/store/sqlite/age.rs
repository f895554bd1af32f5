//! Stores the state of the clock in the file.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::convert::{failure, integer, number};
use crate::event::Timestamp;
use crate::store::StoreError;
use crate::store::clock::{self, StoreClock};

/// The time when the file was last written.
const WRITTEN: &str = "written";
/// The time from which ages are counted.
const COUNTED_FROM: &str = "ages_counted_from";

/// Updates the clock, and writes its state into the file.
pub(super) fn record_clock(
    transaction: &Transaction<'_>,
    clock: &Mutex<Option<StoreClock>>,
    max_age: Duration,
) -> Result<(), StoreError> {
    let now = clock::now();
    let mut clock = locked(clock);
    let clock = match &mut *clock {
        Some(clock) => {
            clock.update(now);
            clock
        }
        unknown => {
            let counted_from = moment(transaction, COUNTED_FROM)?.unwrap_or_default();
            unknown.insert(StoreClock::new(now, written(transaction)?, counted_from, max_age))
        }
    };
    let sql = "INSERT INTO meta VALUES (?, ?), (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    let counted_from = clock.counted_from();
    let values =
        (WRITTEN, integer(now.0.as_micros()), COUNTED_FROM, integer(counted_from.as_micros()));
    statement.execute(values).map(drop).map_err(failure)
}

/// Returns the time before which everything is older than `max_age`. A process that has written
/// nothing, for example a command that prunes, trusts the system's clock.
pub(super) fn oldest(clock: &Mutex<Option<StoreClock>>, max_age: Duration) -> Timestamp {
    match &mut *locked(clock) {
        Some(clock) => {
            clock.update(clock::now());
            clock.oldest(max_age)
        }
        None => Timestamp::now().minus(max_age),
    }
}

fn written(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    if let Some(written) = moment(connection, WRITTEN)? {
        return Ok(Some(written));
    }
    let newest: Option<i64> = connection
        .query_row("SELECT max(last_seen) FROM issue", [], |row| row.get(0))
        .map_err(failure)?;
    Ok(newest.map(|micros| Timestamp::from_micros(number(micros))))
}

fn moment(connection: &Connection, key: &str) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT value FROM meta WHERE key = ?";
    let mut statement = connection.prepare_cached(sql).map_err(failure)?;
    let micros: Option<i64> =
        statement.query_row([key], |row| row.get(0)).optional().map_err(failure)?;
    Ok(micros.map(|micros| Timestamp::from_micros(number(micros))))
}

/// Locks the clock. A poisoned lock is usable, because nothing panics in the middle of a change.
fn locked(clock: &Mutex<Option<StoreClock>>) -> MutexGuard<'_, Option<StoreClock>> {
    clock.lock().unwrap_or_else(PoisonError::into_inner)
}
