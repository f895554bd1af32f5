//! Counts distinct users in bounded space.

/// The number of registers, each for one of the equally likely parts of all hashes.
const REGISTERS: usize = 1 << REGISTER_BITS;
const REGISTER_BITS: u32 = 11;
/// The bits of a hash besides those that select its register.
const RANK_BITS: u32 = u64::BITS - REGISTER_BITS;

/// A count of distinct users: exact up to 255, estimated beyond with a standard error of 2.3 %.
///
/// It has at most 2,048 bytes. Up to 255 users it is the list of their hashes, beyond that a
/// HyperLogLog, from which no user can be read. Users that are inserted again change nothing, and
/// two sketches can be united.
///
/// ```
/// use error_tracker::event::UserKey;
/// use error_tracker::store::UserSketch;
///
/// let secret = [7; 32];
/// let key = |id: &str| UserKey::of(&[("id".into(), id.into())].into()).unwrap().keyed(&secret);
/// let mut users = UserSketch::default();
/// assert!(users.insert(key("ann")) && users.insert(key("bo")) && !users.insert(key("ann")));
/// assert_eq!(users.count(), 2);
/// assert_eq!(UserSketch::from_bytes(&users.to_bytes()), Some(users));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSketch(SketchState);

#[derive(Clone, Debug, PartialEq, Eq)]
enum SketchState {
    /// All hashes, sorted.
    Exact(Vec<u64>),
    /// For each register the highest rank of a hash: one more than its leading zeros.
    Registers(Box<[u8; REGISTERS]>),
}

impl Default for UserSketch {
    /// Returns the sketch of no users.
    fn default() -> Self {
        Self(SketchState::Exact(Vec::new()))
    }
}

impl UserSketch {
    /// The most users that are counted exactly. Their hashes take less space than the registers.
    pub const MAX_EXACT: u64 = REGISTERS as u64 / 8 - 1;

    /// Adds a user, given by [`UserKey::keyed`](crate::event::UserKey::keyed). Returns whether this
    /// changed the sketch.
    pub fn insert(&mut self, hash: u64) -> bool {
        match &mut self.0 {
            SketchState::Exact(hashes) => {
                let Err(at) = hashes.binary_search(&hash) else { return false };
                if (hashes.len() as u64) < Self::MAX_EXACT {
                    hashes.insert(at, hash);
                    return true;
                }
                let mut registers = Box::new([0; REGISTERS]);
                for hash in hashes.iter().copied().chain([hash]) {
                    raise(&mut registers, hash);
                }
                self.0 = SketchState::Registers(registers);
                true
            }
            SketchState::Registers(registers) => raise(registers, hash),
        }
    }

    /// Adds all users of another sketch.
    pub fn unite(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (_, SketchState::Exact(hashes)) => {
                for hash in hashes {
                    self.insert(*hash);
                }
            }
            (SketchState::Registers(own), SketchState::Registers(registers)) => {
                for (own, rank) in own.iter_mut().zip(registers.iter()) {
                    *own = (*own).max(*rank);
                }
            }
            (SketchState::Exact(_), SketchState::Registers(_)) => {
                let own = std::mem::replace(self, other.clone());
                self.unite(&own);
            }
        }
    }

    /// Returns the number of users.
    #[must_use]
    pub fn count(&self) -> u64 {
        match &self.0 {
            SketchState::Exact(hashes) => hashes.len() as u64,
            SketchState::Registers(registers) => estimate(registers).max(Self::MAX_EXACT + 1),
        }
    }

    /// Returns the sketch as bytes, for a store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            SketchState::Exact(hashes) => {
                hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect()
            }
            SketchState::Registers(registers) => registers.to_vec(),
        }
    }

    /// Reads what [`UserSketch::to_bytes`] returned; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if let Ok(registers) = <[u8; REGISTERS]>::try_from(bytes) {
            return Some(Self(SketchState::Registers(Box::new(registers))));
        }
        let (hashes, rest) = bytes.as_chunks::<8>();
        let hashes: Vec<u64> = hashes.iter().map(|hash| u64::from_le_bytes(*hash)).collect();
        let is_list = rest.is_empty()
            && hashes.len() as u64 <= Self::MAX_EXACT
            && hashes.is_sorted_by(|a, b| a < b);
        is_list.then_some(Self(SketchState::Exact(hashes)))
    }
}

/// Notes a hash. Returns whether this changed a register.
fn raise(registers: &mut [u8; REGISTERS], hash: u64) -> bool {
    let register = (hash >> RANK_BITS) as usize;
    // The lowest bit is set, so that the rank is at most RANK_BITS.
    let rank = ((hash << REGISTER_BITS) | 1 << REGISTER_BITS).leading_zeros() as u8 + 1;
    let higher = rank > registers[register];
    registers[register] = registers[register].max(rank);
    higher
}

/// Returns the number of users that the registers have most likely seen, by the improved raw
/// estimator of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017,
/// algorithm 6), which has no bias for any number of users and needs no table.
fn estimate(registers: &[u8; REGISTERS]) -> u64 {
    let mut histogram = [0_u32; RANK_BITS as usize + 2];
    let last = histogram.len() - 1;
    for rank in registers {
        histogram[usize::from(*rank).min(last)] += 1;
    }
    let all = REGISTERS as f64;
    let mut sum = all * tau(1.0 - f64::from(histogram[last]) / all);
    for count in histogram[1..last].iter().rev() {
        sum = 0.5 * (sum + f64::from(*count));
    }
    sum += all * sigma(f64::from(histogram[0]) / all);
    let estimate = all * all / (2.0 * std::f64::consts::LN_2 * sum);
    estimate.round() as u64
}

/// The share of the empty registers in the sum of the estimator.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut sum) = (1.0, x);
    loop {
        x *= x;
        let before = sum;
        sum += x * y;
        y += y;
        if sum <= before {
            return sum;
        }
    }
}

/// The share of the full registers in the sum of the estimator.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut sum) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = sum;
        y *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * y;
        if sum >= before {
            return sum / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UserSketch;
    use crate::event::UserKey;

    fn hash(nth: u64) -> u64 {
        UserKey::of(&[("id".into(), nth.to_string())].into()).unwrap().keyed(&[3; 32])
    }

    fn of(users: std::ops::Range<u64>) -> UserSketch {
        let mut sketch = UserSketch::default();
        for nth in users {
            sketch.insert(hash(nth));
        }
        sketch
    }

    #[test]
    fn few_users_are_counted_exactly_and_many_within_the_stated_error() {
        let mut sketch = UserSketch::default();
        let mut squares = 0.0;
        let mut compared = 0;
        for nth in 1..=200_000_u64 {
            sketch.insert(hash(nth));
            let count = sketch.count();
            if nth <= UserSketch::MAX_EXACT {
                assert_eq!(count, nth);
            } else if nth.is_multiple_of(977) || nth < 300 {
                let error = count as f64 / nth as f64 - 1.0;
                assert!(error.abs() < 4.0 * 0.023, "{count} for {nth}");
                squares += error * error;
                compared += 1;
            }
        }
        let deviation = (squares / f64::from(compared)).sqrt();
        assert!(deviation < 0.04, "{deviation}: one sketch deviates for long in one direction");
        assert!(!sketch.insert(hash(7)), "a user is counted once");
    }

    #[test]
    fn a_union_counts_users_of_both_once_whatever_their_numbers() {
        for (a, b, c) in [(0, 100, 200), (0, 200, 3_000), (2_000, 2_100, 2_150), (0, 5_000, 9_000)]
        {
            let all = of(a..c);
            let (one, other) = (of(a..b + 20), of(b..c));
            for (mut sketch, added) in [(one.clone(), &other), (other.clone(), &one)] {
                sketch.unite(added);
                assert_eq!(sketch, all, "{a} {b} {c}");
            }
        }
    }

    #[test]
    fn a_sketch_is_read_back_and_other_bytes_are_refused() {
        for users in [0, 1, 255, 256, 40_000] {
            let sketch = of(0..users);
            assert_eq!(UserSketch::from_bytes(&sketch.to_bytes()), Some(sketch));
        }
        for bytes in
            [&[1; 7][..], &[0; 2_040 + 16], &[2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]]
        {
            assert_eq!(UserSketch::from_bytes(bytes), None);
        }
        // Registers that no hash can have raised so high do no harm.
        assert!(UserSketch::from_bytes(&[255; 2_048]).unwrap().count() > 0);
    }
}
