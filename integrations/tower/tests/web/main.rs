//! Requests to tower services, through a real hyper server.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod grpc;
mod services;

use std::convert::Infallible;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::net::SocketAddr;
use std::sync::LazyLock;

use bytes::Bytes;
use error_tracker::event::Event;
use error_tracker_tests::{events_of, tracker};
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Collected};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tower::Service;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(4).enable_all().build().unwrap()
});

/// Serves a service on a port of its own, over HTTP/1.1 and HTTP/2.
fn serve<S, B>(service: S) -> SocketAddr
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    B::Data: Send,
{
    tracker();
    RUNTIME.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = TowerToHyperService::new(service.clone());
                tokio::spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        address
    })
}

/// The body of a request.
type Full = http_body_util::Full<Bytes>;

/// A response with its whole body.
type Answer = Response<Collected<Bytes>>;

/// Sends a request over HTTP/1.1 if that is its version, otherwise over HTTP/2.
async fn ask(address: SocketAddr, request: Request<Full>) -> hyper::Result<Answer> {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let response = if request.version() == http::Version::HTTP_11 {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
        tokio::spawn(connection);
        sender.send_request(request).await?
    } else {
        let executor = TokioExecutor::new();
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(executor, stream).await?;
        tokio::spawn(connection);
        sender.send_request(request).await?
    };
    let (head, body) = response.into_parts();
    Ok(Response::from_parts(head, body.collect().await?))
}

/// Returns the response of a service to one request, and the events of the request.
fn events_of_request<S, B>(
    service: S,
    request: Request<Full>,
) -> (hyper::Result<Answer>, Vec<Event>)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn Error + Send + Sync>> + Debug + Display,
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    B::Data: Send,
{
    let address = serve(service);
    let (sender, receiver) = std::sync::mpsc::channel();
    let events = events_of(move || sender.send(RUNTIME.block_on(ask(address, request))).unwrap());
    (receiver.recv().unwrap(), events)
}

/// Returns a service that calls a closure.
fn service<B, F>(
    handler: impl Fn(Request<B>) -> F + Clone,
) -> impl Service<Request<B>, Response = F::Ok, Error = F::Error, Future = F> + Clone
where
    F: futures_util::TryFuture + Future<Output = Result<F::Ok, F::Error>>,
{
    tower::service_fn(handler)
}

fn get(target: &str) -> Request<Full> {
    Request::get(format!("http://shop.example{target}")).body(Full::default()).unwrap()
}

/// Returns a response with this status and text.
fn answer(status: u16, text: &'static str) -> Result<Response<Full>, Infallible> {
    Ok(Response::builder().status(status).body(Full::from(text)).unwrap())
}
