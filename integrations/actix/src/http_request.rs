//! What is kept of a request until it is settled.

use std::net::IpAddr;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use error_tracker::web::IncomingRequest;

/// The head of a request. actix's own belongs to one thread, and must not have a second owner while
/// it is routed; an event may be made on another thread.
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
            // Around the router it is looked up by the path, as the router does it afterwards.
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
        // User and password of a proxy's target are nobody's business.
        let authority = self.uri.authority()?.as_str();
        Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
    }

    /// actix does not keep the order in which headers arrived; they come by name.
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
