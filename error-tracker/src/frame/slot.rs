//! A slot keeps what is known of one variable of a running function, in plain bytes.

use std::any::type_name;
use std::cell::Cell;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;

use super::shown::{Fmt, Shown, Written, erased};
use super::{FrameRef, Slots};

/// What is kept of one variable.
#[derive(Clone, Copy)]
pub struct Slot<'a>(pub(super) &'a Cells);

/// Two words, and a descriptor that says how to read them; it is empty until the variable is bound.
#[repr(C)]
pub(super) struct Cells {
    kept: Cell<Option<Kept>>,
    data: Cell<MaybeUninit<Data>>,
}

impl Cells {
    pub(super) const fn empty() -> Self {
        Self { kept: Cell::new(None), data: Cell::new(MaybeUninit::uninit()) }
    }
}

pub(super) type Data = [u64; 2];

/// Says what a slot is, for one type and way of keeping. A function and no constant: a program has one for each type, and a
/// constant would lead to its parts by addresses, which the loader has to put in. Never inline, or each unit of the compiler
/// has copies of them, and of the `Debug` that they name.
pub(super) type Kept = fn() -> Described;

pub(super) struct Described {
    /// Of what a reference leads to, when it is one.
    type_name: &'static str,
    is_reference: bool,
    pub(super) form: Form,
}

/// How a slot's data is read.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// The value.
    Bits(Fmt),
    /// A reference, shown by what is made for references.
    Reference(Fmt),
    /// A `&str`.
    Str,
    /// Nothing, until the text is `TAKEN`.
    Text,
    /// Nothing, until the value is `TAKEN`.
    Value(Fmt),
    NoDebug,
    /// Nothing, in a call that was not followed.
    Unfollowed,
    /// A piece of the frame's chunk, and the descriptor that was there before.
    Taken,
}

fn described(type_name: &'static str, form: Form) -> Described {
    Described { type_name, is_reference: false, form }
}

fn reference<T: ?Sized>(form: Form) -> Described {
    Described { type_name: type_name::<T>(), is_reference: true, form }
}

#[inline(never)]
fn bits<T: Debug>() -> Described {
    described(type_name::<T>(), Form::Bits(erased::<T>(Debug::fmt)))
}

#[inline(never)]
fn value<T, W: Written<T>>() -> Described {
    described(type_name::<T>(), Form::Value(erased(W::FMT)))
}

#[inline(never)]
fn text_of<T: ?Sized>() -> Described {
    described(type_name::<T>(), Form::Text)
}

#[inline(never)]
fn no_debug<T: ?Sized>() -> Described {
    described(type_name::<T>(), Form::NoDebug)
}

#[inline(never)]
fn argument<'a, T: ?Sized + 'a, W: Written<&'a T>>() -> Described {
    reference::<T>(Form::Reference(erased(W::FMT)))
}

#[inline(never)]
fn text_argument<T: ?Sized>() -> Described {
    reference::<T>(Form::Str)
}

#[inline(never)]
fn no_debug_argument<T: ?Sized>() -> Described {
    reference::<T>(Form::NoDebug)
}

fn unfollowed() -> Described {
    described("", Form::Unfollowed)
}

fn taken() -> Described {
    described("", Form::Taken)
}

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
    /// The call was not followed.
    Unfollowed,
}

/// A piece of the frame's chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) start: usize,
    pub(crate) len: usize,
    rest: u64,
}

impl Piece {
    /// The start of a text that is `whole` bytes long.
    pub(crate) fn text(start: usize, len: usize, whole: usize) -> Self {
        Self { start, len, rest: whole as u64 }
    }

    /// A rendered value, behind which lie `masked` bytes for the search in other text.
    pub(crate) fn rendered(start: usize, len: usize, masked: usize, cut: bool) -> Self {
        Self { start, len, rest: (masked as u64) << 1 | u64::from(cut) }
    }

    /// Length of the whole text.
    pub(crate) fn whole(self) -> u64 {
        self.rest
    }

    /// Whether something of the value was left out.
    pub(crate) fn is_cut(self) -> bool {
        self.rest & 1 != 0
    }

    pub(crate) fn masked(self) -> usize {
        (self.rest >> 1) as usize
    }

    /// In one word: a chunk is smaller than 8 KiB, and a text than 256 GiB.
    fn pack(self) -> u64 {
        self.start as u64 | (self.len as u64) << 13 | self.rest << 26
    }

    fn unpack(word: u64) -> Self {
        let part = |shift: u32| (word >> shift & 0x1fff) as usize;
        Self { start: part(0), len: part(13), rest: word >> 26 }
    }
}

/// What a slot is to hold.
#[derive(Clone, Copy)]
pub struct Content {
    pub(super) kept: Kept,
    pub(super) data: MaybeUninit<Data>,
}

impl Content {
    /// The type of a variable whose value is not kept, since it has no `Debug`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn no_debug<T: ?Sized>() -> Self {
        Self { kept: no_debug::<T>, data: MaybeUninit::uninit() }
    }

    /// The same for a reference.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn no_debug_argument<T: ?Sized>() -> Self {
        Self { kept: no_debug_argument::<T>, data: MaybeUninit::uninit() }
    }

    /// That nothing is known of a variable.
    pub(crate) fn unfollowed() -> Self {
        Self { kept: unfollowed, data: MaybeUninit::uninit() }
    }

    /// A value, if it has at most 16 bytes.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn bits<T: Copy + Debug + 'static>(value: T) -> Option<Self> {
        let fits = size_of::<T>() <= size_of::<Data>() && align_of::<T>() <= align_of::<Aligned>();
        fits.then(|| Self::new(bits::<T>, value))
    }

    /// An argument that is a `&T`. It has to outlive the frame.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn argument<'v, T: ?Sized, W: Written<&'v T>>(value: &'v T) -> Self {
        const { assert!(size_of::<&T>() <= size_of::<Data>()) };
        Self::new(argument::<T, W>, value)
    }

    /// An argument that is a `&T`, as the text that it is. It has to outlive the frame.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn text_argument<T: ?Sized>(text: &str) -> Self {
        Self::new(text_argument::<T>, text)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn new<T: Copy>(kept: Kept, value: T) -> Self {
        debug_assert!(size_of::<T>() <= size_of::<Data>());
        let mut data = MaybeUninit::<Data>::uninit();
        // SAFETY: the value fits, and any bytes are a valid `MaybeUninit<Data>`. It may want more alignment than those.
        unsafe { data.as_mut_ptr().cast::<T>().write_unaligned(value) };
        Self { kept, data }
    }
}

/// A text that may be taken, of a variable whose type it knows.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct UntakenText<'a> {
    pub(super) kept: Kept,
    pub(super) text: &'a str,
}

impl<'a> UntakenText<'a> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new<T: ?Sized>(text: &'a str) -> Self {
        Self { kept: text_of::<T>, text }
    }

    pub(crate) fn text(self) -> &'a str {
        self.text
    }
}

/// A value that may be taken.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Untaken<'a> {
    pub(super) at: *const (),
    pub(super) kept: Kept,
    pub(super) borrowed: PhantomData<&'a ()>,
}

impl<'a> Untaken<'a> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new<T, W: Written<T>>(at: &'a T) -> Self {
        Self { at: ptr::from_ref(at).cast(), kept: value::<T, W>, borrowed: PhantomData }
    }

    pub(crate) fn show(self, see: impl FnOnce(&dyn Debug)) {
        if let Form::Value(fmt) = (self.kept)().form {
            // SAFETY: `new` made both of one type, and the value is borrowed.
            see(&unsafe { Shown::new(self.at, fmt) });
        }
    }
}

/// Bits as they lie in the data, for types that want more alignment.
#[repr(align(16))]
struct Aligned(MaybeUninit<Data>);

/// Of a frame's slots the one with this index is told what it holds. Its parts go in registers, and by its ABI it does not unwind,
/// since it is called behind each binding.
#[cold]
#[inline(never)]
#[expect(improper_ctypes_definitions, reason = "only Rust calls it")]
extern "C" fn fill<M: Slots>(frame: FrameRef<'_, M>, index: usize, kept: Kept, data: MaybeUninit<Data>) {
    if let Some(slot) = frame.slot(index) {
        slot.set(Content { kept, data });
    }
}

impl<M: Slots> FrameRef<'_, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn fill(self, index: usize, content: Content) {
        fill(self, index, content.kept, content.data);
    }
}

impl Slot<'_> {
    pub(crate) fn set(self, content: Content) {
        self.0.data.set(content.data);
        self.0.kept.set(Some(content.kept));
    }

    /// Notes the type of a variable whose text may be taken.
    pub(crate) fn untaken_text(self, text: UntakenText<'_>) {
        self.0.kept.set(Some(text.kept));
    }

    /// Notes the type of a variable whose value may be taken.
    pub(crate) fn untaken(self, value: Untaken<'_>) {
        self.0.kept.set(Some(value.kept));
    }

    /// Says where in the frame's chunk the text or value lies that may be taken.
    pub(crate) fn put(self, piece: Piece) {
        if let Some(kept) = self.0.kept.replace(Some(taken)) {
            // SAFETY: any bytes are a valid `MaybeUninit<Data>`, and these fit.
            unsafe { self.0.data.as_ptr().cast::<(u64, Kept)>().write((piece.pack(), kept)) };
        }
    }

    fn piece(self) -> (Piece, Described) {
        // SAFETY: called for what is taken only, and `put` set the data along with that.
        let (piece, kept) = unsafe { self.0.data.as_ptr().cast::<(u64, Kept)>().read() };
        (Piece::unpack(piece), kept())
    }

    /// `None` while the variable is not bound.
    pub(crate) fn type_name(self) -> Option<String> {
        let mut described = self.0.kept.get()?();
        if let Form::Taken = described.form {
            described = self.piece().1;
        }
        Some([if described.is_reference { "&" } else { "" }, described.type_name].concat())
    }

    /// Hands over the value, unless the variable is not bound.
    pub(crate) fn read(self, see: &mut dyn FnMut(Value<'_>)) {
        let Some(kept) = self.0.kept.get() else { return };
        match kept().form {
            Form::Bits(fmt) => {
                let copy = Aligned(self.0.data.get());
                // SAFETY: `bits` put a value of that type there, which borrows nothing.
                see(Value::Bits(&unsafe { Shown::new((&raw const copy.0).cast(), fmt) }));
            }
            Form::Reference(fmt) => {
                // SAFETY: `argument` put it there; what it leads to outlives the frame, and the frame is alive.
                see(Value::Reference(&unsafe { Shown::new(self.0.data.as_ptr().cast_const().cast(), fmt) }));
            }
            Form::Str => {
                // SAFETY: `text_argument` put it there; the text outlives the frame, and the frame is alive.
                see(Value::Str(unsafe { self.0.data.as_ptr().cast::<&str>().read_unaligned() }));
            }
            Form::Taken => {
                let (piece, before) = self.piece();
                see(if let Form::Text = before.form { Value::Text(piece) } else { Value::Rendered(piece) });
            }
            Form::NoDebug => see(Value::NoDebug),
            Form::Unfollowed => see(Value::Unfollowed),
            Form::Text | Form::Value(_) => see(Value::NotNow),
        }
    }
}
