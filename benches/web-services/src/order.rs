//! The orders of the service, looked up through two functions below the handler.

use std::fmt;

/// Orders from this one on do not exist.
pub const FIRST_UNKNOWN: u32 = 1_000_000;

/// There is no such order.
#[derive(Debug)]
pub struct NoOrder {
    pub id: u32,
    pub shelf: String,
}

impl fmt::Display for NoOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no order {} on shelf {}", self.id, self.shelf)
    }
}

impl std::error::Error for NoOrder {}

fn look_up(id: u32, shelf: &str) -> Result<u32, NoOrder> {
    if id < FIRST_UNKNOWN { Ok(id % 7) } else { Err(NoOrder { id, shelf: shelf.to_owned() }) }
}

macro_rules! functions {
    ($(#[$attr:meta])*) => {
        $(#[$attr])*
        pub fn pieces(id: u32) -> Result<u32, NoOrder> {
            let shelf = format!("A {}", id % 40);
            let packed = id % 2 == 0;
            let pieces = count(id, &shelf)?;
            Ok(if packed { pieces } else { pieces + 1 })
        }

        $(#[$attr])*
        fn count(id: u32, shelf: &str) -> Result<u32, NoOrder> {
            let reserved = id % 3;
            let pieces = look_up(id, shelf)?;
            Ok(pieces + reserved)
        }
    };
}

pub mod plain {
    use super::{NoOrder, look_up};

    functions!();
}

pub mod tracked {
    use super::{NoOrder, look_up};

    functions!(#[error_tracker::auto_track_exception]);
}
