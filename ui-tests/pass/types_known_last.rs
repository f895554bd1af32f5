//! Variables whose type the compiler knows only when it has read the whole function: behind casts to `*const _`, and
//! behind operators on a number without a suffix.
#![deny(warnings)]

use std::ops::{Add, Mul, Shr};

use error_tracker::auto_track_exception;

/// A number type of a library: it can be shifted by any integer, and neither `Debug` nor `Copy`.
struct Big(u64);

macro_rules! operators {
    ($($by:ty),+) => {$(
        impl Shr<$by> for Big {
            type Output = Self;
            fn shr(self, by: $by) -> Self {
                Self(self.0 >> by)
            }
        }
        impl Shr<$by> for &Big {
            type Output = Big;
            fn shr(self, by: $by) -> Big {
                Big(self.0 >> by)
            }
        }
        impl Mul<$by> for Big {
            type Output = Self;
            fn mul(self, by: $by) -> Self {
                Self(self.0 * by as u64)
            }
        }
        impl Mul<Big> for $by {
            type Output = Big;
            fn mul(self, by: Big) -> Big {
                by * self
            }
        }
    )+};
}
operators!(u8, u16, i32, u64);

impl Add for Big {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

#[auto_track_exception]
fn operators(start: Big, limit: u64) -> Result<Big, String> {
    let half = &start >> 1;
    let quarter = (&start >> 2) >> 1;
    let (twice, thrice) = (half * 2, 3 * quarter);
    let mut sum = twice + thrice;
    sum = sum * 1;
    let more = if limit > 5 { start >> 1 } else { sum };
    let even = limit + 1;
    check(more, even)
}

#[auto_track_exception]
fn check(big: Big, limit: u64) -> Result<Big, String> {
    if big.0 > limit { Err(format!("more than {limit}")) } else { Ok(big) }
}

enum Both<A, B> {
    Right(B),
    Both(A, B),
}

impl<A, B> Both<A, B> {
    #[auto_track_exception]
    fn add(&mut self, left: A) -> Result<(), A> {
        match self {
            Both::Right(right) => {
                // SAFETY: what is read is written again.
                unsafe {
                    let right = std::ptr::read(right as *mut _);
                    let pair = (left, right);
                    let (left, right) = pair;
                    std::ptr::write(self as *mut _, Both::Both(left, right));
                }
                Ok(())
            }
            Both::Both(..) => Err(left),
        }
    }
}

#[auto_track_exception]
fn read<T>(values: &[T]) -> Result<Option<T>, String> {
    let read;
    let end = values.as_ptr_range().end;
    if let Some(first) = values.first() {
        // SAFETY: it is never dropped.
        read = unsafe { std::ptr::read(first as *const _) };
        let kept = std::mem::ManuallyDrop::new(read);
        let _ = kept;
        Ok(None)
    } else {
        Err(format!("nothing before {end:?}"))
    }
}

fn main() {
    assert!(operators(Big(16), 100).is_ok() && operators(Big(16), 1).is_err());
    let mut both = Both::Right(vec![1]);
    assert!(both.add(String::new()).is_ok() && both.add(String::new()).is_err());
    assert!(read(&[1]).is_ok() && read::<u8>(&[]).is_err());
}
