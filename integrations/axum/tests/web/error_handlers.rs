//! Where errors become responses: error handlers, `HandleErrorLayer`, `into_response`.

use std::time::Duration;

use axum::error_handling::HandleErrorLayer;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{BoxError, Router};
use error_tracker::{auto_track_exception, track_exception};
use error_tracker_axum::layer;
use tower::ServiceBuilder;

use crate::failures::{functions, get_app};
use crate::{event_of_request, events_of_request};

#[test]
fn a_tracked_error_handler_records_its_argument() {
    #[track_exception]
    async fn handle(error: BoxError) -> (StatusCode, String) {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("sorry: {error}"))
    }
    let slow = || async {
        std::future::pending::<()>().await;
    };
    let layers = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(handle))
        .timeout(Duration::from_millis(1));
    let app = Router::new().route("/", get(slow)).layer(layers).layer(layer());
    let (answer, event) = event_of_request(app, "GET /");
    assert_eq!(answer.status, 500);
    assert_eq!((functions(&event), &*event.message), (vec!["handle"], "request timed out"));
    assert!(!event.handled && event.context.request.is_some());
}

#[test]
fn a_layer_within_a_handle_error_layer_records_the_error_of_the_service() {
    let slow = || async {
        std::future::pending::<()>().await;
    };
    let answers = |_: BoxError| async { StatusCode::GATEWAY_TIMEOUT };
    let inner = || {
        ServiceBuilder::new()
            .layer(HandleErrorLayer::new(answers))
            .layer(layer())
            .timeout(Duration::from_millis(1))
    };
    let alone = Router::new().route("/", get(slow)).layer(inner());
    let both = Router::new().route("/", get(slow)).layer(inner()).layer(layer());
    for app in [alone, both] {
        let (answer, event) = event_of_request(app, "GET /");
        assert_eq!((answer.status, &*event.message), (504, "request timed out"));
        assert!(event.type_name.contains("dyn core::error::Error") && !event.handled);
        assert_eq!(event.context.request.unwrap().route, "/");
    }
}

/// An error that records itself when it is converted to a response.
#[derive(Debug, thiserror::Error)]
#[error("the {what} leaks")]
struct Leak {
    what: String,
    status: StatusCode,
}

impl IntoResponse for Leak {
    #[track_exception(error = self)]
    fn into_response(self) -> Response {
        self.status.into_response()
    }
}

#[test]
fn an_error_that_records_itself_in_its_response_is_one_event_or_none_if_its_status_is_untracked() {
    #[auto_track_exception]
    async fn handler(Path(what): Path<String>) -> Result<String, Leak> {
        let status = if what == "tap" { StatusCode::NOT_FOUND } else { StatusCode::BAD_GATEWAY };
        Err(Leak { what, status })
    }
    let plain = |Path(what): Path<String>| async move {
        let status = if what == "tap" { StatusCode::NOT_FOUND } else { StatusCode::BAD_GATEWAY };
        Err::<String, _>(Leak { what, status })
    };
    for (app, function) in [(get_app(handler), "handler"), (get_app(plain), "into_response")] {
        let (_, event) = event_of_request(app.clone(), "GET /kettle");
        assert_eq!((functions(&event), &*event.message), (vec![function], "the kettle leaks"));
        assert!(!event.handled);
        assert!(events_of_request(app, "GET /tap").1.is_empty());
    }
}
