//! The errors that responses are made of, by type.

use actix_web::web::{self, Json, Path};
use actix_web::{App, HttpResponse, ResponseError};
use error_tracker::auto_track_exception;
use error_tracker::event::Event;
use error_tracker_actix::middleware;

use crate::failures::{find, functions, get_app, in_stock};
use crate::shop_error::ShopError;
use crate::{event_of_request, events_of_request, serve};

fn causes(event: &Event) -> Vec<&str> {
    event.chain.iter().map(|cause| cause.message.as_str()).collect()
}

#[test]
fn the_error_of_a_response_is_recorded_with_its_causes() {
    let handler = |text: Path<String>| async move {
        let parsed = text.parse::<u32>().map(|pieces| pieces.to_string());
        parsed.map_err(|source| ShopError::Pieces { text: text.into_inner(), source })
    };
    let (_, event) = event_of_request(get_app!(handler), "GET /x1");
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
    async fn handler(article: Path<String>) -> Result<String, ShopError> {
        tokio::task::yield_now().await;
        let pieces = in_stock(&article)?;
        Ok(pieces.to_string())
    }
    let known = get_app!(handler);
    let route = web::get;
    let unknown = serve!(App::new().route("/{article}", route().to(handler)).wrap(middleware()));
    for address in [known, unknown] {
        let (_, event) = event_of_request(address, "GET /kettle");
        assert_eq!((functions(&event), event.handled), (vec!["in_stock", "handler"], false));
        assert!(event.type_name.ends_with("ShopError") && event.context.request.is_some());
    }
}

#[test]
fn an_error_of_an_unregistered_type_is_recorded_with_its_texts() {
    let handler = |article: Path<String>| async move {
        Err::<String, _>(ShopError::OutOfStock(article.into_inner()))
    };
    let app = serve!(App::new().route("/{article}", web::get().to(handler)).wrap(middleware()));
    let (_, event) = event_of_request(app, "GET /kettle");
    assert_eq!(
        (&*event.type_name, event.variant.as_deref(), &*event.message),
        ("actix_web::error::error::Error", Some("OutOfStock"), "kettle is out of stock")
    );
}

#[test]
fn an_error_with_a_changed_status_is_found_by_its_type() {
    let plain = |article: Path<String>| async move {
        let error = ShopError::NotFound(article.into_inner());
        Err::<String, _>(actix_web::error::ErrorBadGateway(error))
    };
    let (answer, event) = event_of_request(get_app!(plain), "GET /kettle");
    assert_eq!((answer.status, &*event.message), (502, "there is no kettle"));
    assert_eq!(
        (&*event.type_name, event.variant.as_deref()),
        ("web::shop_error::ShopError", Some("NotFound"))
    );
    let called = |article: Path<String>| async move {
        find(&article).map(|pieces| pieces.to_string()).map_err(actix_web::error::ErrorBadGateway)
    };
    let (_, event) = event_of_request(get_app!(called), "GET /kettle");
    assert_eq!((functions(&event), event.handled), (vec!["find"], false));
}

#[test]
fn an_error_converted_in_a_handler_without_attribute_is_one_event_with_both_errors() {
    #[auto_track_exception]
    fn pieces(text: &str) -> Result<u32, std::num::ParseIntError> {
        text.parse()
    }
    let handler = |text: Path<String>| async move {
        match pieces(&text) {
            Ok(pieces) => HttpResponse::Ok().body(pieces.to_string()),
            Err(source) => {
                HttpResponse::from_error(ShopError::Pieces { text: text.into_inner(), source })
            }
        }
    };
    let (_, event) = event_of_request(get_app!(handler), "GET /x2");
    assert_eq!(functions(&event), ["pieces"]);
    assert_eq!(
        causes(&event),
        ["the number of pieces \"x2\" is wrong", "invalid digit found in string"]
    );
    assert!(!event.handled);
}

#[test]
fn errors_by_reads_the_error_inside_a_type_that_is_not_an_error() {
    #[derive(Debug)]
    struct AppError(anyhow::Error);
    impl std::fmt::Display for AppError {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.fmt(f)
        }
    }
    impl ResponseError for AppError {}
    #[auto_track_exception]
    fn load(text: &str) -> anyhow::Result<u32> {
        use anyhow::Context as _;
        let number = text.parse().with_context(|| format!("loading {text}"))?;
        Ok(number)
    }
    let handler = |text: Path<String>| async move {
        load(&text).map(|number| number.to_string()).map_err(AppError)
    };
    let middleware = middleware().errors_by(|error: &AppError| error.0.as_ref());
    let app =
        serve!(App::new().route("/{article}", web::get().to(handler)).wrap(middleware.clone()));
    let (_, event) = event_of_request(app, "GET /x3");
    assert_eq!(functions(&event), ["load"]);
    assert_eq!(causes(&event), ["loading x3", "invalid digit found in string"]);
}

#[test]
fn boxed_errors_and_those_of_actix_have_their_causes_without_registration() {
    type BoxError = Box<dyn std::error::Error>;
    let boxed = |text: Path<String>| async move {
        let pieces: u32 = text.parse().map_err(|source| -> BoxError {
            Box::new(ShopError::Pieces { text: text.to_string(), source })
        })?;
        Ok::<_, BoxError>(pieces.to_string())
    };
    let app = serve!(App::new().route("/{article}", web::get().to(boxed)).wrap(middleware()));
    let (answer, event) = event_of_request(app, "GET /x4");
    assert_eq!(answer.status, 500);
    assert_eq!(
        causes(&event),
        ["the number of pieces \"x4\" is wrong", "invalid digit found in string"]
    );
}

#[test]
fn a_rejection_is_an_event_with_its_causes_when_its_status_is_tracked() {
    #[derive(serde::Deserialize)]
    struct Order {
        #[expect(dead_code, reason = "only its type matters")]
        pieces: u32,
    }
    let handler = |_: Json<Order>| async { "ordered" };
    let route = move || App::new().route("/", web::post().to(handler));
    let request = "POST /\ncontent-type: application/json\n\n{\"pieces\":\"two\"}";
    assert!(events_of_request(serve!(route().wrap(middleware())), request).1.is_empty());
    let tracks = || middleware().track_status(400..);
    let (answer, event) = event_of_request(serve!(route().wrap(tracks())), request);
    assert_eq!(answer.status, 400);
    assert!(event.type_name.ends_with("::JsonPayloadError"), "{}", event.type_name);
    assert!(event.message.contains("invalid type: string \"two\", expected u32"), "{event:?}");
    assert_eq!(event.context.request.unwrap().json["pieces"], "two");
}
