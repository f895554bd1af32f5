//! When a channel tells of an issue.

mod spike;

pub(crate) use spike::SpikeDetector;

use error_tracker::store::Recorded;
use serde::Deserialize;

use crate::Reason;

/// When people are told of an issue.
///
/// By default they are told of a new issue, of one that is seen again after it was resolved or
/// muted, after 10, 100, 1,000, .. occurrences, when it is seen much more often than usual, and when
/// a person changes its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct NotifyRules {
    /// Whether each occurrence is told; `false` by default.
    pub every: bool,
    /// Whether a new issue is told; `true` by default.
    pub new: bool,
    /// Whether an issue is told that had been resolved and is seen again; `true` by default.
    pub regression: bool,
    /// Whether an issue is told that had been muted until a time or a count, and is open again;
    /// `true` by default.
    pub unmuted: bool,
    /// Whether 10, 100, 1,000, .. occurrences are told; `true` by default.
    pub milestones: bool,
    /// When an issue counts as seen unusually often; `None` for never.
    pub spike: Option<SpikeRule>,
    /// Whether it is told that a person has resolved, muted or reopened an issue, on the page, at
    /// the command line or by [`Store::change`](error_tracker::store::Store::change); `true` by
    /// default. These messages use at most a quarter of the channel's limit for an hour.
    pub changes: bool,
}

/// When an issue counts as seen unusually often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SpikeRule {
    /// The number of occurrences; 30 by default.
    pub count: u64,
    /// Within how many minutes; 5 by default.
    pub minutes: u64,
    /// How many times as often as usual; 10 by default. Usual is the rate of the last 7 days.
    pub factor: u64,
}

impl Default for NotifyRules {
    fn default() -> Self {
        Self {
            every: false,
            new: true,
            regression: true,
            unmuted: true,
            milestones: true,
            spike: Some(SpikeRule::default()),
            changes: true,
        }
    }
}

impl Default for SpikeRule {
    fn default() -> Self {
        Self { count: 30, minutes: 5, factor: 10 }
    }
}

impl NotifyRules {
    /// Tells of each occurrence.
    #[must_use]
    pub fn every() -> Self {
        Self { every: true, milestones: false, spike: None, ..Self::default() }
    }

    /// Tells of each issue once, when it is new.
    #[must_use]
    pub fn once() -> Self {
        Self {
            regression: false,
            unmuted: false,
            milestones: false,
            spike: None,
            changes: false,
            ..Self::default()
        }
    }

    /// Returns the most important reason to tell of what was recorded, leaving spikes aside.
    pub(crate) fn reason(&self, recorded: &Recorded, occurrences: u64) -> Option<Reason> {
        if recorded.regression && (self.regression || self.every) {
            return Some(Reason::Regression);
        }
        if recorded.unmuted && (self.unmuted || self.every) {
            return Some(Reason::Unmuted);
        }
        if recorded.new && (self.new || self.every) {
            return Some(Reason::New);
        }
        let before = recorded.count.saturating_sub(occurrences.max(1));
        if self.milestones
            && let Some(milestone) = milestone(before, recorded.count)
        {
            return Some(Reason::Milestone(milestone));
        }
        self.every.then_some(Reason::Occurrence)
    }
}

/// Returns the largest power of ten, from 10 on, that lies above `before` and is reached by
/// `after`.
fn milestone(before: u64, after: u64) -> Option<u64> {
    let largest = 10_u64.pow(after.checked_ilog10().filter(|power| *power > 0)?);
    (largest > before).then_some(largest)
}

#[cfg(test)]
mod tests {
    use error_tracker::store::Recorded;

    use super::{NotifyRules, milestone};
    use crate::Reason;

    #[test]
    fn powers_of_ten_are_milestones_even_when_a_storm_jumps_over_them() {
        for (before, after, expected) in [
            (0, 9, None),
            (9, 10, Some(10)),
            (10, 11, None),
            (3, 250, Some(100)),
            (99, 100, Some(100)),
            (100, 999, None),
            (0, u64::MAX, Some(10_000_000_000_000_000_000)),
            (0, 0, None),
        ] {
            assert_eq!(milestone(before, after), expected, "{before} to {after}");
        }
    }

    #[test]
    fn the_most_important_reason_is_told() {
        let rules = NotifyRules::default();
        let new = Recorded::seen(12).with_new(true);
        assert_eq!(rules.reason(&new, 12), Some(Reason::New));
        let regression = Recorded::seen(100).regression(true);
        assert_eq!(rules.reason(&regression, 1), Some(Reason::Regression));
        assert_eq!(rules.reason(&Recorded::seen(100), 1), Some(Reason::Milestone(100)));
        assert_eq!(rules.reason(&Recorded::seen(101), 1), None);
        let unmuted = Recorded::seen(100).unmuted(true);
        assert_eq!(rules.reason(&unmuted, 1), Some(Reason::Unmuted));
        let once = NotifyRules::once();
        assert_eq!(once.reason(&new, 12), Some(Reason::New));
        assert_eq!(once.reason(&regression, 1), None);
        assert_eq!(once.reason(&Recorded::seen(100), 1), None);
        let every = NotifyRules::every();
        assert_eq!(every.reason(&Recorded::seen(100), 1), Some(Reason::Occurrence));
        assert_eq!(every.reason(&new, 1), Some(Reason::New));
    }
}
