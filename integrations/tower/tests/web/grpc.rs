//! gRPC calls with tonic: the HTTP status is 200, and the result of the call is in `grpc-status`.

use std::convert::Infallible;
use std::pin::Pin;

use bytes::{Buf, BufMut as _, Bytes};
use error_tracker::auto_track_exception;
use error_tracker::event::Event;
use error_tracker_tests::functions;
use error_tracker_tower::layer;
use futures_util::Stream;
use http::{Request, Response};
use hyper::body::Incoming;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{ServerStreamingService, UnaryService};
use tonic::{Code, Status};
use tower::Layer as _;

use crate::{Full, events_of_request, get, service};

/// A codec whose messages are plain bytes.
#[derive(Clone, Copy, Default)]
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// A service that fails with this code; a stream fails after its first message.
#[derive(Clone, Copy)]
struct Fails(Code);

#[auto_track_exception]
fn look_up(code: Code) -> Result<Bytes, Status> {
    Err(Status::new(code, "no kettle: 100 %"))
}

type Answer<T> = Pin<Box<dyn Future<Output = Result<tonic::Response<T>, Status>> + Send>>;

impl UnaryService<Bytes> for Fails {
    type Response = Bytes;
    type Future = Answer<Bytes>;

    fn call(&mut self, _: tonic::Request<Bytes>) -> Self::Future {
        let code = self.0;
        Box::pin(async move { look_up(code).map(tonic::Response::new) })
    }
}

type Messages = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

impl ServerStreamingService<Bytes> for Fails {
    type Response = Bytes;
    type ResponseStream = Messages;
    type Future = Answer<Messages>;

    fn call(&mut self, _: tonic::Request<Bytes>) -> Self::Future {
        let code = self.0;
        Box::pin(async move {
            let messages = futures_util::stream::unfold(0, move |n| async move {
                tokio::task::yield_now().await;
                match (n, code) {
                    (0, _) => Some((Ok(Bytes::from_static(b"tea")), 1)),
                    (1, Code::Ok) => None,
                    (1, _) => Some((look_up(code), 2)),
                    _ => None,
                }
            });
            Ok(tonic::Response::new(Box::pin(messages) as Messages))
        })
    }
}

/// Returns the events of a call that ends with this code. Checks that the code is in the response,
/// in its headers or trailers.
fn events_of_call(
    code: Code,
    streams: bool,
    layer: error_tracker_tower::TrackerLayer,
) -> Vec<Event> {
    let handler = move |request: Request<Incoming>| async move {
        let mut grpc = tonic::server::Grpc::new(Plain);
        let response: Response<Body> = match streams {
            true => grpc.server_streaming(Fails(code), request).await,
            false => grpc.unary(Fails(code), request).await,
        };
        Ok::<_, Infallible>(response)
    };
    let mut request = get("/shop.Orders/Find");
    *request.method_mut() = http::Method::POST;
    *request.version_mut() = http::Version::HTTP_2;
    request.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    *request.body_mut() = Full::from(&b"\0\0\0\0\0"[..]);
    let (answer, events) = events_of_request(layer.layer(service(handler)), request);
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 200);
    let trailers = answer.body().trailers();
    let status =
        answer.headers().get("grpc-status").or(trailers.and_then(|all| all.get("grpc-status")));
    assert_eq!(status.unwrap(), &i32::from(code).to_string());
    events
}

#[test]
fn a_call_that_fails_is_one_event_with_its_trace_and_request() {
    for streams in [false, true] {
        for layer in [layer(), layer().errors::<Status>()] {
            let events = events_of_call(Code::Internal, streams, layer);
            assert_eq!(events.len(), 1, "streams: {streams}");
            let event = &events[0];
            assert_eq!(event.type_name, "tonic::status::Status", "streams: {streams}");
            assert_eq!(functions(event), ["look_up"]);
            assert!(!event.handled, "streams: {streams}");
            assert_eq!(event.context.request.as_ref().unwrap().path, "/shop.Orders/Find");
        }
    }
}

#[test]
fn a_code_is_an_event_only_if_it_is_tracked() {
    for streams in [false, true] {
        for code in [Code::NotFound, Code::Cancelled, Code::Unauthenticated] {
            assert!(
                events_of_call(code, streams, layer()).is_empty(),
                "{code:?}, streams: {streams}"
            );
        }
        let asked = layer().track_grpc([Code::NotFound as u16]);
        assert_eq!(events_of_call(Code::NotFound, streams, asked).len(), 1);
    }
    assert!(events_of_call(Code::Ok, true, layer()).is_empty());
}

#[test]
fn a_tracked_code_without_a_known_error_is_an_event() {
    for in_trailers in [false, true] {
        let handler = move |_: Request<Incoming>| async move {
            let mut trailers = http::HeaderMap::new();
            trailers.insert("grpc-status", "15".parse().unwrap());
            trailers.insert("grpc-message", "no%20kettle%3A%20caf%C3%A9".parse().unwrap());
            let mut response = Response::builder().header("content-type", "application/grpc+proto");
            let frames = if in_trailers {
                vec![Ok::<_, Infallible>(http_body::Frame::<Bytes>::trailers(trailers))]
            } else {
                response.headers_mut().unwrap().extend(trailers);
                vec![]
            };
            let body = http_body_util::StreamBody::new(futures_util::stream::iter(frames));
            Ok::<_, Infallible>(response.body(body).unwrap())
        };
        let (_, events) =
            events_of_request(layer().layer(service(handler)), get("/shop.Orders/Find"));
        assert_eq!(events.len(), 1, "in trailers: {in_trailers}");
        assert_eq!(events[0].message, "DATA_LOSS: no kettle: café");
        assert_eq!(events[0].variant.as_deref(), Some("DataLoss"));
        assert!(!events[0].handled);
    }
}
