//! Tower services without a framework.

use std::error::Error;
use std::io;
use std::task::{Context, Poll};

use error_tracker::auto_track_exception;
use error_tracker_tests::{events_of, functions, tracker};
use error_tracker_tower::{RecordedBody, layer};
use http::{Request, Response, Version};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tower::{Layer as _, Service, ServiceExt as _};

use crate::{Full, answer, events_of_request, get, service};

#[derive(Debug, thiserror::Error)]
#[error("the shop is closed")]
struct Closed(#[source] io::Error);

fn closed() -> Closed {
    Closed(io::Error::other("the key is lost"))
}

fn causes(event: &error_tracker::event::Event) -> Vec<&str> {
    event.chain.iter().map(|cause| cause.message.as_str()).collect()
}

#[test]
fn record_bodies_records_the_bodies_of_requests() {
    let handler = |request: Request<RecordedBody<Incoming>>| async move {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        answer(500, if body.len() == 7 { "seven bytes" } else { "wrong" })
    };
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let mut request = get("/pay?password=canary-12");
        *request.method_mut() = http::Method::POST;
        *request.version_mut() = version;
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        if version == Version::HTTP_11 {
            *request.uri_mut() = "/pay?password=canary-12".parse().unwrap();
            request.headers_mut().insert("host", "shop.example".parse().unwrap());
        }
        *request.body_mut() = Full::from("{\"a\":1}");
        let service = layer().record_bodies().layer(service(handler));
        let (answer, events) = events_of_request(service, request);
        assert_eq!(answer.unwrap().into_body().to_bytes(), "seven bytes");
        assert_eq!(events.len(), 1);
        let request = events[0].context.request.as_ref().unwrap();
        assert_eq!(request.json["a"], 1, "{version:?}");
        assert_eq!((&*request.host, &*request.path), ("shop.example", "/pay"), "{version:?}");
        assert_eq!(request.url, "http://shop.example/pay?password=**************");
    }
}

#[test]
fn an_error_of_a_service_is_recorded_and_returned() {
    let boxed = |_: Request<Incoming>| async {
        Err::<Response<Full>, Box<dyn Error + Send + Sync>>(Box::new(closed()))
    };
    let registered = |_: Request<Incoming>| async { Err::<Response<Full>, _>(closed()) };
    let of_io = |_: Request<Incoming>| async {
        Err::<Response<Full>, _>(io::Error::new(io::ErrorKind::NotFound, closed()))
    };
    let (answer, boxed) = events_of_request(layer().layer(service(boxed)), get("/a"));
    assert!(answer.is_err());
    let (_, registered) =
        events_of_request(layer().errors::<Closed>().layer(service(registered)), get("/a"));
    let (_, of_io) = events_of_request(layer().layer(service(of_io)), get("/a"));
    for (events, name) in [(boxed, "dyn "), (registered, "::Closed"), (of_io, "io::error::Error")] {
        assert_eq!(events.len(), 1);
        let event = &events[0];
        assert!(event.type_name.contains(name), "{}", event.type_name);
        assert_eq!(causes(event), ["the shop is closed", "the key is lost"]);
        assert_eq!((event.handled, &*event.context.request.as_ref().unwrap().path), (false, "/a"));
    }
    let unknown = |_: Request<Incoming>| async { Err::<Response<Full>, _>(closed()) };
    let (_, unknown) = events_of_request(layer().layer(service(unknown)), get("/a"));
    assert_eq!((unknown.len(), &*unknown[0].message), (1, "the shop is closed"));
    assert!(unknown[0].type_name.ends_with("::Closed"));
}

#[test]
fn an_error_of_an_annotated_service_is_one_event() {
    #[auto_track_exception]
    async fn open(_: Request<Incoming>) -> Result<Response<Full>, Closed> {
        tokio::task::yield_now().await;
        Err(closed())
    }
    let (_, events) = events_of_request(layer().layer(service(open)), get("/a"));
    assert_eq!(events.len(), 1);
    assert!(functions(&events[0])[0].ends_with("::open"), "{:?}", functions(&events[0]));
    assert!(!events[0].handled && events[0].context.request.is_some());
}

/// A service that fails in `poll_ready`.
#[derive(Clone)]
struct NotReady;

impl Service<Request<()>> for NotReady {
    type Response = Response<Full>;
    type Error = Closed;
    type Future = std::future::Ready<Result<Response<Full>, Closed>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Closed>> {
        Poll::Ready(Err(closed()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        unreachable!("it is not ready")
    }
}

#[test]
fn an_error_of_poll_ready_is_an_event() {
    tracker();
    let events = events_of(|| {
        let service = layer().errors::<Closed>().layer(NotReady);
        crate::RUNTIME.block_on(service.oneshot(Request::new(()))).unwrap_err();
    });
    assert_eq!((events.len(), causes(&events[0])[0]), (1, "the shop is closed"));
    assert!(!events[0].handled);
}

#[test]
fn each_of_many_requests_in_one_future_has_its_own_failure() {
    tracker();
    let handler = |request: Request<usize>| async move {
        tokio::task::yield_now().await;
        let number = *request.body();
        if number < 50 { fail().map(|()| Response::new(Full::default())) } else { Err(closed()) }
    };
    let events = events_of(move || {
        let before = tracker().health().raised;
        let all = (0..100).map(|number| {
            layer().errors::<Closed>().layer(service(handler)).oneshot(Request::new(number))
        });
        crate::RUNTIME.block_on(futures_util::future::join_all(all));
        tracker().flush(error_tracker_tests::SOON).unwrap();
        assert_eq!(tracker().health().raised - before, 100);
    });
    assert!(events.iter().all(|event| event.context.request.is_some()));
}

#[auto_track_exception]
fn fail() -> Result<(), Closed> {
    Err(closed())
}
