//! The copy of a request's head that is kept until the request is settled.

use std::net::IpAddr;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use error_tracker::web::IncomingRequest;

/// The head of a request. It is copied because an event may be made on another thread, while the
/// request of actix is not `Send` and must not have a second owner while it is routed.
pub(crate) struct RequestHead {
    method: Method,
    uri: Uri,
    headers: Vec<(HeaderName, HeaderValue)>,
    route: Option<String>,
    is_secure: bool,
    peer: Option<IpAddr>,
}

impl RequestHead {
    pub(crate) fn new(request: &ServiceRequest) -> Self {
        let headers = request.headers();
        let mut all = Vec::with_capacity(headers.len());
        all.extend(headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: all,
            // Outside of the router, actix finds the pattern by the path, as the router will.
            route: request.match_pattern(),
            is_secure: request.app_config().secure(),
            peer: request.peer_addr().map(|address| address.ip()),
        }
    }
}

impl IncomingRequest for RequestHead {
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
        self.uri.scheme_str().or(self.is_secure.then_some("https"))
    }

    fn authority(&self) -> Option<&str> {
        // The target of a request to a proxy may contain a user and a password, which are left out.
        let authority = self.uri.authority()?.as_str();
        Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
    }

    /// Visits the headers sorted by name, because actix does not keep the order of arrival.
    fn headers(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        let mut sorted: Vec<_> = self.headers.iter().collect();
        sorted.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        for (name, value) in sorted {
            visit(name.as_str(), value.as_bytes());
        }
    }

    fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(known, _)| known.as_str() == name)?;
        Some(value.to_str().ok()?.to_owned())
    }

    fn route(&self) -> Option<&str> {
        self.route.as_deref()
    }

    fn peer(&self) -> Option<IpAddr> {
        self.peer
    }
}
