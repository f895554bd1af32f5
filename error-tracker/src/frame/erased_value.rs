//! Values that are shown without knowledge of their types, so that a program has this code once.

use std::fmt::{self, Debug};
use std::marker::PhantomData;

use crate::byte_text;

/// Writes a value of an erased type.
///
/// # Safety
/// The pointer leads to a value of the type that `erased` took the function from, and the value's
/// referents are alive.
pub(super) type ErasedFmt = unsafe fn(*const (), &mut fmt::Formatter<'_>) -> fmt::Result;

/// A kind of capture that can write a `T`.
pub(crate) trait FormatValue<T> {
    const FMT: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result;
}

pub(super) fn erased<T>(fmt: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result) -> ErasedFmt {
    // SAFETY: a thin reference is passed as a pointer is; the caller promises that it leads to a
    // `T`.
    unsafe { std::mem::transmute::<fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result, ErasedFmt>(fmt) }
}

/// A borrowed value whose type is not known.
pub(crate) struct ErasedValue<'a> {
    at: *const (),
    fmt: ErasedFmt,
    alive: PhantomData<&'a ()>,
}

impl ErasedValue<'_> {
    /// # Safety
    /// As for `ErasedFmt`, for the whole lifetime.
    pub(super) unsafe fn new(at: *const (), fmt: ErasedFmt) -> Self {
        Self { at, fmt, alive: PhantomData }
    }
}

impl Debug for ErasedValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the caller of `new` has promised it.
        unsafe { (self.fmt)(self.at, f) }
    }
}

/// An iterator over the elements of a slice, with their type erased.
pub(crate) struct SliceElements<'a> {
    rest: ErasedValue<'a>,
    size: usize,
    left: usize,
}

impl<'a> SliceElements<'a> {
    pub(crate) fn of<T: Debug>(slice: &'a [T]) -> Self {
        // SAFETY: the elements are borrowed; of an empty slice none is shown.
        let rest = unsafe { ErasedValue::new(slice.as_ptr().cast(), erased::<T>(byte_text::fmt)) };
        Self { rest, size: size_of::<T>(), left: slice.len() }
    }
}

impl<'a> Iterator for SliceElements<'a> {
    type Item = ErasedValue<'a>;

    fn next(&mut self) -> Option<ErasedValue<'a>> {
        self.left = self.left.checked_sub(1)?;
        let ErasedValue { at, fmt, .. } = self.rest;
        // SAFETY: there was one more, so this is at most the end of the slice.
        self.rest.at = unsafe { at.byte_add(self.size) };
        // SAFETY: the slice of `of` is borrowed, and there was one more element.
        Some(unsafe { ErasedValue::new(at, fmt) })
    }
}

impl ExactSizeIterator for SliceElements<'_> {
    fn len(&self) -> usize {
        self.left
    }
}

#[cfg(test)]
mod tests {
    use super::SliceElements;

    #[test]
    fn elements_of_every_size_are_shown() {
        fn shown<T: std::fmt::Debug>(slice: &[T]) -> String {
            let elements = SliceElements::of(slice);
            assert_eq!(elements.len(), slice.len());
            format!("{:?}", elements.collect::<Vec<_>>())
        }
        let texts = [String::from("a"), String::new(), String::from("é")];
        assert_eq!(shown(&texts), format!("{texts:?}"));
        assert_eq!(shown(&[(); 3]), "[(), (), ()]");
        assert_eq!(shown(&[Some((1_u8, 2_u64)), None]), "[Some((1, 2)), None]");
        assert_eq!(shown::<u8>(&[]), "[]");
    }
}
