//! The outbox in the database.

use std::time::Duration;

use error_tracker::event::Timestamp;
use error_tracker::store::{
    ClaimedMessage, DeliveryState, Enqueued, OutboxClaim, OutboxLimits, OutboxMessage, SendOutcome,
    StoreError,
};
use postgres::Row;
use postgres::types::Type;

use crate::convert::{hash_text, integer, number, text};
use crate::session::{Parameter, Session, get};

/// Adds up what is held back.
macro_rules! adding_up {
    ($sql:literal) => {
        concat!(
            $sql,
            " ON CONFLICT (channel, hash, message) DO UPDATE \
                SET count = held_back.count + excluded.count, since = least(held_back.since, excluded.since)"
        )
    };
}

/// Lets what was held back for the channel `$2`, and for one issue unless `$3` is empty, belong to
/// the message `$1`.
const ATTACH: &str = adding_up!(
    "WITH freed AS (DELETE FROM held_back WHERE channel = $2 AND message = 0 AND (hash = $3 OR $3 = '') \
        RETURNING channel, hash, count, since) \
    INSERT INTO held_back (channel, hash, message, count, since) SELECT channel, hash, $1, count, since FROM freed"
);

/// Lets what belongs to the messages `$1` belong to none.
const RELEASE: &str = adding_up!(
    "WITH freed AS (DELETE FROM held_back WHERE message = ANY($1) RETURNING channel, hash, count, since) \
    INSERT INTO held_back (channel, hash, message, count, since) \
        SELECT channel, hash, 0, sum(count)::bigint, min(since) FROM freed GROUP BY channel, hash"
);

pub(crate) fn time(at: Timestamp) -> i64 {
    integer(at.as_micros())
}

pub(crate) fn read_time(micros: i64) -> Timestamp {
    Timestamp::from_micros(number(micros))
}

/// Returns whether a message was added before.
pub(crate) fn is_known(
    session: &mut Session<'_>,
    message: &OutboxMessage,
) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT FROM outbox WHERE channel = $1 AND hash = $2 AND reason = $3)";
    session.value(
        sql,
        &[
            (&message.channel, Type::TEXT),
            (&message.hash, Type::TEXT),
            (&message.reason, Type::TEXT),
        ],
    )
}

/// Adds a message within limits.
pub(crate) fn enqueue(
    session: &mut Session<'_>,
    message: &OutboxMessage,
    limits: &OutboxLimits,
) -> Result<Enqueued, StoreError> {
    let OutboxMessage { channel, hash, .. } = message;
    if limits.per_issue < u64::MAX || limits.per_channel < u64::MAX {
        // Otherwise two processes would both take what is left of the limit.
        let name: &[Parameter<'_>] = &[(channel, Type::TEXT)];
        session.execute("INSERT INTO outbox_channel VALUES ($1) ON CONFLICT DO NOTHING", name)?;
        session.execute("SELECT FROM outbox_channel WHERE name = $1 FOR UPDATE", name)?;
        if is_known(session, message)? {
            return Ok(Enqueued::Known);
        }
        let sql = "SELECT count(*), count(*) FILTER (WHERE hash = $3) FROM outbox \
            WHERE channel = $1 AND created >= $2 AND state <> 'held-back'";
        let since = time(limits.since);
        let values: &[Parameter<'_>] =
            &[(channel, Type::TEXT), (&since, Type::INT8), (hash, Type::TEXT)];
        let counts = session.row(sql, values)?;
        let (of_channel, of_issue) = match &counts {
            Some(row) => (number(get(row, 0)?), number(get(row, 1)?)),
            None => (0, 0),
        };
        if of_issue >= limits.per_issue || of_channel >= limits.per_channel {
            hold(session, channel, hash, time(message.created))?;
            if message.once {
                add(session, message, DeliveryState::HeldBack)?;
            }
            return Ok(Enqueued::HeldBack);
        }
    }
    let is_added = add(session, message, DeliveryState::Waiting)?;
    Ok(if is_added { Enqueued::Added } else { Enqueued::Known })
}

fn hold(
    session: &mut Session<'_>,
    channel: &str,
    hash: &str,
    since: i64,
) -> Result<(), StoreError> {
    let sql = adding_up!(
        "INSERT INTO held_back (channel, hash, message, count, since) VALUES ($1, $2, 0, 1, $3)"
    );
    let values: &[Parameter<'_>] =
        &[(&channel, Type::TEXT), (&hash, Type::TEXT), (&since, Type::INT8)];
    session.execute(sql, values).map(drop)
}

/// Adds a message. Returns whether it did not exist.
fn add(
    session: &mut Session<'_>,
    message: &OutboxMessage,
    state: DeliveryState,
) -> Result<bool, StoreError> {
    let OutboxMessage { channel, hash, reason, event, created, .. } = message;
    let finished = (state != DeliveryState::Waiting).then(|| time(*created));
    let sql = "INSERT INTO outbox (channel, hash, reason, event, created, due, state, finished) \
        VALUES ($1, $2, $3, $4, $5, $5, $6, $7) ON CONFLICT (channel, hash, reason) DO NOTHING";
    let added = session.execute(
        sql,
        &[
            (channel, Type::TEXT),
            (hash, Type::TEXT),
            (reason, Type::TEXT),
            (event, Type::TEXT),
            (&time(*created), Type::INT8),
            (&state.as_str(), Type::TEXT),
            (&finished, Type::INT8),
        ],
    )?;
    Ok(added > 0)
}

/// Finds a message that can be claimed; nobody else finds it if `lock` is `FOR UPDATE SKIP LOCKED`.
fn find_due(
    session: &mut Session<'_>,
    claim: &OutboxClaim,
    lock: &str,
) -> Result<Option<(i64, bool)>, StoreError> {
    let sql = format!(
        "SELECT id, owner IS NOT NULL FROM outbox WHERE channel = $1 AND state = 'waiting' AND due <= $2 \
            AND (owner IS NULL OR claimed_until <= $2) ORDER BY id LIMIT 1 {lock}"
    );
    let now = time(claim.now);
    let row = session.row(&sql, &[(&claim.channel, Type::TEXT), (&now, Type::INT8)])?;
    row.map(|row| Ok((get(&row, 0)?, get(&row, 1)?))).transpose()
}

/// Returns whether a message can be claimed.
pub(crate) fn has_due(session: &mut Session<'_>, claim: &OutboxClaim) -> Result<bool, StoreError> {
    find_due(session, claim, "").map(|due| due.is_some())
}

/// Claims a message.
pub(crate) fn claim(
    session: &mut Session<'_>,
    claim: &OutboxClaim,
) -> Result<Option<ClaimedMessage>, StoreError> {
    let Some((id, repeated)) = find_due(session, claim, "FOR UPDATE SKIP LOCKED")? else {
        return Ok(None);
    };
    let lease = claim.lease.max(Duration::from_millis(1)).as_micros();
    let until = time(claim.now).saturating_add(i64::try_from(lease).unwrap_or(i64::MAX));
    let sql = "UPDATE outbox SET owner = $2, claimed_until = $3, attempts = attempts + 1 WHERE id = $1 \
        RETURNING channel, hash, reason, event, created, attempts";
    let values: &[Parameter<'_>] =
        &[(&id, Type::INT8), (&claim.owner, Type::TEXT), (&until, Type::INT8)];
    let Some(row) = session.row(sql, values)? else { return Ok(None) };
    let mut claimed = ClaimedMessage::default();
    (claimed.id, claimed.repeated) = (number(id), repeated);
    (claimed.message, claimed.attempts) = (read_message(&row)?, number(get(&row, 5)?));
    let OutboxMessage { channel, hash, .. } = &claimed.message;
    let values: &[Parameter<'_>] = &[(&id, Type::INT8), (channel, Type::TEXT), (hash, Type::TEXT)];
    session.execute(ATTACH, values)?;
    let sql = "SELECT hash, count FROM held_back WHERE message = $1";
    for row in session.rows(sql, &[(&id, Type::INT8)])? {
        claimed.held_back.push((get(&row, 0)?, number(get(&row, 1)?)));
    }
    Ok(Some(claimed))
}

/// Ends a claim. Returns whether it was the owner's.
pub(crate) fn finish(
    session: &mut Session<'_>,
    id: u64,
    owner: &str,
    outcome: &SendOutcome,
) -> Result<bool, StoreError> {
    let id = integer(id);
    let (state, due, finished, result) = match outcome {
        SendOutcome::Retry { due, error } => {
            (DeliveryState::Waiting, Some(time(*due)), None, error)
        }
        SendOutcome::Sent { at, answer } => (DeliveryState::Sent, None, Some(time(*at)), answer),
        SendOutcome::Failed { at, error } => (DeliveryState::Failed, None, Some(time(*at)), error),
        _ => return Ok(false),
    };
    let sql = "UPDATE outbox SET owner = NULL, claimed_until = NULL, state = $3, due = coalesce($4, due), \
        finished = $5, result = $6 WHERE id = $1 AND owner = $2 AND state = 'waiting'";
    let updated = session.execute(
        sql,
        &[
            (&id, Type::INT8),
            (&owner, Type::TEXT),
            (&state.as_str(), Type::TEXT),
            (&due, Type::INT8),
            (&finished, Type::INT8),
            (&text(result), Type::TEXT),
        ],
    )?;
    if updated == 0 {
        return Ok(false);
    }
    match state {
        DeliveryState::Sent => {
            session.execute("DELETE FROM held_back WHERE message = $1", &[(&id, Type::INT8)])?;
        }
        DeliveryState::Failed => {
            session.execute(RELEASE, &[(&vec![id], Type::INT8_ARRAY)])?;
        }
        _ => {}
    }
    Ok(true)
}

/// Holds back what waits, and adds a digest of it. Returns the number of messages.
pub(crate) fn collapse(
    session: &mut Session<'_>,
    digest: &OutboxMessage,
) -> Result<u64, StoreError> {
    let channel: &[Parameter<'_>] = &[(&digest.channel, Type::TEXT)];
    let sql = "UPDATE outbox SET state = 'held-back', finished = $2 \
        WHERE channel = $1 AND state = 'waiting' AND owner IS NULL AND hash <> '' RETURNING id, hash, created";
    let finished = time(digest.created);
    let rows = session.rows(sql, &[(&digest.channel, Type::TEXT), (&finished, Type::INT8)])?;
    let mut ids = Vec::with_capacity(rows.len());
    for row in &rows {
        ids.push(get::<i64>(row, 0)?);
        hold(session, &digest.channel, &get::<String>(row, 1)?, get(row, 2)?)?;
    }
    if !ids.is_empty() {
        session.execute(RELEASE, &[(&ids, Type::INT8_ARRAY)])?;
    }
    let sql = "SELECT EXISTS (SELECT FROM held_back WHERE channel = $1 AND message = 0) \
        AND NOT EXISTS (SELECT FROM outbox WHERE channel = $1 AND state = 'waiting' AND hash = '')";
    if session.value(sql, channel)? {
        add(session, digest, DeliveryState::Waiting)?;
    }
    Ok(ids.len() as u64)
}

/// Deletes the messages about deleted issues.
pub(crate) fn forget(session: &mut Session<'_>, issues: &[Vec<u8>]) -> Result<(), StoreError> {
    // Digests have an empty one.
    let hashes = issues.iter().map(|hash| hash_text(hash)).filter(|hash| !hash.is_empty());
    let hashes: Vec<String> = hashes.collect();
    let forget = include_str!("outbox_forget.sql");
    session.execute(forget, &[(&hashes, Type::TEXT_ARRAY)])?;
    let sql = "DELETE FROM status_change WHERE hash = ANY($1)";
    session.execute(sql, &[(&hashes, Type::TEXT_ARRAY)]).map(drop)
}

/// Reads the first columns of a row: channel, hash, reason, event, created.
pub(crate) fn read_message(row: &Row) -> Result<OutboxMessage, StoreError> {
    let text = |at| get::<String>(row, at);
    let created = read_time(get(row, 4)?);
    Ok(OutboxMessage::new(text(0)?, text(1)?, text(2)?, created).event(text(3)?))
}
