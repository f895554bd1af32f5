//! The attribute on `impl`, `trait` and `mod`: on every function inside, but for those that are marked or annotated.
#![forbid(unsafe_code)]
#![deny(warnings, unreachable_code, unused)]

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use error_tracker::{auto_track_exception, track_exception, untracked};

#[derive(Default, Debug)]
pub struct Cart<'a, T> {
    items: Vec<&'a T>,
}

#[auto_track_exception(skip_all)]
impl<'a, T: fmt::Debug> Cart<'a, T> {
    /// A constant among the functions.
    pub const LIMIT: usize = 3;

    pub const fn new() -> Self {
        Self { items: Vec::new() }
    }

    #[must_use]
    #[inline]
    pub fn with(mut self, item: &'a T) -> Self {
        self.items.push(item);
        self
    }

    fn first(&self) -> Result<&'a T, String> {
        let first = self.items.first().copied().ok_or("empty")?;
        Ok(first)
    }

    #[untracked]
    fn hot(&self) -> usize {
        self.items.len()
    }

    #[auto_track_exception(none)]
    fn last(&mut self) -> Option<&mut &'a T> {
        let last = self.items.last_mut()?;
        Some(last)
    }

    #[error_tracker::untracked]
    fn by_path(&self) -> Result<usize, String> {
        self.hot().checked_sub(1).ok_or_else(|| "empty".into())
    }

    #[track_exception]
    fn handle(error: &ParseIntError) -> String {
        error.to_string()
    }

    #[track_caller]
    #[cfg(all())]
    fn configured(&self) -> Result<u32, &'static std::panic::Location<'static>> {
        let here = std::panic::Location::caller();
        if self.items.is_empty() { Err(here) } else { Ok(1) }
    }

    #[cfg(any())]
    fn not_there(&self) -> Missing {
        missing!()
    }

    async fn waits(&self, text: &str) -> Result<u32, ParseIntError> {
        let number = std::future::ready(text).await.parse()?;
        Ok(number)
    }
}

#[auto_track_exception]
impl<T> fmt::Display for Cart<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.items.len();
        write!(f, "{count}")
    }
}

struct Number(u32);

#[auto_track_exception]
impl FromStr for Number {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.parse()?;
        Ok(Self(number))
    }
}

#[auto_track_exception]
impl Iterator for Number {
    type Item = Result<u32, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0 = self.0.checked_sub(1)?;
        Some(if self.0 == 1 { Err("one".into()) } else { Ok(self.0) })
    }
}

#[auto_track_exception]
pub trait Total {
    type Error: From<String>;
    const LIMIT: u32 = 9;

    fn total(&self) -> Result<u32, Self::Error>;

    fn doubled(&self) -> Result<u32, Self::Error> {
        let total = self.total()?;
        if total > Self::LIMIT {
            return Err(total.to_string().into());
        }
        Ok(total * 2)
    }

    #[untracked]
    fn plain(&self) -> u32 {
        Self::LIMIT
    }

    fn by_value(self) -> Result<Self, Self::Error>
    where
        Self: Sized,
    {
        self.total()?;
        Ok(self)
    }
}

impl Total for Number {
    type Error = String;

    fn total(&self) -> Result<u32, String> {
        Ok(self.0)
    }
}

#[auto_track_exception(locals = "never")]
mod shop {
    //! A module with documentation of its own.
    use std::num::ParseIntError;

    use error_tracker::untracked;

    pub const OFFSET: u32 = 1;
    pub static NAME: &str = "shop";

    pub(super) fn parse(text: &str) -> Result<u32, ParseIntError> {
        let number: u32 = text.parse()?;
        Ok(number + OFFSET)
    }

    pub const fn constant(number: u32) -> u32 {
        number + OFFSET
    }

    #[untracked]
    pub fn plain(text: &str) -> Result<u32, ParseIntError> {
        parse(text)
    }

    pub struct Shelf {
        pub books: Vec<String>,
    }

    impl Shelf {
        pub fn find(&self, name: &str) -> Result<&String, String> {
            let found = self.books.iter().find(|book| *book == name);
            found.ok_or_else(|| format!("no {name}"))
        }
    }

    #[untracked]
    impl Shelf {
        pub fn plain(&self) -> Result<&String, String> {
            self.books.first().ok_or_else(|| "none".into())
        }
    }

    pub trait Open {
        fn open(&mut self) -> Result<(), String>;

        fn reopen(&mut self) -> Result<(), String> {
            self.open()?;
            self.open()
        }
    }

    impl Open for Shelf {
        fn open(&mut self) -> Result<(), String> {
            let book = self.books.pop().ok_or("no books")?;
            if book.is_empty() { Err(book) } else { Ok(()) }
        }
    }

    pub mod deep {
        use super::parse;

        pub fn twice(text: &str) -> Result<u32, std::num::ParseIntError> {
            let once = parse(text)?;
            parse(&once.to_string())
        }

        #[error_tracker::auto_track_exception(name = "own")]
        pub fn own(text: &str) -> Result<u32, std::num::ParseIntError> {
            let number = text.parse()?;
            Ok(number)
        }

        #[error_tracker::untracked]
        pub mod plain {
            pub fn first(text: &str) -> Result<char, ()> {
                text.chars().next().ok_or(())
            }
        }
    }

    macro_rules! made {
        ($name:ident) => {
            pub fn $name() -> Result<(), String> {
                Err(stringify!($name).into())
            }
        };
    }
    made!(by_macro);
}

/// Blocks without a function, or without anything.
#[auto_track_exception]
mod empty {}

#[auto_track_exception]
trait Marker {}

#[auto_track_exception]
impl Marker for Number {}

fn main() {
    use shop::Open;

    let one = 1;
    let mut cart = Cart::new().with(&one);
    assert_eq!((cart.first(), cart.last().is_some(), cart.hot(), cart.by_path()), (Ok(&1), true, 1, Ok(0)));
    assert!(cart.configured().is_ok() && Cart::<u8>::new().first().is_err() && Cart::<u8>::LIMIT == 3);
    assert_eq!(Cart::<u8>::new().configured().map_err(std::panic::Location::line), Err(line!()));
    drop(cart.waits("1"));
    assert_eq!((cart.to_string(), "x".parse::<Number>().map_err(|error| Cart::<u8>::handle(&error).len() > 1).err()), ("1".into(), Some(true)));
    assert_eq!(Number(3).collect::<Result<Vec<_>, _>>(), Err("one".into()));
    assert_eq!((Number(3).doubled(), Number(10).doubled().is_err(), Number(1).plain()), (Ok(6), true, 9));
    assert!(Number(1).by_value().is_ok());
    assert_eq!((shop::parse("1"), shop::constant(1), shop::plain("x").is_err(), shop::NAME), (Ok(2), 2, true, "shop"));
    let mut shelf = shop::Shelf { books: vec!["a".into()] };
    assert!(shelf.find("b").is_err() && shelf.plain().is_ok() && shelf.reopen().is_err());
    assert_eq!((shop::deep::twice("1"), shop::deep::own("1")), (Ok(3), Ok(1)));
    assert!(shop::deep::plain::first("").is_err() && shop::by_macro().is_err());
    const fn marked<T: Marker>(_: &T) {}
    marked(&Number(1));
}
