//! Where errors become responses: `error_response`, `ErrorHandlers`, errors of middlewares.

use std::fmt;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::{ErrorHandlerResponse, ErrorHandlers, Next, from_fn};
use actix_web::web::{self, Path};
use actix_web::{App, Error, HttpResponse, ResponseError};
use error_tracker::{auto_track_exception, track_exception};
use error_tracker_actix::middleware;

use crate::failures::{functions, get_app};
use crate::shop_error::ShopError;
use crate::{event_of_request, events_of_request, serve};

/// An error that records itself when it is converted to a response.
#[derive(Debug, thiserror::Error)]
#[error("the {what} leaks")]
struct Leak {
    what: String,
    status: StatusCode,
}

impl ResponseError for Leak {
    #[track_exception(error = self)]
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status)
    }
}

impl Leak {
    fn of(what: Path<String>) -> Self {
        let status = if &**what == "tap" { StatusCode::NOT_FOUND } else { StatusCode::BAD_GATEWAY };
        Self { what: what.into_inner(), status }
    }
}

#[test]
fn an_error_that_records_itself_in_its_response_is_one_event_or_none_if_its_status_is_untracked() {
    #[auto_track_exception]
    async fn handler(what: Path<String>) -> Result<String, Leak> {
        Err(Leak::of(what))
    }
    let plain = |what: Path<String>| async { Err::<String, _>(Leak::of(what)) };
    for (app, function) in [(get_app!(handler), "handler"), (get_app!(plain), "error_response")] {
        let (_, event) = event_of_request(app, "GET /kettle");
        assert_eq!((functions(&event), &*event.message), (vec![function], "the kettle leaks"));
        assert!(!event.handled);
        assert!(events_of_request(app, "GET /tap").1.is_empty());
    }
}

#[test]
fn a_tracked_error_handler_records_its_argument() {
    #[track_exception]
    fn handle(error: &ShopError) -> String {
        format!("sorry: {error}")
    }
    let answer = |response: ServiceResponse| {
        let text = response.response().error().and_then(Error::as_error).map(handle);
        let (request, response) = response.into_parts();
        let response = response.set_body(text.unwrap_or_default());
        let response = ServiceResponse::new(request, response);
        Ok(ErrorHandlerResponse::Response(response.map_into_boxed_body().map_into_left_body()))
    };
    let handler = |article: Path<String>| async {
        Err::<String, _>(ShopError::OutOfStock(article.into_inner()))
    };
    let app = serve!(
        App::new()
            .route("/{article}", web::get().to(handler))
            .wrap(ErrorHandlers::new().handler(StatusCode::INTERNAL_SERVER_ERROR, answer))
            .wrap(middleware())
    );
    let (answer, event) = event_of_request(app, "GET /kettle");
    assert_eq!((answer.status, &*answer.body), (500, "sorry: kettle is out of stock"));
    assert_eq!((functions(&event), &*event.message), (vec!["handle"], "kettle is out of stock"));
    assert!(!event.handled && event.context.request.is_some());
}

#[test]
fn a_middleware_within_error_handlers_records_the_error_that_they_replace() {
    let answer = |response: ServiceResponse| {
        let response = response.into_response(HttpResponse::BadGateway().body("sorry"));
        Ok(ErrorHandlerResponse::Response(response.map_into_left_body()))
    };
    let handlers = move || ErrorHandlers::new().handler(StatusCode::INTERNAL_SERVER_ERROR, answer);
    let handler = |article: Path<String>| async {
        Err::<String, _>(ShopError::OutOfStock(article.into_inner()))
    };
    let known = middleware().errors::<ShopError>();
    let inner = known.clone();
    let route = move || App::new().route("/{article}", web::get().to(handler));
    let alone = serve!(route().wrap(inner.clone()).wrap(handlers()));
    let both = serve!(route().wrap(known.clone()).wrap(handlers()).wrap(middleware()));
    for app in [alone, both] {
        let (answer, event) = event_of_request(app, "GET /kettle");
        assert_eq!((answer.status, &*answer.body), (502, "sorry"));
        assert_eq!(event.type_name, "web::shop_error::ShopError");
        assert!(!event.handled);
    }
}

/// An error whose `status_code` differs from the status of its response.
#[derive(Debug)]
struct Refusal(StatusCode);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused with {}", self.0)
    }
}

impl std::error::Error for Refusal {}

impl ResponseError for Refusal {
    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.0).body("refused")
    }
}

/// A middleware that returns an error. The status of its response is the first segment of the path.
async fn refuses<B>(request: ServiceRequest, _: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let status = request.path()[1..4].parse().ok();
    let status = status.and_then(|status: u16| StatusCode::from_u16(status).ok()).unwrap();
    Err(Refusal(status).into())
}

#[test]
fn an_error_in_place_of_a_response_is_tracked_by_the_status_of_its_response() {
    let app = serve!(
        App::new()
            .wrap(from_fn(refuses))
            .wrap(middleware().errors::<Refusal>().event_id_header("x-event-id"))
    );
    let (answer, event) = event_of_request(app, "GET /503");
    assert_eq!((answer.status, &*answer.body), (503, "refused"));
    assert_eq!(event.type_name, "web::error_handlers::Refusal");
    assert_eq!(answer.header("x-event-id"), Some(&*event.id));
    assert!(!event.handled && event.context.request.is_some());
    let (answer, events) = events_of_request(app, "GET /404");
    assert_eq!((answer.status, events.len()), (404, 0));
}

#[test]
fn an_error_that_an_outer_middleware_replaces_is_tracked_by_its_own_status_code() {
    async fn answers<B: actix_web::body::MessageBody>(
        request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<B>, Error> {
        let answered = next.call(request).await;
        answered.map_err(|error| actix_web::error::ErrorNotFound(error.to_string()))
    }
    let app = serve!(
        App::new()
            .wrap(from_fn(refuses))
            .wrap(middleware().errors::<Refusal>())
            .wrap(from_fn(answers))
    );
    // The default of `ResponseError::status_code` is 500.
    let (answer, event) = event_of_request(app, "GET /404");
    assert_eq!((answer.status, event.handled), (404, false));
    assert_eq!(event.type_name, "web::error_handlers::Refusal");
}
