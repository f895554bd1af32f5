//! Bodies of requests are recorded while the handler reads them; bodies of responses are not
//! changed.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Response, Sse};
use axum::routing::{get, post};
use error_tracker::event::Event;
use error_tracker::json::Value;
use error_tracker_axum::layer;
use futures_util::stream;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::{event_of_request, events_of_request};

/// Reads the whole body, and responds with the status 500 and the number of bytes.
async fn reads(body: Bytes) -> (StatusCode, String) {
    tokio::task::yield_now().await;
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{} bytes", body.len()))
}

async fn reads_nothing(_: Request) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

async fn reads_one_frame(request: Request) -> StatusCode {
    let mut body = request.into_body();
    let _ = body.frame().await;
    StatusCode::INTERNAL_SERVER_ERROR
}

fn app() -> Router {
    Router::new()
        .route("/", post(reads))
        .route("/nothing", post(reads_nothing))
        .route("/one", post(reads_one_frame))
        .layer(layer().max_body(1000))
}

/// Sends a request with this body to a handler that reads all of it. Returns the request that its
/// event contains.
#[track_caller]
fn recorded(kind: &str, body: &str) -> error_tracker::event::Request {
    let (answer, event) =
        event_of_request(app(), &format!("POST /\ncontent-type: {kind}\n\n{body}"));
    assert_eq!(answer.body, format!("{} bytes", body.len()));
    event.context.request.unwrap()
}

#[test]
fn the_handler_gets_the_whole_body_and_the_event_contains_it() {
    let request = recorded("application/json", r#"{"pieces":2,"user":{"password":"canary-9"}}"#);
    assert_eq!(request.json["pieces"], 2);
    assert_ne!(request.json["user"]["password"], "canary-9");
    let request =
        recorded("application/x-www-form-urlencoded", "article=tea+pot&password=canary-9");
    assert_eq!(request.form[0], ("article".to_owned(), "tea pot".to_owned()));
    assert_ne!(request.form[1].1, "canary-9");
    assert_eq!(request.json, Value::Null);
}

#[test]
fn a_secret_in_a_cut_or_malformed_json_body_is_masked() {
    let long = format!(r#"{{"password":"canary-12345","text":"{}"}}"#, "x".repeat(2000));
    for body in [r#"{"password":"canary-12345",,}"#, &long] {
        let request = recorded("application/json", body);
        let Value::Text(text) = &request.json else { panic!("{request:?}") };
        assert!(text.contains("password") && !text.contains("canary"), "{text}");
    }
}

#[test]
fn uploads_and_compressed_bodies_are_not_recorded() {
    for kind in [
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        "application/json\ncontent-encoding: gzip",
    ] {
        let request = recorded(kind, "{\"a\":1}");
        assert_eq!((&request.json, request.form.len()), (&Value::Null, 0), "{kind}");
    }
}

#[test]
fn a_body_is_recorded_only_as_far_as_the_handler_reads_it() {
    let head = "content-type: application/json\n\n{\"a\":1}";
    let (_, event) = event_of_request(app(), &format!("POST /nothing\n{head}"));
    assert_eq!(event.context.request.unwrap().json, Value::Null);
    let (_, event) = event_of_request(app(), &format!("POST /one\n{head}"));
    assert_eq!(event.context.request.unwrap().json["a"], 1);
}

/// Returns status, headers without `date`, and body of the response, and the events.
fn shown(app: Router, request: &str) -> (u16, Vec<(String, String)>, String, Vec<Event>) {
    let (mut answer, events) = events_of_request(app, request);
    answer.headers.retain(|(name, _)| name != "date");
    (answer.status, answer.headers, answer.body, events)
}

fn chunks() -> Body {
    Body::from_stream(stream::iter(["one ", "two ", "three"].map(Ok::<_, Infallible>)))
}

/// A layer that changes the body, as one that compresses it.
async fn compressed(request: Request, next: axum::middleware::Next) -> Response {
    let (mut head, body) = next.run(request).await.into_parts();
    let mut body = body.collect().await.unwrap().to_bytes().to_vec();
    body.reverse();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("x-reversed"));
    Response::from_parts(head, Body::from(body))
}

fn routes() -> Router {
    let sse = || async {
        let event = |text| Ok::<_, Infallible>(axum::response::sse::Event::default().data(text));
        Sse::new(stream::iter(["one", "two"].map(event)))
    };
    Router::new()
        .route("/text", get(|| async { "text" }))
        .route("/empty", get(|| async {}))
        .route("/stream", get(|| async { chunks() }))
        .route("/sse", get(sse))
        .route("/failed", get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "failed") }))
        .route("/failed-stream", get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, chunks()) }))
}

fn compressed_routes() -> Router {
    routes().layer(axum::middleware::from_fn(compressed))
}

#[test]
fn the_layer_does_not_change_responses() {
    for app in [routes, compressed_routes] {
        for path in ["/text", "/empty", "/stream", "/sse", "/failed", "/failed-stream"] {
            for method in ["GET", "HEAD", "POST"] {
                let request = format!("{method} {path}");
                let expected = shown(app(), &request);
                let found = shown(app().layer(layer()), &request);
                assert_eq!(
                    (found.0, found.1, found.2),
                    (expected.0, expected.1, expected.2),
                    "{request}"
                );
                let fails = path.starts_with("/failed") && method != "POST";
                let told: Vec<_> =
                    found.3.iter().map(|event| (&event.message, &event.context.request)).collect();
                assert_eq!(told.len(), usize::from(fails), "{request} {told:#?}");
            }
        }
    }
    let around = routes().layer(layer()).layer(axum::middleware::from_fn(compressed));
    assert_eq!(shown(around, "GET /failed").2, "deliaf");
}

#[test]
fn an_error_of_a_response_stream_is_an_event_with_its_request() {
    let fails = || async {
        let frames = stream::unfold(0, |n| async move {
            tokio::task::yield_now().await;
            let frame =
                if n == 0 { Ok("one") } else { Err(std::io::Error::other("the disk is gone")) };
            Some((frame, n + 1))
        });
        Body::from_stream(frames)
    };
    let app = Router::new().route("/files/{name}", get(fails)).layer(layer());
    let (answer, event) = event_of_request(app, "GET /files/a");
    assert_eq!((answer.status, &*event.message), (200, "the disk is gone"));
    assert_eq!(event.context.request.unwrap().route, "/files/{name}");
    assert!(!event.handled);
}

/// A body that breaks off, although its length is known.
struct BrokenBody {
    length: u64,
    polled: u32,
}

impl http_body::Body for BrokenBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        self.polled += 1;
        match self.polled {
            1 => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"one"))))),
            // The server sends the head meanwhile.
            2 => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            _ => Poll::Ready(Some(Err(std::io::Error::other("the upstream server is gone")))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

#[test]
fn a_long_body_of_known_length_that_breaks_off_is_an_event() {
    let app = |length| {
        let handler = move || async move { Body::new(BrokenBody { length, polled: 0 }) };
        Router::new().route("/files/{name}", get(handler)).layer(layer())
    };
    let (_, event) = event_of_request(app(1 << 20), "GET /files/a");
    assert_eq!(event.message, "the upstream server is gone");
    assert_eq!(event.context.request.unwrap().path, "/files/a");
    assert!(events_of_request(app(100), "GET /files/a").1.is_empty(), "not promised");
}

#[test]
fn a_capture_while_a_response_is_streamed_has_the_request() {
    let captures = || async {
        let frames = stream::unfold(0, |n| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            if n == 1 {
                error_tracker::capture_message!("half way");
            }
            (n < 2).then(|| (Ok::<_, Infallible>(Bytes::from_static(b"x")), n + 1))
        });
        Body::from_stream(frames)
    };
    let app = Router::new().route("/files/{name}", get(captures)).layer(layer());
    let (answer, event) = event_of_request(app, "GET /files/a");
    assert_eq!((answer.status, &*event.message), (200, "half way"));
    assert_eq!(event.context.request.unwrap().path, "/files/a");
}
