//! Inserts and updates the rows of a batch's issues.

use std::collections::{BTreeMap, HashMap};

use error_tracker::event::Issue;
use error_tracker::store::StoreError;
use error_tracker::store::rules::StatusTerm;
use postgres::Row;
use postgres::types::Type;

use crate::batch::PreparedIssue;
use crate::change::open_term;
use crate::convert::{integer, number};
use crate::session::{Session, get};

/// The status stays as it is; whether it ends is decided with what is returned.
const UPSERT: &str = include_str!("upsert.sql");

/// The columns that [`read_row`] reads.
macro_rules! returned {
    () => {
        "issue.hash, issue.count, issue.status, issue.resolved_at, issue.resolved_in, issue.resolved_known, \
            issue.muted_until, issue.muted_until_count, issue.merged_into, issue.parts > 0"
    };
}

/// The row of an issue after sightings were added.
#[derive(Debug)]
pub(crate) struct UpsertedIssue {
    pub(crate) hash: Vec<u8>,
    pub(crate) count: u64,
    /// What ends the status, unless the issue is open.
    pub(crate) term: Option<StatusTerm>,
    /// The issue that it is a part of.
    pub(crate) merged_into: Option<Vec<u8>>,
    pub(crate) has_parts: bool,
}

fn read_row(row: &Row) -> Result<UpsertedIssue, StoreError> {
    Ok(UpsertedIssue {
        hash: get(row, 0)?,
        count: number(get(row, 1)?),
        term: open_term(row, 2)?,
        merged_into: get(row, 8)?,
        has_parts: get(row, 9)?,
    })
}

/// Inserts or updates issues, which are sorted by hash. Returns their rows in the same order.
pub(crate) fn upsert(
    session: &mut Session<'_>,
    issues: &[PreparedIssue],
) -> Result<Vec<UpsertedIssue>, StoreError> {
    let texts = |field: fn(&Issue) -> &str| -> Vec<&str> {
        issues.iter().map(|one| field(&one.issue)).collect()
    };
    let numbers = |field: fn(&Issue) -> u64| -> Vec<i64> {
        issues.iter().map(|one| integer(field(&one.issue))).collect()
    };
    let hashes: Vec<&[u8]> = issues.iter().map(|one| &*one.hash).collect();
    let families: Vec<i64> = issues.iter().map(|one| one.family).collect();
    let variants: Vec<Option<&str>> =
        issues.iter().map(|one| one.issue.variant.as_deref()).collect();
    let handled: Vec<bool> = issues.iter().map(|one| one.issue.handled).collect();
    let components: Vec<&str> = issues.iter().map(|one| &*one.components).collect();
    let rows = session.rows(
        &format!("{UPSERT} RETURNING {}", returned!()),
        &[
            (&hashes, Type::BYTEA_ARRAY),
            (&families, Type::INT8_ARRAY),
            (&texts(|issue| issue.kind.as_str()), Type::TEXT_ARRAY),
            (&texts(|issue| issue.level.as_str()), Type::TEXT_ARRAY),
            (&texts(|issue| &issue.type_name), Type::TEXT_ARRAY),
            (&variants, Type::TEXT_ARRAY),
            (&texts(|issue| &issue.message), Type::TEXT_ARRAY),
            (&numbers(|issue| issue.count), Type::INT8_ARRAY),
            (&numbers(|issue| issue.first_seen.as_micros()), Type::INT8_ARRAY),
            (&numbers(|issue| issue.last_seen.as_micros()), Type::INT8_ARRAY),
            (&handled, Type::BOOL_ARRAY),
            (&texts(|issue| &issue.function), Type::TEXT_ARRAY),
            (&texts(|issue| &issue.module), Type::TEXT_ARRAY),
            (&texts(|issue| &issue.file), Type::TEXT_ARRAY),
            (&numbers(|issue| u64::from(issue.line)), Type::INT8_ARRAY),
            (&texts(|issue| &issue.host), Type::TEXT_ARRAY),
            (&texts(|issue| &issue.method), Type::TEXT_ARRAY),
            (&texts(|issue| &issue.path), Type::TEXT_ARRAY),
            (&texts(|issue| &issue.release), Type::TEXT_ARRAY),
            (&texts(|issue| &issue.environment), Type::TEXT_ARRAY),
            (&components, Type::TEXT_ARRAY),
        ],
    )?;
    let rows = rows.iter().map(read_row).collect::<Result<Vec<_>, _>>()?;
    let mut by_hash: HashMap<_, _> = rows.into_iter().map(|row| (row.hash.clone(), row)).collect();
    let of = |issue: &PreparedIssue| {
        let missing = || StoreError::Damaged("an issue that was written is missing".to_owned());
        by_hash.remove(&issue.hash).ok_or_else(missing)
    };
    issues.iter().map(of).collect()
}

/// Adds the issues that are parts to the rows of the issues that they belong to. Returns those rows.
pub(crate) fn add_to_targets(
    session: &mut Session<'_>,
    issues: &[PreparedIssue],
    upserted: &[UpsertedIssue],
) -> Result<Vec<UpsertedIssue>, StoreError> {
    const UPDATE: &str = "UPDATE issue SET count = issue.count + part.count, \
        first_seen = least(issue.first_seen, part.first_seen), last_seen = greatest(issue.last_seen, part.last_seen), \
        minute = greatest(issue.minute, part.last_seen / 60000000), handled = issue.handled AND part.handled \
        FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::boolean[]) \
            AS part (target, count, first_seen, last_seen, handled) \
        WHERE hash = part.target RETURNING ";
    let mut sums = BTreeMap::<&[u8], (i64, i64, i64, bool)>::new();
    for (PreparedIssue { issue, .. }, row) in issues.iter().zip(upserted) {
        let Some(target) = &row.merged_into else { continue };
        let sum = sums.entry(target).or_insert((0, i64::MAX, 0, true));
        sum.0 = sum.0.saturating_add(integer(issue.count));
        sum.1 = sum.1.min(integer(issue.first_seen.as_micros()));
        sum.2 = sum.2.max(integer(issue.last_seen.as_micros()));
        sum.3 &= issue.handled;
    }
    if sums.is_empty() {
        return Ok(Vec::new());
    }
    let targets: Vec<&[u8]> = sums.keys().copied().collect();
    let column = |field: fn(&(i64, i64, i64, bool)) -> i64| -> Vec<i64> {
        sums.values().map(field).collect()
    };
    let handled: Vec<bool> = sums.values().map(|sum| sum.3).collect();
    let rows = session.rows(
        &format!("{UPDATE}{}", returned!()),
        &[
            (&targets, Type::BYTEA_ARRAY),
            (&column(|sum| sum.0), Type::INT8_ARRAY),
            (&column(|sum| sum.1), Type::INT8_ARRAY),
            (&column(|sum| sum.2), Type::INT8_ARRAY),
            (&handled, Type::BOOL_ARRAY),
        ],
    )?;
    rows.iter().map(read_row).collect()
}
