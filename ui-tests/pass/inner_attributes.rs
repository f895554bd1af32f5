//! An attribute inside the body stays the function's.
#![deny(warnings)]

use error_tracker::auto_track_exception;

#[auto_track_exception]
#[inline]
fn first(texts: &[&str]) -> Result<u32, std::num::ParseIntError> {
    #![allow(unused_variables)]
    //! Reads the first.
    let unused = texts.len();
    let number = texts[0].parse()?;
    Ok(number)
}

struct Reader(Vec<u8>);

#[auto_track_exception]
impl Reader {
    unsafe fn at(&self, index: usize) -> Result<u8, String> {
        #![allow(unsafe_op_in_unsafe_fn)]
        let bytes = &self.0;
        if bytes.len() > index { Ok(*bytes.get_unchecked(index)) } else { Err(format!("no {index}")) }
    }
}

fn main() {
    assert!(first(&["7"]).is_ok() && first(&["x"]).is_err());
    let reader = Reader(vec![3]);
    // SAFETY: it looks at the length.
    assert!(unsafe { reader.at(0) }.is_ok() && unsafe { reader.at(1) }.is_err());
}
