//! A slot keeps what is known of one variable of a running function, in plain bytes.

use std::cell::Cell;
use std::fmt;
use std::mem::MaybeUninit;

/// A variable that has a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Var {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    /// Masked by the attribute's option `mask`.
    pub(crate) masked: bool,
    /// It can be named at the sites whose `order` lies in between.
    pub(crate) from: u32,
    pub(crate) to: u32,
}

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Argument,
    Local,
    /// A value of the option `context`.
    Context,
}

/// Two words, and beside them a descriptor that says how to read them; it is empty until the variable is bound. The
/// descriptors of a frame lie together, so that they are emptied by few instructions.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'a> {
    pub(crate) kept: &'a KeptCell,
    pub(crate) data: &'a DataCell,
}

pub(crate) type KeptCell = Cell<Option<&'static Kept>>;
pub(crate) type DataCell = Cell<MaybeUninit<Data>>;

pub(crate) type Data = [u64; 2];

/// What a slot's data is, for one type and way of keeping.
pub(crate) struct Kept {
    pub(crate) type_name: fn() -> &'static str,
    pub(crate) form: Form,
}

/// How a slot's data is read.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// A copy of a primitive value; showing it runs no user code.
    Bits(Show),
    /// A reference that outlives the frame; showing it runs user code.
    Reference(Show),
    /// A `&str` that outlives the frame.
    Str,
    /// A piece of the frame's chunk: the start of a string, and the string's whole length.
    Text,
    /// A piece of the frame's chunk: a rendered value.
    Rendered,
    /// Nothing, since the type has no `Debug`: only the type is known.
    NoDebug,
    /// Nothing, since the budget did not allow it: only the type is known.
    NotNow,
}

/// Hands the value that lies at the pointer to the closure.
///
/// # Safety
/// A value of the type that the function was made for lies at the pointer, and its referents are alive.
pub(crate) type Show = unsafe fn(*const Data, &mut dyn FnMut(&dyn fmt::Debug));

impl Slot<'_> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn name(self, kept: &'static Kept) {
        self.kept.set(Some(kept));
    }

    /// Copies a value, if it has at most 16 bytes; says whether it has.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn copy<T: Copy>(self, kept: &'static Kept, value: &T) -> bool {
        if size_of::<T>() > size_of::<Data>() {
            return false;
        }
        self.kept.set(Some(kept));
        // SAFETY: the value fits, and any bytes are a valid `MaybeUninit<Data>`. It may want more alignment than a slot.
        unsafe { self.data.as_ptr().cast::<T>().write_unaligned(*value) };
        true
    }

    pub(crate) fn set(self, kept: &'static Kept, data: Data) {
        self.kept.set(Some(kept));
        self.data.set(MaybeUninit::new(data));
    }

    pub(crate) fn kept(self) -> Option<&'static Kept> {
        self.kept.get()
    }

    pub(crate) fn data(self) -> *const Data {
        self.data.as_ptr().cast()
    }
}

/// Reads a value of type `T` where [`Slot::copy`] put it.
///
/// # Safety
/// As for [`Show`].
pub(crate) unsafe fn show<T: Copy + fmt::Debug>(data: *const Data, visit: &mut dyn FnMut(&dyn fmt::Debug)) {
    // SAFETY: the caller promises it.
    let value = unsafe { data.cast::<T>().read_unaligned() };
    visit(&value);
}
