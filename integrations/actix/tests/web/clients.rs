//! Clients that disconnect, wait, send in pieces, or upgrade the connection.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;

use actix_web::web::{self, Bytes, Payload};
use actix_web::{App, HttpRequest, HttpResponse};
use actix_ws::Message;
use error_tracker::auto_track_exception;
use error_tracker::json::Value;
use error_tracker_actix::middleware;
use error_tracker_tests::answer::parse;
use error_tracker_tests::{SOON, events_of, functions};
use futures_util::StreamExt as _;
use tokio::sync::Semaphore;

use crate::serve;
use crate::shop_error::ShopError;

pub(crate) fn connect(address: SocketAddr, request: &str) -> TcpStream {
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
        let address =
            serve!(App::new().route("/slow", web::get().to(handler.clone())).wrap(middleware()));
        let events = events_of(move || {
            let stream = connect(address, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
            crate::RUNTIME.block_on(async {
                begun.acquire().await.unwrap().forget();
                drop(stream);
                dropped.acquire().await.unwrap().forget();
            });
            // The guard of the request is dropped after the handler.
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

async fn counts(body: Bytes) -> HttpResponse {
    HttpResponse::InternalServerError().body(format!("{} bytes", body.len()))
}

fn counting() -> SocketAddr {
    serve!(App::new().route("/", web::post().to(counts)).wrap(middleware()))
}

#[test]
fn a_client_that_waits_for_100_continue_gets_it() {
    let address = counting();
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
fn chunked_bodies_keep_alive_and_aborted_bodies_work_as_without_the_middleware() {
    let address = counting();
    let events = events_of(move || {
        let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n";
        let chunks = "2\r\n{\"\r\n5\r\na\":1}\r\n0\r\n\r\n";
        let twice = format!("{head}\r\n{chunks}{head}connection: close\r\n\r\n{chunks}");
        let mut answers = String::new();
        connect(address, &twice).read_to_string(&mut answers).unwrap();
        assert_eq!(answers.matches("7 bytes").count(), 2, "{answers}");
        // The body is shorter than its declared length, so the extractor rejects it.
        let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\nshort";
        let mut stream = connect(address, head);
        stream.shutdown(Shutdown::Write).unwrap();
        let mut rest = String::new();
        let _ = stream.read_to_string(&mut rest);
        assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 400"), "{rest}");
    });
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event.context.request.as_ref().unwrap().json["a"] == 1));
}

#[test]
fn a_body_reaches_the_handler_while_it_arrives() {
    async fn counts_one(mut body: Payload) -> HttpResponse {
        let bytes = body.next().await.unwrap().unwrap();
        HttpResponse::InternalServerError().body(format!("{} bytes", bytes.len()))
    }
    let address = serve!(App::new().route("/", web::post().to(counts_one)).wrap(middleware()));
    let events = events_of(move || {
        let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
        let mut stream = connect(address, &format!("{head}{{\"a\":1"));
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 500");
    });
    assert_eq!(events[0].context.request.as_ref().unwrap().json, "{\"a\":1");
}

#[test]
fn a_compressed_body_is_decompressed_for_the_handler_and_not_recorded() {
    /// `{"a":1}` as gzip.
    const COMPRESSED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x54\xb2\x32\xac\x05\x00\xaf\xac\x1b\x56\x07\x00\x00\x00";
    let address = counting();
    let events = events_of(move || {
        let head = format!(
            "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            COMPRESSED.len()
        );
        let mut stream = connect(address, &head);
        stream.write_all(COMPRESSED).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(parse(&answer).body, "7 bytes");
    });
    assert_eq!(events[0].context.request.as_ref().unwrap().json, Value::Null);
}

#[test]
fn a_websocket_is_upgraded_and_exchanges_messages() {
    async fn echo(request: HttpRequest, body: Payload) -> actix_web::Result<HttpResponse> {
        let (response, mut session, mut messages) = actix_ws::handle(&request, body)?;
        error_tracker_actix::spawn(async move {
            while let Some(Ok(Message::Text(text))) = messages.next().await {
                if &*text == "oh" {
                    let _ = in_stock("kettle");
                }
                let _ = session.text(text).await;
            }
        });
        Ok(response)
    }
    let address = serve!(App::new().route("/ws", web::get().to(echo)).wrap(middleware()));
    let events = events_of(move || {
        let head = "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let mut stream = connect(address, head);
        let mut bytes = Vec::new();
        for text in [b"hi", b"oh"] {
            // A text of two letters, masked with zeros.
            stream.write_all(&[0x81, 0x82, 0, 0, 0, 0, text[0], text[1]]).unwrap();
            while !bytes.ends_with(&[0x81, 2, text[0], text[1]]) {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                bytes.push(byte[0]);
            }
        }
        assert!(bytes.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
    });
    let told: Vec<_> = events.iter().map(|event| &*event.message).collect();
    assert_eq!(told, ["kettle is out of stock"], "a message that fails has the upgraded request");
    assert_eq!(events[0].context.request.as_ref().unwrap().route, "/ws");
}
