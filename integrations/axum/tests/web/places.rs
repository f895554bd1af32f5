//! Right and wrong places of the layer.

use std::process::Command;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use error_tracker_axum::layer;
use tower::Layer as _;

fn failing() -> Router {
    Router::new().route("/orders/{id}", get(|| async { StatusCode::BAD_GATEWAY }))
}

/// Runs a test of this program in a child process, and returns its standard error.
fn output_of(test: &str) -> String {
    let program = std::env::current_exe().unwrap();
    let ran = Command::new(program).args(["--exact", test, "--nocapture"]).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stderr).unwrap()
}

#[test]
fn around_a_router() {
    let service = layer().layer(failing());
    drop(layer().layer(service));
}

#[test]
fn on_a_router() {
    let app: Router = failing().layer(layer());
    drop(app.layer(layer()).route_layer(layer()));
}

#[test]
fn a_layer_around_a_whole_router_warns_once_that_routes_are_not_known() {
    let said = output_of("places::around_a_router");
    assert_eq!(
        said.matches("error-tracker: the layer is around a whole Router").count(),
        1,
        "{said}"
    );
    assert!(!output_of("places::on_a_router").contains("error-tracker:"));
}

#[test]
fn a_layer_around_a_whole_router_groups_by_paths_without_their_numbers() {
    let around = layer().layer(failing());
    let (_, event) =
        crate::event_of_request(Router::new().fallback_service(around), "GET /orders/17");
    let request = event.context.request.unwrap();
    assert_eq!((&*request.route, &*request.path), ("", "/orders/17"));
    assert_eq!(
        event.grouping.components.iter().find(|part| part.label == "route").unwrap().value,
        "GET /orders/#"
    );
}

#[test]
fn the_outer_layer_gets_the_route_from_an_inner_one() {
    let around = layer().layer(failing().layer(layer()));
    let (_, event) =
        crate::event_of_request(Router::new().fallback_service(around), "GET /orders/17");
    assert_eq!(event.context.request.unwrap().route, "/orders/{id}");
}
