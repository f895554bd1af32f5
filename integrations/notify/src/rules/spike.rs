//! Finds issues that are seen unusually often.

use std::collections::{HashMap, VecDeque};

use error_tracker::event::Timestamp;
use error_tracker::store::{Store, StoreError};

use super::SpikeRule;
use crate::Reason;

/// The most issues whose occurrences are observed at a time.
const MAX_ISSUES: usize = 1_000;
/// The parts into which the observed time is divided.
const PARTS: u64 = 10;
/// The days by which the usual rate is measured.
const USUAL_DAYS: u64 = 7;
const MINUTE: u64 = 60_000_000;
const HOUR: u64 = 60 * MINUTE;

/// Counts the occurrences of issues in the last minutes.
#[derive(Debug, Default)]
pub(crate) struct SpikeDetector {
    issues: HashMap<String, RecentCounts>,
}

#[derive(Debug, Default)]
struct RecentCounts {
    /// The start of a part of the observed time, and the occurrences in it.
    parts: VecDeque<(u64, u64)>,
    /// Whether the current spike was told. It ends when the number falls below the limit.
    told: bool,
}

impl SpikeDetector {
    /// Counts occurrences of an issue. Returns a spike when one begins, with a name that is the
    /// same in all processes that see it begin at about the same time.
    pub(crate) fn observe(
        &mut self,
        rule: &SpikeRule,
        hash: &str,
        occurrences: u64,
        now: Timestamp,
        store: &dyn Store,
    ) -> Result<Option<(Reason, u64)>, StoreError> {
        let window = rule.minutes.max(1) * MINUTE;
        let part = now.as_micros() / (window / PARTS) * (window / PARTS);
        if !self.issues.contains_key(hash) && self.issues.len() >= MAX_ISSUES {
            self.forget_oldest();
        }
        let counts = self.issues.entry(hash.to_owned()).or_default();
        match counts.parts.back_mut() {
            // A clock that jumps back counts for the newest part.
            Some((start, count)) if *start >= part => *count += occurrences,
            _ => counts.parts.push_back((part, occurrences)),
        }
        let since = now.as_micros().saturating_sub(window);
        while counts.parts.front().is_some_and(|(start, _)| *start < since) {
            counts.parts.pop_front();
        }
        let count: u64 = counts.parts.iter().map(|(_, count)| count).sum();
        if count < rule.count.max(1) {
            counts.told = false;
            return Ok(None);
        }
        if counts.told {
            return Ok(None);
        }
        // Compared without division: `usual` is the number in `hours`, `count` the one in a window.
        let (usual, hours) = usual(store, hash, now, count)?;
        let is_spike = u128::from(count) * u128::from(hours * HOUR)
            >= u128::from(rule.factor) * u128::from(usual) * u128::from(window);
        if !is_spike {
            return Ok(None);
        }
        counts.told = true;
        let reason = Reason::Spike { count: rule.count, minutes: rule.minutes.max(1) };
        Ok(Some((reason, now.as_micros() / window)))
    }

    fn forget_oldest(&mut self) {
        let newest = |(hash, counts): (&String, &RecentCounts)| {
            (counts.parts.back().map_or(0, |(start, _)| *start), hash.clone())
        };
        if let Some((_, hash)) = self.issues.iter().map(newest).min() {
            self.issues.remove(&hash);
        }
    }
}

/// Returns the occurrences before the spike, and the hours in which they were.
fn usual(
    store: &dyn Store,
    hash: &str,
    now: Timestamp,
    spike: u64,
) -> Result<(u64, u64), StoreError> {
    let hours = USUAL_DAYS * 24;
    let since = Timestamp::from_micros(now.as_micros().saturating_sub(hours * HOUR));
    let all: u64 = store.hourly_counts(hash, since)?.iter().map(|(_, count)| count).sum();
    Ok((all.saturating_sub(spike), hours))
}

#[cfg(test)]
mod tests {
    use error_tracker::event::{Event, Timestamp};
    use error_tracker::store::{MemoryStore, Sighting, Store as _};

    use super::{HOUR, MAX_ISSUES, MINUTE, SpikeDetector};
    use crate::Reason;
    use crate::rules::SpikeRule;

    const START: u64 = 500_000 * HOUR;

    /// Records an occurrence, `micros` after the start. Returns the spike that it begins.
    fn see(
        detector: &mut SpikeDetector,
        store: &MemoryStore,
        micros: u64,
        count: u64,
    ) -> Option<Reason> {
        let mut event = Event::default();
        event.at = Timestamp::from_micros(START + micros);
        event.id = micros.to_string();
        event.grouping.hash = "a".into();
        let at = event.at;
        store.record(&[Sighting::new(event).repeated(count, at)]).unwrap();
        let spike = detector.observe(&SpikeRule::default(), "a", count, at, store);
        spike.unwrap().map(|(reason, _)| reason)
    }

    #[test]
    fn thirty_in_five_minutes_are_a_spike_once() {
        let (mut detector, store) = (SpikeDetector::default(), MemoryStore::new());
        for at in 0..29 {
            assert_eq!(see(&mut detector, &store, at * MINUTE / 6, 1), None, "{at}");
        }
        let spike = Some(Reason::Spike { count: 30, minutes: 5 });
        assert_eq!(see(&mut detector, &store, 29 * MINUTE / 6, 1), spike);
        assert_eq!(see(&mut detector, &store, 29 * MINUTE / 6, 500), None);
        assert_eq!(see(&mut detector, &store, 30 * MINUTE, 1), None);
        // 550 in a week are usual now: ten times as much would be fewer than 30.
        assert_eq!(
            see(&mut detector, &store, 60 * MINUTE, 30),
            Some(Reason::Spike { count: 30, minutes: 5 })
        );
    }

    #[test]
    fn what_comes_slowly_is_no_spike() {
        let (mut detector, store) = (SpikeDetector::default(), MemoryStore::new());
        for at in 0..500 {
            assert_eq!(see(&mut detector, &store, at * MINUTE / 5, 1), None, "{at}");
        }
    }

    #[test]
    fn what_is_usual_is_no_spike() {
        let (mut detector, store) = (SpikeDetector::default(), MemoryStore::new());
        // 100 each hour: 8 in five minutes.
        for hour in 0..7 * 24 {
            for part in 0..20 {
                see(&mut detector, &store, hour * HOUR + part * 3 * MINUTE, 5);
            }
        }
        let now = 7 * 24 * HOUR;
        assert_eq!(see(&mut detector, &store, now, 60), None);
        assert!(see(&mut detector, &store, now + MINUTE, 60).is_some());
    }

    #[test]
    fn the_number_of_observed_issues_is_bounded() {
        let (mut detector, store) = (SpikeDetector::default(), MemoryStore::new());
        for number in 0..3_000_u64 {
            let now = Timestamp::from_micros(START + number);
            detector.observe(&SpikeRule::default(), &number.to_string(), 1, now, &store).unwrap();
        }
        assert_eq!(detector.issues.len(), MAX_ISSUES);
    }
}
