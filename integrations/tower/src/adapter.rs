//! How the types of a framework are read.

use std::net::{IpAddr, SocketAddr};

use error_tracker::web::BodyRecorder;
use http::{Extensions, Uri};
use http_body::Body;

use crate::recorded_body::RecordedBody;
use crate::tracked_body::TrackedBody;

/// The types of a framework.
pub trait FrameworkAdapter: Clone + Send + Sync + 'static {
    /// Is told the type of each service that a layer is put around, so that a wrong place can be
    /// said.
    fn note_service(&self, type_name: &'static str) {
        let _ = type_name;
    }
}

/// Reads requests of a framework with the body `B`. Frameworks on tower implement it; see
/// [`TrackerLayer::adapter`](crate::TrackerLayer::adapter).
pub trait RequestAdapter<B>: FrameworkAdapter {
    /// The body that the handler gets.
    type Body;
    /// The pattern of a route, such as `/orders/{id}`.
    type Route: AsRef<str> + Send + Sync + 'static;

    /// Returns the body that the handler gets, which gives the recorder, if there is one, what is
    /// read of it.
    fn body(&self, body: B, recorder: Option<&BodyRecorder>) -> Self::Body;

    /// Returns the pattern of the route that answers.
    fn route(&self, extensions: &Extensions) -> Option<Self::Route> {
        let _ = extensions;
        None
    }

    /// Returns the target as it arrived, where a router has changed it.
    fn original_uri<'a>(&self, extensions: &'a Extensions) -> Option<&'a Uri> {
        let _ = extensions;
        None
    }

    /// Returns the address of the connection's other end.
    fn peer(&self, extensions: &Extensions) -> Option<IpAddr> {
        extensions.get::<SocketAddr>().map(SocketAddr::ip)
    }
}

/// Makes responses of a framework of those of its services, which have the body `B`.
pub trait ResponseAdapter<B: Body>: FrameworkAdapter {
    /// The body of the response.
    type Body;

    /// Returns the body of the response.
    fn body(&self, body: TrackedBody<B>) -> Self::Body;
}

/// Leaves the type of the request's body as it is, so that bodies are not recorded.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainBodies;

impl<B> RequestAdapter<B> for PlainBodies {
    type Body = B;
    type Route = &'static str;

    fn body(&self, body: B, _: Option<&BodyRecorder>) -> B {
        body
    }
}

/// Records forms and JSON while the handler reads them, as a [`RecordedBody`].
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
