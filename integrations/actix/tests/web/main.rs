//! Requests to an actix-web application, through a real server.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod bodies;
mod clients;
mod concurrency;
mod error_handlers;
mod error_types;
mod failures;
mod isolation;
mod pages;
mod places;
mod requests;
mod responses;
mod shop_error;

use std::net::{SocketAddr, TcpListener};
use std::sync::{LazyLock, Mutex, PoisonError};

use actix_web::dev::Server;
use error_tracker::StoredEvent;
use error_tracker::event::Event;
use error_tracker_tests::answer::{Answer, ask};
use error_tracker_tests::{events_of, tracker_with};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(4).enable_all().build().unwrap()
});

/// Serves an application on a port of its own, with the given number of workers or one.
macro_rules! serve {
    ($app:expr) => {
        crate::serve!(1, $app)
    };
    ($workers:expr, $app:expr) => {
        crate::start(move |listener| {
            actix_web::HttpServer::new(move || $app)
                .workers($workers)
                .disable_signals()
                // A client that is slow, because the machine is, keeps its connection.
                .client_request_timeout(std::time::Duration::ZERO)
                .keep_alive(error_tracker_tests::SOON)
                .h1_allow_half_closed(false)
                .listen_auto_h2c(listener)
                .unwrap()
                .run()
        })
    };
}

pub(crate) use serve;

fn start(server: impl FnOnce(TcpListener) -> Server) -> SocketAddr {
    set_up();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let _runtime = RUNTIME.enter();
    RUNTIME.spawn(server(listener));
    address
}

/// An error of which the program wants to know nothing.
#[derive(Debug)]
struct IgnoredError;

impl std::fmt::Display for IgnoredError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ignored")
    }
}

impl std::error::Error for IgnoredError {}

/// All events that were stored, including those that the store does not keep for their issue.
static STORED: Mutex<Vec<Event>> = Mutex::new(Vec::new());

fn set_up() {
    tracker_with(|builder| {
        builder.ignore_type("IgnoredError").observer(|stored: &StoredEvent| {
            STORED.lock().unwrap_or_else(PoisonError::into_inner).push(stored.event.clone());
            Ok(())
        })
    });
}

/// Returns the response of an application to one request, and the events of the request.
fn events_of_request(address: SocketAddr, request: &str) -> (Answer, Vec<Event>) {
    let request = request.to_owned();
    let (sender, receiver) = std::sync::mpsc::channel();
    let events = events_of(move || sender.send(ask(address, &request)).unwrap());
    (receiver.recv().unwrap(), events)
}

/// Returns the response and the event of a request that causes exactly one event.
#[track_caller]
fn event_of_request(address: SocketAddr, request: &str) -> (Answer, Event) {
    let (answer, mut events) = events_of_request(address, request);
    let told: Vec<_> = events.iter().map(|event| (&event.message, event.handled)).collect();
    assert_eq!(events.len(), 1, "{told:#?} {answer:?}");
    (answer, events.remove(0))
}
