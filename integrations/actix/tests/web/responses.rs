//! The event's id in responses.

use std::net::SocketAddr;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ContentType, HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpResponse, body::MessageBody, web};
use error_tracker::event::Kind;
use error_tracker_actix::{EventId, TrackerMiddleware, middleware};
use error_tracker_tests::event_of;

use crate::{event_of_request, events_of_request, serve, set_up};

/// Copies the event's id from the extensions of the response into a header.
async fn outside<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    let id = response.response().extensions().get::<EventId>().map(ToString::to_string);
    if let Some(id) = id {
        let name = HeaderName::from_static("x-seen");
        response.headers_mut().insert(name, HeaderValue::try_from(id).unwrap());
    }
    Ok(response)
}

async fn panics() -> HttpResponse {
    panic!("burst")
}

fn app(middleware: TrackerMiddleware) -> SocketAddr {
    let status = || async { HttpResponse::BadGateway().body("the bank is closed") };
    let page = || async {
        HttpResponse::BadGateway().content_type(ContentType::html()).body("<h1>Sorry</h1>")
    };
    serve!(
        App::new()
            .route("/status", web::get().to(status))
            .route("/page", web::get().to(page))
            .route("/panic", web::get().to(panics))
            .route("/good", web::get().to(|| async { "good" }))
            .wrap(middleware.clone())
            .wrap(from_fn(outside))
    )
}

#[test]
fn the_id_of_the_event_is_in_the_extensions_and_in_the_header_that_is_set() {
    let (answer, event) = event_of_request(app(middleware()), "GET /status");
    assert_eq!(answer.header("x-seen"), Some(&*event.id));
    assert_eq!((answer.header("x-event-id"), &*answer.body), (None, "the bank is closed"));
    let asked = app(middleware().event_id_header("x-event-id"));
    for path in ["/status", "/panic"] {
        let (answer, event) = event_of_request(asked, &format!("GET {path}"));
        assert_eq!(answer.header("x-event-id"), Some(&*event.id), "{path}");
    }
    assert_eq!(events_of_request(asked, "GET /good").0.header("x-event-id"), None);
}

#[test]
fn a_problem_with_the_id_replaces_only_plain_text_and_contains_nothing_about_the_error() {
    let app = app(middleware().problem_json());
    for (path, status, title) in
        [("/status", 502, "Bad Gateway"), ("/panic", 500, "Internal Server Error")]
    {
        let (answer, event) = event_of_request(app, &format!("GET {path}"));
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, Some("application/problem+json"))
        );
        let body: error_tracker::json::Value = error_tracker::json::from_str(&answer.body).unwrap();
        assert_eq!((&body["title"], &body["status"]), (&title.into(), &status.into()));
        assert_eq!(body["instance"], format!("urn:uuid:{}", event.id));
        assert_eq!(body["event_id"], event.id);
        assert_eq!(answer.header("content-length"), Some(&*answer.body.len().to_string()));
        assert!(!answer.body.contains("bank") && !answer.body.contains("burst"));
    }
    let (answer, _) = event_of_request(app, "GET /page");
    assert_eq!(
        (answer.header("content-type"), &*answer.body),
        (Some("text/html; charset=utf-8"), "<h1>Sorry</h1>")
    );
    assert_eq!(events_of_request(app, "GET /good").0.body, "good");
}

#[test]
fn an_invalid_header_name_panics_when_it_is_set() {
    set_up();
    // The panic is an event, which would be counted to another test.
    let panic = event_of(|| drop(middleware().event_id_header("event id")));
    assert_eq!(
        (panic.kind, &*panic.message),
        (Kind::Panic, "\"event id\" is not the name of a header")
    );
}
