//! The error types that are registered for a layer.

use std::any::{Any, type_name};
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use error_tracker::web::observe_error;
use http::Extensions;

/// The registered error types. Errors of these types are found in the extensions of responses, and
/// among the errors of services and bodies.
#[derive(Clone, Default)]
pub(crate) struct ErrorTypes {
    readers: Arc<Vec<ErrorReader>>,
}

type ValueObserver = Arc<dyn Fn(&dyn Any) -> bool + Send + Sync>;
type ExtensionsObserver = Arc<dyn Fn(&Extensions) -> bool + Send + Sync>;

#[derive(Clone)]
struct ErrorReader {
    type_name: &'static str,
    /// Observes the error if the value is of the type. Returns whether it is.
    observe: ValueObserver,
    /// Observes the error if the extensions contain one of the type. Returns whether they do.
    observe_in: ExtensionsObserver,
}

impl ErrorTypes {
    /// Registers a type; `read` returns the error of a value of this type.
    pub(crate) fn add<T: Send + Sync + 'static>(
        &mut self,
        read: impl for<'a> Fn(&'a T) -> &'a (dyn Error + 'static) + Send + Sync + 'static,
    ) {
        // A panic of `read`, or of the error, is recorded as every panic; the response stays.
        let read = Arc::new(move |value: &T| {
            drop(catch_unwind(AssertUnwindSafe(|| observe_error(read(value), type_name::<T>()))));
        });
        let read_in = Arc::clone(&read);
        Arc::make_mut(&mut self.readers).push(ErrorReader {
            type_name: type_name::<T>(),
            observe: Arc::new(move |any| {
                let shared = || any.downcast_ref::<Arc<T>>().map(|value| &**value);
                let value = any.downcast_ref::<T>().or_else(shared);
                value.map(|value| read(value)).is_some()
            }),
            observe_in: Arc::new(move |extensions| {
                let shared = extensions.get::<Arc<T>>().map(|value| &**value);
                let value = shared.or_else(|| extensions.get::<T>());
                value.map(|value| read_in(value)).is_some()
            }),
        });
    }

    /// Observes the first error of a registered type in the extensions of a response, if any.
    pub(crate) fn observe_in(&self, extensions: &Extensions) {
        self.readers.iter().any(|reader| (reader.observe_in)(extensions));
    }

    /// Observes an error if its type is registered. Returns whether it is.
    pub(crate) fn observe_value(&self, any: &dyn Any) -> bool {
        self.readers.iter().any(|reader| (reader.observe)(any))
    }
}

impl fmt::Debug for ErrorTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.readers.iter().map(|reader| reader.type_name)).finish()
    }
}
