//! When issues that were resolved or muted open again.

use super::Recorded;
use super::release::is_newer;
use crate::event::{Status, Timestamp};

/// The maximum number of releases that a store remembers: those that it saw last for the first
/// time. An event without a release has number 0.
pub const MAX_RELEASES: u64 = 10_000;

/// The status of an issue, with what ends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusTerm {
    /// The status.
    pub status: Status,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// The release in which it was resolved, if only a newer one reopens it.
    pub resolved_in: Option<ResolvedRelease>,
    /// The time until which it is muted.
    pub muted_until: Option<Timestamp>,
    /// The number of occurrences up to which it is muted.
    pub muted_until_count: Option<u64>,
}

/// The release in which an issue was resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvedRelease {
    /// The release of the latest event by then.
    pub release: String,
    /// The number of the latest release that the store had seen by then.
    pub latest_known: u64,
}

/// Why an issue is open again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reopening {
    /// It was resolved.
    Regression,
    /// It was muted until a time or a count that was reached.
    Unmuted,
}

impl StatusTerm {
    /// Returns the term of an issue whose status is set now, without a condition.
    #[must_use]
    pub fn of(status: Status) -> Self {
        let resolved_at = (status == Status::Resolved).then(Timestamp::now);
        Self { status, resolved_at, ..Self::default() }
    }

    /// Returns the term of an issue that is resolved now, until a newer release.
    #[must_use]
    pub fn resolved_in(resolved: ResolvedRelease) -> Self {
        Self { resolved_in: Some(resolved), ..Self::of(Status::Resolved) }
    }

    /// Returns the term of an issue that is muted until a time.
    #[must_use]
    pub fn muted_until(until: Timestamp) -> Self {
        Self { muted_until: Some(until), ..Self::of(Status::Muted) }
    }

    /// Returns the term of an issue with `count` occurrences that is muted for `times` more.
    #[must_use]
    pub fn muted_until_count(count: u64, times: u64) -> Self {
        let until = count.saturating_add(times);
        Self { muted_until_count: Some(until), ..Self::of(Status::Muted) }
    }

    /// Returns why a sighting, with which the issue has `count` occurrences, opens it again; `None`
    /// if it does not. `release` is its release with the number that this has in the order in which
    /// the store saw releases first.
    #[must_use]
    pub fn ended_by(
        &self,
        last_seen: Timestamp,
        release: (&str, u64),
        count: u64,
        now: Timestamp,
    ) -> Option<Reopening> {
        match self.status {
            Status::Unresolved => None,
            Status::Resolved => {
                // A resolution in the future was made with a wrong clock, so it counts as earlier.
                let resolved_at = self.resolved_at.unwrap_or_default();
                let is_later = last_seen > resolved_at || resolved_at > now;
                let precedes = |resolved: &ResolvedRelease| resolved.precedes(release.0, release.1);
                let is_over = is_later && self.resolved_in.as_ref().is_none_or(precedes);
                is_over.then_some(Reopening::Regression)
            }
            Status::Muted => {
                let is_over = self.muted_until.is_some_and(|until| last_seen >= until)
                    || self.muted_until_count.is_some_and(|until| count > until);
                is_over.then_some(Reopening::Unmuted)
            }
        }
    }
}

impl ResolvedRelease {
    /// Returns whether `release`, which has this number, is newer.
    fn precedes(&self, release: &str, number: u64) -> bool {
        is_newer(release, &self.release).unwrap_or(number > self.latest_known)
    }
}

impl Reopening {
    /// Adds this to the answer of a store.
    #[must_use]
    pub fn noted(self, recorded: Recorded) -> Recorded {
        match self {
            Self::Regression => recorded.regression(true),
            Self::Unmuted => recorded.unmuted(true),
        }
    }
}
