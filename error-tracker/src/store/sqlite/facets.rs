//! Counts the users, releases and routes of issues.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, Transaction};

use super::convert::{failure, integer, number};
use super::merge::{self, MEMBERS, MergeState};
use super::read;
use crate::event::UserKey;
use crate::store::issue_sum::FacetSums;
use crate::store::{IssueFacets, MAX_FACETS, Sighting, StoreError, UserSketch};

/// A kind of facet, as the file names it.
pub(super) const RELEASE: &str = "release";
pub(super) const ROUTE: &str = "route";

/// Counts the users, releases and routes of an issue's sightings.
pub(super) fn record<'a>(
    transaction: &Transaction<'_>,
    issue: i64,
    merge: MergeState,
    sightings: impl Iterator<Item = &'a Sighting>,
) -> Result<(), StoreError> {
    let FacetSums { users, releases, routes } = FacetSums::of(sightings);
    for (release, count) in releases {
        add(transaction, issue, RELEASE, &release, count)?;
    }
    for (route, count) in routes {
        add(transaction, issue, ROUTE, &route, count)?;
    }
    if users.is_empty() { Ok(()) } else { add_users(transaction, issue, merge, &users) }
}

fn add_users(
    transaction: &Transaction<'_>,
    issue: i64,
    merge: MergeState,
    users: &BTreeSet<UserKey>,
) -> Result<(), StoreError> {
    let secret = read::secret(transaction)?;
    let mut sketch = sketch(transaction, issue)?;
    let mut has_changed = false;
    for user in users {
        has_changed |= sketch.insert(user.keyed(&secret));
    }
    if !has_changed {
        return Ok(());
    }
    let sql = "INSERT INTO issue_users VALUES (?, ?) ON CONFLICT (issue) DO UPDATE SET sketch = excluded.sketch";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    statement.execute((issue, sketch.to_bytes())).map_err(failure)?;
    if let Some(target) = merge.merged_into {
        set_users(transaction, issue, &sketch)?;
        return count_users(transaction, target);
    }
    if merge.has_parts {
        return count_users(transaction, issue);
    }
    set_users(transaction, issue, &sketch)
}

/// Counts the users of an issue and its parts, each once.
pub(super) fn count_users(transaction: &Transaction<'_>, issue: i64) -> Result<(), StoreError> {
    let mut all = UserSketch::default();
    for member in merge::with_parts(transaction, &[issue])? {
        all.unite(&sketch(transaction, member)?);
    }
    set_users(transaction, issue, &all)
}

fn set_users(
    transaction: &Transaction<'_>,
    issue: i64,
    users: &UserSketch,
) -> Result<(), StoreError> {
    let sql = "UPDATE issue SET users = ? WHERE id = ?";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    statement.execute((integer(users.count()), issue)).map(drop).map_err(failure)
}

/// Reads the sketch of an issue's users; an empty one if there is none, or it is damaged.
fn sketch(connection: &Connection, issue: i64) -> Result<UserSketch, StoreError> {
    let sql = "SELECT sketch FROM issue_users WHERE issue = ?";
    let mut statement = connection.prepare_cached(sql).map_err(failure)?;
    let bytes = statement.query_row([issue], |row| row.get::<_, Vec<u8>>(0)).optional();
    let bytes = bytes.map_err(failure)?;
    Ok(bytes.and_then(|bytes| UserSketch::from_bytes(&bytes)).unwrap_or_default())
}

/// Counts occurrences of a value. If there are many values, it takes the place of the rarest one,
/// as in [`FacetList`](crate::store::facets::FacetList).
fn add(
    transaction: &Transaction<'_>,
    issue: i64,
    kind: &str,
    value: &str,
    count: u64,
) -> Result<(), StoreError> {
    let sql = "UPDATE facet SET count = count + ?4 WHERE issue = ?1 AND kind = ?2 AND value = ?3";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    if statement.execute((issue, kind, value, integer(count))).map_err(failure)? > 0 {
        return Ok(());
    }
    let sql = "SELECT count(*) FROM facet WHERE issue = ? AND kind = ?";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    let listed: i64 = statement.query_row((issue, kind), |row| row.get(0)).map_err(failure)?;
    let mut before = 0;
    if number(listed) >= MAX_FACETS as u64 {
        let sql = "DELETE FROM facet WHERE (issue, kind, value) = (SELECT issue, kind, value FROM facet
            WHERE issue = ? AND kind = ? ORDER BY count + before, value LIMIT 1) RETURNING count + before";
        let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
        before = statement.query_row((issue, kind), |row| row.get(0)).map_err(failure)?;
    }
    let sql = "INSERT INTO facet (issue, kind, value, count, before) VALUES (?, ?, ?, ?, ?)";
    let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
    let values = (issue, kind, value, integer(count), before);
    statement.execute(values).map(drop).map_err(failure)
}

/// Reads the releases and routes of an issue.
pub(super) fn facets(connection: &Connection, hash: &str) -> Result<IssueFacets, StoreError> {
    let sql = format!("SELECT kind, value, count FROM facet WHERE issue IN {MEMBERS}");
    let mut statement = connection.prepare_cached(&sql).map_err(failure)?;
    let rows = statement.query_map([hash], |row| {
        Ok((row.get::<_, String>(0)?, (row.get(1)?, number(row.get(2)?))))
    });
    let rows: Vec<_> = rows.map_err(failure)?.collect::<Result<_, _>>().map_err(failure)?;
    let of = |kind| rows.iter().filter(move |(of, _)| of == kind).map(|(_, count)| count.clone());
    Ok(IssueFacets::new(of(RELEASE), of(ROUTE)))
}
