//! How much a store keeps, and what goes first when that is reached.

use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

use crate::event::{Issue, Kind, Status};

/// How much a store keeps.
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
    /// Issues not seen for longer than this are deleted, unresolved ones too. When the system's clock jumps by more
    /// than 30 days, or a third of this, between two events or starts, it is wrong or was: then all ages are counted
    /// from that moment on.
    pub max_age: Duration,
    /// At most this many issues are kept. Of the type and place (function, file and line) that have most of them
    /// those go first that were seen longest ago, so that a flood of one failure in ever new words leaves the others
    /// alone; and messages go before errors, errors before unresolved panics.
    pub max_issues: u64,
    /// At most this many occurrences of an issue are kept: the first 5 of each release that is among the newest ones,
    /// half of this number in all, and the newest. The first ones hold most, since in a storm of failures variables are
    /// no longer kept. They are counted anew when a resolved issue comes back; those from before then go first. The
    /// issue's count stays.
    pub max_occurrences: u64,
    /// At most so many million bytes are taken by a SQLite file with its journal. The oldest occurrences go first,
    /// the first 5 of unresolved issues last, and then issues. One that is larger gets smaller with each batch, and
    /// gives its room back to the system by [`SqliteStore::compact`](super::SqliteStore::compact). A
    /// [`MemoryStore`](super::MemoryStore) does not count bytes.
    pub max_megabytes: u64,
}

impl Default for Retention {
    /// 90 days, 10,000 issues, 50 occurrences each, 512 megabytes.
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
    /// Deletes issues not seen for longer than this.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Keeps at most this many issues.
    #[must_use]
    pub fn max_issues(mut self, max_issues: u64) -> Self {
        self.max_issues = max_issues;
        self
    }

    /// Keeps at most this many occurrences of an issue.
    #[must_use]
    pub fn max_occurrences(mut self, max_occurrences: u64) -> Self {
        self.max_occurrences = max_occurrences;
        self
    }

    /// Keeps a SQLite file with its journal within so many million bytes.
    #[must_use]
    pub fn max_megabytes(mut self, max_megabytes: u64) -> Self {
        self.max_megabytes = max_megabytes;
        self
    }
}

/// What a store deleted to keep within its [`Retention`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Pruned {
    /// Issues.
    pub issues: u64,
    /// Occurrences, those of the deleted issues included.
    pub occurrences: u64,
}

/// Returns the number of the issues that are alike: of one kind and type, from one place.
pub(super) fn family(issue: &Issue) -> i64 {
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

/// What decides whether an issue goes.
pub(super) struct PruneCandidate<T> {
    pub(super) issue: T,
    pub(super) family: i64,
    pub(super) kind: Kind,
    pub(super) status: Status,
}

/// Issues that matter equally, by family.
struct PruneClass<T> {
    /// The more, the sooner its issues go.
    weight: usize,
    size: usize,
    /// Each with its issues and their age, the latest first.
    families: HashMap<i64, Vec<(usize, T)>>,
    /// Size of each family, and the age of its oldest issue.
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

    /// Returns how much speaks for the next issue to go being one of this class.
    fn pressure(&self) -> Option<(usize, usize)> {
        let (in_family, oldest, _) = self.largest.peek()?;
        Some((in_family.saturating_mul(self.size).saturating_mul(self.weight), *oldest))
    }

    /// Returns the oldest issue of the largest family.
    fn pop(&mut self) -> Option<T> {
        let (.., family) = self.largest.pop()?;
        let (_, issue) = self.families.get_mut(&family)?.pop()?;
        self.size -= 1;
        self.rank(family);
        Some(issue)
    }
}

/// Returns the `excess` issues that go first, of all there are, which come in the order in which they were last seen,
/// the latest first: one after the other the oldest of the largest family, in the class of which there are most by
/// weight. So a flood is kept to itself, whether it comes from one place or from many.
pub(super) fn surplus_issues<T>(
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

/// Returns which of an issue's occurrences go, by their number in `releases`, which has the release of each in the
/// order in which they came. `earlier` of them are from before the issue was opened again.
pub(super) fn surplus_occurrences(
    releases: &[&str],
    earlier: usize,
    retention: &Retention,
) -> Vec<usize> {
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
