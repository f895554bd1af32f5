//! Pages of a store that cannot be read.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::net::TcpListener;

use actix_web::{App, HttpResponse, HttpServer, web};
use error_tracker_actix::{middleware, viewer};
use error_tracker_tests::mounted_pages::{self, UnreadableStore};

#[test]
fn a_store_that_is_down_is_no_failure_of_the_application() {
    let _tracker = error_tracker::builder().store(UnreadableStore).install().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let _runtime = runtime.enter();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let app = || {
        App::new()
            .service(viewer().permission(|_| true))
            .route("/fail", web::get().to(|| async { HttpResponse::ServiceUnavailable().finish() }))
            .wrap(middleware())
    };
    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
    runtime.spawn(server.run());
    mounted_pages::a_store_that_is_down_is_no_failure_of_the_application(address);
}
