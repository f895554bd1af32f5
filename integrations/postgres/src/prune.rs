//! Deletes what is too old or exceeds the limits.

use std::time::{Duration, Instant};

use error_tracker::event::{Kind, Status, Timestamp};
use error_tracker::store::rules::{PruneCandidate, StoreClock, surplus_issues};
use error_tracker::store::{Pruned, Retention, StoreError};
use postgres::Row;
use postgres::types::Type;

use crate::convert::{integer, number};
use crate::delete::delete_issues;
use crate::occurrences::trim;
use crate::session::{Session, get};
use crate::weeks;

/// The advisory lock of what only one process at a time may do: `etrk` and 2.
const MAINTENANCE_LOCK: i64 = 0x6574_726b_0000_0002;

/// The number of issues that one transaction deletes or trims.
const STEP: i64 = 200;

/// After which time the rows of processes that no longer write are deleted.
const WRITER_LIFETIME: Duration = Duration::from_secs(30 * 86_400);

/// The time when the database was last written, by its own clock.
const WRITTEN: &str = "written";
/// The time from which ages are counted.
const COUNTED_FROM: &str = "ages_counted_from";

/// Waits until no other process does maintenance, and keeps others from it until the transaction
/// ends.
pub(crate) fn lock(session: &mut Session<'_>) -> Result<(), StoreError> {
    let sql = "SELECT pg_advisory_xact_lock($1)";
    session.execute(sql, &[(&MAINTENANCE_LOCK, Type::INT8)]).map(drop)
}

/// Stores the time of the database's clock, and detects jumps of it. Returns the time before which
/// everything is older than `max_age`. Events have the times of many machines, but ages are counted
/// by one clock.
pub(crate) fn observe_clock(
    session: &mut Session<'_>,
    max_age: Duration,
) -> Result<Timestamp, StoreError> {
    let now = server_now(session)?;
    let mut moment = |key: &str| {
        let row = session.row("SELECT value FROM meta WHERE key = $1", &[(&key, Type::TEXT)])?;
        let micros: Option<i64> = row.map(|row| get(&row, 0)).transpose()?;
        Ok::<_, StoreError>(micros.map(|micros| Timestamp::from_micros(number(micros))))
    };
    let (written, counted_from) = (moment(WRITTEN)?, moment(COUNTED_FROM)?.unwrap_or_default());
    let clock = StoreClock::new((now, Instant::now()), written, counted_from, max_age);
    // In the order of their keys, as all processes do.
    let sql = "INSERT INTO meta VALUES ($1, $2), ($3, $4) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    session.execute(
        sql,
        &[
            (&COUNTED_FROM, Type::TEXT),
            (&integer(clock.counted_from().as_micros()), Type::INT8),
            (&WRITTEN, Type::TEXT),
            (&integer(now.as_micros()), Type::INT8),
        ],
    )?;
    Ok(clock.oldest(max_age))
}

/// Returns the time of the database's clock.
pub(crate) fn server_now(session: &mut Session<'_>) -> Result<Timestamp, StoreError> {
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    Ok(Timestamp::from_micros(number(session.value(sql, &[])?)))
}

/// Deletes issues beyond `max_issues`, unless another process is doing so. Returns how many there
/// are left.
pub(crate) fn evict(session: &mut Session<'_>, max_issues: u64) -> Result<u64, StoreError> {
    let sql = "SELECT pg_try_advisory_xact_lock($1)";
    if !session.value::<bool>(sql, &[(&MAINTENANCE_LOCK, Type::INT8)])? {
        return Ok(max_issues);
    }
    let count = count_issues(session)?;
    if count <= max_issues {
        return Ok(count);
    }
    // All issues are read for it, so that large numbers get some room at once.
    let room = max_issues / 128;
    let pruned = delete_surplus(session, count - max_issues + room)?;
    Ok(count.saturating_sub(pruned.issues))
}

fn count_issues(session: &mut Session<'_>) -> Result<u64, StoreError> {
    session.value("SELECT count(*) FROM issue", &[]).map(number)
}

fn delete_surplus(session: &mut Session<'_>, excess: u64) -> Result<Pruned, StoreError> {
    let sql = "SELECT hash, family, kind, status FROM issue WHERE merged_into IS NULL \
        ORDER BY last_seen DESC, hash DESC";
    let candidate = |row: &Row| {
        let kind: Kind = get::<String>(row, 2)?.parse().unwrap_or_default();
        let status: Status = get::<String>(row, 3)?.parse().unwrap_or_default();
        Ok(PruneCandidate::<Vec<u8>> { issue: get(row, 0)?, family: get(row, 1)?, kind, status })
    };
    let all = session.rows(sql, &[])?;
    let all = all.iter().map(candidate).collect::<Result<Vec<_>, StoreError>>()?;
    let surplus = surplus_issues(all, usize::try_from(excess).unwrap_or(usize::MAX));
    delete_issues(session, &surplus)
}

/// Deletes one step of what is too old or exceeds the limits; nothing if everything is within them.
pub(crate) fn prune_step(
    session: &mut Session<'_>,
    retention: &Retention,
    oldest: Timestamp,
) -> Result<Pruned, StoreError> {
    lock(session)?;
    let sql = "SELECT hash FROM issue WHERE minute <= $1::bigint / 60000000 AND last_seen < $1 AND merged_into IS NULL \
        ORDER BY minute, last_seen, hash LIMIT $2";
    let oldest = integer(oldest.as_micros());
    let rows = session.rows(sql, &[(&oldest, Type::INT8), (&STEP, Type::INT8)])?;
    let old: Vec<Vec<u8>> = rows.iter().map(|row| get(row, 0)).collect::<Result<_, _>>()?;
    let mut pruned = delete_issues(session, &old)?;
    if pruned == Pruned::default() {
        let excess = count_issues(session)?.saturating_sub(retention.max_issues);
        if excess > 0 {
            pruned = delete_surplus(session, excess.min(number(STEP)))?;
        }
    }
    if pruned == Pruned::default() {
        let sql = "SELECT issue FROM occurrence GROUP BY issue HAVING count(*) > $1 LIMIT $2";
        let most = integer(retention.max_occurrences);
        let rows = session.rows(sql, &[(&most, Type::INT8), (&STEP, Type::INT8)])?;
        let issues: Vec<Vec<u8>> = rows.iter().map(|row| get(row, 0)).collect::<Result<_, _>>()?;
        pruned.occurrences = trim(session, &issues, retention)?;
    }
    Ok(pruned)
}

/// Deletes what belongs to no issue any more: the weeks before `oldest`, its hours, and the rows of
/// ended processes. Returns the number of deleted occurrences.
pub(crate) fn prune_rest(session: &mut Session<'_>, oldest: Timestamp) -> Result<u64, StoreError> {
    lock(session)?;
    let deleted = weeks::drop_before(session, weeks::week_of(oldest))?;
    let sql = "DELETE FROM bucket WHERE hour < $1";
    session.execute(sql, &[(&integer(oldest.hour()), Type::INT8)])?;
    let ended = integer(server_now(session)?.minus(WRITER_LIFETIME).as_micros());
    session.execute("DELETE FROM writer WHERE at < $1", &[(&ended, Type::INT8)])?;
    Ok(deleted)
}
