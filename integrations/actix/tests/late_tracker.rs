//! The tracker may be installed after the application was built and has handled requests.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::net::TcpListener;

use actix_web::{App, HttpResponse, HttpServer, web};
use error_tracker::store::{IssueQuery, MemoryStore};
use error_tracker_actix::{middleware, viewer};
use error_tracker_tests::SOON;
use error_tracker_tests::answer::ask;

async fn fails(what: web::Path<String>) -> HttpResponse {
    assert!(*what != "panic", "burst");
    HttpResponse::InternalServerError().body("sorry")
}

#[test]
fn a_middleware_works_without_a_tracker_and_records_after_one_is_installed() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let _runtime = runtime.enter();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let app = || {
        App::new()
            .service(viewer().permission(|_| true))
            .route("/{what}", web::get().to(fails))
            .wrap(middleware().event_id_header("x-event-id"))
    };
    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
    runtime.spawn(server.run());
    for what in ["fail", "panic"] {
        let answer = ask(address, &format!("GET /{what}"));
        assert_eq!((answer.status, answer.header("x-event-id")), (500, None));
    }
    assert_eq!(ask(address, "GET /dev/error/").status, 503);
    let tracker = error_tracker::builder().store(MemoryStore::new()).install().unwrap();
    assert!(ask(address, "GET /fail").header("x-event-id").is_some());
    tracker.flush(SOON).unwrap();
    assert_eq!(tracker.issues(&IssueQuery::default()).unwrap().items.len(), 1);
    assert_eq!(ask(address, "GET /dev/error/").status, 200);
}
