//! Many simultaneous requests, over HTTP/2.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use axum::extract::{Json, Path, Query};
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Router, body::Body};
use error_tracker::auto_track_exception;
use error_tracker::event::Grouping;
use error_tracker_axum::{layer, spawn, spawn_blocking};
use error_tracker_tests::{SOON, events_of, tracker};
use http_body_util::BodyExt as _;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::sync::Barrier;

use crate::shop_error::ShopError;
use crate::{RUNTIME, STORED, serve};

/// The number of requests that one connection handles at the same time.
const STREAMS: usize = 200;

async fn connect(address: SocketAddr) -> SendRequest<Body> {
    let stream = TcpStream::connect(address).await.unwrap();
    let handshake =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    sender
}

/// Sends `count` requests at once, each made from its number, and returns their statuses.
async fn send(
    address: SocketAddr,
    count: usize,
    request: impl Fn(usize) -> hyper::Request<Body>,
) -> Vec<u16> {
    let mut answers = Vec::new();
    for first in (0..count).step_by(STREAMS) {
        let sender = connect(address).await;
        for number in first..count.min(first + STREAMS) {
            let (mut sender, request) = (sender.clone(), request(number));
            answers.push(tokio::spawn(async move {
                sender.ready().await.unwrap();
                let answer = sender.send_request(request).await.unwrap();
                let status = answer.status().as_u16();
                answer.into_body().collect().await.unwrap();
                status
            }));
        }
    }
    let mut statuses = Vec::new();
    for answer in answers {
        statuses.push(answer.await.unwrap());
    }
    statuses
}

#[derive(Deserialize)]
struct Marked {
    marker: String,
}

#[auto_track_exception]
fn look_up(marker: &str) -> Result<u32, ShopError> {
    Err(ShopError::OutOfStock(marker.to_owned()))
}

#[auto_track_exception]
async fn reserve(marker: &str, barrier: &Barrier) -> Result<u32, ShopError> {
    barrier.wait().await;
    tokio::task::yield_now().await;
    let pieces = look_up(marker)?;
    Ok(pieces)
}

async fn handle(
    Path(way): Path<String>,
    Query(query): Query<Marked>,
    headers: HeaderMap,
    body: Json<Marked>,
    barrier: Arc<Barrier>,
) -> Result<String, ShopError> {
    let marker = body.0.marker;
    assert!(marker == query.marker && marker == headers["x-marker"]);
    match way.as_str() {
        "annotated" => reserve(&marker, &barrier).await.map(|pieces| pieces.to_string()),
        "plain" => {
            barrier.wait().await;
            Err(ShopError::OutOfStock(marker))
        }
        "spawned" => {
            let task = spawn(async move { reserve(&marker, &barrier).await });
            task.await.unwrap().map(|pieces| pieces.to_string())
        }
        "blocking" => {
            barrier.wait().await;
            let work = spawn_blocking(move || look_up(&marker));
            work.await.unwrap().map(|pieces| pieces.to_string())
        }
        _ => {
            barrier.wait().await;
            error_tracker::configure_scope(|scope| scope.set_tag("marker", &marker));
            panic!("{marker} burst")
        }
    }
}

#[test]
fn events_of_a_thousand_simultaneous_requests_contain_no_data_of_each_other() {
    const COUNT: usize = 1000;
    const WAYS: [&str; 5] = ["annotated", "plain", "spawned", "blocking", "panic"];
    let barrier = Arc::new(Barrier::new(COUNT));
    let handler =
        move |way, query, headers, body| handle(way, query, headers, body, Arc::clone(&barrier));
    let app = Router::new().route("/{way}", post(handler)).layer(layer().errors::<ShopError>());
    let address = serve(app);
    let marker = |number: usize| format!("marker-{number:04}-");
    let (sender, receiver) = std::sync::mpsc::channel();
    events_of(move || {
        STORED.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let statuses = RUNTIME.block_on(send(address, COUNT, |number| {
            let (way, marker) = (WAYS[number % WAYS.len()], marker(number));
            hyper::Request::post(format!("http://shop.example/{way}?marker={marker}"))
                .header("x-marker", &marker)
                .header("content-type", "application/json")
                .body(Body::from(format!("{{\"marker\":\"{marker}\",\"number\":{number}}}")))
                .unwrap()
        }));
        assert!(statuses.iter().all(|status| *status == 500), "{statuses:?}");
        tracker().flush(SOON).unwrap();
        let stored = std::mem::take(&mut *STORED.lock().unwrap_or_else(PoisonError::into_inner));
        sender.send(stored).unwrap();
    });
    let mut found = receiver.recv().unwrap();
    found.sort_by(|a, b| a.message.cmp(&b.message));
    assert_eq!(found.len(), COUNT);
    for (number, event) in found.iter_mut().enumerate() {
        let own = marker(number);
        assert!(event.message.starts_with(&own), "{} in place of {own}", event.message);
        // Left out, because it contains the text without its numbers.
        event.grouping = Grouping::default();
        let text = error_tracker::json::to_string(event).unwrap();
        assert_eq!(text.matches("marker-").count(), text.matches(&own).count(), "{text}");
        let request = event.context.request.as_ref().unwrap();
        assert_eq!(request.route, "/{way}");
        assert_eq!(request.query, [("marker".to_owned(), own.clone())]);
        assert!(request.headers.contains(&("x-marker".to_owned(), own.clone())));
        assert_eq!(request.json["marker"], own.as_str());
    }
}

#[test]
fn simultaneous_failures_of_200_annotated_handlers_are_200_events() {
    const COUNT: usize = 200;
    let barrier = Arc::new(Barrier::new(COUNT));
    let handler = move |Path(marker): Path<String>| {
        let barrier = Arc::clone(&barrier);
        async move {
            let result = reserve(&marker, &barrier).await;
            // Continues on another thread, after the other requests have failed as well.
            barrier.wait().await;
            tokio::task::yield_now().await;
            result.map(|pieces| pieces.to_string())
        }
    };
    let app = Router::new().route("/{marker}", post(handler)).layer(layer().errors::<ShopError>());
    let address = serve(app);
    for same_text in [false, true] {
        events_of(move || {
            let before = tracker().health().raised;
            let statuses = RUNTIME.block_on(send(address, COUNT, |number| {
                let marker = if same_text { 0 } else { number };
                let request = hyper::Request::post(format!("http://shop.example/kettle-{marker}"));
                request.body(Body::empty()).unwrap()
            }));
            assert!(statuses.iter().all(|status| *status == 500), "{statuses:?}");
            tracker().flush(SOON).unwrap();
            assert_eq!(tracker().health().raised - before, COUNT as u64);
        });
    }
}
