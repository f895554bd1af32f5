//! Records a batch: issues, hours, users, facets and occurrences, in one transaction with a fixed
//! number of statements.

use std::collections::{BTreeMap, HashMap};

use error_tracker::event::Timestamp;
use error_tracker::store::rules::StatusTerm;
use error_tracker::store::{Recorded, Retention, StoreError};
use postgres::types::Type;

use crate::batch::PreparedBatch;
use crate::batch_mark::{BatchMark, MarkState};
use crate::convert::integer;
use crate::session::Session;
use crate::upsert::{UpsertedIssue, add_to_targets, upsert};
use crate::{change, facets, occurrences};

/// The result of a transaction that records.
pub(crate) enum RecordOutcome {
    Recorded {
        answers: Vec<Recorded>,
        new_issues: u64,
    },
    /// An earlier transaction with this number had recorded the batch.
    WasCommitted(i64),
    /// A transaction with this or a greater number was committed.
    Superseded,
}

/// A row to which sightings are added, one by one.
struct CountedRow {
    /// The count before the next sighting.
    count: u64,
    /// What ends the status, unless the issue is open.
    term: Option<StatusTerm>,
}

/// Records a batch.
pub(crate) fn record(
    session: &mut Session<'_>,
    batch: &PreparedBatch,
    mark: &BatchMark,
    retention: &Retention,
) -> Result<RecordOutcome, StoreError> {
    match mark.set(session)? {
        MarkState::Set => {}
        MarkState::WasCommitted(number) => return Ok(RecordOutcome::WasCommitted(number)),
        MarkState::Superseded => return Ok(RecordOutcome::Superseded),
    }
    let releases = change::number_releases(session, batch)?;
    let upserted = upsert(session, &batch.issues)?;
    let targets = add_to_targets(session, &batch.issues, &upserted)?;
    let first_seq = occurrences::first_seq(session)?;
    let is_new: Vec<bool> =
        batch.issues.iter().zip(&upserted).map(|(one, row)| row.count == one.issue.count).collect();

    let mut rows = counted_rows(batch, &upserted, targets);
    let mut answers = Vec::with_capacity(batch.sightings.len());
    let now = Timestamp::now();
    for (at, sighting) in batch.sightings.iter().enumerate() {
        let issue = &batch.issues[sighting.issue];
        let number = releases.get(sighting.release.as_str()).copied().unwrap_or_default();
        let is_first = issue.sightings.first() == Some(&at);
        let mut recorded = Recorded::default();
        // The last row is the one that is shown: that of the issue into which this was merged.
        let target = upserted[sighting.issue].merged_into.as_ref();
        for hash in [Some(&issue.hash), target].into_iter().flatten() {
            let Some(row) = rows.get_mut(hash) else { continue };
            row.count = row.count.saturating_add(sighting.count);
            recorded = Recorded::seen(row.count).with_new(is_new[sighting.issue] && is_first);
            let release = (&*sighting.release, number);
            let ended =
                |term: &StatusTerm| term.ended_by(sighting.last_seen, release, row.count, now);
            if let Some(reopening) = row.term.as_ref().and_then(ended) {
                change::reopen(session, hash, reopening, first_seq)?;
                recorded = reopening.noted(recorded);
                row.term = None;
            }
        }
        answers.push(recorded);
    }
    add_hours(session, batch)?;
    add_texts(session, batch, &is_new)?;
    facets::record(session, batch, &upserted)?;
    occurrences::record(session, batch, &upserted, &is_new, first_seq, retention)?;
    let new_issues = is_new.into_iter().map(u64::from).sum();
    Ok(RecordOutcome::Recorded { answers, new_issues })
}

/// Returns the rows of the batch's issues and of those that they are parts of, as they were before
/// the batch.
fn counted_rows(
    batch: &PreparedBatch,
    upserted: &[UpsertedIssue],
    targets: Vec<UpsertedIssue>,
) -> HashMap<Vec<u8>, CountedRow> {
    let mut rows = HashMap::new();
    // The row of a target that is itself in the batch was read last.
    for row in upserted.iter().chain(&targets) {
        let counted = CountedRow { count: row.count, term: row.term.clone() };
        rows.insert(row.hash.clone(), counted);
    }
    for (issue, row) in batch.issues.iter().zip(upserted) {
        for hash in [Some(&row.hash), row.merged_into.as_ref()].into_iter().flatten() {
            if let Some(counted) = rows.get_mut(hash) {
                counted.count = counted.count.saturating_sub(issue.issue.count);
            }
        }
    }
    rows
}

/// Adds the sightings to their hours.
fn add_hours(session: &mut Session<'_>, batch: &PreparedBatch) -> Result<(), StoreError> {
    let mut sums = BTreeMap::<(&[u8], i64), i64>::new();
    for sighting in &batch.sightings {
        let issue = &batch.issues[sighting.issue].hash;
        let sum = sums.entry((issue, integer(sighting.last_seen.hour()))).or_default();
        *sum = sum.saturating_add(integer(sighting.count));
    }
    let issues: Vec<&[u8]> = sums.keys().map(|(issue, _)| *issue).collect();
    let hours: Vec<i64> = sums.keys().map(|(_, hour)| *hour).collect();
    let counts: Vec<i64> = sums.values().copied().collect();
    let sql = "INSERT INTO bucket SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) \
        ON CONFLICT (issue, hour) DO UPDATE SET count = bucket.count + excluded.count";
    session
        .execute(
            sql,
            &[
                (&issues, Type::BYTEA_ARRAY),
                (&hours, Type::INT8_ARRAY),
                (&counts, Type::INT8_ARRAY),
            ],
        )
        .map(drop)
}

/// Stores the texts that are searched, where they are new.
fn add_texts(
    session: &mut Session<'_>,
    batch: &PreparedBatch,
    is_new: &[bool],
) -> Result<(), StoreError> {
    const INSERT: &str =
        "INSERT INTO issue_text SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[])";
    // A row that is not written is not locked.
    const UPDATE: &str = "UPDATE issue_text SET failure = new.failure, request = new.request \
        FROM unnest($1::bytea[], $2::text[], $3::text[]) AS new (issue, failure, request) \
        WHERE issue_text.issue = new.issue AND (issue_text.failure <> new.failure OR issue_text.request <> new.request)";
    for (sql, new) in [(INSERT, true), (UPDATE, false)] {
        let issues = || batch.issues.iter().zip(is_new).filter(|(_, is_new)| **is_new == new);
        let hashes: Vec<&[u8]> = issues().map(|(issue, _)| &*issue.hash).collect();
        if hashes.is_empty() {
            continue;
        }
        let failures: Vec<&str> = issues().map(|(issue, _)| &*issue.failure).collect();
        let requests: Vec<&str> = issues().map(|(issue, _)| &*issue.request).collect();
        session.execute(
            sql,
            &[
                (&hashes, Type::BYTEA_ARRAY),
                (&failures, Type::TEXT_ARRAY),
                (&requests, Type::TEXT_ARRAY),
            ],
        )?;
    }
    Ok(())
}
