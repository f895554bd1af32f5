//! The limits of a store, and the order in which issues and events are deleted to keep within them.

use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

use crate::event::{Issue, Kind, Status};

/// The limits of a store.
///
/// ```
/// use std::time::Duration;
///
/// use error_tracker::store::Retention;
///
/// let month = Duration::from_secs(30 * 86_400);
/// let retention = Retention::default().max_age(month).max_issues(1_000).max_megabytes(64);
/// let builder = error_tracker::builder().retention(retention);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Retention {
    /// Issues that were not seen for longer than this are deleted, even unresolved ones. If the
    /// system's clock jumps by more than 30 days, or a third of this age, between two events or
    /// starts, it is or was wrong; all ages are then counted from that moment on.
    pub max_age: Duration,
    /// The maximum number of issues. The type and place (function, file and line) with the most
    /// issues loses its least recently seen ones first, so that a flood of one failure with ever
    /// new texts does not evict others. Messages are deleted before errors, and errors before
    /// unresolved panics.
    pub max_issues: u64,
    /// The maximum number of stored occurrences of an issue: the newest ones, and the first 5 of
    /// each release that is among the newest, up to half of this number. The first occurrences have
    /// the most details, because variables are not captured in a storm. When a resolved issue comes
    /// back, first occurrences are counted anew, and earlier ones are deleted first. The issue's
    /// count does not change.
    pub max_occurrences: u64,
    /// The maximum size of a SQLite file with its journal, in million bytes. The oldest occurrences
    /// are deleted first, except the first 5 of unresolved issues, which are deleted next, and then
    /// issues. A file that is too large shrinks with each batch;
    /// [`SqliteStore::compact`](super::SqliteStore::compact) returns its free space to the file
    /// system. Other stores do not count bytes.
    pub max_megabytes: u64,
}

impl Default for Retention {
    /// Returns limits of 90 days, 10,000 issues, 50 occurrences each, and 512 megabytes.
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(90 * 86_400),
            max_issues: 10_000,
            max_occurrences: 50,
            max_megabytes: 512,
        }
    }
}

impl Retention {
    /// Sets after which time without occurrences an issue is deleted.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Sets the maximum number of issues.
    #[must_use]
    pub fn max_issues(mut self, max_issues: u64) -> Self {
        self.max_issues = max_issues;
        self
    }

    /// Sets the maximum number of stored occurrences of an issue.
    #[must_use]
    pub fn max_occurrences(mut self, max_occurrences: u64) -> Self {
        self.max_occurrences = max_occurrences;
        self
    }

    /// Sets the maximum size of a SQLite file with its journal, in million bytes.
    #[must_use]
    pub fn max_megabytes(mut self, max_megabytes: u64) -> Self {
        self.max_megabytes = max_megabytes;
        self
    }
}

/// The numbers of issues and occurrences that a store deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Pruned {
    /// Deleted issues.
    pub issues: u64,
    /// Deleted occurrences, including those of the deleted issues.
    pub occurrences: u64,
}

/// Returns a hash that is equal for issues of the same kind, type and place.
#[must_use]
pub fn family(issue: &Issue) -> i64 {
    let mut hasher = Hash::new();
    let (kind, line) = ([issue.kind as u8], issue.line.to_le_bytes());
    let parts: [&[u8]; 6] = [
        &kind,
        issue.type_name.as_bytes(),
        issue.module.as_bytes(),
        issue.function.as_bytes(),
        issue.file.as_bytes(),
        &line,
    ];
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let digest = hasher.finalize();
    i64::from_le_bytes(std::array::from_fn(|at| digest[at]))
}

/// An issue, with what decides when it is deleted.
#[derive(Clone, Debug)]
pub struct PruneCandidate<T> {
    /// What the store knows the issue by.
    pub issue: T,
    /// The [`family`] of its latest event.
    pub family: i64,
    /// The kind of its latest event.
    pub kind: Kind,
    /// Its status.
    pub status: Status,
}

/// Issues of the same importance, by family.
struct PruneClass<T> {
    /// Issues of a class with a larger weight are deleted sooner.
    weight: usize,
    size: usize,
    /// The issues of each family with their age, the latest first.
    families: HashMap<i64, Vec<(usize, T)>>,
    /// The size of each family, and the age of its oldest issue.
    largest: BinaryHeap<(usize, usize, i64)>,
}

impl<T> PruneClass<T> {
    fn new(weight: usize) -> Self {
        Self { weight, size: 0, families: HashMap::new(), largest: BinaryHeap::new() }
    }

    fn add(&mut self, age: usize, candidate: PruneCandidate<T>) {
        self.families.entry(candidate.family).or_default().push((age, candidate.issue));
        self.size += 1;
    }

    fn rank(&mut self, family: i64) {
        let Some(issues) = self.families.get(&family) else { return };
        self.largest.extend(issues.last().map(|(oldest, _)| (issues.len(), *oldest, family)));
    }

    /// Returns the priority by which the next issue is deleted from this class.
    fn pressure(&self) -> Option<(usize, usize)> {
        let (in_family, oldest, _) = self.largest.peek()?;
        Some((in_family.saturating_mul(self.size).saturating_mul(self.weight), *oldest))
    }

    /// Removes and returns the oldest issue of the largest family.
    fn pop(&mut self) -> Option<T> {
        let (.., family) = self.largest.pop()?;
        let (_, issue) = self.families.get_mut(&family)?.pop()?;
        self.size -= 1;
        self.rank(family);
        Some(issue)
    }
}

/// Returns the `excess` issues to delete, given all issues, the last seen first. Takes repeatedly
/// the oldest issue of the largest family, in the class that has the most issues by weight, so that
/// a flood evicts only its own issues, whether it comes from one place or from many.
pub fn surplus_issues<T>(
    latest_first: impl IntoIterator<Item = PruneCandidate<T>>,
    excess: usize,
) -> Vec<T> {
    let mut classes = [PruneClass::new(1), PruneClass::new(4), PruneClass::new(16)];
    for (age, candidate) in latest_first.into_iter().enumerate() {
        let class = match (candidate.kind, candidate.status) {
            (Kind::Panic, Status::Unresolved) => 0,
            (Kind::Panic | Kind::Error, _) => 1,
            (Kind::Message | Kind::None, _) => 2,
        };
        classes[class].add(age, candidate);
    }
    for class in &mut classes {
        let families: Vec<i64> = class.families.keys().copied().collect();
        families.into_iter().for_each(|family| class.rank(family));
    }
    let next = || classes.iter_mut().max_by_key(|class| class.pressure())?.pop();
    std::iter::from_fn(next).take(excess).collect()
}

/// Returns the indexes of an issue's occurrences to delete. `releases` has the release of each
/// occurrence, in the order in which they were recorded; the first `earlier` are from before the
/// issue was reopened.
#[must_use]
pub fn surplus_occurrences(releases: &[&str], earlier: usize, retention: &Retention) -> Vec<usize> {
    const FIRST: usize = 5;
    let most = usize::try_from(retention.max_occurrences).unwrap_or(usize::MAX);
    let excess = releases.len().saturating_sub(most);
    if excess == 0 {
        return Vec::new();
    }
    let mut left = most / 2;
    let first = FIRST.min(left);
    let newest = releases[earlier..].iter().rev().take(most - most / 2);
    let mut stay = vec![false; releases.len()];
    let mut seen: Vec<&str> = Vec::new();
    for release in newest {
        if seen.contains(release) || left < first {
            continue;
        }
        seen.push(release);
        let of_release = (earlier..releases.len()).filter(|at| releases[*at] == *release);
        for at in of_release.take(first) {
            stay[at] = true;
            left -= 1;
        }
    }
    (0..releases.len()).filter(|at| !stay[*at]).take(excess).collect()
}
