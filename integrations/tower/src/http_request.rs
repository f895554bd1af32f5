//! The copy of a request's head that is kept until the request is settled.

use std::net::IpAddr;

use error_tracker::web::IncomingRequest;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};

use crate::adapter::RequestAdapter;

/// The head of a request. It is copied because an event may need it after the request was moved
/// into the handler.
pub(crate) struct HttpRequest<R> {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    route: Option<R>,
    peer: Option<IpAddr>,
}

impl<R> HttpRequest<R> {
    pub(crate) fn new<B, A: RequestAdapter<B, Route = R>>(parts: &Parts, adapter: &A) -> Self {
        Self {
            method: parts.method.clone(),
            uri: adapter.original_uri(&parts.extensions).unwrap_or(&parts.uri).clone(),
            headers: parts.headers.clone(),
            route: adapter.route(&parts.extensions),
            peer: adapter.peer(&parts.extensions),
        }
    }
}

impl<R: AsRef<str> + Send + Sync + 'static> IncomingRequest for HttpRequest<R> {
    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn path(&self) -> &str {
        self.uri.path()
    }

    fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    fn scheme(&self) -> Option<&str> {
        self.uri.scheme_str()
    }

    fn authority(&self) -> Option<&str> {
        // The target of a request to a proxy may contain a user and a password, which are left out.
        let authority = self.uri.authority()?.as_str();
        Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
    }

    fn headers(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        for (name, value) in &self.headers {
            visit(name.as_str(), value.as_bytes());
        }
    }

    fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }

    fn route(&self) -> Option<&str> {
        self.route.as_ref().map(AsRef::as_ref)
    }

    fn peer(&self) -> Option<IpAddr> {
        self.peer
    }
}
