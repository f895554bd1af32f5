//! Unsafe code, foreign interfaces, unions, statics, raw pointers, sizes at both ends.
#![deny(warnings, unreachable_code, unused, unsafe_op_in_unsafe_fn)]

use std::alloc::Layout;
use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::{self, NonNull};
use std::str::Utf8Error;

use error_tracker::auto_track_exception;

#[repr(C)]
union Bits {
    float: f32,
    bits: u32,
    text: ManuallyDrop<&'static str>,
}

#[auto_track_exception]
fn unions(value: Bits, kind: u8) -> Result<u32, &'static str> {
    let mut bits = Bits { float: 1.0 };
    // SAFETY: every field that is read was written, or has no invalid value.
    unsafe {
        bits.bits = value.bits;
        let number = bits.bits;
        if kind == 0 {
            return Err(*value.text);
        }
        let Bits { float } = bits;
        if float > 2.0 { Ok(number) } else { Ok(bits.bits) }
    }
}

#[auto_track_exception]
unsafe fn raw(pointer: *const u8, length: usize) -> Result<&'static [u8], usize> {
    let Some(pointer) = NonNull::new(pointer.cast_mut()) else { return Err(length) };
    // SAFETY: as the caller promises.
    let slice = unsafe { std::slice::from_raw_parts(pointer.as_ptr(), length) };
    slice.get(..length).ok_or(length)
}

#[auto_track_exception]
extern "C" fn callback(data: *mut c_void, code: c_int) -> c_int {
    let number = data.cast::<u32>();
    if number.is_null() {
        return -1;
    }
    // SAFETY: it is what this program gave.
    unsafe { *number += 1 };
    code * 2
}

#[unsafe(no_mangle)]
#[auto_track_exception]
pub unsafe extern "C" fn shapes_length(text: *const c_char) -> usize {
    // SAFETY: as the caller promises.
    let text = unsafe { CStr::from_ptr(text) };
    let length = text.to_bytes().len();
    length
}

#[auto_track_exception]
#[unsafe(export_name = "shapes_exported")]
extern "C-unwind" fn exported(number: u64) -> u64 {
    let doubled = number.wrapping_mul(2);
    doubled
}

static mut COUNTER: u32 = 0;

#[auto_track_exception]
unsafe fn mutable_static(step: u32) -> Result<u32, String> {
    // SAFETY: nobody else uses it.
    unsafe {
        COUNTER += step;
        let before = COUNTER;
        let place = &raw mut COUNTER;
        *place = (*place).checked_sub(10).ok_or_else(|| before.to_string())?;
        Ok(before)
    }
}

#[auto_track_exception]
fn uninitialized(text: &[u8; 4]) -> Result<[u8; 4], Utf8Error> {
    let mut array = [const { MaybeUninit::<u8>::uninit() }; 4];
    for (to, from) in array.iter_mut().zip(text) {
        to.write(*from);
    }
    // SAFETY: all four were written.
    let array: [u8; 4] = unsafe { std::mem::transmute(array) };
    std::str::from_utf8(&array)?;
    Ok(array)
}

#[auto_track_exception]
fn allocates(size: usize) -> Result<usize, std::alloc::LayoutError> {
    let layout = Layout::array::<u64>(size)?;
    if layout.size() == 0 {
        return Ok(0);
    }
    // SAFETY: the layout is not empty, and what is allocated is given back with the same.
    unsafe {
        let pointer = std::alloc::alloc_zeroed(layout);
        let sum = pointer.addr() % layout.align();
        std::alloc::dealloc(pointer, layout);
        Ok(sum)
    }
}

/// A frame's own slots would not fit a copy of this.
#[auto_track_exception]
fn large(numbers: [u64; 4096], big: &[[u8; 1024]; 64]) -> Result<[u64; 4096], usize> {
    let copy = numbers;
    let sum: u64 = copy.iter().sum();
    if sum > 0 { Err(big.len()) } else { Ok(copy) }
}

struct Nothing;

#[auto_track_exception]
fn zero_sized(_nothing: Nothing, unit: (), empty: [u32; 0], phantom: std::marker::PhantomData<*const ()>) -> Result<(), Nothing> {
    let nothing = Nothing;
    let closure = || ();
    closure();
    let _ = (unit, phantom);
    if empty.is_empty() { Err(nothing) } else { Ok(()) }
}

#[auto_track_exception]
fn unsized_types(slice: &mut [u32], text: Box<str>, object: &dyn Fn() -> u32, path: &std::path::Path) -> Result<Box<[u32]>, Box<str>> {
    let head = &mut slice[..1];
    head[0] = object();
    let part = &*text;
    let name = path.file_name();
    let tail: &[u32] = &slice[1..];
    if part.is_empty() || name.is_none() {
        return Err(text);
    }
    Ok(tail.into())
}

#[auto_track_exception]
unsafe fn cell<'a>(cell: &'a UnsafeCell<Vec<u32>>) -> Result<&'a mut Vec<u32>, ()> {
    // SAFETY: as the caller promises.
    let inner = unsafe { &mut *cell.get() };
    if inner.is_empty() { Err(()) } else { Ok(inner) }
}

#[auto_track_exception]
fn pointers(function: fn(u32) -> u32, foreign: extern "C" fn(*mut c_void, c_int) -> c_int, value: *mut u32) -> Result<*mut u32, *const u32> {
    let number = function(1);
    let code = foreign(value.cast(), 3);
    let address = &raw const number;
    if code < 0 { Err(ptr::null()) } else if address.is_null() { Err(value) } else { Ok(value) }
}

#[auto_track_exception]
#[repr_checked]
fn through_another_attribute(number: u32) -> Result<u32, String> {
    number.checked_sub(1).ok_or_else(|| "zero".to_owned())
}

use error_tracker::untracked as repr_checked;

/// What has a destructor moves once, and is dropped once.
struct Loud<'a>(&'a std::cell::Cell<u32>);

impl Drop for Loud<'_> {
    #[auto_track_exception]
    fn drop(&mut self) {
        let before = self.0.get();
        self.0.set(before + 1);
    }
}

#[auto_track_exception]
fn moves<'a>(loud: Loud<'a>, other: Loud<'a>, keep: bool) -> Result<Loud<'a>, Loud<'a>> {
    let first = loud;
    let second = Some(other);
    if keep {
        return Ok(first);
    }
    let Some(second) = second else { return Err(first) };
    drop(first);
    std::mem::forget(Loud(second.0));
    Err(second)
}

fn main() {
    assert_eq!(unions(Bits { bits: 7 }, 1), Ok(7));
    assert_eq!(unions(Bits { text: ManuallyDrop::new("x") }, 0), Err("x"));
    // SAFETY: null is looked for, and the counter is used by this thread only.
    unsafe {
        assert_eq!(raw(ptr::null(), 3), Err(3));
        assert_eq!(raw("abc".as_ptr(), 3), Ok(&b"abc"[..]));
        assert_eq!(shapes_length(c"abc".as_ptr()), 3);
        assert_eq!((mutable_static(12), mutable_static(1).is_err()), (Ok(12), true));
        assert_eq!(cell(&UnsafeCell::new(vec![])), Err(()));
    }
    assert_eq!((callback(ptr::null_mut(), 1), exported(4)), (-1, 8));
    assert!(uninitialized(b"abcd").is_ok() && uninitialized(&[255; 4]).is_err());
    assert!(allocates(usize::MAX).is_err() && allocates(3) == Ok(0));
    assert_eq!(large([1; 4096], &[[0; 1024]; 64]), Err(64));
    assert!(zero_sized(Nothing, (), [], std::marker::PhantomData).is_err());
    assert!(unsized_types(&mut [1, 2], "x".into(), &|| 3, "a/b".as_ref()).is_ok());
    let mut value = 1;
    assert!(pointers(|number| number, callback, &mut value).is_ok() && value == 2);
    assert!(through_another_attribute(0).is_err());
    let count = std::cell::Cell::new(0);
    drop(moves(Loud(&count), Loud(&count), true));
    assert_eq!(count.get(), 2);
    drop(moves(Loud(&count), Loud(&count), false));
    assert_eq!(count.get(), 4);
}
