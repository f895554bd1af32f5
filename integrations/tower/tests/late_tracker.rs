//! The tracker may be installed after the application was built and has handled requests.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::convert::Infallible;

use error_tracker::store::{IssueQuery, MemoryStore};
use error_tracker_tower::layer;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _};

#[test]
fn a_layer_works_without_a_tracker_and_records_after_one_is_installed() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let handler = |request: Request<&'static str>| async move {
        assert!(*request.body() != "panic", "burst");
        let mut response = Response::new(Full::<bytes::Bytes>::from("sorry"));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        Ok::<_, Infallible>(response)
    };
    let service = layer().event_id_header("x-event-id").layer(tower::service_fn(handler));
    let ask = |what| runtime.block_on(service.clone().oneshot(Request::new(what))).unwrap();
    for what in ["fail", "panic"] {
        let answer = ask(what);
        assert_eq!((answer.status().as_u16(), answer.headers().len() <= 1), (500, true));
    }
    let tracker = error_tracker::builder().store(MemoryStore::new()).install().unwrap();
    assert!(ask("fail").headers().contains_key("x-event-id"));
    tracker.flush(std::time::Duration::from_secs(300)).unwrap();
    assert_eq!(tracker.issues(&IssueQuery::default()).unwrap().items.len(), 1);
}
