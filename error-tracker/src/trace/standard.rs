//! Errors of the standard trait, which can have sources.

use std::any::type_name;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use super::error_ref::ErrorRef;
use super::inspect_outcome::{
    FallibleValue, GivenError, InspectError, InspectGiven, InspectOutcome, impl_inspect_outcome,
};
use super::observation::ObservationSource;
use super::outcome_probe::OutcomeProbe;
use crate::cast;

/// An error of the standard trait. `S` is the error's type with lifetimes that may be longer: `Error` may be
/// implemented for `'static` only (`impl<T: Any> Error for CapacityError<T>`), and a bound on `CapacityError<&'a
/// str>` itself would not compile.
#[derive(Clone, Copy, Debug)]
pub struct StdError<S>(PhantomData<fn(S)>);

impl_inspect_outcome!([] [S] StdError<S> = true where [Display + Debug]);

impl<E: Display + Debug, S: Error> InspectError<E> for StdError<S> {
    fn inspect_error(error: &E, visit: &mut dyn FnMut(&ErrorRef<'_>)) {
        visit(&ErrorRef {
            type_name: type_name::<E>(),
            display: Some(error),
            debug: Some(error),
            error: &|| cast::unborrowed::<E, S>(error).map(|error| error as &dyn Error),
        });
    }
}

/// Tried after pointers, some of which are errors themselves.
impl<R: FallibleValue> OutcomeProbe<R, StdError<R::Error>>
where
    R::Error: Error,
{
    pub fn __error_tracker_close(&self) {}
    /// The only kind that is tried in closures, where a type may not be fully inferred. Values in boxes that are no
    /// errors are not observed.
    pub fn __error_tracker_close_inside(&self) {}
}

impl<E: Error> InspectGiven for &&&&&&GivenError<'_, E> {
    fn __error_tracker_look(&self, visit: &mut dyn FnMut(&ErrorRef<'_>)) {
        let error = self.0;
        visit(&ErrorRef {
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
        StdError<S>: InspectError<E>,
    {
        let mut found = None;
        StdError::<S>::inspect_error(error, &mut |error| found = Some((error.error)().is_some()));
        found
    }

    #[test]
    fn sources_are_read_only_of_a_type_without_lifetimes() {
        let text = String::from("borrowed");
        let borrowing = Borrowing(&text, fmt::Error);
        assert_eq!(has_sources::<_, Borrowing<'static>>(&borrowing), Some(false));
        assert_eq!(has_sources::<_, fmt::Error>(&fmt::Error), Some(true));
    }
}
