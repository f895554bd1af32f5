//! Where the budget of a function is spent, what costs nothing is kept all the same. Apart from other tests, whose functions share
//! the budget of all.
#![allow(missing_docs, reason = "a test")]

use std::fmt;

use error_tracker::auto_track_exception;
use error_tracker_tests::{frame_of, value, variable};

/// Spends its function's budget in a few hundred turns.
struct Long;

impl fmt::Debug for Long {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&"long".repeat(1_500))
    }
}

#[auto_track_exception]
fn search(bytes: &[u8]) -> Result<usize, String> {
    for (at, byte) in bytes.iter().enumerate() {
        let boxed = Box::new(u16::from(*byte));
        let long = Long;
        if *byte == 7 && *boxed == 7 && size_of_val(&long) == 0 {
            return Err(format!("refused at {at}"));
        }
    }
    Ok(bytes.len())
}

#[test]
fn a_number_in_a_pointer_is_captured_in_each_iteration_whatever_others_have_spent() {
    let frame = frame_of(|| {
        let mut bytes = vec![1; 2_000];
        bytes.push(7);
        search(&bytes)
    });
    assert_eq!((value(&frame, "byte"), value(&frame, "boxed")), ("7", "7"));
    assert_eq!(variable(&frame, "byte").type_name, "&u8");
}
