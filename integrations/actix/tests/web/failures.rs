//! Which requests are failures, and that each failure is one event.

use std::io::Read as _;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::web::{self, Path};
use actix_web::{App, HttpResponse};
use error_tracker::event::{Event, Kind, Level};
use error_tracker::{auto_track_exception, capture_exception};
use error_tracker_actix::{StatusSet, UntrackedErrors, block, middleware, spawn, spawn_blocking};
use error_tracker_tests::tracker;

use crate::clients::connect;
use crate::shop_error::ShopError;
use crate::{ask, event_of_request, events_of_request, serve};

#[auto_track_exception]
pub(crate) fn in_stock(article: &str) -> Result<u32, ShopError> {
    Err(ShopError::OutOfStock(article.to_owned()))
}

#[auto_track_exception]
pub(crate) fn find(article: &str) -> Result<u32, ShopError> {
    Err(ShopError::NotFound(article.to_owned()))
}

/// Serves an application with one handler, whose path parameter is an article.
macro_rules! get_app {
    ($handler:expr) => {{
        let handler = $handler;
        let middleware = error_tracker_actix::middleware();
        let middleware = middleware.errors::<crate::shop_error::ShopError>();
        crate::serve!(
            actix_web::App::new()
                .route("/{article}", actix_web::web::get().to(handler.clone()))
                .wrap(middleware.clone())
        )
    }};
}

pub(crate) use get_app;

/// Returns the names, without their paths, of the functions of the return trace, innermost first.
pub(crate) fn functions(event: &Event) -> Vec<&str> {
    let last = |name| str::rsplit(name, "::").next().unwrap();
    error_tracker_tests::functions(event).into_iter().map(last).collect()
}

#[test]
fn a_response_with_a_tracked_status_is_an_event_without_any_attribute() {
    let handler = || async { HttpResponse::ServiceUnavailable().body("no stock of kettles\n") };
    let (answer, event) = event_of_request(get_app!(handler), "GET /kettle");
    assert_eq!((answer.status, &*answer.body), (503, "no stock of kettles\n"));
    assert_eq!(event.message, "503 Service Unavailable: no stock of kettles");
    assert!(event.type_name.ends_with("::StatusError") && !event.handled && !event.captured);
    let components: Vec<_> =
        event.grouping.components.iter().map(|part| (&*part.label, &*part.value)).collect();
    assert!(components.contains(&("route", "GET /{article}")), "{components:?}");
    assert!(!components.iter().any(|(label, _)| *label == "message"), "{components:?}");
}

#[test]
fn a_panic_is_answered_and_recorded_with_its_request_and_the_server_goes_on() {
    let handler = |article: Path<String>| async move {
        assert!(&**article != "kettle", "the {article} burst");
        tokio::task::yield_now().await;
        article.into_inner()
    };
    let address = get_app!(handler);
    let (answer, event) = event_of_request(address, "GET /kettle");
    assert_eq!((answer.status, &*answer.body), (500, "Internal Server Error"));
    assert_eq!((event.kind, &*event.message), (Kind::Panic, "the kettle burst"));
    let request = event.context.request.unwrap();
    assert_eq!((&*request.path, &*request.route), ("/kettle", "/{article}"));
    assert!(!event.handled);
    let events = error_tracker_tests::events_of(move || {
        // On one connection, which stays open after the panic.
        let requests = "GET /kettle HTTP/1.1\r\nhost: x\r\n\r\n\
                        GET /teapot HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let mut answers = String::new();
        connect(address, requests).read_to_string(&mut answers).unwrap();
        assert!(answers.starts_with("HTTP/1.1 500 ") && answers.ends_with("teapot"), "{answers}");
    });
    assert_eq!(events.len(), 1);
}

#[test]
fn without_catch_panics_a_panic_is_recorded_and_unwinds_further() {
    let handler = |article: Path<String>| async move {
        assert!(&**article != "kettle", "the {article} burst");
        article.into_inner()
    };
    let lets = middleware().catch_panics(false);
    let app = serve!(App::new().route("/{article}", web::get().to(handler)).wrap(lets.clone()));
    let events = error_tracker_tests::events_of(move || {
        let mut answer = String::new();
        let read =
            connect(app, "GET /kettle HTTP/1.1\r\nhost: x\r\n\r\n").read_to_string(&mut answer);
        assert!(answer.is_empty(), "actix closes the connection: {read:?} {answer}");
    });
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].kind, &*events[0].message), (Kind::Panic, "the kettle burst"));
}

#[test]
fn an_error_with_an_untracked_status_is_dropped_and_counted_or_kept_as_handled() {
    #[auto_track_exception]
    async fn handler(article: Path<String>) -> Result<String, ShopError> {
        let pieces = find(&article)?;
        Ok(pieces.to_string())
    }
    let app = get_app!(handler);
    let before = tracker().health().untracked;
    let (answer, events) = events_of_request(app, "GET /kettle");
    assert_eq!((answer.status, events.len()), (404, 0));
    assert_eq!(tracker().health().untracked, before + 1);

    let route = || App::new().route("/{article}", web::get().to(handler));
    let keeps = middleware().untracked_errors(UntrackedErrors::Keep);
    let (_, event) = event_of_request(serve!(route().wrap(keeps.clone())), "GET /kettle");
    assert_eq!((functions(&event), event.handled), (vec!["find", "handler"], true));

    let statuses = StatusSet::from(500..=599).with(404);
    let tracks = middleware().errors::<ShopError>().track_status(statuses);
    let (_, event) = event_of_request(serve!(route().wrap(tracks.clone())), "GET /kettle");
    assert_eq!((functions(&event), event.handled), (vec!["find", "handler"], false));
}

#[test]
fn an_error_from_which_a_handler_without_attribute_recovers_is_handled() {
    let handler = |article: Path<String>| async move {
        in_stock(&article).map_or_else(|_| "take a teapot".to_owned(), |pieces| pieces.to_string())
    };
    let (answer, event) = event_of_request(get_app!(handler), "GET /kettle");
    assert_eq!((answer.status, functions(&event), event.handled), (200, vec!["in_stock"], true));
}

#[test]
fn an_error_that_an_annotated_handler_converts_to_a_response_is_one_event_and_not_handled() {
    #[auto_track_exception]
    async fn handler(article: Path<String>) -> HttpResponse<BoxBody> {
        match in_stock(&article) {
            Ok(pieces) => HttpResponse::Ok().body(pieces.to_string()),
            Err(error) => HttpResponse::InternalServerError().body(format!("Sorry, {error}.")),
        }
    }
    let (answer, event) = event_of_request(get_app!(handler), "GET /kettle");
    assert_eq!(answer.body, "Sorry, kettle is out of stock.");
    assert_eq!((functions(&event), event.handled), (vec!["in_stock"], false));
}

#[test]
fn a_captured_error_and_the_failed_response_are_one_event() {
    let handler = |article: Path<String>| async move {
        let error = ShopError::OutOfStock(article.into_inner());
        capture_exception!(error);
        HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR)
    };
    let (_, event) = event_of_request(get_app!(handler), "GET /kettle");
    assert!(event.captured && event.context.request.is_some());
}

#[test]
fn events_of_tasks_and_blocking_work_have_the_request() {
    let handler = |article: Path<String>| async move {
        let (named, cold) = (article.clone(), article.clone());
        let task = spawn(async move {
            tokio::task::yield_now().await;
            in_stock(&named)
        });
        let work = spawn_blocking(move || find(&format!("{article} of steel")));
        let block = block(move || find(&format!("{cold} of ice")));
        drop((task.await.unwrap(), work.await.unwrap(), block.await.unwrap()));
        ""
    };
    let (answer, events) = events_of_request(get_app!(handler), "GET /kettle");
    let mut seen: Vec<_> = events
        .iter()
        .map(|event| {
            let request = event.context.request.as_ref().unwrap();
            (&*event.message, &*request.path, &*request.route)
        })
        .collect();
    seen.sort_unstable();
    let expected =
        ["kettle is out of stock", "there is no kettle of ice", "there is no kettle of steel"]
            .map(|message| (message, "/kettle", "/{article}"));
    assert_eq!((answer.status, &*seen), (200, &expected[..]));
}

#[test]
fn an_error_that_a_task_returns_to_its_handler_is_one_event() {
    #[auto_track_exception]
    async fn handler(article: Path<String>) -> Result<String, ShopError> {
        let task = spawn(async move { in_stock(&article) });
        let pieces = task.await.unwrap()?;
        Ok(pieces.to_string())
    }
    let (_, event) = event_of_request(get_app!(handler), "GET /kettle");
    assert_eq!((functions(&event), event.handled), (vec!["in_stock"], false));
}

#[test]
fn an_error_of_a_task_outside_the_scope_is_one_event_with_the_request_of_the_response() {
    let handler = |article: Path<String>| async move {
        let work = web::block(move || in_stock(&article));
        work.await.unwrap().map(|pieces| pieces.to_string())
    };
    let (_, event) = event_of_request(get_app!(handler), "GET /samovar");
    assert_eq!((functions(&event), event.handled), (vec!["in_stock"], false));
    assert_eq!(event.context.request.unwrap().path, "/samovar");
}

#[test]
fn an_equal_error_from_before_the_request_is_a_separate_failure() {
    let handler = |article: Path<String>| async move {
        Err::<String, _>(ShopError::OutOfStock(article.into_inner()))
    };
    let address = get_app!(handler);
    let events = error_tracker_tests::events_of(move || {
        let _ = in_stock("kettle");
        for _ in 0..3 {
            assert_eq!(ask(address, "GET /kettle").status, 500);
        }
    });
    let requests = events.iter().filter(|event| event.context.request.is_some()).count();
    assert_eq!((events.len(), requests), (4, 3));
}

#[test]
fn a_default_service_is_tracked_like_a_route() {
    let fallback = || async { HttpResponse::NotFound().finish() };
    let tracks = middleware().track_status(404);
    let app = serve!(App::new().default_service(web::to(fallback)).wrap(tracks.clone()));
    let (_, event) = event_of_request(app, "GET /orders/17/lines/9");
    assert_eq!(event.level, Level::Warning);
    let part = event.grouping.components.iter().find(|part| part.label == "route").unwrap();
    assert_eq!(part.value, "GET /orders/#/lines/#");
}

#[test]
fn two_middlewares_around_one_handler_record_one_event() {
    let handler = |article: Path<String>| async move {
        Err::<String, _>(ShopError::OutOfStock(article.into_inner()))
    };
    let inner = middleware().errors::<ShopError>();
    let app = serve!(
        App::new()
            .route("/{article}", web::get().to(handler))
            .wrap(inner.clone())
            .wrap(middleware())
    );
    let (_, event) = event_of_request(app, "GET /kettle");
    assert_eq!(event.message, "kettle is out of stock");
}

#[test]
fn several_failures_of_one_request_are_separate_events() {
    let handler = |article: Path<String>| async move {
        let _ = find(&article);
        in_stock(&article).map(|pieces| pieces.to_string())
    };
    let (_, events) = events_of_request(get_app!(handler), "GET /kettle");
    let mut told: Vec<_> = events.iter().map(|event| &*event.message).collect();
    told.sort_unstable();
    assert_eq!(told, ["kettle is out of stock", "there is no kettle"]);
}
