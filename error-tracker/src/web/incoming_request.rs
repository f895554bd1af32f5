//! What a framework knows of a request.

use std::net::IpAddr;

/// A request as its framework knows it. It is read when an event needs it, on the thread that
/// reports the failure; so it owns what it returns.
pub trait IncomingRequest: Send + Sync + 'static {
    /// Returns the method: `GET`, `POST`, ..
    fn method(&self) -> &str;

    /// Returns the path, still percent-encoded.
    fn path(&self) -> &str;

    /// Returns what follows the `?` of the target, still percent-encoded.
    fn query(&self) -> Option<&str> {
        None
    }

    /// Returns the scheme, where the target or the connection tells it.
    fn scheme(&self) -> Option<&str> {
        None
    }

    /// Returns the host and port of the target, as HTTP/2 has it in place of the header `host`.
    fn authority(&self) -> Option<&str> {
        None
    }

    /// Calls `visit` with the name and the value of each header, in order.
    fn headers(&self, visit: &mut dyn FnMut(&str, &[u8]));

    /// Returns the first header of this name, which is in lower case, if it is text.
    fn header(&self, name: &str) -> Option<String> {
        let mut found = None;
        self.headers(&mut |known, value| {
            if found.is_none() && known.eq_ignore_ascii_case(name) {
                found = String::from_utf8(value.to_vec()).ok();
            }
        });
        found
    }

    /// Returns the pattern of the route that answers, if it is known already; see
    /// [`TrackedRequest::set_route`](super::TrackedRequest::set_route).
    fn route(&self) -> Option<&str> {
        None
    }

    /// Returns the address of the connection's other end.
    fn peer(&self) -> Option<IpAddr> {
        None
    }
}
