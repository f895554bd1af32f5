//! Bodies of requests are recorded while the handler reads them; bodies of responses are not
//! changed.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::http::header;
use actix_web::middleware::Compress;
use actix_web::web::{self, Bytes, Payload};
use actix_web::{App, HttpResponse};
use error_tracker::event::Event;
use error_tracker::json::Value;
use error_tracker_actix::middleware;
use futures_util::{StreamExt as _, stream};

use crate::{event_of_request, events_of_request, serve};

/// Reads the whole body, and responds with the status 500 and the number of bytes.
async fn reads(body: Bytes) -> HttpResponse {
    tokio::task::yield_now().await;
    HttpResponse::InternalServerError().body(format!("{} bytes", body.len()))
}

async fn reads_nothing() -> HttpResponse {
    HttpResponse::InternalServerError().finish()
}

async fn reads_one_chunk(mut body: Payload) -> HttpResponse {
    let _ = body.next().await;
    HttpResponse::InternalServerError().finish()
}

fn app() -> SocketAddr {
    serve!(
        App::new()
            .route("/", web::post().to(reads))
            .route("/nothing", web::post().to(reads_nothing))
            .route("/one", web::post().to(reads_one_chunk))
            .wrap(middleware().max_body(1000))
    )
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
        "application/json\ncontent-encoding: x-unknown",
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
fn shown(address: SocketAddr, request: &str) -> (u16, Vec<(String, String)>, String, Vec<Event>) {
    let (mut answer, events) = events_of_request(address, request);
    answer.headers.retain(|(name, _)| name != "date");
    answer.headers.sort_unstable();
    (answer.status, answer.headers, answer.body, events)
}

fn chunks() -> impl futures_util::Stream<Item = Result<Bytes, actix_web::Error>> + 'static {
    stream::iter(["one ", "two ", "three"].map(|text| Ok(Bytes::from_static(text.as_bytes()))))
}

fn routes(config: &mut web::ServiceConfig) {
    let sse = || async {
        let events = ["data: one\n\n", "data: two\n\n"];
        let events =
            events.map(|text| Ok::<_, actix_web::Error>(Bytes::from_static(text.as_bytes())));
        HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "text/event-stream"))
            .streaming(stream::iter(events))
    };
    let failed = || async { HttpResponse::InternalServerError().body("failed") };
    let failed_stream = || async { HttpResponse::InternalServerError().streaming(chunks()) };
    config
        .route("/text", web::get().to(|| async { "text".repeat(50) }))
        .route("/empty", web::get().to(HttpResponse::Ok))
        .route("/none", web::get().to(HttpResponse::NoContent))
        .route("/stream", web::get().to(|| async { HttpResponse::Ok().streaming(chunks()) }))
        .route("/sse", web::get().to(sse))
        .route("/failed", web::get().to(failed))
        .route("/failed-stream", web::get().to(failed_stream));
}

#[test]
fn the_middleware_does_not_change_responses() {
    let plain = (
        serve!(App::new().configure(routes)),
        serve!(App::new().configure(routes).wrap(middleware())),
    );
    let compressed = (
        serve!(App::new().configure(routes).wrap(Compress::default())),
        serve!(App::new().configure(routes).wrap(Compress::default()).wrap(middleware())),
    );
    let within = (
        compressed.0,
        serve!(App::new().configure(routes).wrap(middleware()).wrap(Compress::default())),
    );
    for (without, with) in [plain, compressed, within] {
        for path in ["/text", "/empty", "/none", "/stream", "/sse", "/failed", "/failed-stream"] {
            for method in ["GET", "HEAD", "POST"] {
                let request = format!("{method} {path}\naccept-encoding: gzip");
                let expected = shown(without, &request);
                let found = shown(with, &request);
                assert_eq!(
                    (found.0, found.1, found.2),
                    (expected.0, expected.1, expected.2),
                    "{request}"
                );
                let fails = path.starts_with("/failed") && method == "GET";
                let told: Vec<_> =
                    found.3.iter().map(|event| (&event.message, &event.context.request)).collect();
                assert_eq!(told.len(), usize::from(fails), "{request} {told:#?}");
            }
        }
    }
    let request = "GET /text\naccept-encoding: gzip";
    assert!(shown(within.1, request).1.contains(&("content-encoding".into(), "gzip".into())));
}

#[test]
fn an_error_of_a_response_stream_is_an_event_with_its_request() {
    let fails = || async {
        let chunks = stream::unfold(0, |n| async move {
            tokio::task::yield_now().await;
            let disk = || std::io::Error::other("the disk is gone");
            Some((if n == 0 { Ok(Bytes::from_static(b"one")) } else { Err(disk()) }, n + 1))
        });
        HttpResponse::Ok().streaming(chunks)
    };
    let app = serve!(App::new().route("/files/{name}", web::get().to(fails)).wrap(middleware()));
    let (answer, event) = event_of_request(app, "GET /files/a");
    assert_eq!((answer.status, &*event.message), (200, "the disk is gone"));
    assert_eq!(event.context.request.unwrap().route, "/files/{name}");
    assert!(!event.handled);
}

#[test]
fn a_capture_while_a_response_is_streamed_has_the_request() {
    let captures = || async {
        let chunks = stream::unfold(0, |n| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            if n == 1 {
                error_tracker::capture_message!("half way");
            }
            (n < 2).then(|| (Ok::<_, actix_web::Error>(Bytes::from_static(b"x")), n + 1))
        });
        HttpResponse::Ok().streaming(chunks)
    };
    let app = serve!(App::new().route("/files/{name}", web::get().to(captures)).wrap(middleware()));
    let (answer, event) = event_of_request(app, "GET /files/a");
    assert_eq!((answer.status, &*event.message), (200, "half way"));
    assert_eq!(event.context.request.unwrap().path, "/files/a");
}
