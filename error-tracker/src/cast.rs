//! A value seen as the type that it is, where only its lifetimes keep the compiler from knowing that.

use std::any::{TypeId, type_name};
use std::marker::PhantomData;
use std::ptr;
use std::sync::LazyLock;

/// A value as a `P`, if it is one. Since nothing in `P` is borrowed, a `T` that differs in lifetimes only is `P` as well.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn known<T, P: 'static>(value: &T) -> Option<&P> {
    // SAFETY: it is this type.
    (id::<T>() == TypeId::of::<P>()).then(|| unsafe { &*ptr::from_ref(value).cast::<P>() })
}

/// A value as an `S`, if that is its type with other lifetimes, and there are none in which they could differ.
pub(crate) fn unborrowed<T, S>(value: &T) -> Option<&S> {
    let same = id::<T>() == id::<S>() && !may_borrow(type_name::<T>());
    // SAFETY: they are the same type, since there is no lifetime in which they could differ.
    same.then(|| unsafe { &*ptr::from_ref(value).cast::<S>() })
}

/// Names a type, whatever its lifetimes are.
#[cfg_attr(not(debug_assertions), inline(always))]
fn id<T>() -> TypeId {
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
    unsafe { std::mem::transmute::<&dyn Named, &(dyn Named + 'static)>(named) }.id()
}

/// Whether a type of this name may have lifetimes, which the name shows but for those in trait objects and closures.
fn may_borrow(name: &str) -> bool {
    struct Borrows<'a>(PhantomData<&'a ()>);
    // A compiler whose names show no lifetimes tells nothing by them.
    static SHOWN: LazyLock<bool> = LazyLock::new(|| type_name::<Borrows<'_>>().contains('\''));
    let tells = |byte: u8| matches!(byte, b'&' | b'\'' | b' ' | b'{');
    !*SHOWN
        || name.bytes().any(tells)
            && (name.contains(['&', '\'']) || name.contains("dyn ") || name.contains("{{"))
}

#[cfg(test)]
mod tests {
    use std::fmt::Display;

    use super::*;

    struct Borrowing<'a>(&'a str);

    #[test]
    fn a_type_is_known_whatever_it_borrows() {
        fn borrows<'a>(text: &'a str) -> bool {
            known::<&'a str, u64>(&text).is_some() || known::<_, usize>(&Some(text)).is_some()
        }
        assert!(known::<u64, u64>(&7) == Some(&7) && known::<u64, i64>(&7).is_none() && !borrows(""));
    }

    #[test]
    fn a_type_without_lifetimes_is_itself() {
        let text = String::from("borrowed");
        assert_eq!(unborrowed::<String, String>(&text), Some(&text));
        assert!(unborrowed::<_, Borrowing<'static>>(&Borrowing(&text)).is_none());
        assert!(unborrowed::<u64, i64>(&7).is_none());
    }

    #[test]
    fn a_name_shows_whether_its_type_may_borrow() {
        fn name<T: ?Sized>(_: &T) -> &'static str {
            type_name::<T>()
        }
        let text = String::from("borrowed");
        let shown: &dyn Display = &text;
        let borrowing = Borrowing(&text);
        assert!(may_borrow(name(&borrowing)) && may_borrow(name(&Some(borrowing.0))));
        assert!(may_borrow(name(shown)) && may_borrow(name(&|| text.len())));
        assert!(!may_borrow(name(&std::fmt::Error)) && !may_borrow(name(&Some(vec![text.clone()]))));
    }
}
