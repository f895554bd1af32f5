//! Keeps a variable whose type is not known where links are closed, so that nothing may be asked of the type there.

use super::keep::{AsBits, AsType, Function, Held, Keep, Link};
use crate::cast;
use crate::frame::Argument;

/// Its bits if it turns out to be a number or the like; else its type only.
#[derive(Clone, Copy, Debug)]
pub struct AsFound;

macro_rules! found {
    ($($t:ty),+) => {
        impl<T> Keep<T> for AsFound {
            fn argument(value: &T) -> Argument<'_> {
                <AsType as Keep<T>>::argument(value)
            }

            #[cfg_attr(not(debug_assertions), inline(always))]
            fn keep<M: Function>(value: &T, held: Held<'_, M>) {
                $(if let Some(value) = cast::known::<T, $t>(value) {
                    return <AsBits as Keep<$t>>::keep(value, held);
                })+
                <AsType as Keep<T>>::keep(value, held);
            }
        }
    };
}

found!(bool, char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64);

/// Closes the kind of a link whose type is not known yet. Never runs.
pub fn close_late<T>(_: &Link<T, AsFound>) {}
