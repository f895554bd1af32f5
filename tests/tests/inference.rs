//! Neither the library with its default features nor any of its dependencies brings an impl that makes the compiler's
//! inference ambiguous. A crate that uses an attribute loads them all: with `http` among them, `u16: PartialEq<_>` has
//! more than one impl, and a `port == text.parse().unwrap()` that compiled before does not any more.
//!
//! That this compiles is the test. It names no other crate, since the compiler loads only those that are named.
#![allow(clippy::unwrap_used)]

#[error_tracker::auto_track_exception]
fn port(text: &str) -> Result<u16, std::num::ParseIntError> {
    let port = text.parse()?;
    assert_eq!(8080_u16, port);
    Ok(port)
}

#[test]
fn a_primitive_is_compared_with_its_own_type_only() {
    assert_eq!(port("8080"), Ok(8080));
    macro_rules! compared {
        ($($value:literal)*) => {$( assert_eq!($value, "1".parse().unwrap()); )*};
    }
    compared! { 1_u8 1_u16 1_u32 1_u64 1_u128 1_usize 1_i8 1_i16 1_i32 1_i64 1_i128 1_isize 1_f32 1_f64 '1' }
    let yes = true;
    assert_eq!(yes, "true".parse().unwrap());
}
