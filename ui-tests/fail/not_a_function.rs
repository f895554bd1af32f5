use error_tracker::{auto_track_exception, untracked};

#[auto_track_exception]
struct Cart;

#[auto_track_exception]
enum Kind {
    Small,
}

#[auto_track_exception]
union Bits {
    bits: u32,
}

#[auto_track_exception]
const LIMIT: u32 = 1;

#[auto_track_exception]
static NAME: &str = "shop";

#[auto_track_exception]
type Answer = Result<u32, String>;

#[auto_track_exception]
use std::fmt;

#[auto_track_exception]
extern crate alloc;

#[auto_track_exception]
thread_local! {
    static COUNT: u32 = 1;
}

#[auto_track_exception]
macro_rules! made {
    () => {};
}

unsafe extern "C" {
    #[auto_track_exception]
    safe fn abs(number: i32) -> i32;
}

#[auto_track_exception]
unsafe extern "C" {
    safe fn labs(number: i64) -> i64;
}

trait Total {
    #[auto_track_exception]
    fn total(&self) -> Result<u32, String>;

    #[auto_track_exception]
    const LIMIT: u32;

    #[auto_track_exception]
    type Item;
}

impl Total for Cart {
    const LIMIT: u32 = 1;
    type Item = ();

    #[auto_track_exception(unknown)]
    fn total(&self) -> Result<u32, String> {
        Err("empty".into())
    }
}

#[auto_track_exception(silent, name = "cart", error = e)]
impl Cart {
    #[untracked]
    fn plain(&self) -> Result<u32, String> {
        self.total()
    }
}

#[auto_track_exception(skip_all, mask(password))]
mod inside {}

fn main() {
    made!();
    let _ = (Cart.total(), Cart.plain(), Kind::Small, Bits { bits: LIMIT }, NAME, abs(1), labs(1));
    let _: (Answer, fmt::Result, alloc::string::String) = (Ok(COUNT.with(|_| 1)), Ok(()), String::new());
}
