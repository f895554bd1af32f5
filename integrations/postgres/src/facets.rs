//! Counts the users, releases and routes of issues.

use std::collections::{BTreeMap, HashMap, HashSet};

use error_tracker::store::rules::{FacetList, ListedFacet};
use error_tracker::store::{IssueFacets, StoreError, UserSketch};
use postgres::Row;
use postgres::types::Type;

use crate::batch::PreparedBatch;
use crate::convert::{integer, number, text};
use crate::merge::{self, members};
use crate::session::{Session, get};
use crate::upsert::UpsertedIssue;

/// A kind of facet, as the database names it.
pub(crate) const RELEASE: &str = "release";
pub(crate) const ROUTE: &str = "route";

/// A value of an issue: the issue's hash, the kind, the value.
type FacetKey = (Vec<u8>, String, String);

/// Counts the users, releases and routes of a batch.
pub(crate) fn record(
    session: &mut Session<'_>,
    batch: &PreparedBatch,
    upserted: &[UpsertedIssue],
) -> Result<(), StoreError> {
    let mut counts = BTreeMap::<FacetKey, u64>::new();
    for issue in &batch.issues {
        let releases = issue.releases.iter().map(|facet| (RELEASE, facet));
        let routes = issue.routes.iter().map(|facet| (ROUTE, facet));
        for (kind, (value, count)) in releases.chain(routes) {
            let sum = counts.entry((issue.hash.clone(), kind.to_owned(), text(value)));
            *sum.or_default() += count;
        }
    }
    if !counts.is_empty() {
        let known = add_known(session, &counts)?;
        counts.retain(|key, _| !known.contains(key));
    }
    if !counts.is_empty() {
        add_unknown(session, counts)?;
    }
    record_users(session, batch, upserted)
}

/// Adds counts to the values that are listed. Returns those.
fn add_known(
    session: &mut Session<'_>,
    counts: &BTreeMap<FacetKey, u64>,
) -> Result<HashSet<FacetKey>, StoreError> {
    let sql = "UPDATE facet SET count = facet.count + new.count \
        FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bigint[]) AS new (issue, kind, value, count) \
        WHERE (facet.issue, facet.kind, facet.value) = (new.issue, new.kind, new.value) \
        RETURNING facet.issue, facet.kind, facet.value";
    let issues: Vec<&[u8]> = counts.keys().map(|(issue, ..)| &**issue).collect();
    let kinds: Vec<&str> = counts.keys().map(|(_, kind, _)| &**kind).collect();
    let values: Vec<&str> = counts.keys().map(|(.., value)| &**value).collect();
    let sums: Vec<i64> = counts.values().copied().map(integer).collect();
    let rows = session.rows(
        sql,
        &[
            (&issues, Type::BYTEA_ARRAY),
            (&kinds, Type::TEXT_ARRAY),
            (&values, Type::TEXT_ARRAY),
            (&sums, Type::INT8_ARRAY),
        ],
    )?;
    rows.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?, get(row, 2)?))).collect()
}

/// Lists values that were not listed, in place of the rarest ones where there are many.
fn add_unknown(
    session: &mut Session<'_>,
    counts: BTreeMap<FacetKey, u64>,
) -> Result<(), StoreError> {
    let issues: Vec<&[u8]> = counts.keys().map(|(issue, ..)| &**issue).collect();
    let sql = "SELECT issue, kind, value, count, before FROM facet WHERE issue = ANY($1)";
    let mut listed = HashMap::<(Vec<u8>, String), Vec<ListedFacet>>::new();
    for row in session.rows(sql, &[(&issues, Type::BYTEA_ARRAY)])? {
        let (value, count, before) = (get(&row, 2)?, number(get(&row, 3)?), number(get(&row, 4)?));
        let list = listed.entry((get(&row, 0)?, get(&row, 1)?)).or_default();
        list.push(ListedFacet { value, count, before });
    }
    let mut lists: HashMap<(Vec<u8>, String), FacetList> =
        listed.into_iter().map(|(key, listed)| (key, listed.into_iter().collect())).collect();
    let (mut removed, mut added) = (HashSet::<FacetKey>::new(), HashSet::<FacetKey>::new());
    for ((issue, kind, value), count) in counts {
        let list = lists.entry((issue.clone(), kind.clone())).or_default();
        if let Some(rarest) = list.add(&value, count) {
            let rarest = (issue.clone(), kind.clone(), rarest);
            // One of this batch has no row yet.
            if !added.remove(&rarest) {
                removed.insert(rarest);
            }
        }
        added.insert((issue, kind, value));
    }
    remove(session, &removed)?;
    insert(session, &lists, &added)
}

fn remove(session: &mut Session<'_>, removed: &HashSet<FacetKey>) -> Result<(), StoreError> {
    if removed.is_empty() {
        return Ok(());
    }
    let issues: Vec<&[u8]> = removed.iter().map(|(issue, ..)| &**issue).collect();
    let kinds: Vec<&str> = removed.iter().map(|(_, kind, _)| &**kind).collect();
    let values: Vec<&str> = removed.iter().map(|(.., value)| &**value).collect();
    let sql = "DELETE FROM facet USING unnest($1::bytea[], $2::text[], $3::text[]) AS old (issue, kind, value) \
        WHERE (facet.issue, facet.kind, facet.value) = (old.issue, old.kind, old.value)";
    let parameters: &[_] = &[
        (&issues as _, Type::BYTEA_ARRAY),
        (&kinds as _, Type::TEXT_ARRAY),
        (&values as _, Type::TEXT_ARRAY),
    ];
    session.execute(sql, parameters).map(drop)
}

fn insert(
    session: &mut Session<'_>,
    lists: &HashMap<(Vec<u8>, String), FacetList>,
    added: &HashSet<FacetKey>,
) -> Result<(), StoreError> {
    let (mut issues, mut kinds, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let (mut counts, mut befores) = (Vec::new(), Vec::new());
    for ((issue, kind), list) in lists {
        for facet in list.listed() {
            if added.contains(&(issue.clone(), kind.clone(), facet.value.clone())) {
                issues.push(&**issue);
                kinds.push(&**kind);
                values.push(&*facet.value);
                counts.push(integer(facet.count));
                befores.push(integer(facet.before));
            }
        }
    }
    let sql = "INSERT INTO facet (issue, kind, value, count, before) \
        SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])";
    let parameters: &[_] = &[
        (&issues as _, Type::BYTEA_ARRAY),
        (&kinds as _, Type::TEXT_ARRAY),
        (&values as _, Type::TEXT_ARRAY),
        (&counts as _, Type::INT8_ARRAY),
        (&befores as _, Type::INT8_ARRAY),
    ];
    session.execute(sql, parameters).map(drop)
}

/// Counts the users of a batch, those of each issue once. Writes only what changes.
fn record_users(
    session: &mut Session<'_>,
    batch: &PreparedBatch,
    upserted: &[UpsertedIssue],
) -> Result<(), StoreError> {
    let with_users = || batch.issues.iter().zip(upserted).filter(|(one, _)| !one.users.is_empty());
    let hashes: Vec<Vec<u8>> = with_users().map(|(issue, _)| issue.hash.clone()).collect();
    if hashes.is_empty() {
        return Ok(());
    }
    let mut sketches = sketches(session, &hashes)?;
    for (issue, row) in with_users() {
        let sketch = sketches.entry(issue.hash.clone()).or_default();
        let mut has_changed = false;
        for user in &issue.users {
            has_changed |= sketch.insert(*user);
        }
        if !has_changed {
            continue;
        }
        let sql = "INSERT INTO issue_users VALUES ($1, $2) \
            ON CONFLICT (issue) DO UPDATE SET sketch = excluded.sketch";
        let parameters: &[_] =
            &[(&issue.hash as _, Type::BYTEA), (&sketch.to_bytes() as _, Type::BYTEA)];
        session.execute(sql, parameters)?;
        if !row.has_parts {
            set_users(session, &issue.hash, sketch)?;
        }
        let total = row.merged_into.as_ref().or(row.has_parts.then_some(&issue.hash));
        if let Some(total) = total {
            count_users(session, total)?;
        }
    }
    Ok(())
}

/// Counts the users of an issue and its parts, each once.
pub(crate) fn count_users(session: &mut Session<'_>, issue: &Vec<u8>) -> Result<(), StoreError> {
    let members = merge::with_parts(session, std::slice::from_ref(issue))?;
    let mut all = UserSketch::default();
    for sketch in sketches(session, &members)?.values() {
        all.unite(sketch);
    }
    set_users(session, issue, &all)
}

fn set_users(
    session: &mut Session<'_>,
    issue: &Vec<u8>,
    users: &UserSketch,
) -> Result<(), StoreError> {
    let sql = "UPDATE issue SET users = $2 WHERE hash = $1 AND users <> $2";
    let parameters: &[_] = &[(issue as _, Type::BYTEA), (&integer(users.count()) as _, Type::INT8)];
    session.execute(sql, parameters).map(drop)
}

/// Reads the sketches of issues' users, without those that are damaged.
fn sketches(
    session: &mut Session<'_>,
    issues: &[Vec<u8>],
) -> Result<HashMap<Vec<u8>, UserSketch>, StoreError> {
    let sql = "SELECT issue, sketch FROM issue_users WHERE issue = ANY($1)";
    let mut found = HashMap::new();
    for row in session.rows(sql, &[(&issues, Type::BYTEA_ARRAY)])? {
        let bytes: Vec<u8> = get(&row, 1)?;
        if let Some(sketch) = UserSketch::from_bytes(&bytes) {
            found.insert(get(&row, 0)?, sketch);
        }
    }
    Ok(found)
}

/// Reads the releases and routes of an issue.
pub(crate) fn facets(session: &mut Session<'_>, hash: &[u8]) -> Result<IssueFacets, StoreError> {
    let members = members(session, hash)?;
    let sql = "SELECT kind, value, count FROM facet WHERE issue = ANY($1)";
    let read = |row: &Row| Ok((get::<String>(row, 0)?, (get(row, 1)?, number(get(row, 2)?))));
    let rows = session.rows(sql, &[(&members, Type::BYTEA_ARRAY)])?;
    let rows: Vec<_> = rows.iter().map(read).collect::<Result<_, StoreError>>()?;
    let of = |kind| rows.iter().filter(move |(of, _)| of == kind).map(|(_, count)| count.clone());
    Ok(IssueFacets::new(of(RELEASE), of(ROUTE)))
}
