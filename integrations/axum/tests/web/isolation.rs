//! What requests do not take from each other, and what they do not do to the application.

use axum::Router;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{Extension, IntoResponse};
use axum::routing::get;
use error_tracker::auto_track_exception;
use error_tracker::event::Kind;
use error_tracker::scope::configure_scope;
use error_tracker_axum::layer;
use error_tracker_tests::answer::ask;
use error_tracker_tests::events_of;

use crate::{IgnoredError, event_of_request, events_of_request, serve};

#[test]
fn a_user_that_was_set_outside_of_the_layer_is_not_that_of_later_requests() {
    let log_in = |request: Request, next: Next| {
        if request.headers().contains_key("x-user") {
            configure_scope(|scope| scope.set_user([("id", "ada")]));
        }
        next.run(request)
    };
    let app = Router::new()
        .route("/", get(|| async { StatusCode::BAD_GATEWAY }))
        .layer(layer())
        .layer(from_fn(log_in));
    let address = serve(app);
    let events = events_of(move || {
        // As many as to reach each thread of the server.
        for _ in 0..40 {
            ask(address, "GET /\r\nx-user: ada");
        }
        for _ in 0..40 {
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
    async fn handler() -> impl IntoResponse {
        (StatusCode::INTERNAL_SERVER_ERROR, Extension(IgnoredError), "sorry")
    }
    let app = Router::new().route("/", get(handler)).layer(layer().errors::<IgnoredError>());
    let (answer, events) = events_of_request(app, "GET /");
    assert_eq!((answer.status, events.len()), (500, 0));
}

#[test]
fn the_id_of_a_request_that_panics_is_that_of_the_panic() {
    #[auto_track_exception]
    fn look_up(article: &str) -> Result<u32, std::num::ParseIntError> {
        article.parse::<u32>()
    }
    async fn handler(Path(article): Path<String>) {
        let _ = look_up(&article);
        panic!("a panic behind an error");
    }
    let app = Router::new()
        .route("/{article}", get(handler))
        .layer(layer().event_id_header("x-event-id"));
    let (answer, events) = events_of_request(app, "GET /kettle");
    let panic = events.iter().find(|event| event.kind == Kind::Panic).unwrap();
    assert_eq!((answer.status, answer.header("x-event-id")), (500, Some(&*panic.id)));
}

#[test]
fn a_reader_of_errors_that_panics_leaves_the_response_as_it_is() {
    async fn handler() -> impl IntoResponse {
        (StatusCode::NOT_FOUND, Extension(IgnoredError), "not here")
    }
    let layer = layer().errors_by(|_: &IgnoredError| panic!("the reader fails"));
    let app = Router::new().route("/", get(handler)).layer(layer);
    let (answer, event) = event_of_request(app, "GET /");
    assert_eq!((answer.status, &*answer.body), (404, "not here"));
    assert_eq!((event.kind, &*event.message), (Kind::Panic, "the reader fails"));
}
