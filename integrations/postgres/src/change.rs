//! What people change of issues, and what ends their status.

use std::collections::{BTreeSet, HashMap};

use error_tracker::event::{Note, Status, Timestamp};
use error_tracker::store::rules::{
    MAX_NOTES, MAX_RELEASES, Reopening, ResolvedRelease, StatusTerm, no_release, too_many_notes,
};
use error_tracker::store::{IssueChange, StatusChange, StoreError};
use postgres::Row;
use postgres::types::Type;

use crate::batch::PreparedBatch;
use crate::convert::{hash_text, integer, number, text};
use crate::merge::{members, targets};
use crate::outbox_read;
use crate::session::{Session, get};

/// The maximum of a number of occurrences that is added to a count, so that the sum is a number of
/// PostgreSQL's.
const MAX_TIMES: u64 = 1 << 60;

/// Changes issues, all or none. Returns the number of those that changed.
pub(crate) fn change(
    session: &mut Session<'_>,
    hashes: &[Vec<u8>],
    change: &IssueChange,
) -> Result<u64, StoreError> {
    match change {
        IssueChange::Assign(name) => each_issue(session, hashes, |session, issue| {
            let sql = "UPDATE issue SET assignee = $2 WHERE hash = $1";
            let values: &[_] = &[(&issue.hash as _, Type::BYTEA), (&text(name) as _, Type::TEXT)];
            session.execute(sql, values).map(drop)
        }),
        IssueChange::DeleteNote(id) => {
            let mut deleted = 0;
            for hash in hashes {
                let members = members(session, hash)?;
                let sql = "DELETE FROM note WHERE issue = ANY($1) AND id = $2";
                let values: &[_] =
                    &[(&members as _, Type::BYTEA_ARRAY), (&text(id) as _, Type::TEXT)];
                deleted += session.execute(sql, values)?;
            }
            Ok(deleted)
        }
        IssueChange::AddNote(note) => {
            each_issue(session, hashes, |session, issue| add_note(session, &issue.hash, note))
        }
        IssueChange::SetStatus(status) => {
            let term = StatusTerm::of(*status);
            each_issue(session, hashes, |session, issue| set_status(session, issue, &term))
        }
        IssueChange::MuteUntil(until) => {
            let term = StatusTerm::muted_until(*until);
            each_issue(session, hashes, |session, issue| set_status(session, issue, &term))
        }
        IssueChange::MuteFor(times) => each_issue(session, hashes, |session, issue| {
            let times = (*times).min(MAX_TIMES);
            set_status(session, issue, &StatusTerm::muted_until_count(issue.count, times))
        }),
        IssueChange::ResolveInNextRelease => each_issue(session, hashes, |session, issue| {
            if issue.release.is_empty() {
                return Err(no_release(&hash_text(&issue.hash)));
            }
            let sql = "SELECT coalesce(max(number), 0) FROM release";
            let latest_known = number(session.value(sql, &[])?);
            let resolved = ResolvedRelease { release: issue.release.clone(), latest_known };
            set_status(session, issue, &StatusTerm::resolved_in(resolved))
        }),
        _ => Err(StoreError::Refused(
            "this version of error-tracker-postgres does not know the change: update it".to_owned(),
        )),
    }
}

/// What a change depends on.
struct ChangedIssue {
    hash: Vec<u8>,
    count: u64,
    release: String,
    status: Status,
}

/// Changes the issues that exist. Returns their number.
fn each_issue(
    session: &mut Session<'_>,
    hashes: &[Vec<u8>],
    change: impl Fn(&mut Session<'_>, &ChangedIssue) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let targets = targets(session, hashes)?;
    // Locked in the order in which batches lock them.
    let sql = "SELECT hash, count, release, status FROM issue WHERE hash = ANY($1) ORDER BY hash FOR NO KEY UPDATE";
    let found: Vec<&Vec<u8>> = targets.iter().flatten().collect();
    let mut issues = HashMap::new();
    for row in session.rows(sql, &[(&found, Type::BYTEA_ARRAY)])? {
        let hash: Vec<u8> = get(&row, 0)?;
        let issue = ChangedIssue {
            hash: hash.clone(),
            count: number(get(&row, 1)?),
            release: get(&row, 2)?,
            status: get::<String>(&row, 3)?.parse().unwrap_or_default(),
        };
        issues.insert(hash, issue);
    }
    let mut changed = 0;
    for issue in targets.iter().flatten().filter_map(|target| issues.get(target)) {
        change(session, issue)?;
        changed += 1;
    }
    Ok(changed)
}

/// Sets the status that a person gives to an issue, and notes it if it is another one.
fn set_status(
    session: &mut Session<'_>,
    issue: &ChangedIssue,
    term: &StatusTerm,
) -> Result<(), StoreError> {
    set_term(session, &issue.hash, term)?;
    if term.status == issue.status {
        return Ok(());
    }
    let change = StatusChange::new(hash_text(&issue.hash), term.status, Timestamp::now());
    outbox_read::note_status(session, &change)
}

fn set_term(
    session: &mut Session<'_>,
    issue: &Vec<u8>,
    term: &StatusTerm,
) -> Result<(), StoreError> {
    let sql = "UPDATE issue SET status = $2, resolved_at = $3, resolved_in = $4, resolved_known = $5, \
        muted_until = $6, muted_until_count = $7 WHERE hash = $1";
    let micros = |at: Option<Timestamp>| at.map(|at| integer(at.as_micros()));
    let resolved = term.resolved_in.as_ref();
    session
        .execute(
            sql,
            &[
                (issue, Type::BYTEA),
                (&term.status.as_str(), Type::TEXT),
                (&micros(term.resolved_at), Type::INT8),
                (&resolved.map(|resolved| &*resolved.release), Type::TEXT),
                (&resolved.map(|resolved| integer(resolved.latest_known)), Type::INT8),
                (&micros(term.muted_until), Type::INT8),
                (&term.muted_until_count.map(integer), Type::INT8),
            ],
        )
        .map(drop)
}

/// Reads what [`set_term`] has written: status, resolved_at, resolved_in, resolved_known,
/// muted_until and muted_until_count, from column `first` on. Returns `None` if the issue is open.
pub(crate) fn open_term(row: &Row, first: usize) -> Result<Option<StatusTerm>, StoreError> {
    let status: String = get(row, first)?;
    if status == Status::Unresolved.as_str() {
        return Ok(None);
    }
    let count = |at| get::<Option<i64>>(row, at).map(|count| count.map(number));
    let moment = |at| count(at).map(|micros| micros.map(Timestamp::from_micros));
    let release: Option<String> = get(row, first + 2)?;
    let latest_known = count(first + 3)?.unwrap_or(0);
    Ok(Some(StatusTerm {
        status: status.parse().unwrap_or_default(),
        resolved_at: moment(first + 1)?,
        resolved_in: release.map(|release| ResolvedRelease { release, latest_known }),
        muted_until: moment(first + 4)?,
        muted_until_count: count(first + 5)?,
    }))
}

/// Opens an issue again. After a regression its first occurrences are counted anew, from `first_seq`
/// on.
pub(crate) fn reopen(
    session: &mut Session<'_>,
    issue: &Vec<u8>,
    reopening: Reopening,
    first_seq: i64,
) -> Result<(), StoreError> {
    set_term(session, issue, &StatusTerm::default())?;
    if reopening == Reopening::Regression {
        let sql = "UPDATE issue SET first_seq = $2 WHERE hash = $1";
        session.execute(sql, &[(issue, Type::BYTEA), (&first_seq, Type::INT8)])?;
    }
    Ok(())
}

/// The part of a release's name that is remembered; an index has no room for more.
fn release_name(release: &str) -> &str {
    &release[..release.floor_char_boundary(300)]
}

/// Returns the numbers of the releases of a batch, and adds those that are new.
pub(crate) fn number_releases<'a>(
    session: &mut Session<'_>,
    batch: &'a PreparedBatch,
) -> Result<HashMap<&'a str, u64>, StoreError> {
    let releases: BTreeSet<&str> =
        batch.sightings.iter().map(|sighting| &*sighting.release).collect();
    let names: BTreeSet<&str> = releases
        .iter()
        .filter(|release| !release.is_empty())
        .map(|all| release_name(all))
        .collect();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let mut known = known_releases(session, &names.iter().copied().collect::<Vec<_>>())?;
    let missing: Vec<&str> =
        names.iter().filter(|name| !known.contains_key(**name)).copied().collect();
    if !missing.is_empty() {
        let sql =
            "INSERT INTO release (name) SELECT unnest($1::text[]) ON CONFLICT (name) DO NOTHING";
        session.execute(sql, &[(&missing, Type::TEXT_ARRAY)])?;
        known.extend(known_releases(session, &missing)?);
        let sql = "DELETE FROM release WHERE number <= (SELECT max(number) FROM release) - $1";
        session.execute(sql, &[(&integer(MAX_RELEASES), Type::INT8)])?;
    }
    let numbered = |release: &'a str| Some((release, *known.get(release_name(release))?));
    Ok(releases.into_iter().filter_map(numbered).collect())
}

fn known_releases(
    session: &mut Session<'_>,
    names: &[&str],
) -> Result<HashMap<String, u64>, StoreError> {
    let sql = "SELECT name, number FROM release WHERE name = ANY($1)";
    let rows = session.rows(sql, &[(&names, Type::TEXT_ARRAY)])?;
    rows.iter().map(|row| Ok((get(row, 0)?, number(get(row, 1)?)))).collect()
}

fn add_note(session: &mut Session<'_>, issue: &Vec<u8>, note: &Note) -> Result<(), StoreError> {
    let sql = "SELECT count(*) FROM note WHERE issue = $1";
    let kept: i64 = session.value(sql, &[(issue, Type::BYTEA)])?;
    if number(kept) >= MAX_NOTES as u64 {
        return Err(too_many_notes());
    }
    let sql = "INSERT INTO note (issue, at, id, author, text) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (issue, at, id) DO UPDATE SET author = excluded.author, text = excluded.text";
    session
        .execute(
            sql,
            &[
                (issue, Type::BYTEA),
                (&integer(note.at.as_micros()), Type::INT8),
                (&text(&note.id), Type::TEXT),
                (&text(&note.author), Type::TEXT),
                (&text(&note.text), Type::TEXT),
            ],
        )
        .map(drop)
}

/// Returns the notes of an issue and its parts, the oldest first.
pub(crate) fn notes(session: &mut Session<'_>, hash: &[u8]) -> Result<Vec<Note>, StoreError> {
    let members = members(session, hash)?;
    let sql = "SELECT id, at, author, text FROM note WHERE issue = ANY($1) ORDER BY at, id";
    let rows = session.rows(sql, &[(&members, Type::BYTEA_ARRAY)])?;
    let read = |row: &Row| {
        let mut note = Note::new(get::<String>(row, 3)?).author(get::<String>(row, 2)?);
        note.id = get(row, 0)?;
        note.at = Timestamp::from_micros(number(get(row, 1)?));
        Ok(note)
    };
    rows.iter().map(read).collect()
}
