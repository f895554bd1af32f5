//! Clients that disconnect, wait, send in pieces, or upgrade the connection.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{Message, WebSocket};
use axum::http::StatusCode;
use axum::routing::{any, get, post};
use error_tracker::auto_track_exception;
use error_tracker_axum::layer;
use error_tracker_tests::{SOON, events_of, functions};
use tokio::sync::Semaphore;

use crate::serve;
use crate::shop_error::ShopError;
use error_tracker_tests::answer::parse;

fn connect(address: std::net::SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Adds a permit when it is dropped.
struct Dropped(Arc<Semaphore>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

#[auto_track_exception]
fn in_stock(article: &str) -> Result<u32, ShopError> {
    Err(ShopError::OutOfStock(article.to_owned()))
}

#[test]
fn a_client_that_disconnects_causes_no_event_unless_something_failed() {
    for fails in [false, true] {
        let (begun, dropped) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (begins, drops) = (Arc::clone(&begun), Arc::clone(&dropped));
        let handler = move || {
            let (begins, drops) = (Arc::clone(&begins), Arc::clone(&drops));
            async move {
                let _dropped = Dropped(drops);
                let result = if fails { in_stock("kettle") } else { Ok(1) };
                begins.add_permits(1);
                std::future::pending::<()>().await;
                result.is_ok().to_string()
            }
        };
        let address = serve(Router::new().route("/slow", get(handler)).layer(layer()));
        let events = events_of(move || {
            let stream = connect(address, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
            crate::RUNTIME.block_on(async {
                begun.acquire().await.unwrap().forget();
                drop(stream);
                dropped.acquire().await.unwrap().forget();
            });
            // The guard of the request is dropped after the handler.
            crate::RUNTIME.block_on(tokio::task::yield_now());
            while fails && error_tracker_tests::tracker().health().pending == 0 {
                std::thread::yield_now();
            }
        });
        let told: Vec<_> = events.iter().map(|event| (functions(event), event.handled)).collect();
        let expected = if fails { vec![(vec!["in_stock"], false)] } else { vec![] };
        assert_eq!(told, expected);
        assert!(events.iter().all(|event| event.context.request.is_some()));
    }
}

async fn counts(body: Bytes) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{} bytes", body.len()))
}

#[test]
fn a_client_that_waits_for_100_continue_gets_it_when_the_handler_reads() {
    let address = serve(Router::new().route("/", post(counts)).layer(layer()));
    let events = events_of(move || {
        let head = "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\n\
                    content-type: application/json\r\ncontent-length: 7\r\n\r\n";
        let mut stream = connect(address, head);
        let mut interim = [0; 25];
        stream.read_exact(&mut interim).unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(b"{\"a\":1}").unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert_eq!(parse(&rest).body, "7 bytes");
    });
    assert_eq!(events[0].context.request.as_ref().unwrap().json["a"], 1);
}

#[test]
fn chunked_bodies_keep_alive_and_aborted_bodies_work_as_without_the_layer() {
    let address = serve(Router::new().route("/", post(counts)).layer(layer()));
    let events = events_of(move || {
        let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n";
        let chunks = "2\r\n{\"\r\n5\r\na\":1}\r\n0\r\n\r\n";
        let twice = format!("{head}\r\n{chunks}{head}connection: close\r\n\r\n{chunks}");
        let mut answers = String::new();
        connect(address, &twice).read_to_string(&mut answers).unwrap();
        assert_eq!(answers.matches("7 bytes").count(), 2, "{answers}");
        // The body is shorter than its declared length, so the extractor rejects it.
        let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nshort";
        let mut stream = connect(address, head);
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = String::new();
        let _ = stream.read_to_string(&mut rest);
        assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 400"), "{rest}");
    });
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event.context.request.as_ref().unwrap().json["a"] == 1));
}

#[test]
fn a_websocket_is_upgraded_and_exchanges_messages() {
    async fn echo(mut socket: WebSocket) {
        while let Some(Ok(Message::Text(text))) = socket.recv().await {
            let _ = socket.send(Message::Text(text)).await;
        }
    }
    let handler = |upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(echo) };
    let address = serve(Router::new().route("/ws", any(handler)).layer(layer()));
    let events = events_of(move || {
        let head = "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let mut stream = connect(address, head);
        // A text of two letters, masked with zeros.
        stream.write_all(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i']).unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(&[0x81, 2, b'h', b'i']) {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            bytes.push(byte[0]);
        }
        assert!(bytes.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
    });
    assert!(events.is_empty());
}
