//! Captures a variable whose type is not known where probes are closed, so that no trait can be
//! required of the type there.

use super::capture_kind::{CaptureBits, CaptureType, CaptureValue, TrackedFunction, VariableRef};
use super::type_probe::TypeProbe;
use crate::cast;
use crate::frame::CallArgument;

/// Copies the bits of a primitive value, by the type that the generic code is compiled for; notes
/// the type only of others.
#[derive(Clone, Copy, Debug)]
pub struct CaptureFound;

macro_rules! impl_capture_found {
    ($($t:ty),+) => {
        impl<T> CaptureValue<T> for CaptureFound {
            fn argument(value: &T) -> CallArgument<'_> {
                <CaptureType as CaptureValue<T>>::argument(value)
            }

            #[cfg_attr(not(debug_assertions), inline(always))]
            fn capture<M: TrackedFunction>(value: &T, variable: VariableRef<'_, M>) {
                $(if let Some(value) = cast::known::<T, $t>(value) {
                    return <CaptureBits as CaptureValue<$t>>::capture(value, variable);
                })+
                <CaptureType as CaptureValue<T>>::capture(value, variable);
            }
        }
    };
}

impl_capture_found!(
    bool, char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64
);

/// Closes a probe whose type is not known yet. Never runs.
pub fn close_late<T>(_: &TypeProbe<T, CaptureFound>) {}
