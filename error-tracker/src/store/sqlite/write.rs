//! Writes issues and events.

use std::sync::Mutex;

use rusqlite::{Connection, OptionalExtension as _, Transaction, named_params};

use super::convert::{failure, integer, number};
use super::delete::{DeleteStep, delete_surplus, trim};
use super::merge::{self, MergeState};
use super::space::{self, SizeBounds};
use super::transaction::begin;
use super::written_batch::WrittenBatch;
use super::{age, change, facets};
use crate::event::{Event, Issue, Timestamp};
use crate::store::clock::StoreClock;
use crate::store::issue_sum::{IssueSum, sum_by_issue};
use crate::store::reopening::StatusTerm;
use crate::store::retention::family;
use crate::store::{Pruned, Recorded, Retention, Sighting, StoreError};

/// The status stays as it is, whether it ends is decided with what is returned.
const UPSERT: &str = "
    INSERT INTO issue (hash, family, kind, level, type, variant, message, count, first_seen, last_seen, handled, function,
        module, file, line, host, method, path, release, environment, components)
    VALUES (:hash, :family, :kind, :level, :type, :variant, :message, :count, :first_seen, :last_seen, :handled,
        :function, :module, :file, :line, :host, :method, :path, :release, :environment, :components)
    ON CONFLICT (hash) DO UPDATE SET
        count = count + excluded.count,
        first_seen = min(first_seen, excluded.first_seen),
        last_seen = max(last_seen, excluded.last_seen),
        own_first_seen = min(own_first_seen, excluded.first_seen),
        own_last_seen = max(own_last_seen, excluded.last_seen),
        own_handled = own_handled * excluded.handled,
        (family, kind, level, type, variant, message, handled, function, module, file, line, host, method, path, release,
            environment, components) = (excluded.family, excluded.kind, excluded.level, excluded.type, excluded.variant,
            excluded.message, handled AND excluded.handled, excluded.function, excluded.module, excluded.file, excluded.line,
            excluded.host, excluded.method, excluded.path, excluded.release, excluded.environment,
            excluded.components)
    RETURNING id, count, status, resolved_at, resolved_in, resolved_known, muted_until, muted_until_count,
        merged_into, parts > 0";

/// The outcome of a batch.
pub(super) struct BatchOutcome {
    pub(super) recorded: Vec<Recorded>,
    /// Whether older issues were deleted.
    pub(super) evicted: bool,
}

pub(super) fn record(
    connection: &mut Connection,
    batch: &[Sighting],
    written: &WrittenBatch,
    retention: &Retention,
    clock: &Mutex<Option<StoreClock>>,
    room: Option<u64>,
) -> Result<BatchOutcome, StoreError> {
    let payloads = &written.payloads;
    let fitting = SizeBounds::of(retention).fitting(payloads);
    let sums = sum_by_issue(batch);
    let transaction = begin(connection)?;
    written.mark.note(&transaction)?;
    age::record_clock(&transaction, clock, retention.max_age)?;
    let mut evicted = space::make_room(&transaction, fitting.bytes, retention, DeleteStep::Large)?
        != Pruned::default();
    let now = Timestamp::now();
    let releases = change::number_releases(&transaction, batch)?;
    let mut recorded = vec![Recorded::default(); batch.len()];
    let mut first_new = None;
    for IssueSum { issue, sightings: group } in sums {
        let UpsertedIssue { id, count, term, merge } = upsert(&transaction, &issue)?;
        let before = count.saturating_sub(issue.count);
        let new = before == 0;
        let mut counted = vec![CountedRow { id, before, term }];
        if let Some(target) = merge.merged_into {
            counted.push(merge::add_to_target(&transaction, target, &issue)?);
        }
        if new {
            first_new.get_or_insert(id);
        }
        for (nth, &at) in group.iter().enumerate() {
            let release = &*batch[at].event.origin.release;
            let release = (release, releases.get(release).copied().unwrap_or_default());
            let last_seen = batch[at].last_seen;
            // The last row is the one that is shown: that of the issue into which this was merged.
            for row in &mut counted {
                row.before = row.before.saturating_add(batch[at].count);
                recorded[at] = Recorded::seen(row.before).with_new(new && nth == 0);
                let ended = |term: &StatusTerm| term.ended_by(last_seen, release, row.before, now);
                if let Some(reopening) = row.term.as_ref().and_then(ended) {
                    change::reopen(&transaction, row.id, reopening)?;
                    recorded[at] = reopening.noted(std::mem::take(&mut recorded[at]));
                    row.term = None;
                }
            }
            add_hour(&transaction, id, &batch[at])?;
        }
        facets::record(&transaction, id, merge, group.iter().map(|at| &batch[*at]))?;
        let mut kept: Vec<usize> = group.iter().copied().filter(|at| !batch[*at].again).collect();
        if new && kept.is_empty() {
            kept.extend(group.last());
        }
        // Only occurrences that will not be deleted at once are written.
        let mut surplus = Vec::new();
        if count > retention.max_occurrences && !kept.is_empty() {
            let coming: Vec<&str> =
                kept.iter().map(|at| &*batch[*at].event.origin.release).collect();
            (_, surplus) = trim(&transaction, id, &coming, retention)?;
        }
        for (nth, &at) in kept.iter().enumerate() {
            if surplus.binary_search(&nth).is_err() && at >= fitting.first {
                add_occurrence(&transaction, id, &batch[at].event, &payloads[at])?;
            }
        }
    }
    if let Some(first) = first_new {
        index_texts(&transaction, first)?;
        evicted |= delete_surplus(&transaction, retention.max_issues, u64::MAX, DeleteStep::Large)?
            .issues
            > 0;
    }
    space::keep_size(&transaction, retention, room)?;
    transaction.commit().map_err(failure)?;
    Ok(BatchOutcome { recorded, evicted })
}

/// The row of an issue after a group of sightings was added.
struct UpsertedIssue {
    id: i64,
    count: u64,
    /// What ends the status, unless the issue is open.
    term: Option<StatusTerm>,
    merge: MergeState,
}

/// A row to which a group of sightings was added.
pub(super) struct CountedRow {
    pub(super) id: i64,
    /// The count before the next sighting of the group.
    pub(super) before: u64,
    /// What ends the status, unless the issue is open.
    pub(super) term: Option<StatusTerm>,
}

/// Inserts or updates an issue.
fn upsert(transaction: &Transaction<'_>, issue: &Issue) -> Result<UpsertedIssue, StoreError> {
    let components = crate::json::to_string(&issue.components)
        .map_err(|error| StoreError::Other(Box::new(error)))?;
    let mut statement = transaction.prepare_cached(UPSERT).map_err(failure)?;
    let values = named_params! {
        ":hash": issue.hash, ":family": family(issue), ":kind": issue.kind.as_str(), ":level": issue.level.as_str(), ":type": issue.type_name,
        ":variant": issue.variant, ":message": issue.message, ":count": integer(issue.count),
        ":first_seen": integer(issue.first_seen.as_micros()), ":last_seen": integer(issue.last_seen.as_micros()),
        ":handled": issue.handled, ":function": issue.function, ":module": issue.module, ":file": issue.file,
        ":line": issue.line, ":host": issue.host, ":method": issue.method, ":path": issue.path,
        ":release": issue.release, ":environment": issue.environment, ":components": components,
    };
    let row = statement.query_row(values, |row| {
        let merge = MergeState { merged_into: row.get(8)?, has_parts: row.get(9)? };
        Ok(UpsertedIssue {
            id: row.get(0)?,
            count: number(row.get(1)?),
            term: change::open_term(row, 2)?,
            merge,
        })
    });
    row.map_err(failure)
}

/// Adds the text of new issues, which have the highest ids, to the text index, from id `first` on.
fn index_texts(transaction: &Transaction<'_>, first: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO issue_text (rowid, type, message, function, file) \
        SELECT id, type, message, function, file FROM issue WHERE id >= ?";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    statement.execute([first]).map(drop).map_err(failure)
}

fn add_hour(
    transaction: &Transaction<'_>,
    issue: i64,
    sighting: &Sighting,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO bucket (issue, hour, count) VALUES (?, ?, ?) \
        ON CONFLICT (issue, hour) DO UPDATE SET count = count + excluded.count";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    let values = (issue, integer(sighting.last_seen.hour()), integer(sighting.count));
    statement.execute(values).map(drop).map_err(failure)
}

fn add_occurrence(
    transaction: &Transaction<'_>,
    issue: i64,
    event: &Event,
    payload: &str,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO occurrence (id, issue, at, release, payload) VALUES (?, ?, ?, ?, ?)";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    let values = (&event.id, issue, integer(event.at.as_micros()), &event.origin.release, payload);
    statement.execute(values).map(drop).map_err(failure)
}

pub(super) fn rewrite(
    connection: &mut Connection,
    events: &[Event],
    payloads: &[String],
) -> Result<u64, StoreError> {
    let transaction = begin(connection)?;
    let mut count = 0;
    for (event, payload) in events.iter().zip(payloads) {
        count += u64::from(rewrite_one(&transaction, event, payload).map_err(failure)?);
    }
    transaction.commit().map_err(failure)?;
    Ok(count)
}

/// Replaces the event with the same id. Returns whether there is one.
fn rewrite_one(
    transaction: &Transaction<'_>,
    event: &Event,
    payload: &str,
) -> rusqlite::Result<bool> {
    // Found by its issue, because occurrences have an index for issues, but not for ids.
    let sql = "UPDATE occurrence SET payload = ?3
        WHERE issue = (SELECT id FROM issue WHERE hash = ?1) AND id = ?2 RETURNING issue";
    let values = [event.grouping.hash.as_str(), event.id.as_str(), payload];
    let mut statement = transaction.prepare_cached(sql)?;
    let issue = statement.query_row(values, |row| row.get::<_, i64>(0)).optional()?;
    if let Some(issue) = issue
        && !event.is_handled_error()
    {
        // Also of the issue that it is a part of.
        let sql = "UPDATE issue SET handled = 0, own_handled = own_handled * (id <> ?1)
            WHERE id IN (SELECT ?1 UNION ALL SELECT merged_into FROM issue WHERE id = ?1)";
        transaction.execute(sql, [issue])?;
    }
    Ok(issue.is_some())
}
