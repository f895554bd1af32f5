//! Sets of status codes.

use std::fmt;
use std::ops::{Bound, Range, RangeBounds, RangeFrom, RangeFull, RangeInclusive, RangeToInclusive};

/// One more than the largest status.
const END: u16 = 1000;

/// A set of status codes below 1,000, made from a code, a range, or an array of codes. Larger codes
/// are left out.
///
/// ```
/// use error_tracker::web::StatusSet;
///
/// let set = StatusSet::from(500..=599).with([401, 404]);
/// assert!(set.contains(503) && set.contains(404) && !set.contains(200));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StatusSet {
    bits: [u64; END as usize / 64 + 1],
}

impl StatusSet {
    /// The empty set.
    pub const EMPTY: Self = Self { bits: [0; END as usize / 64 + 1] };

    /// Returns whether the set contains `status`.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.bits.get(usize::from(status / 64)).is_some_and(|bits| bits >> (status % 64) & 1 == 1)
    }

    /// Returns the union of this set and another one.
    #[must_use]
    pub fn with(mut self, other: impl Into<Self>) -> Self {
        for (own, other) in self.bits.iter_mut().zip(other.into().bits) {
            *own |= other;
        }
        self
    }

    fn of_range(range: impl RangeBounds<u16>) -> Self {
        let first = match range.start_bound() {
            Bound::Included(first) => *first,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(last) => last.saturating_add(1),
            Bound::Excluded(end) => *end,
            Bound::Unbounded => END,
        };
        let mut set = Self::EMPTY;
        for status in first..end.min(END) {
            set.bits[usize::from(status / 64)] |= 1 << (status % 64);
        }
        set
    }
}

macro_rules! from_ranges {
    ($($range:ty)+) => {$(
        impl From<$range> for StatusSet {
            fn from(range: $range) -> Self {
                Self::of_range(range)
            }
        }
    )+};
}

from_ranges! { Range<u16> RangeFrom<u16> RangeFull RangeInclusive<u16> RangeToInclusive<u16> }

impl From<u16> for StatusSet {
    fn from(status: u16) -> Self {
        Self::of_range(status..=status)
    }
}

impl<const N: usize> From<[u16; N]> for StatusSet {
    fn from(all: [u16; N]) -> Self {
        all.into_iter().collect()
    }
}

impl FromIterator<u16> for StatusSet {
    fn from_iter<I: IntoIterator<Item = u16>>(all: I) -> Self {
        all.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Debug for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries((0..END).filter(|status| self.contains(*status))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::StatusSet;

    #[test]
    fn a_set_contains_its_codes_below_1000_and_no_others() {
        let all = |set: StatusSet| {
            (0..=u16::MAX).filter(|status| set.contains(*status)).collect::<Vec<_>>()
        };
        assert_eq!(
            all(StatusSet::from(599..600).with(404).with([401, 1000, 65_535])),
            [401, 404, 599]
        );
        assert_eq!(all(StatusSet::from(998..)), [998, 999]);
        assert_eq!(all(StatusSet::from(..)).len(), 1000);
        assert_eq!(format!("{:?}", StatusSet::from(500..=502)), "{500, 501, 502}");
    }
}
