//! What requests do not take from each other, and what they do not do to the application.

use std::fmt;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Path};
use actix_web::{App, Error, HttpResponse, ResponseError};
use error_tracker::event::Kind;
use error_tracker::scope::configure_scope;
use error_tracker_actix::middleware;
use error_tracker_tests::answer::ask;
use error_tracker_tests::events_of;

use crate::failures::in_stock;
use crate::{IgnoredError, event_of_request, events_of_request, serve};

impl ResponseError for IgnoredError {}

/// An error with the status 404 that is not an error by its type.
#[derive(Debug)]
struct Absent;

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not here")
    }
}

impl ResponseError for Absent {
    fn status_code(&self) -> StatusCode {
        StatusCode::NOT_FOUND
    }
}

async fn log_in<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if request.headers().contains_key("x-user") {
        configure_scope(|scope| scope.set_user([("id", "ada")]));
    }
    next.call(request).await
}

#[test]
fn a_user_that_was_set_outside_of_the_middleware_is_not_that_of_later_requests() {
    let fails = || async { HttpResponse::BadGateway().finish() };
    let address = serve!(
        App::new().route("/", web::get().to(fails)).wrap(middleware()).wrap(from_fn(log_in))
    );
    let events = events_of(move || {
        for _ in 0..20 {
            ask(address, "GET /\nx-user: ada");
            ask(address, "GET /?anonymous");
        }
    });
    let anonymous: Vec<_> = events
        .iter()
        .filter(|event| {
            event.context.request.as_ref().is_some_and(|it| it.url.ends_with("anonymous"))
        })
        .collect();
    assert!(!anonymous.is_empty());
    assert!(anonymous.iter().all(|event| event.context.user.is_empty()), "{anonymous:?}");
}

#[test]
fn an_error_that_the_program_ignores_is_no_event_by_its_status_either() {
    let handler = || async { Err::<HttpResponse, _>(IgnoredError) };
    let tracks = middleware().errors::<IgnoredError>();
    let address = serve!(App::new().route("/", web::get().to(handler)).wrap(tracks.clone()));
    let (answer, events) = events_of_request(address, "GET /");
    assert_eq!((answer.status, events.len()), (500, 0));
}

#[test]
fn the_id_of_a_request_that_panics_is_that_of_the_panic() {
    async fn handler(article: Path<String>) -> HttpResponse {
        let _ = in_stock(&article);
        panic!("a panic behind an error")
    }
    let tracks = middleware().event_id_header("x-event-id");
    let address =
        serve!(App::new().route("/{article}", web::get().to(handler)).wrap(tracks.clone()));
    let (answer, events) = events_of_request(address, "GET /kettle");
    let panic = events.iter().find(|event| event.kind == Kind::Panic).unwrap();
    assert_eq!((answer.status, answer.header("x-event-id")), (500, Some(&*panic.id)));
}

#[test]
fn a_reader_of_errors_that_panics_leaves_the_response_as_it_is() {
    let handler = || async { Err::<HttpResponse, _>(Absent) };
    let tracks = middleware().errors_by(|_: &Absent| panic!("the reader fails"));
    let address = serve!(App::new().route("/", web::get().to(handler)).wrap(tracks.clone()));
    let (answer, event) = event_of_request(address, "GET /");
    assert_eq!((answer.status, &*answer.body), (404, "not here"));
    assert_eq!((event.kind, &*event.message), (Kind::Panic, "the reader fails"));
}
