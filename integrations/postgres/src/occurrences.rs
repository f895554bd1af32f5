//! Stores, replaces and reads events.

use std::collections::HashMap;

use error_tracker::event::{Event, Timestamp};
use error_tracker::json;
use error_tracker::store::rules::surplus_occurrences;
use error_tracker::store::{EventSelector, Retention, StoreError};
use postgres::types::Type;

use crate::batch::{PreparedBatch, PreparedSighting};
use crate::convert::{hash_bytes, hash_text, integer, number, text};
use crate::merge::{members, targets};
use crate::session::{Parameter, Session, get};
use crate::upsert::UpsertedIssue;

/// The numbers that each batch has for its occurrences.
const BATCH_NUMBERS: i64 = 1 << 16;

/// Returns the number of the first occurrence of a batch, greater than all before.
pub(crate) fn first_seq(session: &mut Session<'_>) -> Result<i64, StoreError> {
    let batch: i64 = session.value("SELECT nextval('batch_number')", &[])?;
    Ok(batch.saturating_mul(BATCH_NUMBERS))
}

/// Stores the events of a batch, except those that would be deleted at once, and deletes earlier
/// ones in exchange.
pub(crate) fn record(
    session: &mut Session<'_>,
    batch: &PreparedBatch,
    upserted: &[UpsertedIssue],
    is_new: &[bool],
    first_seq: i64,
    retention: &Retention,
) -> Result<(), StoreError> {
    let mut coming = Vec::with_capacity(batch.issues.len());
    for (issue, is_new) in batch.issues.iter().zip(is_new) {
        let all = issue.sightings.iter().copied();
        let mut kept: Vec<usize> = all.filter(|at| !batch.sightings[*at].again).collect();
        if *is_new && kept.is_empty() {
            kept.extend(issue.sightings.last());
        }
        coming.push(kept);
    }
    let exceeds =
        |at: &usize| upserted[*at].count > retention.max_occurrences && !coming[*at].is_empty();
    let full: Vec<usize> = (0..coming.len()).filter(exceeds).collect();
    let hashes: Vec<Vec<u8>> = full.iter().map(|at| batch.issues[*at].hash.clone()).collect();
    let mut stored = stored_occurrences(session, &hashes)?;
    let mut gone = Vec::new();
    for at in full {
        let stored = stored.remove(&batch.issues[at].hash).unwrap_or_default();
        let releases = coming[at].iter().map(|at| &*batch.sightings[*at].release);
        let surplus = surplus(&stored, releases, retention);
        let (old, new) = surplus.split_at(surplus.partition_point(|at| *at < stored.len()));
        gone.extend(old.iter().map(|at| (stored[*at].at, stored[*at].id.clone())));
        let new: Vec<usize> = new.iter().map(|nth| coming[at][nth - stored.len()]).collect();
        coming[at].retain(|sighting| new.binary_search(sighting).is_err());
    }
    delete_occurrences(session, &gone)?;
    let mut all: Vec<usize> = coming.into_iter().flatten().collect();
    all.sort_unstable();
    insert(session, batch, &all, first_seq)
}

/// An event as far as it decides what is deleted.
struct StoredOccurrence {
    at: i64,
    id: String,
    release: String,
    /// Whether it is from before the issue was reopened.
    is_earlier: bool,
}

/// Returns the events of issues, in the order in which they were recorded.
fn stored_occurrences(
    session: &mut Session<'_>,
    issues: &[Vec<u8>],
) -> Result<HashMap<Vec<u8>, Vec<StoredOccurrence>>, StoreError> {
    let mut stored = HashMap::<_, Vec<_>>::new();
    if issues.is_empty() {
        return Ok(stored);
    }
    let sql = "SELECT occurrence.issue, at, id, occurrence.release, seq < first_seq FROM occurrence \
        JOIN issue AS of ON of.hash = occurrence.issue WHERE occurrence.issue = ANY($1) ORDER BY seq";
    for row in session.rows(sql, &[(&issues, Type::BYTEA_ARRAY)])? {
        let (at, id) = (get(&row, 1)?, get(&row, 2)?);
        let (release, is_earlier) = (get(&row, 3)?, get(&row, 4)?);
        let of_issue = stored.entry(get(&row, 0)?).or_default();
        of_issue.push(StoredOccurrence { at, id, release, is_earlier });
    }
    Ok(stored)
}

/// Returns the indexes of the events to delete, of those that are stored and those that come.
fn surplus<'a>(
    stored: &'a [StoredOccurrence],
    coming: impl Iterator<Item = &'a str>,
    retention: &Retention,
) -> Vec<usize> {
    let earlier = stored.iter().filter(|occurrence| occurrence.is_earlier).count();
    let releases: Vec<&str> =
        stored.iter().map(|occurrence| &*occurrence.release).chain(coming).collect();
    surplus_occurrences(&releases, earlier, retention)
}

/// Deletes the events of an issue that exceed the limits. Returns their number.
pub(crate) fn trim(
    session: &mut Session<'_>,
    issues: &[Vec<u8>],
    retention: &Retention,
) -> Result<u64, StoreError> {
    let mut gone = Vec::new();
    for stored in stored_occurrences(session, issues)?.values() {
        let surplus = surplus(stored, std::iter::empty(), retention);
        gone.extend(surplus.into_iter().map(|at| (stored[at].at, stored[at].id.clone())));
    }
    delete_occurrences(session, &gone)
}

fn delete_occurrences(
    session: &mut Session<'_>,
    gone: &[(i64, String)],
) -> Result<u64, StoreError> {
    let times: Vec<i64> = gone.iter().map(|(at, _)| *at).collect();
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return Ok(0) };
    let ids: Vec<&str> = gone.iter().map(|(_, id)| &**id).collect();
    // The bounds select the partitions.
    let sql = "DELETE FROM occurrence USING unnest($1::bigint[], $2::text[]) AS gone (at, id) \
        WHERE (occurrence.at, occurrence.id) = (gone.at, gone.id) AND occurrence.at BETWEEN $3 AND $4";
    session.execute(
        sql,
        &[
            (&times, Type::INT8_ARRAY),
            (&ids, Type::TEXT_ARRAY),
            (first, Type::INT8),
            (last, Type::INT8),
        ],
    )
}

/// Inserts the events of these sightings.
fn insert(
    session: &mut Session<'_>,
    batch: &PreparedBatch,
    sightings: &[usize],
    first_seq: i64,
) -> Result<(), StoreError> {
    if sightings.is_empty() {
        return Ok(());
    }
    let all = || sightings.iter().map(|at| &batch.sightings[*at]);
    let texts = |field: fn(&PreparedSighting) -> &str| -> Vec<&str> { all().map(field).collect() };
    let times: Vec<i64> = all().map(|one| integer(one.at.as_micros())).collect();
    let issues: Vec<&[u8]> = all().map(|one| &*batch.issues[one.issue].hash).collect();
    let numbers: Vec<i64> = (0..).zip(sightings).map(|(nth, _)| first_seq + nth).collect();
    // An event that is stored already stays as it is.
    let sql = "INSERT INTO occurrence (at, id, issue, seq, release, payload) \
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bigint[], $5::text[], $6::text[]) \
        ON CONFLICT (at, id) DO NOTHING";
    session
        .execute(
            sql,
            &[
                (&times, Type::INT8_ARRAY),
                (&texts(|one| &one.id), Type::TEXT_ARRAY),
                (&issues, Type::BYTEA_ARRAY),
                (&numbers, Type::INT8_ARRAY),
                (&texts(|one| &one.release), Type::TEXT_ARRAY),
                (&texts(|one| &one.payload), Type::TEXT_ARRAY),
            ],
        )
        .map(drop)
}

/// An event that replaces another.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RewrittenEvent {
    issue: Vec<u8>,
    id: String,
    at: i64,
    payload: String,
    is_handled_error: bool,
}

impl RewrittenEvent {
    pub(crate) fn new(event: &Event) -> Result<Self, StoreError> {
        Ok(Self {
            issue: hash_bytes(&event.grouping.hash),
            id: text(&event.id),
            at: integer(event.at.as_micros()),
            payload: crate::batch::payload(event)?,
            is_handled_error: event.is_handled_error(),
        })
    }
}

/// Replaces the events with the same ids, sorted by issue. Returns the number of those that exist.
pub(crate) fn rewrite(
    session: &mut Session<'_>,
    events: &[RewrittenEvent],
) -> Result<u64, StoreError> {
    let mut count = 0;
    for event in events {
        let sql = "UPDATE occurrence SET payload = $4 WHERE at = $1 AND id = $2 AND issue = $3";
        let replaced = session.execute(
            sql,
            &[
                (&event.at, Type::INT8),
                (&event.id, Type::TEXT),
                (&event.issue, Type::BYTEA),
                (&event.payload, Type::TEXT),
            ],
        )?;
        count += replaced;
        if replaced > 0 && !event.is_handled_error {
            // Also of the issue that it is a part of.
            let sql = "UPDATE issue SET handled = false, own_handled = own_handled AND hash <> $1 \
                WHERE hash IN (SELECT $1 UNION ALL SELECT merged_into FROM issue WHERE hash = $1)";
            session.execute(sql, &[(&event.issue, Type::BYTEA)])?;
        }
    }
    Ok(count)
}

/// Reads an event of an issue.
pub(crate) fn event(
    session: &mut Session<'_>,
    hash: &[u8],
    which: &EventSelector,
) -> Result<Option<Event>, StoreError> {
    const SEQ: &str = "(SELECT seq FROM occurrence WHERE issue = ANY($1) AND id = $2 LIMIT 1)";
    let members = members(session, hash)?;
    let (condition, order, id) = match which {
        EventSelector::Latest => (String::new(), "DESC", None),
        EventSelector::Oldest => (String::new(), "ASC", None),
        EventSelector::Id(id) => ("AND id = $2".to_owned(), "ASC", Some(id)),
        EventSelector::After(id) => (format!("AND seq > {SEQ}"), "ASC", Some(id)),
        EventSelector::Before(id) => (format!("AND seq < {SEQ}"), "DESC", Some(id)),
        _ => return Ok(None),
    };
    let id = id.map(|id| text(id));
    // The key is found in the indexes, before one payload is read.
    let sql = format!(
        "SELECT payload FROM occurrence WHERE (at, id) = (SELECT at, id FROM occurrence \
            WHERE issue = ANY($1) {condition} ORDER BY seq {order} LIMIT 1)"
    );
    let mut parameters: Vec<Parameter<'_>> = vec![(&members, Type::BYTEA_ARRAY)];
    if let Some(id) = &id {
        parameters.push((id, Type::TEXT));
    }
    let Some(row) = session.row(&sql, &parameters)? else { return Ok(None) };
    let payload: String = get(&row, 0)?;
    json::from_str(&payload)
        .map(Some)
        .map_err(|error| StoreError::Damaged(format!("an event of {}: {error}", hash_text(hash))))
}

/// Returns the hash of the issue that has an event.
pub(crate) fn issue_of_event(
    session: &mut Session<'_>,
    id: &str,
) -> Result<Option<String>, StoreError> {
    const HOUR: i64 = 3_600_000_000;
    let id = text(id);
    let mut found = None;
    // Ids have the time, with which an event is found in one partition.
    if let Some(made) = time_of_id(&id) {
        let made = integer(made.as_micros());
        let sql = "SELECT issue FROM occurrence WHERE at BETWEEN $1 AND $2 AND id = $3";
        let values: &[Parameter<'_>] =
            &[(&(made - HOUR), Type::INT8), (&(made + HOUR), Type::INT8), (&id, Type::TEXT)];
        found = session.row(sql, values)?;
    }
    if found.is_none() {
        found = session.row("SELECT issue FROM occurrence WHERE id = $1", &[(&id, Type::TEXT)])?;
    }
    let Some(row) = found else { return Ok(None) };
    let issue: Vec<u8> = get(&row, 0)?;
    Ok(targets(session, &[issue])?.into_iter().flatten().next().map(|hash| hash_text(&hash)))
}

/// Returns when an id was made, which UUIDs of version 7 say.
fn time_of_id(id: &str) -> Option<Timestamp> {
    let digits: String = id.chars().filter(|c| *c != '-').collect();
    let is_version_7 = digits.len() == 32 && digits.as_bytes()[12] == b'7';
    let millis = u64::from_str_radix(digits.get(..12)?, 16).ok()?;
    is_version_7.then(|| Timestamp::from_micros(millis.saturating_mul(1_000)))
}

/// Returns the hours from `since` on in which an issue was seen, with their counts.
pub(crate) fn hourly_counts(
    session: &mut Session<'_>,
    hash: &[u8],
    since: Timestamp,
) -> Result<Vec<(u64, u64)>, StoreError> {
    let members = members(session, hash)?;
    let sql = "SELECT hour, sum(count)::bigint FROM bucket WHERE issue = ANY($1) AND hour >= $2 \
        GROUP BY hour ORDER BY hour";
    let since = integer(since.hour());
    let rows = session.rows(sql, &[(&members, Type::BYTEA_ARRAY), (&since, Type::INT8)])?;
    rows.iter().map(|row| Ok((number(get(row, 0)?), number(get(row, 1)?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::time_of_id;

    #[test]
    fn the_time_of_an_id_is_read_only_from_one_that_has_it() {
        let made = time_of_id("01939d5e-7c00-7abc-8def-0123456789ab").unwrap();
        assert_eq!(made.as_micros(), 0x0193_9d5e_7c00 * 1_000);
        for other in ["", "a-1", "01939d5e-7c00-4abc-8def-0123456789ab", "ünïcode", &"z".repeat(32)]
        {
            assert_eq!(time_of_id(other), None, "{other}");
        }
    }
}
