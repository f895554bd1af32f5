//! Pages of a store that cannot be read.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use error_tracker_axum::{layer, viewer};
use error_tracker_tests::mounted_pages::{self, UnreadableStore};
use tokio::net::TcpListener;

#[test]
fn a_store_that_is_down_is_no_failure_of_the_application() {
    let _tracker = error_tracker::builder().store(UnreadableStore).install().unwrap();
    let app = Router::new()
        .route("/fail", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
        .merge(viewer().permission(|_| true))
        .layer(layer());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let address = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        address
    });
    mounted_pages::a_store_that_is_down_is_no_failure_of_the_application(address);
}
