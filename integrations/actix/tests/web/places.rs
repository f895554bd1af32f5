//! Right and wrong places of the middleware.

use std::net::SocketAddr;
use std::process::Command;

use actix_web::middleware::NormalizePath;
use actix_web::{App, HttpResponse, web};
use error_tracker_actix::{ViewerRoutes, middleware, viewer};
use error_tracker_tests::answer::ask;
use error_tracker_tests::process::BoundedCommand as _;

use crate::{event_of_request, serve};

async fn failing() -> HttpResponse {
    HttpResponse::BadGateway().finish()
}

async fn panicking() -> HttpResponse {
    panic!("burst")
}

fn pages() -> ViewerRoutes {
    viewer().permission(|_| true)
}

fn around() -> SocketAddr {
    serve!(
        App::new()
            .service(pages())
            .route("/orders/{id}", web::get().to(failing))
            .wrap(NormalizePath::trim())
            .wrap(middleware())
    )
}

fn within() -> SocketAddr {
    serve!(App::new().service(pages()).wrap(middleware()).wrap(NormalizePath::trim()))
}

/// Follows the redirects of the pages as a browser does. Returns status and text of the last page.
fn followed(address: SocketAddr, mut path: String) -> (u16, String) {
    loop {
        let answer = ask(address, &format!("GET {path}"));
        let Some(link) = answer.header("location") else { return (answer.status, answer.body) };
        path.truncate(path.rfind('/').unwrap() + 1);
        path.push_str(link);
    }
}

/// Runs a test of this program in a child process, and returns its standard error.
fn output_of(test: &str) -> String {
    let program = std::env::current_exe().unwrap();
    let ran = Command::new(program).args(["--exact", test, "--nocapture"]).run();
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stderr).unwrap()
}

#[test]
fn around_normalize_path() {
    for path in ["/dev/error", "/dev/error/"] {
        let (status, page) = followed(around(), path.to_owned());
        assert!(status == 200 && page.contains("action=\"./"), "{status} {page}");
    }
}

#[test]
fn within_normalize_path() {
    for path in ["/dev/error", "/dev/error/"] {
        assert_eq!(followed(within(), path.to_owned()).0, 404);
    }
}

#[test]
fn a_middleware_inside_normalize_path_warns_once_that_the_pages_need_their_slash() {
    let said = output_of("places::within_normalize_path");
    let expected = "error-tracker: the path of the pages has lost the slash at its end";
    assert_eq!(said.matches(expected).count(), 1, "{said}");
    assert!(!output_of("places::around_normalize_path").contains("error-tracker:"));
}

#[test]
fn a_failed_request_with_a_normalized_path_has_its_route() {
    let (_, event) = event_of_request(around(), "GET /orders/17/");
    let request = event.context.request.unwrap();
    assert_eq!((&*request.route, &*request.path), ("/orders/{id}", "/orders/17/"));
}

#[test]
fn a_middleware_works_around_an_app_a_scope_and_a_resource() {
    let fails = || web::resource("/orders/{id}").route(web::get().to(panicking));
    let app = serve!(App::new().service(fails()).wrap(middleware()));
    let scope = serve!(App::new().service(web::scope("").service(fails()).wrap(middleware())));
    let resource = serve!(App::new().service(fails().wrap(middleware())));
    for address in [app, scope, resource] {
        let (answer, event) = event_of_request(address, "GET /orders/17");
        assert_eq!((answer.status, &*event.message), (500, "burst"));
        assert_eq!(event.context.request.unwrap().route, "/orders/{id}");
    }
}

#[test]
fn a_middleware_can_be_cloned_and_shared_by_threads() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    shared(&middleware());
    shared(&viewer());
}
