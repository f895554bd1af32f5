//! Errors of the standard trait, which can have causes.

use std::any::type_name;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use super::meeting::Meets;
use super::outcome::{ErrorRef, Failing, Given, Look, LookAt, Outcome, looks};
use super::tie::Tie;
use crate::cast;

/// An error of the standard trait. `S` is the error's type once more, with lifetimes that may be longer: `Error` can be
/// implemented for `'static` only (`impl<T: Any> Error for CapacityError<T>`), which a function that meets a
/// `CapacityError<&'a str>` could not promise.
#[derive(Clone, Copy, Debug)]
pub struct StdError<S>(PhantomData<fn(S)>);

looks!(@outcome [S] StdError<S> where [Display + Debug]);

impl<E: Display + Debug, S: Error> Look<E> for StdError<S> {
    fn look(error: &E, see: &mut dyn FnMut(&ErrorRef<'_>)) {
        see(&ErrorRef {
            type_name: type_name::<E>(),
            display: Some(error),
            debug: Some(error),
            error: &|| cast::unborrowed::<E, S>(error).map(|error| error as &dyn Error),
        });
    }
}

/// Asked first.
impl<R: Failing> Tie<R, StdError<R::Error>>
where
    R::Error: Error,
{
    pub fn __error_tracker_close(self) {}
}

impl<E: Error> LookAt for &&&&&&Given<'_, E> {
    fn __error_tracker_look(&self, see: &mut dyn FnMut(&ErrorRef<'_>)) {
        let error = self.0;
        see(&ErrorRef {
            type_name: type_name::<E>(),
            display: Some(error),
            debug: Some(error),
            error: &|| Some(error),
        });
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Borrowing<'a>(&'a str, fmt::Error);

    impl Display for Borrowing<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Borrowing<'static> {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.1)
        }
    }

    fn has_sources<E, S: Error>(error: &E) -> Option<bool>
    where
        StdError<S>: Look<E>,
    {
        let mut found = None;
        StdError::<S>::look(error, &mut |error| found = Some((error.error)().is_some()));
        found
    }

    #[test]
    fn causes_are_asked_only_of_a_type_without_lifetimes() {
        let text = String::from("borrowed");
        let borrowing = Borrowing(&text, fmt::Error);
        assert_eq!(has_sources::<_, Borrowing<'static>>(&borrowing), Some(false));
        assert_eq!(has_sources::<_, fmt::Error>(&fmt::Error), Some(true));
    }
}
