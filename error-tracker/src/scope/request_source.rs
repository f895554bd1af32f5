//! Where a scope reads its web request from.

use crate::event::Request;
use crate::user_code::catch_panic;

/// Makes the web request of a scope when an event needs it; see
/// [`Scope::set_request_source`](super::Scope::set_request_source). Closures implement it.
pub trait RequestSource: Send + Sync + 'static {
    /// Returns the request as far as it is known now. Runs on the thread that reports the failure;
    /// what it fails with is not recorded, and when it panics the event has no request.
    fn request(&self) -> Request;

    /// Returns the method and the pattern of the route, if both are known without reading the whole
    /// request. Called for each failure that is only counted, to count it for its route; without
    /// this it counts for the route of the event that it is equal to. The pattern is not masked.
    fn method_and_route(&self) -> Option<(&str, &str)> {
        None
    }
}

impl<F: Fn() -> Request + Send + Sync + 'static> RequestSource for F {
    fn request(&self) -> Request {
        self()
    }
}

impl RequestSource for Request {
    fn request(&self) -> Request {
        self.clone()
    }
}

/// Reads a request; `None` when its source panics.
pub(super) fn read(source: &dyn RequestSource) -> Option<Request> {
    catch_panic(|| source.request())
}
