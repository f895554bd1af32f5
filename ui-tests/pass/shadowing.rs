//! Names of the prelude and of the standard library that mean something else.
#![forbid(unsafe_code)]
#![deny(warnings, unreachable_code, unused)]
#![allow(non_camel_case_types)]

use error_tracker::auto_track_exception;

mod types {
    use error_tracker::auto_track_exception;

    /// A local `Result` with `Ok` and `Err` of its own.
    #[derive(Debug, PartialEq)]
    pub enum Result<T, E> {
        Ok(T),
        Err(E),
    }
    pub use self::Result::{Err, Ok};

    #[derive(Debug, PartialEq, Clone)]
    pub enum Option<T> {
        Some(T),
        None,
    }
    pub use self::Option::{None, Some};

    pub struct String;
    pub struct Vec;
    pub struct Box;
    pub trait Default {}
    pub trait Clone {}
    pub trait Debug {}
    pub trait Display {}
    pub trait Error {}
    pub trait From {}
    pub trait Into {}
    pub trait Drop {}
    pub trait Fn {}
    pub trait FnMut {}
    pub trait Send {}
    pub trait Sized {}
    pub trait Future {}
    pub type u32 = u64;
    pub type bool = u8;
    pub type usize = String;

    #[auto_track_exception]
    pub fn own(number: u32) -> Result<u32, Option<u32>> {
        let value = Some(number);
        match value {
            Some(0) => Err(None),
            Some(number) if number > 3 => return Err(Some(number)),
            value => Ok(match value {
                Some(number) => number,
                None => 0,
            }),
        }
    }

    #[auto_track_exception]
    pub async fn own_async(number: u32) -> Result<u32, Option<u32>> {
        let value = Some(number);
        if let Some(0) = value { Err(None) } else { Ok(number) }
    }

    #[auto_track_exception(context(double = number * 2), level = "warning", locals = "always")]
    pub fn with_options(number: u32, _: bool, _: &usize) -> std::result::Result<u32, &'static str> {
        let half = number / 2;
        if half == 0 { std::result::Result::Err("zero") } else { std::result::Result::Ok(half) }
    }

    #[error_tracker::track_exception]
    pub fn handler(error: &dyn std::error::Error) -> bool {
        let error = error.source().is_none();
        error as bool
    }

    pub type Nothing = (Vec, Box);

    #[expect(dead_code)]
    fn uses<T: Default + Clone + Debug + Display + Error + From + Into + Drop + Fn + FnMut + Send + Sized + Future>() {}
}

/// Modules with the names of crates.
mod core {}
mod std {
    pub(crate) mod error {}
}
mod alloc {}
mod error_tracker_tests {}

/// Methods with the names of those that an expansion could call.
trait Methods {
    fn clone(&self) -> u32 {
        1
    }
    fn error(&self) -> u32 {
        2
    }
    fn enter(self)
    where
        Self: Sized,
    {
    }
    fn keep(&self) {}
    fn close(&self) {}
    fn kind(&self) {}
    fn as_ref(&self) -> u32 {
        3
    }
    fn fmt(&self) {}
    fn poll(&self) {}
    fn drop(&self) {}
}

impl<T: ?Sized> Methods for T {}

#[auto_track_exception]
fn methods(text: &&str) -> Result<u32, String> {
    let value = Methods::clone(text) + Methods::error(text);
    text.enter();
    text.keep();
    text.close();
    text.kind();
    text.poll();
    let more = value.as_ref();
    Methods::fmt(&more);
    Methods::drop(&more);
    if more > 3 { Err("more".into()) } else { Ok(more) }
}

/// Functions and macros with names that an expansion uses.
fn at() {}
fn see() {}
fn link() {}
fn p() {}

macro_rules! file {
    () => {
        at()
    };
}
macro_rules! module_path {
    () => {
        see()
    };
}
macro_rules! format_args {
    () => {
        link()
    };
}

#[auto_track_exception]
fn functions(number: u32) -> Result<u32, String> {
    at();
    see();
    link();
    p();
    file!();
    module_path!();
    format_args!();
    let at = number;
    let see = at + 1;
    let link = &see;
    let error_tracker = link;
    if *error_tracker > 3 { Err(see.to_string()) } else { Ok(at) }
}

#[auto_track_exception]
fn generic_names<T, E, K, R, N, F>(t: T, e: E, _: K, _: R, _: N, _: F) -> Result<T, E> {
    let pair = (t, e);
    let chosen: Result<T, E> = Ok(pair.0);
    chosen
}

#[auto_track_exception]
fn constants<const N: usize, const TASK: bool>(array: [u8; N]) -> Result<[u8; N], bool> {
    let length = array.len();
    if length > 3 { Err(TASK) } else { Ok(array) }
}

mod without_prelude {
    #![no_implicit_prelude]

    use ::std::fmt::Debug;
    use ::std::result::Result::{self, Err, Ok};
    use ::std::string::{String, ToString};

    #[::error_tracker::auto_track_exception]
    pub fn plain(number: u32, text: &str) -> Result<u32, String> {
        let doubled = number * 2;
        let length = text.len();
        let parsed: u32 = Parse::parse(&text)?;
        if doubled > 5 { Err(length.to_string()) } else { Ok(parsed) }
    }

    #[::error_tracker::auto_track_exception]
    pub async fn future(number: u32, value: impl Debug) -> Result<u32, String> {
        let doubled = number * 2;
        let shown = ::std::format!("{value:?}");
        if doubled > 5 { Err(shown) } else { Ok(doubled) }
    }

    #[::error_tracker::auto_track_exception(none, context(twice = number * 2), globals(u8::MAX), level = "info")]
    pub fn options(number: u32) -> ::std::option::Option<u32> {
        let less = number.checked_sub(1)?;
        less.checked_sub(1)
    }

    #[::error_tracker::auto_track_exception(silent)]
    pub fn silent(number: u32) -> Result<u32, String> {
        let text = number.to_string();
        Err(text)
    }

    #[::error_tracker::track_exception]
    pub fn handler(error: &dyn ::std::error::Error) -> String {
        error.to_string()
    }

    trait Parse {
        fn parse(&self) -> Result<u32, String>;
    }

    impl Parse for &str {
        #[::error_tracker::auto_track_exception]
        fn parse(&self) -> Result<u32, String> {
            let number = <u32 as ::std::str::FromStr>::from_str(self);
            let number = number.map_err(|error| error.to_string())?;
            Ok(number)
        }
    }
}

fn main() {
    assert_eq!((types::own(0), types::own(9), types::own(1)), (types::Err(types::None), types::Err(types::Some(9)), types::Ok(1)));
    assert!(types::with_options(1, 0, &types::String).is_err());
    assert_eq!(types::handler(&::std::fmt::Error), 1);
    let _: Option<types::Nothing> = None;
    assert_eq!((methods(&"x"), functions(1), functions(9).is_err()), (Ok(3), Ok(1), true));
    assert_eq!(generic_names(1, "x", 2, 3, 4, 5), Ok(1));
    assert_eq!(constants::<4, true>([0; 4]), Err(true));
    assert_eq!((without_prelude::plain(1, "7"), without_prelude::plain(3, "x").is_err()), (Ok(7), true));
    assert_eq!((without_prelude::options(1), without_prelude::silent(1)), (None, Ok(0)));
    assert!(without_prelude::handler(&::std::fmt::Error).len() > 1);
    drop((types::own_async(1), without_prelude::future(1, 2)));
}
