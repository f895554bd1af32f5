//! Looks for damage.

use error_tracker::event::Event;
use error_tracker::json;
use error_tracker::store::StoreError;
use postgres::types::Type;

use crate::session::{Session, get};

/// How many events are read at once.
const STEP: i64 = 500;

/// Rows that belong to no issue, and issues whose numbers do not fit.
const FINDINGS: &str = include_str!("check.sql");

/// Where the reading of events goes on.
pub(crate) type EventPlace = (i64, String);

/// Returns a description of each problem, except those of events.
pub(crate) fn findings(session: &mut Session<'_>) -> Result<Vec<String>, StoreError> {
    session.rows(FINDINGS, &[])?.iter().map(|row| get(row, 0)).collect()
}

/// Reads some events, from `place` on. Returns a description of each that cannot be read, and where
/// to go on.
pub(crate) fn events(
    session: &mut Session<'_>,
    place: &EventPlace,
) -> Result<(Vec<String>, Option<EventPlace>), StoreError> {
    let sql = "SELECT at, id, payload FROM occurrence WHERE at >= $1 AND (at, id) > ($1, $2) ORDER BY at, id LIMIT $3";
    let rows = session
        .rows(sql, &[(&place.0, Type::INT8), (&place.1, Type::TEXT), (&STEP, Type::INT8)])?;
    let (mut findings, mut last) = (Vec::new(), None);
    for row in &rows {
        let (at, id, payload): (i64, String, String) = (get(row, 0)?, get(row, 1)?, get(row, 2)?);
        if let Err(error) = json::from_str::<Event>(&payload) {
            findings.push(format!("the event {id} cannot be read: {error}"));
        }
        last = Some((at, id));
    }
    Ok((findings, last))
}
