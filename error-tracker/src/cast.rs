//! Casts of a value to its own type, where the compiler cannot see that because of lifetimes.

use std::any::{TypeId, type_name};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

use crate::fork::LazyPerProcess;

/// Returns a value as a `P`, if it is one. `P` borrows nothing, so a `T` that differs from it in
/// lifetimes only is `P` itself.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn known<T, P: 'static>(value: &T) -> Option<&P> {
    // SAFETY: it is this type.
    (id::<T>() == TypeId::of::<P>()).then(|| unsafe { &*ptr::from_ref(value).cast::<P>() })
}

/// Converts a value into a `P`, if it is one; else returns it unchanged.
pub(crate) fn taken<T, P: 'static>(value: T) -> Result<P, T> {
    if id::<T>() != TypeId::of::<P>() {
        return Err(value);
    }
    let value = std::mem::ManuallyDrop::new(value);
    // SAFETY: it is this type, and is not used or dropped as a `T` any more.
    Ok(unsafe { ptr::read(ptr::from_ref(&*value).cast::<P>()) })
}

/// Returns a value as an `S`, if both are the same type and it has no lifetimes.
pub(crate) fn unborrowed<T, S>(value: &T) -> Option<&S> {
    let same = id::<T>() == id::<S>() && !may_borrow(type_name::<T>());
    // SAFETY: they are the same type, which has no lifetimes.
    same.then(|| unsafe { &*ptr::from_ref(value).cast::<S>() })
}

/// Returns the bytes of a value that is an array, a list or a slice of `u8`, borrowed, owned or
/// shared.
pub(crate) fn bytes<T>(value: &T) -> Option<&[u8]> {
    let at = ptr::from_ref(value);
    let name = type_name::<T>();
    let is_array = |name: &str| {
        name.strip_prefix("[u8; ").is_some_and(|count| !count.contains([' ', '[', ',']))
    };
    if is_array(name) {
        // SAFETY: it is an array of so many bytes.
        return Some(unsafe { std::slice::from_raw_parts(at.cast(), size_of::<T>()) });
    }
    if let Some(count) = name
        .strip_prefix('&')
        .filter(|name| is_array(name))
        .and_then(|name| name[5..].strip_suffix(']'))
    {
        let count = count.parse().ok().filter(|_| size_of::<T>() == size_of::<&u8>())?;
        // SAFETY: it is a reference to an array of so many bytes, which outlives the value.
        return Some(unsafe { std::slice::from_raw_parts(at.cast::<*const u8>().read(), count) });
    }
    macro_rules! one_of {
        ($($owner:ty),+) => {
            $(if id::<T>() == TypeId::of::<$owner>() {
                // SAFETY: it is this type except for lifetimes, and the bytes are borrowed from the
                // value.
                return Some(&**unsafe { &*at.cast::<$owner>() });
            })+
        };
    }
    one_of!(
        &[u8],
        &mut [u8],
        Vec<u8>,
        &Vec<u8>,
        Box<[u8]>,
        Rc<[u8]>,
        Arc<[u8]>,
        Cow<'static, [u8]>
    );
    None
}

/// Returns the bytes of an `Option` of such a value, if there are any.
pub(crate) fn optional_bytes<T>(value: &T) -> Option<&[u8]> {
    let at = ptr::from_ref(value);
    macro_rules! one_of {
        ($($owner:ty),+) => {
            $(if id::<T>() == TypeId::of::<Option<$owner>>() {
                // SAFETY: as above.
                return unsafe { &*at.cast::<Option<$owner>>() }.as_ref().and_then(bytes::<$owner>);
            })+
        };
    }
    one_of!(&[u8], Vec<u8>, &Vec<u8>, Box<[u8]>, Rc<[u8]>, Arc<[u8]>, Cow<'static, [u8]>);
    one_of!([u8; 2], [u8; 3], [u8; 4], [u8; 6], [u8; 8], [u8; 12], [u8; 16], [u8; 20], [u8; 32]);
    None
}

/// Returns a slice as one of `P`, if its elements are.
pub(crate) fn known_slice<T, P: 'static>(values: &[T]) -> Option<&[P]> {
    // SAFETY: it is this type.
    (id::<T>() == TypeId::of::<P>())
        .then(|| unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) })
}

/// A function that writes values of one type without lifetimes, with the type erased.
#[derive(Clone, Copy)]
pub(crate) struct DebugWriter {
    of: TypeId,
    write: unsafe fn(*const (), &mut fmt::Formatter<'_>) -> fmt::Result,
}

impl DebugWriter {
    /// Returns `None` for a type that may have lifetimes.
    pub(crate) fn new<T>(write: fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result) -> Option<Self> {
        type DebugFn<T> = fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result;
        type ErasedDebugFn = unsafe fn(*const (), &mut fmt::Formatter<'_>) -> fmt::Result;
        // SAFETY: a thin reference is passed as a pointer is; the function is called with a `T`
        // only.
        let write = unsafe { std::mem::transmute::<DebugFn<T>, ErasedDebugFn>(write) };
        (!may_borrow(type_name::<T>())).then(|| Self { of: id::<T>(), write })
    }

    pub(crate) fn is_of<T>(&self) -> bool {
        self.of == id::<T>()
    }

    /// Writes a value, if it is of the type.
    pub(crate) fn write<T>(&self, value: &T, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        // SAFETY: it is the type of the function, which has no lifetimes.
        self.is_of::<T>().then(|| unsafe { (self.write)(ptr::from_ref(value).cast(), f) })
    }
}

/// Returns the id of a type, regardless of its lifetimes.
#[cfg_attr(not(debug_assertions), inline(always))]
fn id<T>() -> TypeId {
    trait TypeNamed {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }

    impl<T> TypeNamed for PhantomData<T> {
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<T>()
        }
    }

    let named: &dyn TypeNamed = &PhantomData::<T>;
    // SAFETY: only the lifetime bound of the trait object changes, and it contains no `T`.
    unsafe { std::mem::transmute::<&dyn TypeNamed, &(dyn TypeNamed + 'static)>(named) }.id()
}

/// Returns whether a type of this name may have lifetimes. The name shows them, except in trait
/// objects and closures, which count as types with lifetimes.
fn may_borrow(name: &str) -> bool {
    struct BorrowMarker<'a>(PhantomData<&'a ()>);
    // With a compiler whose names show no lifetimes every type may have some.
    static SHOWN: LazyPerProcess<bool> =
        LazyPerProcess::new(|| type_name::<BorrowMarker<'_>>().contains('\''));
    let tells = |byte: u8| matches!(byte, b'&' | b'\'' | b' ' | b'{');
    !*SHOWN.get()
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
        assert!(
            known::<u64, u64>(&7) == Some(&7) && known::<u64, i64>(&7).is_none() && !borrows("")
        );
    }

    #[test]
    fn only_values_of_its_type_are_written() {
        struct Written<T>(DebugWriter, T);

        impl<T> fmt::Debug for Written<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write(&self.1, f).unwrap_or_else(|| f.write_str("-"))
            }
        }

        let writing =
            DebugWriter::new::<String>(|text, f| write!(f, "{} bytes", text.len())).unwrap();
        assert!(writing.is_of::<String>() && !writing.is_of::<Vec<u8>>());
        assert_eq!(format!("{:?}", Written(writing, String::from("abc"))), "3 bytes");
        assert_eq!(format!("{:?}", Written(writing, b"abc".to_vec())), "-");
        assert!(DebugWriter::new::<&str>(|text, f| f.write_str(text)).is_none());
    }

    #[test]
    fn bytes_are_recognised_in_every_owner() {
        let (mut array, owned) = (*b"bytes", b"bytes".to_vec());
        assert_eq!(bytes(&array), Some(owned.as_slice()));
        assert_eq!((bytes(&&array), bytes(&&*owned)), (bytes(&owned), bytes(&&owned)));
        assert_eq!(bytes(&&mut array[..]), Some(owned.as_slice()));
        assert_eq!((bytes(&[&array]), bytes(&7_u8), bytes(&[1_i8])), (None, None, None));
        assert_eq!(optional_bytes(&Some(*b"byte")), optional_bytes(&Some(&owned[..4])));
        assert_eq!((optional_bytes(&None::<Vec<u8>>), optional_bytes(&Some(7_u8))), (None, None));
        assert_eq!(
            (known_slice::<_, u8>(&owned), known_slice::<_, u8>(&[1_i8])),
            (Some(&*owned), None)
        );
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
        assert!(
            !may_borrow(name(&std::fmt::Error)) && !may_borrow(name(&Some(vec![text.clone()])))
        );
    }
}
