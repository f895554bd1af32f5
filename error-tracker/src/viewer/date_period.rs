//! Years, months and days in UTC, and the links that lead from one to the next.

use serde::Serialize;

use super::Visit;
use super::answer::PageError;
use super::query::ListFilters;
use crate::event::Timestamp;
use crate::store::{IssueQuery, Sort};

/// The most links that are shown.
const MAX_LINKS: usize = 31;

/// A year, a month or a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DatePeriod {
    Year(u16),
    Month(u16, u8),
    Day(u16, u8, u8),
}

impl DatePeriod {
    /// Reads `2026`, `2026-11` or `2026-11-24`; `None` for anything else, and for years before
    /// 1970.
    pub(super) fn read(text: &str) -> Option<Self> {
        let number = |part: &str, digits: usize| {
            let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse::<u16>().ok()).flatten()
        };
        let mut parts = text.splitn(3, '-');
        let year = number(parts.next()?, 4).filter(|year| *year >= 1970)?;
        let small = |part: Option<&str>| part.map(|part| number(part, 2)?.try_into().ok());
        let period = match (small(parts.next()), small(parts.next())) {
            (None, _) => Self::Year(year),
            (Some(month), None) => Self::Month(year, month?),
            (Some(month), Some(day)) => Self::Day(year, month?, day?),
        };
        // A date that no calendar has is none.
        period.first_day().parse::<Timestamp>().ok().map(|_| period)
    }

    fn first_day(self) -> String {
        match self {
            Self::Year(year) => format!("{year:04}-01-01"),
            Self::Month(year, month) => format!("{year:04}-{month:02}-01"),
            Self::Day(year, month, day) => format!("{year:04}-{month:02}-{day:02}"),
        }
    }

    /// Returns when it begins.
    pub(super) fn start(self) -> Timestamp {
        self.first_day().parse().unwrap_or_default()
    }

    /// Returns when the next one begins.
    pub(super) fn end(self) -> Timestamp {
        let next = match self {
            Self::Year(year) => Self::Year(year + 1),
            Self::Month(year, 12) => Self::Month(year + 1, 1),
            Self::Month(year, month) => Self::Month(year, month + 1),
            Self::Day(..) => {
                return self.start().plus(std::time::Duration::from_secs(86_400));
            }
        };
        // After the year 9999 there is no time.
        next.first_day().parse().unwrap_or(Timestamp::from_micros(u64::MAX))
    }

    /// Returns the part of this period, or of all time, that contains a moment: a year, a month or
    /// a day. A day has no parts.
    fn part_at(period: Option<Self>, at: Timestamp) -> Option<Self> {
        let text = at.to_string();
        let length = match period {
            None => 4,
            Some(Self::Year(_)) => 7,
            Some(Self::Month(..)) => 10,
            Some(Self::Day(..)) => return None,
        };
        Self::read(text.get(..length)?)
    }

    /// Returns the year and the month that contain this one, the largest first.
    fn containing(self) -> Vec<Self> {
        match self {
            Self::Year(_) => Vec::new(),
            Self::Month(year, _) => vec![Self::Year(year)],
            Self::Day(year, month, _) => vec![Self::Year(year), Self::Month(year, month)],
        }
    }

    /// Returns the value of the filter.
    fn value(self) -> String {
        match self {
            Self::Year(year) => year.to_string(),
            Self::Month(year, month) => format!("{year}-{month:02}"),
            Self::Day(..) => self.first_day(),
        }
    }
}

/// The links from a list to the lists of the years, months and days within it.
#[derive(Serialize)]
pub(super) struct DateLinks {
    /// The periods around the current one, the largest first, and the current one.
    path: Vec<DateLink>,
    /// The list without a date, if there is one.
    all: Option<String>,
    /// The parts of the current period in which issues were last seen.
    parts: Vec<DateLink>,
}

#[derive(Serialize)]
struct DateLink {
    /// The year, or the day of the month; 0 for a month.
    number: u16,
    /// The month of the year; 0 for a year or a day.
    month: u8,
    link: String,
}

impl DateLink {
    fn new(filters: &ListFilters, period: DatePeriod) -> Self {
        let (number, month) = match period {
            DatePeriod::Year(year) => (year, 0),
            DatePeriod::Month(_, month) => (0, month),
            DatePeriod::Day(_, _, day) => (u16::from(day), 0),
        };
        Self { number, month, link: filters.with("date", &period.value()).link() }
    }
}

/// Returns the links of a list to those periods in which its issues were last seen; `None` if it is
/// empty. `whole` has the times of its issues
/// if they are all known.
pub(super) fn date_links(
    visit: &Visit<'_>,
    filters: &ListFilters,
    whole: Option<&[Timestamp]>,
) -> Result<Option<DateLinks>, PageError> {
    let parts_of = |period| match whole {
        Some(seen) => Ok(parts_of_times(seen, period)),
        None => parts_of_list(visit, filters.query(), period),
    };
    let mut period = filters.date();
    let mut parts = parts_of(period)?;
    if let (None, [year]) = (period, parts.as_slice()) {
        // The only year needs no click.
        period = Some(*year);
        parts = parts_of(period)?;
    }
    let Some(current) = period else {
        let parts: Vec<_> = parts.into_iter().map(|part| DateLink::new(filters, part)).collect();
        let links = DateLinks { path: Vec::new(), all: None, parts };
        return Ok((!links.parts.is_empty()).then_some(links));
    };
    let path = current.containing().into_iter().chain([current]);
    Ok(Some(DateLinks {
        path: path.map(|period| DateLink::new(filters, period)).collect(),
        all: filters.date().map(|_| filters.with("date", "").link()),
        parts: parts.into_iter().map(|part| DateLink::new(filters, part)).collect(),
    }))
}

/// Returns the parts of a period that these times are in, the earliest first.
fn parts_of_times(times: &[Timestamp], period: Option<DatePeriod>) -> Vec<DatePeriod> {
    let mut times = times.to_vec();
    times.sort_unstable();
    let mut parts: Vec<_> =
        times.into_iter().filter_map(|at| DatePeriod::part_at(period, at)).collect();
    parts.dedup();
    parts
}

/// Returns the parts of a period in which the issues of a query were last seen, the earliest first.
/// Asks for one issue of each part.
fn parts_of_list(
    visit: &Visit<'_>,
    query: &IssueQuery,
    period: Option<DatePeriod>,
) -> Result<Vec<DatePeriod>, PageError> {
    let mut query = query.clone().sort(Sort::LastSeen).ascending(true).limit(1);
    (query.after, query.before) = (None, None);
    query.since = query.since.max(period.map(DatePeriod::start));
    let end = period.map(DatePeriod::end);
    query.until = query.until.into_iter().chain(end).min();
    let mut parts = Vec::new();
    while parts.len() < MAX_LINKS
        && let Some(issue) = visit.viewer.store.issues(&query)?.items.first()
        && let Some(part) = DatePeriod::part_at(period, issue.last_seen)
        && parts.last() != Some(&part)
    {
        // The next issue behind this part.
        query.since = Some(part.end());
        parts.push(part);
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::DatePeriod;

    #[test]
    fn a_period_lasts_until_the_next_one() {
        for (text, start, end) in [
            ("2026", "2026-01-01", "2027-01-01"),
            ("2026-11", "2026-11-01", "2026-12-01"),
            ("2026-12", "2026-12-01", "2027-01-01"),
            ("2024-02", "2024-02-01", "2024-03-01"),
            ("2024-02-29", "2024-02-29", "2024-03-01"),
            ("2026-12-31", "2026-12-31", "2027-01-01"),
            ("1970-01-01", "1970-01-01", "1970-01-02"),
        ] {
            let period = DatePeriod::read(text).unwrap();
            assert_eq!(period.value(), text);
            assert_eq!(
                (period.start(), period.end()),
                (start.parse().unwrap(), end.parse().unwrap())
            );
        }
        let last = DatePeriod::read("9999").unwrap();
        assert!(last.end() > "9999-12-31T23:59:59Z".parse().unwrap());
    }

    #[test]
    fn other_texts_are_no_periods() {
        for text in [
            "",
            "26",
            "1969",
            "2026-",
            "2026-1",
            "2026-13",
            "2026-00",
            "2026-02-30",
            "2026-11-24T10",
            "2026-11-24-1",
            "20260",
            "+026",
            "２０２６",
        ] {
            assert_eq!(DatePeriod::read(text), None, "{text}");
        }
    }
}
