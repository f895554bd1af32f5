//! Values that are shown where their types are not known, so that the program has this code once and not for each type.

use std::fmt::{self, Debug};
use std::marker::PhantomData;

/// Writes a value.
///
/// # Safety
/// A value of the type that the function was made for lies there, and its referents are alive.
pub(super) type Fmt = unsafe fn(*const (), &mut fmt::Formatter<'_>) -> fmt::Result;

/// A way of writing a `T`.
pub(crate) trait Written<T> {
    const FMT: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result;
}

pub(super) fn erased<T>(fmt: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result) -> Fmt {
    // SAFETY: a thin reference is passed as the pointer is; whoever calls it promises that there is a `T`.
    unsafe { std::mem::transmute::<fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result, Fmt>(fmt) }
}

pub(crate) struct Shown<'a> {
    at: *const (),
    fmt: Fmt,
    alive: PhantomData<&'a ()>,
}

impl Shown<'_> {
    /// # Safety
    /// As for `Fmt`, for the whole lifetime.
    pub(super) unsafe fn new(at: *const (), fmt: Fmt) -> Self {
        Self { at, fmt, alive: PhantomData }
    }
}

impl Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: whoever made it says so.
        unsafe { (self.fmt)(self.at, f) }
    }
}

/// The elements of a slice.
pub(crate) struct Elements<'a> {
    rest: Shown<'a>,
    size: usize,
    left: usize,
}

impl<'a> Elements<'a> {
    pub(crate) fn of<T: Debug>(slice: &'a [T]) -> Self {
        // SAFETY: they are there, and borrowed; it is not asked for one when there is none.
        let rest = unsafe { Shown::new(slice.as_ptr().cast(), erased::<T>(T::fmt)) };
        Self { rest, size: size_of::<T>(), left: slice.len() }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Shown<'a>;

    fn next(&mut self) -> Option<Shown<'a>> {
        self.left = self.left.checked_sub(1)?;
        let Shown { at, fmt, .. } = self.rest;
        // SAFETY: there was one more, so this is at most the end of the slice.
        self.rest.at = unsafe { at.byte_add(self.size) };
        // SAFETY: `of` says so, and there was one more.
        Some(unsafe { Shown::new(at, fmt) })
    }
}

impl ExactSizeIterator for Elements<'_> {
    fn len(&self) -> usize {
        self.left
    }
}

#[cfg(test)]
mod tests {
    use super::Elements;

    #[test]
    fn elements_are_shown_each_whatever_their_size() {
        fn shown<T: std::fmt::Debug>(slice: &[T]) -> String {
            let elements = Elements::of(slice);
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
