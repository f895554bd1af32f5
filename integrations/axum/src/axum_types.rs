//! Adapts the layer to the types of axum.

use std::fmt::{Debug, Display};
use std::net::{IpAddr, SocketAddr};
use std::sync::Once;

use axum::BoxError;
use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, OriginalUri};
use bytes::Bytes;
use error_tracker::web::{BodyRecorder, warn};
use error_tracker_tower::{
    FrameworkAdapter, RecordedBody, RequestAdapter, ResponseAdapter, TrackedBody,
};
use http::{Extensions, Uri};
use http_body::Body as HttpBody;

/// The adapter for the types of axum; see [`TrackerLayer::adapter`](crate::TrackerLayer::adapter).
#[derive(Clone, Copy, Debug, Default)]
pub struct AxumTypes;

/// The pattern of a matched route, such as `/orders/{id}`.
#[derive(Debug)]
pub struct MatchedRoute(MatchedPath);

impl AsRef<str> for MatchedRoute {
    fn as_ref(&self) -> &str {
        self.0.as_str()
    }
}

impl FrameworkAdapter for AxumTypes {
    fn note_service(&self, type_name: &'static str) {
        static SAID: Once = Once::new();
        if type_name.contains("axum::routing::Router") {
            SAID.call_once(|| {
                warn(
                    "the layer is around a whole Router, so events do not contain the matched route: \
                     apply it with Router::layer, after the routes",
                );
            });
        }
    }
}

impl<B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static> RequestAdapter<B>
    for AxumTypes
{
    type Body = Body;
    type Route = MatchedRoute;

    fn body(&self, body: B, recorder: Option<&BodyRecorder>) -> Body {
        match recorder {
            Some(_) => Body::new(RecordedBody::new(body, recorder)),
            None => Body::new(body),
        }
    }

    fn route(&self, extensions: &Extensions) -> Option<MatchedRoute> {
        extensions.get::<MatchedPath>().cloned().map(MatchedRoute)
    }

    fn original_uri<'a>(&self, extensions: &'a Extensions) -> Option<&'a Uri> {
        extensions.get::<OriginalUri>().map(|original| &original.0)
    }

    fn peer(&self, extensions: &Extensions) -> Option<IpAddr> {
        extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())
    }
}

impl<B> ResponseAdapter<B> for AxumTypes
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError> + Debug + Display + Send> + Send + 'static,
{
    type Body = Body;

    fn body(&self, body: TrackedBody<B>) -> Body {
        body.into_inner().map_or_else(Body::new, Body::new)
    }
}
