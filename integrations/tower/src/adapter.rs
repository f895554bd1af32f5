//! The interface by which the layer is adapted to the types of a framework.

use std::net::{IpAddr, SocketAddr};

use error_tracker::web::BodyRecorder;
use http::{Extensions, Uri};
use http_body::Body;

use crate::recorded_body::RecordedBody;
use crate::tracked_body::TrackedBody;

/// The common part of [`RequestAdapter`] and [`ResponseAdapter`].
pub trait FrameworkAdapter: Clone + Send + Sync + 'static {
    /// Called with the type name of each service that the layer is applied to, so that the adapter
    /// can warn of a wrong place. Does nothing by default.
    fn note_service(&self, type_name: &'static str) {
        let _ = type_name;
    }
}

/// Reads requests with the body `B` that a framework has extended. Integrations of frameworks on
/// tower implement it; see [`TrackerLayer::adapter`](crate::TrackerLayer::adapter).
pub trait RequestAdapter<B>: FrameworkAdapter {
    /// The type of the body that the handler receives.
    type Body;
    /// The type of a route's pattern, such as `/orders/{id}`.
    type Route: AsRef<str> + Send + Sync + 'static;

    /// Converts the body into the one that the handler receives. If there is a recorder, that body
    /// must pass all bytes that are read to it; [`RecordedBody`] does.
    fn body(&self, body: B, recorder: Option<&BodyRecorder>) -> Self::Body;

    /// Returns the pattern of the matched route. The default is `None`.
    fn route(&self, extensions: &Extensions) -> Option<Self::Route> {
        let _ = extensions;
        None
    }

    /// Returns the URI as it arrived, if a router has changed it. The default is `None`.
    fn original_uri<'a>(&self, extensions: &'a Extensions) -> Option<&'a Uri> {
        let _ = extensions;
        None
    }

    /// Returns the IP address of the peer. The default is that of a [`SocketAddr`] in the
    /// extensions.
    fn peer(&self, extensions: &Extensions) -> Option<IpAddr> {
        extensions.get::<SocketAddr>().map(SocketAddr::ip)
    }
}

/// Converts the bodies of responses to the body type of a framework. `B` is the body type of its
/// services.
pub trait ResponseAdapter<B: Body>: FrameworkAdapter {
    /// The body type of the framework.
    type Body;

    /// Converts the body of a response.
    fn body(&self, body: TrackedBody<B>) -> Self::Body;
}

/// An adapter that leaves the type of the request's body unchanged. Bodies are not recorded.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainBodies;

impl<B> RequestAdapter<B> for PlainBodies {
    type Body = B;
    type Route = &'static str;

    fn body(&self, body: B, _: Option<&BodyRecorder>) -> B {
        body
    }
}

/// An adapter that records forms and JSON while the handler reads them: the handler receives a
/// [`RecordedBody`].
#[derive(Clone, Copy, Debug, Default)]
pub struct RecordedBodies;

impl<B> RequestAdapter<B> for RecordedBodies {
    type Body = RecordedBody<B>;
    type Route = &'static str;

    fn body(&self, body: B, recorder: Option<&BodyRecorder>) -> RecordedBody<B> {
        RecordedBody::new(body, recorder)
    }
}

macro_rules! tracked_bodies {
    ($($adapter:ty)+) => {$(
        impl FrameworkAdapter for $adapter {}

        impl<B: Body> ResponseAdapter<B> for $adapter {
            type Body = TrackedBody<B>;

            fn body(&self, body: TrackedBody<B>) -> TrackedBody<B> {
                body
            }
        }
    )+};
}

tracked_bodies! { PlainBodies RecordedBodies }
