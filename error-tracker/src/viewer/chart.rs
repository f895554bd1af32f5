//! Draws occurrences over time as bars of an inline SVG. Sizes are SVG attributes, because the
//! content security policy allows no inline styles.

use serde::Serialize;

use crate::event::Timestamp;

/// A row of bars with its total and maximum.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bars: Vec<ChartBar>,
    pub(super) total: u64,
    pub(super) peak: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct ChartBar {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) count: u64,
    /// The hour or the day.
    pub(super) label: String,
}

/// Returns a chart of the last 24 hours, with one bar per hour.
pub(super) fn day(hours: &[(u64, u64)], now: Timestamp) -> Chart {
    let last = now.hour();
    let first = last.saturating_sub(23);
    let counts = (first..=last).map(|hour| (hour_label(hour), count_between(hours, hour, hour)));
    chart(counts.collect(), ChartSize { bar: 3, gap: 1, height: 22 })
}

/// Returns a chart of the last 28 days, with one bar per UTC day.
pub(super) fn month(hours: &[(u64, u64)], now: Timestamp) -> Chart {
    let today = now.hour() / 24;
    let counts = (today.saturating_sub(27)..=today).map(|day| {
        let first = day.saturating_mul(24);
        (day_label(day), count_between(hours, first, first.saturating_add(23)))
    });
    chart(counts.collect(), ChartSize { bar: 8, gap: 2, height: 48 })
}

struct ChartSize {
    bar: u32,
    gap: u32,
    height: u32,
}

fn chart(counts: Vec<(String, u64)>, size: ChartSize) -> Chart {
    let peak = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let total = counts.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    let mut bars = Vec::with_capacity(counts.len());
    let mut x = 0;
    for (label, count) in counts {
        let height = height_of(count, peak, size.height);
        bars.push(ChartBar { x, y: size.height - height, width: size.bar, height, count, label });
        x += size.bar + size.gap;
    }
    Chart { width: x.saturating_sub(size.gap), height: size.height, bars, total, peak }
}

/// Returns the height of a bar: at least 3, or 1 as the base line if there are no occurrences.
fn height_of(count: u64, peak: u64, full: u32) -> u32 {
    if count == 0 {
        return 1;
    }
    let scaled = u128::from(count) * u128::from(full) / u128::from(peak.max(1));
    u32::try_from(scaled).unwrap_or(full).clamp(3, full)
}

fn count_between(hours: &[(u64, u64)], first: u64, last: u64) -> u64 {
    let within = hours.iter().filter(|(hour, _)| (first..=last).contains(hour));
    within.fold(0, |sum: u64, (_, count)| sum.saturating_add(*count))
}

fn at_hour(hour: u64) -> String {
    Timestamp::from_micros(hour.saturating_mul(3_600_000_000)).to_string()
}

fn day_label(day: u64) -> String {
    at_hour(day.saturating_mul(24)).get(..10).unwrap_or_default().to_owned()
}

fn hour_label(hour: u64) -> String {
    at_hour(hour).get(11..16).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{day, month};
    use crate::event::Timestamp;

    #[test]
    fn a_chart_counts_the_occurrences_within_its_time() {
        let now: Timestamp = "2026-11-24T08:30:00Z".parse().unwrap();
        let hours = [(now.hour() - 30, 5), (now.hour() - 2, 8), (now.hour(), 4)];
        let spark = day(&hours, now);
        assert_eq!((spark.bars.len(), spark.total, spark.peak), (24, 12, 8));
        assert_eq!(spark.bars[23].label, "08:00");
        assert_eq!(
            (spark.bars[21].height, spark.bars[23].height, spark.bars[0].height),
            (22, 11, 1)
        );
        let days = month(&hours, now);
        assert_eq!((days.bars.len(), days.total), (28, 17));
        assert_eq!((days.bars[27].label.as_str(), days.bars[27].count), ("2026-11-24", 12));
    }

    #[test]
    fn huge_counts_and_early_clocks_do_not_overflow() {
        let early = Timestamp::from_micros(0);
        assert_eq!(month(&[(0, u64::MAX), (1, u64::MAX)], early).total, u64::MAX);
        assert_eq!(day(&[(0, u64::MAX)], early).bars.len(), 1);
    }
}
