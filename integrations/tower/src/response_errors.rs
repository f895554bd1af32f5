//! The types of errors that a layer was told.

use std::any::{Any, type_name};
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use error_tracker::web::observe_error;
use http::Extensions;

/// Readers of the types of errors that responses have in their extensions.
#[derive(Clone, Default)]
pub(crate) struct ResponseErrors {
    readers: Arc<Vec<ErrorReader>>,
}

type ValueObserver = Arc<dyn Fn(&dyn Any) -> bool + Send + Sync>;
type ExtensionsObserver = Arc<dyn Fn(&Extensions) -> bool + Send + Sync>;

#[derive(Clone)]
struct ErrorReader {
    type_name: &'static str,
    /// Observes the error if the value is of the type.
    observe: ValueObserver,
    /// The same of the extensions of a response.
    observe_in: ExtensionsObserver,
}

impl ResponseErrors {
    /// Adds a type, which `read` shows as an error.
    pub(crate) fn add<T: Send + Sync + 'static>(
        &mut self,
        read: impl for<'a> Fn(&'a T) -> &'a (dyn Error + 'static) + Send + Sync + 'static,
    ) {
        let read = Arc::new(move |value: &T| observe_error(read(value), type_name::<T>()));
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

    /// Observes the error that the extensions of a response have.
    pub(crate) fn observe_in(&self, extensions: &Extensions) {
        self.readers.iter().any(|reader| (reader.observe_in)(extensions));
    }

    /// Observes an error that is of one of the types. Returns whether it is.
    pub(crate) fn observe_value(&self, any: &dyn Any) -> bool {
        self.readers.iter().any(|reader| (reader.observe)(any))
    }
}

impl fmt::Debug for ResponseErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.readers.iter().map(|reader| reader.type_name)).finish()
    }
}
