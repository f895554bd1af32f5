//! Which requests are failures, and that each failure is one event.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Json, Path};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use error_tracker::event::{Event, Kind, Level};
use error_tracker::{auto_track_exception, capture_exception};
use error_tracker_axum::{StatusSet, UntrackedErrors, layer, spawn, spawn_blocking};
use error_tracker_tests::tracker;

use crate::shop_error::ShopError;
use crate::{event_of_request, events_of_request};

#[auto_track_exception]
fn in_stock(article: &str) -> Result<u32, ShopError> {
    Err(ShopError::OutOfStock(article.to_owned()))
}

#[auto_track_exception]
fn find(article: &str) -> Result<u32, ShopError> {
    Err(ShopError::NotFound(article.to_owned()))
}

pub(crate) fn get_app<H: axum::handler::Handler<T, ()>, T: 'static>(handler: H) -> Router {
    Router::new().route("/{article}", get(handler)).layer(layer().errors::<ShopError>())
}

/// Returns the names, without their paths, of the functions of the return trace, innermost first.
pub(crate) fn functions(event: &Event) -> Vec<&str> {
    let last = |name| str::rsplit(name, "::").next().unwrap();
    error_tracker_tests::functions(event).into_iter().map(last).collect()
}

fn causes(event: &Event) -> Vec<&str> {
    event.chain.iter().map(|cause| cause.message.as_str()).collect()
}

#[test]
fn a_response_with_a_tracked_status_is_an_event_without_any_attribute() {
    let handler = || async { (StatusCode::SERVICE_UNAVAILABLE, "no stock of kettles\n") };
    let (answer, event) = event_of_request(get_app(handler), "GET /kettle");
    assert_eq!((answer.status, &*answer.body), (503, "no stock of kettles\n"));
    assert_eq!(event.message, "503 Service Unavailable: no stock of kettles");
    assert!(event.type_name.ends_with("::StatusError") && !event.handled && !event.captured);
    let components: Vec<_> =
        event.grouping.components.iter().map(|part| (&*part.label, &*part.value)).collect();
    assert!(components.contains(&("route", "GET /{article}")), "{components:?}");
    assert!(!components.iter().any(|(label, _)| *label == "message"), "{components:?}");
}

#[test]
fn the_error_of_a_response_is_recorded_with_its_causes() {
    let handler = |Path(text): Path<String>| async move {
        text.parse::<u32>()
            .map(|pieces| pieces.to_string())
            .map_err(|source| ShopError::Pieces { text, source })
    };
    let (_, event) = event_of_request(get_app(handler), "GET /x1");
    assert_eq!(event.type_name, "web::shop_error::ShopError");
    assert_eq!(
        (event.variant.as_deref(), event.handled, event.captured),
        (Some("Pieces"), false, false)
    );
    assert_eq!(
        causes(&event),
        ["the number of pieces \"x1\" is wrong", "invalid digit found in string"]
    );
    assert_eq!(event.context.request.unwrap().route, "/{article}");
}

#[test]
fn the_error_of_a_response_has_the_return_trace_of_the_functions_that_it_left() {
    #[auto_track_exception]
    async fn handler(Path(article): Path<String>) -> Result<String, ShopError> {
        tokio::task::yield_now().await;
        let pieces = in_stock(&article)?;
        Ok(pieces.to_string())
    }
    let (_, event) = event_of_request(get_app(handler), "GET /kettle");
    assert_eq!(functions(&event), ["in_stock", "handler"]);
    assert!(!event.handled && event.context.request.is_some());
}

#[test]
fn an_error_converted_in_a_handler_without_attribute_is_one_event_with_both_errors() {
    #[auto_track_exception]
    fn pieces(text: &str) -> Result<u32, std::num::ParseIntError> {
        text.parse()
    }
    let handler = |Path(text): Path<String>| async move {
        match pieces(&text) {
            Ok(pieces) => pieces.to_string().into_response(),
            Err(source) => ShopError::Pieces { text, source }.into_response(),
        }
    };
    let (_, event) = event_of_request(get_app(handler), "GET /x2");
    assert_eq!(functions(&event), ["pieces"]);
    assert_eq!(
        causes(&event),
        ["the number of pieces \"x2\" is wrong", "invalid digit found in string"]
    );
    assert!(!event.handled);
}

#[test]
fn errors_by_reads_the_error_inside_a_type_that_is_not_an_error() {
    #[derive(Clone)]
    struct AppError(Arc<anyhow::Error>);
    impl IntoResponse for AppError {
        fn into_response(self) -> Response {
            let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
            response.extensions_mut().insert(self);
            response
        }
    }
    #[auto_track_exception]
    fn load(text: &str) -> anyhow::Result<u32> {
        use anyhow::Context as _;
        let number = text.parse().with_context(|| format!("loading {text}"))?;
        Ok(number)
    }
    let handler = |Path(text): Path<String>| async move {
        load(&text).map(|number| number.to_string()).map_err(|error| AppError(Arc::new(error)))
    };
    let layer = layer().errors_by(|error: &AppError| error.0.as_ref().as_ref());
    let app = Router::new().route("/{article}", get(handler)).layer(layer);
    let (_, event) = event_of_request(app, "GET /x3");
    assert_eq!(functions(&event), ["load"]);
    assert_eq!(causes(&event), ["loading x3", "invalid digit found in string"]);
}

#[test]
fn a_panic_is_answered_and_recorded_with_its_request_and_the_server_goes_on() {
    let app = || {
        get_app(|Path(article): Path<String>| async move {
            assert!(article != "kettle", "the {article} burst");
            tokio::task::yield_now().await;
            article
        })
    };
    let (answer, event) = event_of_request(app(), "GET /kettle");
    assert_eq!((answer.status, &*answer.body), (500, "Internal Server Error"));
    assert_eq!((event.kind, &*event.message), (Kind::Panic, "the kettle burst"));
    assert_eq!(event.context.request.unwrap().path, "/kettle");
    assert!(!event.handled);

    let address = crate::serve(app());
    let events = error_tracker_tests::events_of(move || {
        assert_eq!(crate::ask(address, "GET /kettle").status, 500);
        assert_eq!(crate::ask(address, "GET /teapot").body, "teapot");
    });
    assert_eq!(events.len(), 1);
}

#[test]
fn a_panic_in_the_call_of_a_service_is_answered_and_recorded() {
    #[derive(Clone)]
    struct Panics;
    impl tower::Service<axum::extract::Request> for Panics {
        type Response = Response;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response, Infallible>>;

        fn poll_ready(
            &mut self,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), Infallible>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: axum::extract::Request) -> Self::Future {
            panic!("no service today")
        }
    }
    let app = Router::new().route_service("/", Panics).layer(layer());
    let (answer, event) = event_of_request(app, "GET /");
    assert_eq!((answer.status, &*event.message), (500, "no service today"));
    assert!(event.context.request.is_some());
}

#[test]
fn an_error_with_an_untracked_status_is_dropped_and_counted_or_kept_as_handled() {
    #[auto_track_exception]
    async fn handler(Path(article): Path<String>) -> Result<String, ShopError> {
        let pieces = find(&article)?;
        Ok(pieces.to_string())
    }
    let route = || Router::new().route("/{article}", get(handler));
    let app = route().layer(layer().errors::<ShopError>());
    crate::set_up();
    let before = tracker().health().untracked;
    let (answer, events) = events_of_request(app, "GET /kettle");
    assert_eq!((answer.status, events.len()), (404, 0));
    assert_eq!(tracker().health().untracked, before + 1);

    let app = route().layer(layer().untracked_errors(UntrackedErrors::Keep));
    let (_, event) = event_of_request(app, "GET /kettle");
    assert_eq!((functions(&event), event.handled), (vec!["find", "handler"], true));

    let statuses = StatusSet::from(500..=599).with(404);
    let app = route().layer(layer().errors::<ShopError>().track_status(statuses));
    let (_, event) = event_of_request(app, "GET /kettle");
    assert_eq!((functions(&event), event.handled), (vec!["find", "handler"], false));
}

#[test]
fn an_error_from_which_a_handler_without_attribute_recovers_is_handled() {
    let handler = |Path(article): Path<String>| async move {
        in_stock(&article).map_or_else(|_| "take a teapot".to_owned(), |pieces| pieces.to_string())
    };
    let (answer, event) = event_of_request(get_app(handler), "GET /kettle");
    assert_eq!((answer.status, functions(&event), event.handled), (200, vec!["in_stock"], true));
}

#[test]
fn an_error_that_an_annotated_handler_converts_to_a_response_is_one_event_and_not_handled() {
    #[auto_track_exception]
    async fn handler(Path(article): Path<String>) -> Response {
        match in_stock(&article) {
            Ok(pieces) => pieces.to_string().into_response(),
            Err(error) => {
                (StatusCode::INTERNAL_SERVER_ERROR, format!("Sorry, {error}.")).into_response()
            }
        }
    }
    let (answer, event) = event_of_request(get_app(handler), "GET /kettle");
    assert_eq!(answer.body, "Sorry, kettle is out of stock.");
    assert_eq!((functions(&event), event.handled), (vec!["in_stock"], false));
}

#[test]
fn an_error_that_a_handler_gives_as_the_answer_long_after_it_was_stored_is_not_handled() {
    #[auto_track_exception]
    fn what_is_wrong(article: &str) -> String {
        in_stock(article).map_or_else(|error| error.to_string(), |_| String::new())
    }
    let handler = |Path(article): Path<String>| async move {
        let text = what_is_wrong(&article);
        let store = || tracker().flush(Duration::from_secs(300));
        tokio::task::spawn_blocking(store).await.unwrap().unwrap();
        (StatusCode::INTERNAL_SERVER_ERROR, text)
    };
    let (_, event) = event_of_request(get_app(handler), "GET /kettle");
    assert_eq!((functions(&event), event.handled), (vec!["in_stock"], false));
}

#[test]
fn a_captured_error_and_the_failed_response_are_one_event() {
    let handler = |Path(article): Path<String>| async move {
        let error = ShopError::OutOfStock(article);
        capture_exception!(error);
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let (_, event) = event_of_request(get_app(handler), "GET /kettle");
    assert!(event.captured && event.context.request.is_some());
}

#[test]
fn events_of_tasks_and_blocking_work_have_the_request() {
    let handler = |Path(article): Path<String>| async move {
        let named = article.clone();
        let task = spawn(async move {
            tokio::task::yield_now().await;
            in_stock(&named)
        });
        let work = spawn_blocking(move || find(&format!("{article} of steel")));
        drop((task.await.unwrap(), work.await.unwrap()));
    };
    let (answer, events) = events_of_request(get_app(handler), "GET /kettle");
    let mut seen: Vec<_> = events
        .iter()
        .map(|event| (&*event.message, &*event.context.request.as_ref().unwrap().path))
        .collect();
    seen.sort_unstable();
    let expected =
        [("kettle is out of stock", "/kettle"), ("there is no kettle of steel", "/kettle")];
    assert_eq!((answer.status, &*seen), (200, &expected[..]));
}

#[test]
fn an_error_that_a_task_returns_to_its_handler_is_one_event() {
    #[auto_track_exception]
    async fn handler(Path(article): Path<String>) -> Result<String, ShopError> {
        let task = spawn(async move { in_stock(&article) });
        let pieces = task.await.unwrap()?;
        Ok(pieces.to_string())
    }
    let (_, event) = event_of_request(get_app(handler), "GET /kettle");
    assert_eq!((functions(&event), event.handled), (vec!["in_stock"], false));
}

#[test]
fn an_error_of_a_task_outside_the_scope_is_one_event_with_the_request_of_the_response() {
    let handler = |Path(article): Path<String>| async move {
        let task = tokio::spawn(async move { in_stock(&article) });
        task.await.unwrap().map(|pieces| pieces.to_string())
    };
    let (_, event) = event_of_request(get_app(handler), "GET /samovar");
    assert_eq!((functions(&event), event.handled), (vec!["in_stock"], false));
    assert_eq!(event.context.request.unwrap().path, "/samovar");
}

#[test]
fn an_error_that_a_task_repeats_is_not_that_of_a_request_with_an_equal_one() {
    let handler = |Path(article): Path<String>| async move {
        // Something else that goes on meanwhile, and fails in the same way.
        let _ = tokio::spawn(async move { in_stock("kettle") }).await;
        ShopError::OutOfStock(article)
    };
    let address = crate::serve(get_app(handler));
    let events = error_tracker_tests::events_of(move || {
        let _ = in_stock("kettle");
        assert_eq!(crate::ask(address, "GET /kettle").status, 500);
    });
    let requests: Vec<_> = events.iter().filter(|event| event.context.request.is_some()).collect();
    assert_eq!((events.len(), requests.len()), (3, 1));
    assert!(requests[0].frames.is_empty());
}

#[test]
fn an_equal_error_from_before_the_request_is_a_separate_failure() {
    let handler = |Path(article): Path<String>| async move { ShopError::OutOfStock(article) };
    let address = crate::serve(get_app(handler));
    let events = error_tracker_tests::events_of(move || {
        let _ = in_stock("kettle");
        for _ in 0..3 {
            assert_eq!(crate::ask(address, "GET /kettle").status, 500);
        }
    });
    let requests = events.iter().filter(|event| event.context.request.is_some()).count();
    assert_eq!((events.len(), requests), (4, 3));
}

#[test]
fn a_rejection_is_an_event_when_its_status_is_tracked() {
    #[derive(serde::Deserialize)]
    struct Order {
        #[expect(dead_code, reason = "only its type matters")]
        pieces: u32,
    }
    let handler = |Json(_): Json<Order>| async { "ordered" };
    let route = || Router::new().route("/", axum::routing::post(handler));
    let request = "POST /\ncontent-type: application/json\n\n{\"pieces\":\"two\"}";
    assert!(events_of_request(route().layer(layer()), request).1.is_empty());
    let (answer, event) = event_of_request(route().layer(layer().track_status(400..)), request);
    assert_eq!((answer.status, event.level), (422, Level::Warning));
    assert!(
        event.message.contains("invalid type: string \"two\", expected u32"),
        "{}",
        event.message
    );
    assert_eq!(event.context.request.unwrap().json["pieces"], "two");
}

#[test]
fn a_fallback_is_tracked_like_a_route() {
    let fallback = || async { StatusCode::INTERNAL_SERVER_ERROR };
    let app = Router::new().route("/", get(|| async {})).fallback(fallback).layer(layer());
    let (_, event) = event_of_request(app, "GET /orders/17/lines/9");
    let part = event.grouping.components.iter().find(|part| part.label == "route").unwrap();
    assert_eq!(part.value, "GET /orders/#/lines/#");
}

#[test]
fn two_layers_around_one_handler_record_one_event() {
    let app = get_app(|Path(article): Path<String>| async move { ShopError::OutOfStock(article) })
        .layer(layer().errors::<ShopError>());
    let (_, event) = event_of_request(app, "GET /kettle");
    assert_eq!(event.type_name, "web::shop_error::ShopError");
}

#[test]
fn several_failures_of_one_request_are_separate_events() {
    let handler = |Path(article): Path<String>| async move {
        let _ = find(&article);
        in_stock(&article).map(|pieces| pieces.to_string())
    };
    let (_, events) = events_of_request(get_app(handler), "GET /kettle");
    let mut told: Vec<_> = events.iter().map(|event| &*event.message).collect();
    told.sort_unstable();
    assert_eq!(told, ["kettle is out of stock", "there is no kettle"]);
}
