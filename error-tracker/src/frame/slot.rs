//! A slot keeps what is known of one variable of a running function, in plain bytes.

use std::any::type_name;
use std::cell::Cell;
use std::fmt::Debug;
use std::mem::MaybeUninit;

/// Two words, and beside them a descriptor that says how to read them; it is empty until the variable is bound. The
/// descriptors of a frame lie together, so that they are emptied by few instructions.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'a> {
    pub(super) kept: &'a KeptCell,
    pub(super) data: &'a DataCell,
}

pub(super) type KeptCell = Cell<Option<&'static Kept>>;
pub(super) type DataCell = Cell<MaybeUninit<Data>>;

pub(super) type Data = [u64; 2];

/// What a slot's data is, for one type and way of keeping.
pub(super) struct Kept {
    type_name: fn() -> &'static str,
    form: Form,
}

/// How a slot's data is read.
#[derive(Clone, Copy)]
enum Form {
    Bits(Show),
    Reference(Show),
    Str,
    Text,
    Rendered,
    NoDebug,
    NotNow,
}

/// Hands the value that lies in the data to the closure.
///
/// # Safety
/// A value of the type that the function was made for lies there, and its referents are alive.
type Show = unsafe fn(&DataCell, &mut dyn FnMut(&dyn Debug));

/// What a slot is read as.
pub(crate) enum Value<'a> {
    /// A copy of a value that borrows nothing.
    Bits(&'a dyn Debug),
    /// What a reference leads to; showing it runs user code.
    Reference(&'a dyn Debug),
    /// A `&str` that outlives the frame.
    Str(&'a str),
    /// The start of a string; the piece knows the whole length.
    Text(Piece),
    /// A rendered value.
    Rendered(Piece),
    /// The type has no `Debug`.
    NoDebug,
    /// The budget did not allow it.
    NotNow,
}

/// A piece of the frame's chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) start: usize,
    pub(crate) len: usize,
    /// Length of the whole text for a string; whether something was left out for a rendered value.
    pub(crate) whole: u64,
    /// Length of the masked values that lie behind a rendered one, for the search in other text.
    pub(crate) taint: usize,
}

impl Piece {
    fn pack(&self) -> Data {
        // All three fit: a chunk is smaller than 64 KiB.
        [(self.start as u64) << 32 | (self.len as u64) << 16 | self.taint as u64, self.whole]
    }

    fn unpack(data: Data) -> Self {
        let part = |shift: u32| (data[0] >> shift & 0xffff) as usize;
        Self { start: part(32), len: part(16), taint: part(0), whole: data[1] }
    }
}

/// What lies in the chunk for one type.
pub(crate) struct PieceKind(Kept);

impl PieceKind {
    pub(crate) const fn text<T: ?Sized>() -> Self {
        Self(Kept { type_name: type_name::<T>, form: Form::Text })
    }

    pub(crate) const fn rendered<T: ?Sized>() -> Self {
        Self(Kept { type_name: type_name::<T>, form: Form::Rendered })
    }
}

impl Slot<'_> {
    /// Notes the type of a variable whose value is not kept, since it has no `Debug`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn no_debug<T: ?Sized>(self) {
        self.kept.set(Some(const { &Kept { type_name: type_name::<T>, form: Form::NoDebug } }));
    }

    /// The same for a reference.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn no_debug_argument<T: ?Sized>(self) {
        self.kept.set(Some(const { &Kept { type_name: reference_name::<T>, form: Form::NoDebug } }));
    }

    /// Notes the type of a variable whose value is not kept yet, if at all.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn not_now<T: ?Sized>(self) {
        self.kept.set(Some(const { &Kept { type_name: type_name::<T>, form: Form::NotNow } }));
    }

    /// Copies a value, if it has at most 16 bytes; says whether it has.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn copy<T: Copy + Debug + 'static>(self, value: &T) -> bool {
        if size_of::<T>() > size_of::<Data>() {
            return false;
        }
        self.store(const { &Kept { type_name: type_name::<T>, form: Form::Bits(show::<T>) } }, *value);
        true
    }

    /// Keeps an argument that is a `&T`, as `shown`. It has to outlive the frame.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn argument<T: ?Sized, S: Copy + Debug>(self, shown: S) {
        const { assert!(size_of::<S>() <= size_of::<Data>()) };
        self.store(
            const { &Kept { type_name: reference_name::<T>, form: Form::Reference(show::<S>) } },
            shown,
        );
    }

    /// Keeps an argument that is a `&T`, as the text that it is. It has to outlive the frame.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn text_argument<T: ?Sized>(self, text: &str) {
        self.store(const { &Kept { type_name: reference_name::<T>, form: Form::Str } }, text);
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn store<T: Copy>(self, kept: &'static Kept, value: T) {
        debug_assert!(size_of::<T>() <= size_of::<Data>());
        self.kept.set(Some(kept));
        // SAFETY: the value fits, and any bytes are a valid `MaybeUninit<Data>`. It may want more alignment than a slot.
        unsafe { self.data.as_ptr().cast::<T>().write_unaligned(value) };
    }

    /// Says where in the frame's chunk the value lies.
    pub(crate) fn put(self, kind: &'static PieceKind, piece: Piece) {
        self.kept.set(Some(&kind.0));
        self.data.set(MaybeUninit::new(piece.pack()));
    }

    /// `None` while the variable is not bound.
    pub(crate) fn type_name(self) -> Option<&'static str> {
        self.kept.get().map(|kept| (kept.type_name)())
    }

    /// Hands over the value, unless the variable is not bound.
    pub(crate) fn read(self, see: &mut dyn FnMut(Value<'_>)) {
        let Some(kept) = self.kept.get() else { return };
        match kept.form {
            // SAFETY: `copy` put a value of that type there, which borrows nothing.
            Form::Bits(show) => unsafe { show(self.data, &mut |value| see(Value::Bits(value))) },
            // SAFETY: `argument` put it there; what it leads to outlives the frame, and the frame is alive.
            Form::Reference(show) => unsafe { show(self.data, &mut |value| see(Value::Reference(value))) },
            Form::Str => {
                // SAFETY: `text_argument` put it there; the text outlives the frame, and the frame is alive.
                see(Value::Str(unsafe { self.data.as_ptr().cast::<&str>().read_unaligned() }));
            }
            Form::Text => see(Value::Text(self.piece())),
            Form::Rendered => see(Value::Rendered(self.piece())),
            Form::NoDebug => see(Value::NoDebug),
            Form::NotNow => see(Value::NotNow),
        }
    }

    fn piece(self) -> Piece {
        // SAFETY: called for the forms of a `PieceKind` only, and `put` set the data along with that.
        Piece::unpack(unsafe { self.data.get().assume_init() })
    }
}

/// # Safety
/// As for [`Show`].
unsafe fn show<T: Copy + Debug>(data: &DataCell, visit: &mut dyn FnMut(&dyn Debug)) {
    // SAFETY: the caller promises it.
    let value = unsafe { data.as_ptr().cast::<T>().read_unaligned() };
    visit(&value);
}

/// The name of `&T`.
fn reference_name<T: ?Sized>() -> &'static str {
    type_name::<&T>()
}
