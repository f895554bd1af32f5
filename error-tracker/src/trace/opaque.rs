//! Errors whose type is a parameter without bounds, such as `T::Err`.
//!
//! Their type's name is known at run time; a caller that knows the type adds the text. The common types of the standard
//! library are recognised, so that their text is known at once.

use std::any::type_name;
use std::fmt::{Debug, Display};

use super::error_ref::ErrorRef;
use super::inspect_outcome::{FallibleValue, InspectError, InspectOutcome, impl_inspect_outcome};
use super::observation::ObservationSource;
use crate::cast;

/// An error that has neither `Display` nor `Debug`, or is not known to have them.
#[derive(Clone, Copy, Debug)]
pub struct OpaqueError;

impl_inspect_outcome!([] [] OpaqueError = false where [Sized]);

impl<E> InspectError<E> for OpaqueError {
    fn inspect_error(error: &E, visit: &mut dyn FnMut(&ErrorRef<'_>)) {
        let type_name = type_name::<E>();
        macro_rules! first_of {
            ($([$show:ident] $($t:ty),+;)+) => {
                $($(if let Some(error) = cast::known::<E, $t>(error) {
                    return $show(type_name, error, visit);
                })+)+
            };
        }
        first_of! {
            [show_error]
                std::io::Error, std::fmt::Error, std::num::ParseIntError, std::num::ParseFloatError,
                std::num::TryFromIntError, std::str::ParseBoolError, std::char::ParseCharError, std::str::Utf8Error,
                std::string::FromUtf8Error, std::net::AddrParseError, std::env::VarError, std::array::TryFromSliceError,
                std::convert::Infallible;
            [show]
                String, bool, char, u8, u16, u32, u64, usize, i8, i16, i32, i64, isize;
        }
        visit(&ErrorRef { type_name, display: None, debug: None, error: &|| None });
    }
}

fn show_error(
    type_name: &'static str,
    error: &impl std::error::Error,
    visit: &mut dyn FnMut(&ErrorRef<'_>),
) {
    visit(&ErrorRef {
        type_name,
        display: Some(error),
        debug: Some(error),
        error: &|| Some(error),
    });
}

fn show(
    type_name: &'static str,
    value: &(impl Display + Debug),
    visit: &mut dyn FnMut(&ErrorRef<'_>),
) {
    visit(&ErrorRef { type_name, display: Some(value), debug: Some(value), error: &|| None });
}
