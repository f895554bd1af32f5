//! Keeps a variable whose type is not known where links are closed, so that nothing may be asked of the type there.

use std::any::TypeId;
use std::marker::PhantomData;
use std::ptr;

use super::keep::{AsBits, AsType, Keep, Link, Place};

/// Its bits if it turns out to be a number or the like; else its type only.
#[derive(Clone, Copy, Debug)]
pub struct AsFound;

macro_rules! found {
    ($($t:ty),+) => {
        impl<T> Keep<T> for AsFound {
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn keep(value: &T, place: Place<'_>) {
                $(if is::<T, $t>() {
                    // SAFETY: it is this type.
                    let value = unsafe { &*ptr::from_ref(value).cast::<$t>() };
                    return <AsBits as Keep<$t>>::keep(value, place);
                })+
                <AsType as Keep<T>>::keep(value, place);
            }
        }
    };
}

found!(bool, char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64);

/// Closes the kind of a link whose type is not known yet. Never runs.
pub fn close_late<T>(_: &Link<T, AsFound>) {}

/// Whether a type is `P`. Since nothing in `P` is borrowed, a `T` that differs in lifetimes only is `P` as well.
#[cfg_attr(not(debug_assertions), inline(always))]
fn is<T, P: 'static>() -> bool {
    trait Named {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }

    impl<T> Named for PhantomData<T> {
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<T>()
        }
    }

    let named: &dyn Named = &PhantomData::<T>;
    // SAFETY: only the lifetime bound of the trait object changes, and nothing of a `T` is there or is reached.
    let named = unsafe { std::mem::transmute::<&dyn Named, &(dyn Named + 'static)>(named) };
    named.id() == TypeId::of::<P>()
}

#[cfg(test)]
mod tests {
    use super::is;

    #[test]
    fn a_type_is_known_whatever_it_borrows() {
        fn borrows<'a>(_: &'a str) -> bool {
            is::<&'a str, u64>() || is::<Option<&'a str>, usize>()
        }
        assert!(is::<u64, u64>() && !is::<u64, i64>() && !borrows(""));
    }
}
