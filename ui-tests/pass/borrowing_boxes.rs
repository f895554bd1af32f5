//! Errors behind `Box`, `Rc`, `Arc` and references to trait objects that borrow.
#![deny(warnings)]

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::rc::Rc;
use std::sync::Arc;

use error_tracker::{auto_track_exception, track_exception};

#[derive(Debug, Clone, Copy)]
struct Borrowed<'a>(&'a str);

impl Display for Borrowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {}", self.0)
    }
}

impl Error for Borrowed<'_> {}

impl<'a> From<Borrowed<'a>> for Rc<dyn Error + 'a> {
    fn from(error: Borrowed<'a>) -> Self {
        Rc::new(error)
    }
}

type Pair<'a, T> = Result<T, Box<dyn Error + 'a>>;

macro_rules! forms {
    ($($module:ident: $pointer:ident<$bounds:path $(, $auto:path)*>;)+) => {$(
        mod $module {
            use super::*;

            type Pointer<'a> = $pointer<dyn $bounds $(+ $auto)* + 'a>;

            #[auto_track_exception]
            fn returns(text: &str) -> Result<u8, $pointer<dyn $bounds $(+ $auto)* + '_>> {
                if text.is_empty() {
                    return Err($pointer::new(Borrowed(text)));
                }
                Ok(1)
            }

            #[auto_track_exception]
            fn tail<'a>(text: &'a str) -> Result<u8, $pointer<dyn $bounds $(+ $auto)* + 'a>> {
                if text.is_empty() { Err($pointer::new(Borrowed(text))) } else { Ok(1) }
            }

            #[auto_track_exception]
            fn asks<'a>(text: &'a str) -> Result<u8, Pointer<'a>> {
                let number = returns(text)?;
                let other: u8 = tail(text)?;
                Ok(number + other)
            }

            #[auto_track_exception(skip_all)]
            fn skips<'a>(text: &'a str) -> Result<u8, Pointer<'a>> {
                Ok(returns(text)? + 1)
            }

            #[auto_track_exception]
            fn matches(text: &str) -> Result<u8, String> {
                match returns(text) {
                    Ok(number) => Ok(number),
                    Err(error) => Err(error.to_string()),
                }
            }

            #[auto_track_exception]
            fn matches_and_hands_on(text: &str) -> Result<u8, Pointer<'_>> {
                match returns(text) {
                    Ok(number) => Ok(number),
                    Err(error) => Err(error),
                }
            }

            #[auto_track_exception]
            fn asks_whether(text: &str) -> u8 {
                if let Err(error) = returns(text) {
                    error_tracker::capture_exception!(error, text = text);
                    error_tracker::capture_exception(&*error);
                }
                let Ok(number) = tail(text) else { return 0 };
                number
            }

            #[auto_track_exception]
            fn loses(text: &str) -> Option<u8> {
                let _ = returns(text);
                drop(tail(text));
                let number = returns(text).ok()?;
                Some(number + tail(text).unwrap_or(0) + u8::from(tail(text).is_err()))
            }

            #[auto_track_exception]
            fn maps(text: &str) -> Result<u8, Pointer<'_>> {
                let number = returns(text).map_err(|error| error)?;
                let _ = returns(text).map_err(|error| error.to_string()).unwrap_or(number);
                tail(text).map_err(|error| { let error: Pointer<'_> = error; error })
            }

            #[auto_track_exception]
            fn prints(text: &str) -> usize {
                let Err(error) = returns(text) else { return 0 };
                error_tracker::print_exception!(error);
                let text = error_tracker::format_exception!(&error);
                let error = Some(error);
                text.len() + usize::from(error.is_some())
            }

            #[track_exception]
            fn handler(error: $pointer<dyn $bounds $(+ $auto)* + '_>) -> usize {
                error.to_string().len()
            }

            #[track_exception]
            fn handler_of_a_reference<'a>(error: &$pointer<dyn $bounds $(+ $auto)* + 'a>, more: &'a str) -> usize {
                error.to_string().len() + more.len()
            }

            #[auto_track_exception]
            async fn waits<'a>(text: &'a str) -> Result<u8, Pointer<'a>> {
                let number = returns(text)?;
                if number == 0 {
                    return Err($pointer::new(Borrowed(text)));
                }
                later(text).await?;
                later(text).await
            }

            #[auto_track_exception]
            async fn later(text: &str) -> Result<u8, Pointer<'_>> {
                tail(text)
            }

            #[auto_track_exception]
            fn generic<'a, E: $bounds $(+ $auto)* + 'a>(error: Option<E>) -> Result<u8, Pointer<'a>> {
                match error {
                    Some(error) => Err($pointer::new(error)),
                    None => Ok(2),
                }
            }

            struct Reader<'a> {
                text: &'a str,
                failed: Option<Pointer<'a>>,
                all: Result<u8, Pointer<'a>>,
            }

            trait Read<'a> {
                type Failure;
                fn read(&mut self) -> Result<u8, Self::Failure>;
                fn read_twice(&mut self) -> Result<u8, Self::Failure>;
                fn take(self) -> Result<u8, Pointer<'a>>;
            }

            #[auto_track_exception]
            impl<'a> Read<'a> for Reader<'a> {
                type Failure = Pointer<'a>;

                fn read(&mut self) -> Result<u8, Pointer<'a>> {
                    if let Some(error) = self.failed.take() {
                        return Err(error);
                    }
                    let number = returns(self.text)?;
                    self.failed = tail(self.text).err();
                    Ok(number)
                }

                fn read_twice(&mut self) -> Result<u8, Self::Failure> {
                    let first = self.read()?;
                    Ok(first + self.read()?)
                }

                fn take(self) -> Result<u8, Pointer<'a>> {
                    let found: Option<Pointer<'a>> = self.failed;
                    if let Some(error) = found {
                        return Err(error);
                    }
                    self.all
                }
            }

            #[auto_track_exception(none)]
            fn optional<'a>(text: &'a str) -> Option<Pointer<'a>> {
                let error = returns(text).err()?;
                Some(error)
            }

            pub fn run() {
                for text in [String::new(), String::from("1")] {
                    let text = &*text;
                    let fails = text.is_empty();
                    assert_eq!((returns(text).is_err(), tail(text).is_err(), asks(text).is_err()), (fails, fails, fails));
                    assert_eq!((skips(text).is_err(), matches(text).is_err(), maps(text).is_err()), (fails, fails, fails));
                    assert_eq!((matches_and_hands_on(text).is_err(), loses(text).is_none()), (fails, fails));
                    assert_eq!((asks_whether(text) == 0, prints(text) > 0), (fails, fails));
                    assert_eq!(generic(fails.then_some(Borrowed(text))).is_err(), fails);
                    assert_eq!(optional(text).is_some(), fails);
                    if let Err(error) = returns(text) {
                        assert_eq!(handler_of_a_reference(&error, text), handler(error));
                    }
                    let _ = waits(text);
                    let mut reader = Reader { text, failed: None, all: returns(text) };
                    assert_eq!(reader.read_twice().is_err(), fails);
                    assert_eq!(reader.take().is_err(), fails);
                }
            }
        }
    )+};
}

forms! {
    boxed: Box<Error>;
    boxed_send: Box<Error, Send>;
    boxed_sync: Box<Error, Send, Sync>;
    counted: Rc<Error>;
    counted_send: Rc<Error, Send>;
    counted_sync: Rc<Error, Send, Sync>;
    shared: Arc<Error>;
    shared_send: Arc<Error, Send>;
    shared_sync: Arc<Error, Send, Sync>;
}

/// Like snafu's.
trait ResultExt<T, E>: Sized {
    fn boxed<'a>(self) -> Result<T, Box<dyn Error + Send + Sync + 'a>>
    where
        E: Error + Send + Sync + 'a;

    fn boxed_local<'a>(self) -> Result<T, Box<dyn Error + 'a>>
    where
        E: Error + 'a;
}

#[auto_track_exception]
impl<T, E> ResultExt<T, E> for Result<T, E> {
    fn boxed<'a>(self) -> Result<T, Box<dyn Error + Send + Sync + 'a>>
    where
        E: Error + Send + Sync + 'a,
    {
        self.map_err(|e| Box::new(e) as _)
    }

    fn boxed_local<'a>(self) -> Result<T, Box<dyn Error + 'a>>
    where
        E: Error + 'a,
    {
        self.map_err(|e| Box::new(e) as _)
    }
}

#[auto_track_exception]
fn plain(text: &str) -> Result<u8, Borrowed<'_>> {
    if text.is_empty() { Err(Borrowed(text)) } else { Ok(1) }
}

#[auto_track_exception]
fn boxed(text: &str) -> Pair<'_, u8> {
    let number = plain(text)?;
    let one = plain(text).boxed_local()?;
    let both: Pair<'_, (u8, u8)> = Ok((number, plain(text).boxed_local()?));
    both.map(|(one, two)| one + two + number + one)
        .and_then(|sum| if sum > 200 { Err("too much".into()) } else { Ok(sum + one) })
}

#[auto_track_exception]
fn boxed_for_threads(text: &str) -> Result<u8, Box<dyn Error + Send + Sync + '_>> {
    let number = plain(text).boxed()?;
    plain(text).boxed().map(|other| other + number)
}

#[auto_track_exception]
fn of_a_box<'a>(text: &'a str) -> Result<u8, Box<Borrowed<'a>>> {
    let number = plain(text).map_err(Box::new)?;
    if number > 9 {
        return Err(Box::new(Borrowed(text)));
    }
    plain(text).map_err(Box::new)
}

#[auto_track_exception]
fn of_a_shared<'a>(text: &'a str) -> Result<u8, Arc<Box<dyn Error + Send + Sync + 'a>>> {
    match plain(text) {
        Ok(number) => Ok(number),
        Err(error) => Err(Arc::new(Box::new(error))),
    }
}

#[auto_track_exception]
fn of_a_reference<'a>(first: &'a (dyn Error + 'a), text: &'a str) -> Result<u8, &'a (dyn Error + 'a)> {
    error_tracker::capture_exception!(first);
    if text.is_empty() {
        return Err(first);
    }
    let number = of_a_reference(first, "")?;
    Ok(number)
}

#[auto_track_exception]
fn of_an_option<'a>(text: &'a str) -> Result<u8, Option<Box<dyn Error + 'a>>> {
    let number = boxed(text).map_err(Some)?;
    Ok(number)
}

/// An error that gives another by `AsRef` only.
#[derive(Debug)]
struct Wrapped<'a>(Box<dyn Error + 'a>);

impl<'a> AsRef<dyn Error + 'a> for Wrapped<'a> {
    fn as_ref(&self) -> &(dyn Error + 'a) {
        &*self.0
    }
}

#[auto_track_exception]
fn wrapped(text: &str) -> Result<u8, Wrapped<'_>> {
    let number = boxed(text).map_err(Wrapped)?;
    match boxed(text) {
        Ok(other) => Ok(number + other),
        Err(error) => Err(Wrapped(error)),
    }
}

fn main() {
    boxed::run();
    boxed_send::run();
    boxed_sync::run();
    counted::run();
    counted_send::run();
    counted_sync::run();
    shared::run();
    shared_send::run();
    shared_sync::run();
    let text = String::new();
    assert!(boxed_for_threads(&text).is_err());
    assert!(boxed(&text).is_err() && of_a_box(&text).is_err() && of_a_shared(&text).is_err());
    assert!(of_a_reference(&Borrowed(&text), &text).is_err() && of_an_option(&text).is_err());
    assert!(wrapped(&text).is_err());
}
