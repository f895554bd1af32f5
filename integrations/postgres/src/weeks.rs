//! The partitions of occurrences, one for each week.

use error_tracker::event::Timestamp;
use error_tracker::store::StoreError;
use postgres::types::Type;

use crate::convert::integer;
use crate::session::{Session, get};

/// The microseconds of a week. Weeks are counted from 1970-01-01 UTC.
pub(crate) const WEEK: i64 = 7 * 86_400_000_000;

/// Weeks from so many before this one to so many after it have partitions. What comes of other
/// times, from clocks that are wrong, is in `occurrence_other`.
const PAST_WEEKS: i64 = 60;
const FUTURE_WEEKS: i64 = 1;

/// Returns the week of a time.
pub(crate) fn week_of(at: Timestamp) -> i64 {
    integer(at.as_micros()) / WEEK
}

/// Returns whether a week has a partition of its own.
pub(crate) fn has_partition(week: i64) -> bool {
    let now = week_of(Timestamp::now());
    (now - PAST_WEEKS..=now + FUTURE_WEEKS).contains(&week)
}

fn name(week: i64) -> String {
    format!("occurrence_w{week}")
}

/// Creates the partition of a week, unless there is one.
pub(crate) fn create(session: &mut Session<'_>, week: i64) -> Result<(), StoreError> {
    if exists(session, week)? {
        return Ok(());
    }
    super::prune::lock(session)?;
    // Another process may have done it while this one waited.
    if exists(session, week)? {
        return Ok(());
    }
    let (name, from, to) = (name(week), week * WEEK, (week + 1) * WEEK);
    // Attached, because a partition that is created in place locks out all writers. What was stored
    // before there was a partition moves there.
    session.execute_all(&format!(
        "LOCK TABLE occurrence_other IN ACCESS EXCLUSIVE MODE;
        CREATE TABLE {name} (LIKE occurrence INCLUDING ALL);
        WITH moved AS (DELETE FROM occurrence_other WHERE at >= {from} AND at < {to} RETURNING *)
            INSERT INTO {name} SELECT * FROM moved;
        ALTER TABLE occurrence ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({to})"
    ))
}

fn exists(session: &mut Session<'_>, week: i64) -> Result<bool, StoreError> {
    // Not by `to_regclass`, which may remember from before a lock was waited for that there is none.
    let sql = "SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
        WHERE nspname = 'error_tracker' AND relname = $1)";
    session.value(sql, &[(&name(week), Type::TEXT)])
}

/// Drops the partitions of the weeks before `first`. Occurrences of issues that are kept move to
/// `occurrence_other`. Returns the number of the others, which are deleted.
pub(crate) fn drop_before(session: &mut Session<'_>, first: i64) -> Result<u64, StoreError> {
    let sql = "SELECT relname::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid \
        WHERE inhparent = 'error_tracker.occurrence'::regclass AND relname LIKE 'occurrence\\_w%'";
    let mut deleted = 0;
    for row in session.rows(sql, &[])? {
        let name: String = get(&row, 0)?;
        let week = name.strip_prefix("occurrence_w").and_then(|week| week.parse::<i64>().ok());
        if week.is_none_or(|week| week >= first) {
            continue;
        }
        session.execute_all(&format!("ALTER TABLE occurrence DETACH PARTITION {name}"))?;
        let sql = format!(
            "SELECT count(*) FROM {name} WHERE NOT EXISTS (SELECT FROM issue WHERE hash = {name}.issue)"
        );
        deleted += u64::try_from(session.value::<i64>(&sql, &[])?).unwrap_or(0);
        session.execute_all(&format!(
            "INSERT INTO occurrence SELECT * FROM {name} WHERE EXISTS (SELECT FROM issue WHERE hash = {name}.issue);
            DROP TABLE {name}"
        ))?;
    }
    Ok(deleted)
}
