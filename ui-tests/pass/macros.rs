//! Macros in bodies that leave them, and macros that make annotated functions.
#![forbid(unsafe_code)]
#![deny(warnings, unreachable_code, unused)]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::task::{Context, Poll, Waker, ready};

use error_tracker::auto_track_exception;

/// Leaves by `return`.
macro_rules! bail {
    ($($arg:tt)*) => {
        return Err(format!($($arg)*).into())
    };
}

/// Leaves by `?` and by `return`, in statements that see the function's own names.
macro_rules! first_of {
    ($first:expr, $($rest:expr),* ; else $other:block) => {{
        let found = $first?;
        if found > 0 {
            found
        } else {
            $(if let Ok(found) = $rest && found > 0 {
                return Ok(found);
            })*
            $other
        }
    }};
}

macro_rules! hash {
    ($($key:literal => $value:expr),* $(,)?) => {
        HashMap::from([$(($key, $value)),*])
    };
}

/// Makes annotated functions and methods from every kind of fragment.
macro_rules! reader {
    ($(#[$meta:meta])* $vis:vis fn $name:ident<$($lt:lifetime),*>($arg:ident: $ty:ty) -> $ret:ty { $value:expr }) => {
        $(#[$meta])*
        #[auto_track_exception]
        $vis fn $name<$($lt),*>($arg: $ty) -> $ret {
            let kept = $value;
            let number: u32 = kept.parse().map_err(|_| $arg)?;
            Ok(number)
        }
    };
    (impl $type:ident { $($name:ident($self:ident $(, $arg:ident: $argty:ty)*) $body:block)* }) => {
        impl $type {
            $(
                #[auto_track_exception]
                fn $name(&$self $(, $arg: $argty)*) -> Result<u32, String> $body
            )*
        }
    };
    (statements $name:ident { $($stmt:stmt);* } => $tail:expr) => {
        #[allow(redundant_semicolons)]
        #[auto_track_exception]
        fn $name(text: &str) -> Result<u32, String> {
            $($stmt;)*
            let _ = text;
            $tail
        }
    };
    (patterns $name:ident { $($pat:pat => $result:expr),* }) => {
        #[auto_track_exception]
        fn $name(number: u32) -> Result<&'static str, u32> {
            match number {
                $($pat => $result,)*
                other => Err(other),
            }
        }
    };
    (block $name:ident $body:block) => {
        #[auto_track_exception]
        fn $name(text: &str) -> Result<u32, String> {
            $body
            reader_of(text)
        }
    };
    (tokens $name:ident($number:ident) { $($body:tt)* }) => {
        #[auto_track_exception]
        fn $name($number: u32) -> Result<u32, String> { $($body)* }
    };
    (item $item:item) => {
        #[auto_track_exception]
        $item
    };
    (whole $($item:tt)*) => {
        #[auto_track_exception]
        $($item)*
    };
}

reader! {
    /// Documented.
    #[inline]
    pub(crate) fn read<'a>(text: &'a str) -> Result<u32, &'a str> { text.trim() }
}

struct Counter {
    count: u32,
}

reader! {
    impl Counter {
        minus(self, other: u32) {
            self.count.checked_sub(other).ok_or_else(|| format!("{} - {other}", self.count))
        }
        twice(self) {
            let once = self.minus(1)?;
            let twice = self.minus(once)?;
            Ok(once + twice)
        }
    }
}

reader! { statements run { let mut sum = 0; sum += 3; if sum > 7 { return Err("x".into()) } } => Ok(3) }
reader! { patterns named { 0 => Ok("zero"), 1 | 2 => Ok("some"), many @ 3..=5 => Err(many) } }
reader! { block looks { if reader_of("x").is_ok() { return Ok(1) } } }
reader! { tokens half(number) { let half = number / 2; if half == 0 { return Err("none".into()); } half.checked_sub(1).ok_or("one".into()) } }
reader! {
    item fn from_item(text: &str) -> Result<usize, String> {
        let length = text.len();
        if length > 3 { Err(text.to_owned()) } else { Ok(length) }
    }
}
reader! {
    whole impl std::str::FromStr for Counter {
        type Err = std::num::ParseIntError;

        fn from_str(text: &str) -> Result<Self, Self::Err> {
            let count = text.parse()?;
            Ok(Self { count })
        }
    }
}

fn reader_of(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| text.to_owned())
}

/// The names of the macro and those of the caller are not the same.
macro_rules! hygienic {
    ($name:ident) => {
        #[auto_track_exception]
        fn $name(text: &str) -> Result<usize, String> {
            let value = text.len();
            let outer = inner!(value);
            if outer > value { Err(format!("{value}")) } else { Ok(outer) }
        }
    };
}

macro_rules! inner {
    ($number:expr) => {{
        let value = 1;
        $number - value
    }};
}

hygienic!(differs);

#[auto_track_exception]
fn leaves(text: &str) -> Result<u32, Box<dyn std::error::Error>> {
    if text.is_empty() {
        bail!("empty");
    }
    let parse = |text: &str| text.parse::<u32>();
    let found = first_of!(parse(text), parse("0"), parse("7"); else { bail!("{} of {text}", 3) });
    match found {
        8 => bail!("eight"),
        found => Ok(found),
    }
}

#[auto_track_exception]
fn standard(text: &str) -> Result<String, Box<dyn std::error::Error>> {
    let numbers = vec![text.parse::<u32>()?, "2".parse()?];
    let zeros = vec![0_u8; text.parse::<usize>()?];
    let mut out = String::new();
    write!(out, "{} {}", numbers[0], zeros.len())?;
    writeln!(out, "{0:>1$}", text, text.parse::<usize>()?)?;
    assert!(numbers.len() == 2, "{numbers:?}");
    assert_eq!(numbers[1], "2".parse::<u32>()?, "{}", text.parse::<u8>()?);
    debug_assert_ne!(out, "");
    let known = hash! { "a" => text.parse::<u32>()?, "b" => 2 };
    if matches!(known.get("a"), Some(3..) if text.parse::<u32>()? > 5) {
        Err(format!("{known:?}"))?
    }
    let place = concat!(file!(), ":", line!());
    let joined = format_args!("{place}{out}").to_string();
    let _ = format!("{}", if joined.len() > 900 { return Err(joined.into()) } else { "short" });
    Ok(out)
}

#[auto_track_exception]
fn polls(value: Poll<Result<u32, String>>, _: &mut Context<'_>) -> Poll<Result<u32, String>> {
    let number = ready!(value)?;
    if number == 0 {
        return Poll::Ready(Err("zero".into()));
    }
    Poll::Ready(number.checked_sub(2).ok_or_else(|| number.to_string()))
}

#[auto_track_exception]
fn items_by_macro(number: u32) -> Result<u32, u32> {
    macro_rules! local {
        ($($name:ident = $value:expr;)*) => {
            $(let $name = $value;)*
            const LIMIT: u32 = 5;
        };
    }
    local! {
        double = number * 2;
        half = number / 2;
    }
    thread_local! {
        static CALLS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
    }
    CALLS.with(|calls| calls.set(calls.get() + 1));
    if double > LIMIT { Err(half) } else { Ok(CALLS.get()) }
}

fn main() {
    assert_eq!((read("x"), read(" 4 ")), (Err("x"), Ok(4)));
    let counter = Counter { count: 3 };
    assert_eq!((counter.minus(4).is_err(), counter.twice()), (true, Ok(3)));
    assert_eq!((run("x"), named(1), named(4), named(9)), (Ok(3), Ok("some"), Err(4), Err(9)));
    assert_eq!((looks("2"), looks("x").is_err()), (Ok(2), true));
    assert_eq!((half(1).is_err(), half(2), from_item("abcd").is_err()), (true, Ok(0), true));
    assert!("x".parse::<Counter>().is_err() && "4".parse::<Counter>().is_ok());
    assert_eq!((differs("ab"), leaves("0").ok(), leaves("8").is_err()), (Ok(1), Some(7), true));
    assert!(leaves("").is_err() && leaves("x").is_err());
    assert!(standard("4").is_ok() && standard("9").is_err() && standard("x").is_err());
    let mut context = Context::from_waker(Waker::noop());
    assert!(polls(Poll::Pending, &mut context).is_pending());
    assert_eq!(polls(Poll::Ready(Ok(1)), &mut context), Poll::Ready(Err("1".into())));
    assert_eq!((items_by_macro(1), items_by_macro(8)), (Ok(1), Err(4)));
}
