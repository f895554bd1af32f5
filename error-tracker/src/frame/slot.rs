//! The slot of one variable of a running function: plain bytes, and a descriptor that reads them.

use std::any::type_name;
use std::cell::Cell;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::ptr;

use super::chunk_piece::ChunkPiece;
use super::erased_value::{ErasedFmt, ErasedValue, FormatValue, erased};
use super::text_chunk::ChunkSpan;
use crate::byte_text;

/// The slot of one variable in a live frame.
#[derive(Clone, Copy)]
pub(crate) struct VariableSlot<'a> {
    pub(super) cells: &'a SlotCells,
    /// Bit i: slot i of the frame is filled.
    pub(super) filled: &'a Cell<u64>,
    pub(super) bit: u64,
}

/// Returns whether a value of the type can be copied into a slot.
const fn fits<T>() -> bool {
    size_of::<T>() <= size_of::<SlotData>() && align_of::<T>() <= align_of::<AlignedData>()
}

/// Two words of data, and the descriptor that says how to read them. Uninitialized until the slot
/// is filled.
#[repr(C)]
pub(super) struct SlotCells {
    pub(super) descriptor: Cell<MaybeUninit<SlotDescriptor>>,
    pub(super) data: Cell<MaybeUninit<SlotData>>,
}

pub(super) type SlotData = [u64; 2];

/// Returns the description of a slot, for one type and kind of capture.
// A function instead of a constant: a program has one for each type, and a constant would hold
// addresses that the loader has to relocate. Descriptors are never inlined: each codegen unit would
// have copies of them, and of the `Debug` that they refer to.
pub(crate) type SlotDescriptor = fn() -> SlotDescription;

/// The type of a variable, and how its slot is read.
pub(crate) struct SlotDescription {
    /// The name of the type; for a reference, of its referent.
    type_name: &'static str,
    is_reference: bool,
    pub(super) form: SlotForm,
}

/// How a slot's data is read.
#[derive(Clone, Copy)]
pub(super) enum SlotForm {
    /// A copy of the value.
    Bits(ErasedFmt),
    /// A reference, shown by a function for references.
    Reference(ErasedFmt),
    /// A `&str`.
    Str,
    /// No data: a text that was not copied.
    Text,
    /// No data: a value that was not rendered.
    Value(ErasedFmt),
    /// No data: the type has no `Debug`.
    NoDebug,
    /// No data: the call was not tracked.
    Untracked,
    /// A piece of the frame's chunk, and the descriptor that the slot had before.
    Stored,
    /// A piece whose value is outdated; a later value may use its span again.
    Omitted,
}

fn described(type_name: &'static str, form: SlotForm) -> SlotDescription {
    SlotDescription { type_name, is_reference: false, form }
}

fn reference<T: ?Sized>(form: SlotForm) -> SlotDescription {
    SlotDescription { type_name: type_name::<T>(), is_reference: true, form }
}

#[inline(never)]
fn bits<T: Debug>() -> SlotDescription {
    described(type_name::<T>(), SlotForm::Bits(erased::<T>(byte_text::fmt)))
}

#[inline(never)]
fn bits_behind<P: Deref<Target: Debug + Sized>>() -> SlotDescription {
    described(type_name::<P>(), SlotForm::Bits(erased::<P::Target>(byte_text::fmt)))
}

#[inline(never)]
fn value<T, W: FormatValue<T>>() -> SlotDescription {
    described(type_name::<T>(), SlotForm::Value(erased(W::FMT)))
}

#[inline(never)]
fn text_of<T: ?Sized>() -> SlotDescription {
    described(type_name::<T>(), SlotForm::Text)
}

#[inline(never)]
fn no_debug<T: ?Sized>() -> SlotDescription {
    described(type_name::<T>(), SlotForm::NoDebug)
}

#[inline(never)]
fn argument<'a, T: ?Sized + 'a, W: FormatValue<&'a T>>() -> SlotDescription {
    reference::<T>(SlotForm::Reference(erased(W::FMT)))
}

#[inline(never)]
fn text_argument<T: ?Sized>() -> SlotDescription {
    reference::<T>(SlotForm::Str)
}

#[inline(never)]
fn no_debug_argument<T: ?Sized>() -> SlotDescription {
    reference::<T>(SlotForm::NoDebug)
}

fn untracked() -> SlotDescription {
    described("", SlotForm::Untracked)
}

fn stored() -> SlotDescription {
    described("", SlotForm::Stored)
}

fn omitted() -> SlotDescription {
    described("", SlotForm::Omitted)
}

/// The content of a slot as it is read.
pub(crate) enum SlotValue<'a> {
    /// A copy of a value that borrows nothing.
    Bits(&'a dyn Debug),
    /// The referent of a reference; showing it runs user code.
    Reference(&'a dyn Debug),
    /// A `&str` that outlives the frame.
    Str(&'a str),
    /// The start of a string; the piece has the whole length.
    Text(ChunkPiece),
    /// A rendered value.
    Rendered(ChunkPiece),
    /// The type has no `Debug`.
    NoDebug,
    /// The budget did not allow it.
    NotCaptured,
    /// The call was not tracked.
    Untracked,
}

/// The content for a slot.
#[derive(Clone, Copy)]
pub struct SlotContent {
    pub(super) descriptor: SlotDescriptor,
    pub(super) data: MaybeUninit<SlotData>,
}

impl SlotContent {
    /// Returns the content for a value without `Debug`: its type alone.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn no_debug<T: ?Sized>() -> Self {
        Self { descriptor: no_debug::<T>, data: MaybeUninit::uninit() }
    }

    /// Returns the content for a reference to a value without `Debug`: its type alone.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn no_debug_argument<T: ?Sized>() -> Self {
        Self { descriptor: no_debug_argument::<T>, data: MaybeUninit::uninit() }
    }

    /// Returns the content for a variable of a call that was not tracked.
    pub(crate) fn untracked() -> Self {
        Self { descriptor: untracked, data: MaybeUninit::uninit() }
    }

    /// Copies a value. Returns `None` if it has more than 16 bytes.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn bits<T: Copy + Debug + 'static>(value: T) -> Option<Self> {
        const { fits::<T>() }.then(|| Self::new(bits::<T>, value))
    }

    /// Copies the referent of a pointer. Returns `None` if it has more than 16 bytes.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn bits_behind<P: Deref<Target: Copy + Debug + 'static>>(
        pointer: &P,
    ) -> Option<Self> {
        const { fits::<P::Target>() }.then(|| Self::new(bits_behind::<P>, **pointer))
    }

    /// Returns the content for an argument that is a `&T` and outlives the frame.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn argument<'v, T: ?Sized, W: FormatValue<&'v T>>(value: &'v T) -> Self {
        const { assert!(size_of::<&T>() <= size_of::<SlotData>()) };
        Self::new(argument::<T, W>, value)
    }

    /// Returns the content for an argument that is a reference to a text and outlives the frame.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn text_argument<T: ?Sized>(text: &str) -> Self {
        Self::new(text_argument::<T>, text)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn new<T: Copy>(descriptor: SlotDescriptor, value: T) -> Self {
        debug_assert!(size_of::<T>() <= size_of::<SlotData>());
        let mut data = MaybeUninit::<SlotData>::uninit();
        // SAFETY: the value fits, and any bytes are a valid `MaybeUninit<SlotData>`. The write is
        // unaligned, since the type may have a larger alignment.
        unsafe { data.as_mut_ptr().cast::<T>().write_unaligned(value) };
        Self { descriptor, data }
    }
}

/// A borrowed text that may be copied into the frame's chunk, with the type of its variable.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct PendingText<'a> {
    pub(super) descriptor: SlotDescriptor,
    pub(super) text: &'a str,
}

impl<'a> PendingText<'a> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new<T: ?Sized>(text: &'a str) -> Self {
        Self { descriptor: text_of::<T>, text }
    }

    pub(crate) fn text(self) -> &'a str {
        self.text
    }

    pub(crate) fn descriptor(self) -> SlotDescriptor {
        self.descriptor
    }
}

/// A borrowed value that may be rendered into the frame's chunk.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct PendingValue<'a> {
    pub(super) at: *const (),
    pub(super) descriptor: SlotDescriptor,
    pub(super) borrowed: PhantomData<&'a ()>,
}

impl<'a> PendingValue<'a> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new<T, W: FormatValue<T>>(at: &'a T) -> Self {
        Self { at: ptr::from_ref(at).cast(), descriptor: value::<T, W>, borrowed: PhantomData }
    }

    pub(crate) fn descriptor(self) -> SlotDescriptor {
        self.descriptor
    }

    /// Calls `visit` with the value.
    pub(crate) fn show(self, visit: impl FnOnce(&dyn Debug)) {
        if let SlotForm::Value(fmt) = (self.descriptor)().form {
            // SAFETY: `new` took both from one type, and the value is borrowed.
            visit(&unsafe { ErasedValue::new(self.at, fmt) });
        }
    }
}

/// A copy of a slot's data, aligned for every type that `fits` allows.
#[repr(align(16))]
struct AlignedData(MaybeUninit<SlotData>);

impl VariableSlot<'_> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn set(self, content: SlotContent) {
        self.cells.data.set(content.data);
        self.cells.descriptor.set(MaybeUninit::new(content.descriptor));
        self.filled.set(self.filled.get() | self.bit);
    }

    /// Returns `None` while the slot is empty.
    fn descriptor(self) -> Option<SlotDescriptor> {
        // SAFETY: a slot is filled together with its descriptor.
        (self.filled.get() & self.bit != 0)
            .then(|| unsafe { self.cells.descriptor.get().assume_init() })
    }

    /// Returns the span of an earlier value of the variable in the frame's chunk.
    #[inline]
    pub(crate) fn span(self) -> Option<ChunkSpan> {
        match self.descriptor()?().form {
            SlotForm::Stored | SlotForm::Omitted => Some(self.piece().0.span),
            _ => None,
        }
    }

    /// Notes the type of a variable whose text or value is left out. The span of an earlier value
    /// stays with the slot, so that a later one can use it again.
    pub(crate) fn set_omitted(self, descriptor: SlotDescriptor, earlier: Option<ChunkSpan>) {
        match earlier {
            Some(span) => self.set_piece(omitted, ChunkPiece::text(span, 0, 0), descriptor),
            None => self.set(SlotContent { descriptor, data: MaybeUninit::uninit() }),
        }
    }

    /// Notes where in the frame's chunk the variable's text or rendered value lies.
    pub(crate) fn set_stored(self, piece: ChunkPiece, descriptor: SlotDescriptor) {
        self.set_piece(stored, piece, descriptor);
    }

    fn set_piece(self, form: SlotDescriptor, piece: ChunkPiece, descriptor: SlotDescriptor) {
        self.set(SlotContent::new(form, (piece.pack(), descriptor)));
    }

    fn piece(self) -> (ChunkPiece, SlotDescription) {
        // SAFETY: called for the forms `Stored` and `Omitted`, which `set_piece` sets with this
        // data.
        let (piece, descriptor) =
            unsafe { self.cells.data.as_ptr().cast::<(u64, SlotDescriptor)>().read() };
        (ChunkPiece::unpack(piece), descriptor())
    }

    /// Returns the name of the variable's type; `None` while the variable is not bound.
    pub(crate) fn type_name(self) -> Option<String> {
        let mut described = self.descriptor()?();
        if let SlotForm::Stored | SlotForm::Omitted = described.form {
            described = self.piece().1;
        }
        Some([if described.is_reference { "&" } else { "" }, described.type_name].concat())
    }

    /// Calls `visit` with the content; does nothing while the variable is not bound.
    pub(crate) fn read(self, visit: &mut dyn FnMut(SlotValue<'_>)) {
        let Some(descriptor) = self.descriptor() else { return };
        match descriptor().form {
            SlotForm::Bits(fmt) => {
                let copy = AlignedData(self.cells.data.get());
                // SAFETY: `bits` put a value of that type there, which borrows nothing.
                visit(SlotValue::Bits(&unsafe {
                    ErasedValue::new((&raw const copy.0).cast(), fmt)
                }));
            }
            SlotForm::Reference(fmt) => {
                // SAFETY: `argument` put it there; its referent outlives the frame, which is alive.
                visit(SlotValue::Reference(&unsafe {
                    ErasedValue::new(self.cells.data.as_ptr().cast_const().cast(), fmt)
                }));
            }
            SlotForm::Str => {
                // SAFETY: `text_argument` put it there; the text outlives the frame, which is
                // alive.
                visit(SlotValue::Str(unsafe {
                    self.cells.data.as_ptr().cast::<&str>().read_unaligned()
                }));
            }
            SlotForm::Stored => {
                let (piece, before) = self.piece();
                visit(if let SlotForm::Text = before.form {
                    SlotValue::Text(piece)
                } else {
                    SlotValue::Rendered(piece)
                });
            }
            SlotForm::NoDebug => visit(SlotValue::NoDebug),
            SlotForm::Untracked => visit(SlotValue::Untracked),
            SlotForm::Text | SlotForm::Value(_) | SlotForm::Omitted => {
                visit(SlotValue::NotCaptured);
            }
        }
    }
}
