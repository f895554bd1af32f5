use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time in microseconds since 1970-01-01 UTC, written in RFC 3339, such as
/// `2026-11-24T08:14:12.123456Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Returns the current time of the system's clock.
    #[must_use]
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Returns the time `micros` microseconds after 1970-01-01 UTC, at most the end of the year
    /// 9999.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        const YEAR_10000: u64 = 253_402_300_800_000_000;
        Self(if micros < YEAR_10000 { micros } else { YEAR_10000 - 1 })
    }

    /// Returns the microseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Returns the whole hours since 1970-01-01 UTC.
    #[must_use]
    pub const fn hour(self) -> u64 {
        self.0 / 3_600_000_000
    }

    /// Reads the start of a period: a time like its `FromStr`, or an age before `now`.
    ///
    /// ```
    /// use error_tracker::event::Timestamp;
    ///
    /// let now: Timestamp = "2026-11-30T12:00:00Z".parse()?;
    /// assert_eq!(Timestamp::parse_since("2h", now)?, "2026-11-30T11:00:00+01:00".parse()?);
    /// assert_eq!(Timestamp::parse_since("2026-11-30", now)?, "2026-11-30T00:00:00Z".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the text is neither, or the age is 0.
    pub fn parse_since(text: &str, now: Self) -> Result<Self, humantime::TimestampError> {
        let span = text.trim().strip_suffix("ago").unwrap_or(text).trim();
        match humantime::parse_duration(span) {
            Ok(span) if !span.is_zero() => Ok(now.minus(span)),
            _ => text.parse(),
        }
    }

    /// Reads the end of a period: a time like its `FromStr`, or a span after `now`.
    ///
    /// ```
    /// use error_tracker::event::Timestamp;
    ///
    /// let now: Timestamp = "2026-11-30T12:00:00Z".parse()?;
    /// assert_eq!(Timestamp::parse_until("2h", now)?, "2026-11-30T14:00:00Z".parse()?);
    /// assert_eq!(Timestamp::parse_until("2026-12-24", now)?, "2026-12-24T00:00:00Z".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the text is neither, or the span is 0.
    pub fn parse_until(text: &str, now: Self) -> Result<Self, humantime::TimestampError> {
        match humantime::parse_duration(text.trim()) {
            Ok(span) if !span.is_zero() => Ok(now.plus(span)),
            _ => text.parse(),
        }
    }

    /// Returns the time `duration` earlier, at the earliest 1970-01-01.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }

    /// Returns the time `duration` later, at most the end of the year 9999.
    pub(crate) fn plus(self, duration: Duration) -> Self {
        Self::from_micros(
            self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)),
        )
    }
}

impl From<SystemTime> for Timestamp {
    /// Times before 1970 become 1970-01-01.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        UNIX_EPOCH + Duration::from_micros(timestamp.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_micros((*self).into()).fmt(f)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = humantime::TimestampError;

    /// Reads RFC 3339, with or without seconds, fractions and offset, `T` or a space between date
    /// and time, a space before the offset (`2026-11-30 10:00:00 +0100`, as git writes it), or a
    /// date alone. Without an offset it is UTC. Times before 1970 become 1970-01-01.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const MINUTE: i64 = 60_000_000;
        let text = text.trim().to_ascii_uppercase();
        let (moment, offset) = split_offset(text.strip_suffix(" UTC").unwrap_or(&text))?;
        let complete = match moment.len() {
            10 => format!("{moment}T00:00:00"),
            16 => format!("{moment}:00"),
            _ => moment.to_owned(),
        };
        let is_early = complete.get(..4).is_some_and(|year| ("0000".."1970").contains(&year));
        if is_early && let Some(rest) = complete.get(4..) {
            // The parser knows no time before 1970. The year that stands in for it has all days.
            humantime::parse_rfc3339_weak(&format!("1972{rest}"))?;
            return Ok(Self(0));
        }
        let local: Self = humantime::parse_rfc3339_weak(&complete)?.into();
        let micros = i64::try_from(local.0).unwrap_or(i64::MAX) - offset * MINUTE;
        Ok(Self::from_micros(u64::try_from(micros).unwrap_or(0)))
    }
}

/// Splits a time from its offset to UTC, in minutes: `Z`, `+01:00`, `-0530` or `+01`.
fn split_offset(text: &str) -> Result<(&str, i64), humantime::TimestampError> {
    let wrong = humantime::TimestampError::InvalidFormat;
    // The date contains hyphens as well.
    let Some(at) = text.rfind(['+', '-', 'Z']).filter(|at| *at > "2026-11-30".len()) else {
        return Ok((text, 0));
    };
    let (moment, offset) = text.split_at(at);
    let moment = moment.strip_suffix(' ').unwrap_or(moment);
    if offset == "Z" {
        return Ok((moment, 0));
    }
    let (sign, offset) = offset.split_at(1);
    let (hours, minutes) = match offset.len() {
        2 => (offset, "00"),
        4 => offset.split_at_checked(2).ok_or(wrong)?,
        _ => offset.split_once(':').ok_or(wrong)?,
    };
    let number = |digits: &str, below: i64| {
        let number =
            digits.parse().ok().filter(|number| (0..below).contains(number) && digits.len() == 2);
        number.ok_or(wrong)
    };
    let minutes = number(hours, 24)? * 60 + number(minutes, 60)?;
    Ok((moment, if sign == "-" { -minutes } else { minutes }))
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn a_time_is_read_in_the_usual_notations() {
        for (text, expected) in [
            ("2026-11-30", "2026-11-30T00:00:00.000000Z"),
            ("2026-11-30T10:00:00+01:00", "2026-11-30T09:00:00.000000Z"),
            ("2026-11-30 10:00:00-05:30", "2026-11-30T15:30:00.000000Z"),
            ("2026-11-30t10:00:00.25z", "2026-11-30T10:00:00.250000Z"),
            ("2026-11-30T10:00+0100", "2026-11-30T09:00:00.000000Z"),
            ("2026-11-30T10:00-08", "2026-11-30T18:00:00.000000Z"),
            ("2026-11-30 10:00:00 +0100", "2026-11-30T09:00:00.000000Z"),
            ("2026-11-30 10:00 UTC", "2026-11-30T10:00:00.000000Z"),
            (" 2026-11-30 10:00 ", "2026-11-30T10:00:00.000000Z"),
            ("2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000000Z"),
            ("1970-01-01T00:30:00+01:00", "1970-01-01T00:00:00.000000Z"),
            ("0729-06-28", "1970-01-01T00:00:00.000000Z"),
            ("1969-12-31T23:59:59Z", "1970-01-01T00:00:00.000000Z"),
        ] {
            assert_eq!(
                text.parse::<Timestamp>().map(|at| at.to_string()),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
        for wrong in [
            "",
            "2026-11",
            "2026-02-30",
            "2026-13-01",
            "30.11.2026",
            "2026-11-30T",
            "2026-11-30T10",
            "2026-11-30T25:00",
            "2026-11-30T10:00:00+24:00",
            "2026-11-30T10:00:00+1",
            "2026-11-30T10:00:00+01:60",
            "2026-11-30T10:00:00+",
            "2026-11-30+01:00",
            "2026-11-30T10:00:00  +01:00",
            "2026-11-30T10:00:00 CET",
            "ü026-11-30",
            "2026-11-30T10:00:00+é:0",
        ] {
            assert!(wrong.parse::<Timestamp>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_timestamp_reads_back_what_it_writes() {
        for micros in [0, 1, 1_700_000_000_123_456, u64::MAX] {
            let moment = Timestamp::from_micros(micros);
            assert_eq!(moment.to_string().parse(), Ok(moment));
        }
    }
}
