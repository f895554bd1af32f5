//! When digests are sent.

use std::time::Duration;

use error_tracker::event::Timestamp;
use error_tracker::store::OutboxCounts;
use serde::Deserialize;

const HOUR: u64 = 3_600_000_000;
const DAY: u64 = 24 * HOUR;
/// From a Monday to 1970-01-01, which was a Thursday.
const MONDAY: u64 = 3 * DAY;

/// How long messages that a limit has held back wait for another message before a digest tells of
/// them.
pub(crate) const WAIT: Duration = Duration::from_secs(3_600);

/// How often a channel sends a digest in place of single messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DigestPeriod {
    /// Each day, at 6:00 UTC.
    Daily,
    /// Each Monday, at 6:00 UTC.
    Weekly,
}

impl DigestPeriod {
    /// Returns the number of the period in which a time lies.
    fn number(self, at: Timestamp) -> u64 {
        let since_six = at.as_micros().saturating_sub(6 * HOUR);
        match self {
            Self::Daily => since_six / DAY,
            Self::Weekly => (since_six + MONDAY) / (7 * DAY),
        }
    }
}

/// Returns whether a digest of what was held back is due.
pub(crate) fn is_due(period: Option<DigestPeriod>, counts: &OutboxCounts, now: Timestamp) -> bool {
    let Some(since) = counts.held_back_since.filter(|_| counts.held_back > 0) else { return false };
    match period {
        Some(period) => period.number(now) > period.number(since),
        None => now >= crate::clock::later(since, WAIT),
    }
}

#[cfg(test)]
mod tests {
    use error_tracker::event::Timestamp;
    use error_tracker::store::OutboxCounts;

    use super::{DigestPeriod, is_due};

    fn due(period: Option<DigestPeriod>, since: &str, now: &str) -> bool {
        let mut counts = OutboxCounts::default();
        counts.held_back = 1;
        counts.held_back_since = Some(since.parse::<Timestamp>().unwrap());
        is_due(period, &counts, now.parse().unwrap())
    }

    #[test]
    fn a_daily_digest_is_due_at_six_and_a_weekly_one_on_monday() {
        let daily = |since, now| due(Some(DigestPeriod::Daily), since, now);
        assert!(!daily("2026-12-01T06:00", "2026-12-02T05:59"));
        assert!(daily("2026-12-01T06:00", "2026-12-02T06:00"));
        assert!(daily("2026-12-01T05:59", "2026-12-01T06:00"));
        let weekly = |since, now| due(Some(DigestPeriod::Weekly), since, now);
        // 2026-12-07 is a Monday.
        assert!(!weekly("2026-11-30T06:00", "2026-12-07T05:59"));
        assert!(weekly("2026-11-30T06:00", "2026-12-07T06:00"));
        assert!(weekly("2026-12-06T23:00", "2026-12-07T06:00"));
    }

    #[test]
    fn what_a_limit_holds_back_is_told_after_an_hour() {
        assert!(!due(None, "2026-12-01T06:00", "2026-12-01T06:59"));
        assert!(due(None, "2026-12-01T06:00", "2026-12-01T07:00"));
        assert!(!is_due(None, &OutboxCounts::default(), Timestamp::now()));
    }
}
