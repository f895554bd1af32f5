//! Sums up a batch by issue, so that a store writes each issue once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Sighting;
use super::facets::release_of;
use crate::event::{Issue, UserKey};

/// Characters of the latest message that an issue has, which are indexed. Events have the whole
/// message.
const MAX_MESSAGE_CHARS: usize = 1000;

/// The sightings of one issue in a batch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssueSum {
    /// The data of the latest event with the sum of the counts.
    pub issue: Issue,
    /// The indexes of its sightings in the batch.
    pub sightings: Vec<usize>,
}

/// The users of an issue's sightings, and how many occurred in which release and on which route.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FacetSums {
    /// The users, each once.
    pub users: BTreeSet<UserKey>,
    /// The releases, without an empty one.
    pub releases: BTreeMap<String, u64>,
    /// The methods and routes, without an empty one.
    pub routes: BTreeMap<String, u64>,
}

/// Returns the issues of a batch, in the order in which they are first in it.
#[must_use]
pub fn sum_by_issue(batch: &[Sighting]) -> Vec<IssueSum> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut by_hash: HashMap<&str, usize> = HashMap::new();
    for (at, sighting) in batch.iter().enumerate() {
        let group = *by_hash.entry(&sighting.event.grouping.hash).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(at);
    }
    let of_group = |sightings: Vec<usize>| IssueSum { issue: summed(batch, &sightings), sightings };
    groups.into_iter().map(of_group).collect()
}

fn summed(batch: &[Sighting], group: &[usize]) -> Issue {
    let mut issue = group.last().map(|at| Issue::of(&batch[*at].event)).unwrap_or_default();
    issue.count = 0;
    for sighting in group.iter().map(|at| &batch[*at]) {
        issue.count = issue.count.saturating_add(sighting.count);
        issue.first_seen = issue.first_seen.min(sighting.event.at);
        issue.last_seen = issue.last_seen.max(sighting.last_seen);
        issue.handled &= sighting.event.is_handled_error();
    }
    if let Some((end, _)) = issue.message.char_indices().nth(MAX_MESSAGE_CHARS) {
        issue.message.truncate(end);
    }
    issue
}

impl FacetSums {
    /// Sums up the sightings of an issue.
    pub fn of<'a>(sightings: impl IntoIterator<Item = &'a Sighting>) -> Self {
        let mut sums = Self::default();
        for sighting in sightings {
            sums.users.extend(&sighting.users);
            let release = release_of(&sighting.event);
            if !release.is_empty() {
                add(&mut sums.releases, release.to_owned(), sighting.count);
            }
            for (route, count) in sighting.routes() {
                add(&mut sums.routes, route, count);
            }
        }
        sums
    }
}

fn add(sums: &mut BTreeMap<String, u64>, value: String, count: u64) {
    let sum = sums.entry(value).or_default();
    *sum = sum.saturating_add(count);
}
