//! The interface by which a framework's request is read.

use std::net::IpAddr;

/// Gives access to the head of a request: method, target, headers, route and peer.
///
/// It is read only when an event is made, which may be on another thread and after the handler has
/// ended. So an implementation owns its data.
pub trait IncomingRequest: Send + Sync + 'static {
    /// Returns the method: `GET`, `POST`, ..
    fn method(&self) -> &str;

    /// Returns the path, still percent-encoded.
    fn path(&self) -> &str;

    /// Returns the query string without its `?`, still percent-encoded.
    fn query(&self) -> Option<&str> {
        None
    }

    /// Returns the scheme, if it is known from the target or the connection.
    fn scheme(&self) -> Option<&str> {
        None
    }

    /// Returns the host and port of the target. In HTTP/2 they replace the header `host`.
    fn authority(&self) -> Option<&str> {
        None
    }

    /// Calls `visit` with the name and the value of each header, in order.
    fn headers(&self, visit: &mut dyn FnMut(&str, &[u8]));

    /// Returns the value of the first header with this name, if it is text. `name` is in lower
    /// case.
    fn header(&self, name: &str) -> Option<String> {
        let mut found = None;
        self.headers(&mut |known, value| {
            if found.is_none() && known.eq_ignore_ascii_case(name) {
                found = String::from_utf8(value.to_vec()).ok();
            }
        });
        found
    }

    /// Returns the pattern of the matched route, such as `/orders/{id}`, if it is known before the
    /// handler runs. Otherwise it can be set later by
    /// [`TrackedRequest::set_route`](super::TrackedRequest::set_route).
    fn route(&self) -> Option<&str> {
        None
    }

    /// Returns the IP address of the peer: the client, or the last proxy.
    fn peer(&self) -> Option<IpAddr> {
        None
    }
}
