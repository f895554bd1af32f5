//! A batch as the transaction needs it: summed up by issue, and serialized before it begins.

use std::collections::BTreeMap;

use error_tracker::event::{Event, Issue, Timestamp};
use error_tracker::json;
use error_tracker::store::rules::{FacetSums, IssueSum, family, sum_by_issue};
use error_tracker::store::{Sighting, StoreError};

use serde::{Deserialize, Serialize};

use crate::convert::{hash_bytes, text};
use crate::text::{failure_text, request_text};

/// A batch that can be recorded.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PreparedBatch {
    /// Sorted by hash: transactions that lock rows in the same order do not wait for each other in
    /// a circle.
    pub(crate) issues: Vec<PreparedIssue>,
    /// In the order of the batch.
    pub(crate) sightings: Vec<PreparedSighting>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PreparedIssue {
    pub(crate) hash: Vec<u8>,
    /// The data of the latest event, with the sum of the counts.
    pub(crate) issue: Issue,
    pub(crate) family: i64,
    pub(crate) components: String,
    /// What is searched.
    pub(crate) failure: String,
    pub(crate) request: String,
    /// The users, with the random bytes of the database, each once.
    pub(crate) users: Vec<u64>,
    pub(crate) releases: BTreeMap<String, u64>,
    pub(crate) routes: BTreeMap<String, u64>,
    /// The indexes of its sightings.
    pub(crate) sightings: Vec<usize>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PreparedSighting {
    /// The index of its issue.
    pub(crate) issue: usize,
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    pub(crate) last_seen: Timestamp,
    pub(crate) release: String,
    pub(crate) count: u64,
    pub(crate) again: bool,
    pub(crate) payload: String,
}

impl PreparedBatch {
    /// Prepares a batch. Without the random bytes of the database users are not counted.
    pub(crate) fn new(batch: &[Sighting], secret: Option<&[u8; 32]>) -> Result<Self, StoreError> {
        let prepare = |sum: IssueSum| PreparedIssue::new(sum, batch, secret);
        let mut issues =
            sum_by_issue(batch).into_iter().map(prepare).collect::<Result<Vec<_>, _>>()?;
        issues.sort_by(|one, other| one.hash.cmp(&other.hash));
        let mut of_sighting = vec![0; batch.len()];
        for (at, issue) in issues.iter().enumerate() {
            issue.sightings.iter().for_each(|sighting| of_sighting[*sighting] = at);
        }
        let prepare = |(sighting, issue)| PreparedSighting::new(sighting, issue);
        let sightings =
            batch.iter().zip(of_sighting).map(prepare).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { issues, sightings })
    }
}

impl PreparedIssue {
    fn new(
        sum: IssueSum,
        batch: &[Sighting],
        secret: Option<&[u8; 32]>,
    ) -> Result<Self, StoreError> {
        let IssueSum { mut issue, sightings, .. } = sum;
        let FacetSums { users, releases, routes, .. } =
            FacetSums::of(sightings.iter().map(|at| &batch[*at]));
        let keyed = |secret| users.iter().map(|user| user.keyed(secret)).collect();
        let users = secret.map(keyed).unwrap_or_default();
        let (hash, family) = (hash_bytes(&issue.hash), family(&issue));
        for field in [
            &mut issue.type_name,
            &mut issue.message,
            &mut issue.function,
            &mut issue.module,
            &mut issue.file,
            &mut issue.host,
            &mut issue.method,
            &mut issue.path,
            &mut issue.release,
            &mut issue.environment,
        ] {
            *field = text(field);
        }
        issue.variant = issue.variant.as_deref().map(text);
        let components = json::to_string(&issue.components)
            .map_err(|error| StoreError::Other(Box::new(error)))?;
        let (failure, request) = (failure_text(&issue), request_text(&issue));
        Ok(Self {
            hash,
            issue,
            family,
            components,
            failure,
            request,
            users,
            releases,
            routes,
            sightings,
        })
    }
}

impl PreparedSighting {
    fn new(sighting: &Sighting, issue: usize) -> Result<Self, StoreError> {
        let Sighting { event, count, last_seen, again, .. } = sighting;
        Ok(Self {
            issue,
            id: text(&event.id),
            at: event.at,
            last_seen: *last_seen,
            release: text(&event.origin.release),
            count: *count,
            again: *again,
            payload: payload(event)?,
        })
    }
}

/// Returns an event as JSON.
pub(crate) fn payload(event: &Event) -> Result<String, StoreError> {
    json::to_string(event).map_err(|error| StoreError::Other(Box::new(error)))
}
