//! What a program gives the tracker is made by setters.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::sync::Arc;
use std::time::Duration;

use error_tracker::event::{Event, Kind, Request, Status, Timestamp};
use error_tracker::scope::Scope;
use error_tracker::store::{IssueQuery, MemoryStore, Retention, Sort};
use serde_json::json;

#[test]
fn a_request_has_what_its_setters_gave_it() {
    let body = error_tracker::json::Map::from([("sku", "a-1")]);
    let request = Request::default()
        .method("POST")
        .host("shop.example")
        .path("/cart")
        .url("https://shop.example/cart?page=2&page=3")
        .query("page", "2")
        .query("page", "3")
        .header("Content-Type", "application/json")
        .cookie("theme", "dark")
        .form("count", "7")
        .json(body)
        .scheme("https")
        .route("/{page}")
        .client("192.0.2.1")
        .id("r-17")
        .trace_id("4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(
        serde_json::to_value(&request).unwrap(),
        json!({
            "method": "POST",
            "scheme": "https",
            "host": "shop.example",
            "route": "/{page}",
            "path": "/cart",
            "url": "https://shop.example/cart?page=2&page=3",
            "query": [["page", "2"], ["page", "3"]],
            "headers": [["content-type", "application/json"]],
            "cookies": [["theme", "dark"]],
            "form": [["count", "7"]],
            "json": { "sku": "a-1" },
            "client": "192.0.2.1",
            "id": "r-17",
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        })
    );
    error_tracker::with_scope(
        |scope| scope.set_request(request.clone()),
        || assert_eq!(Scope::current().request().as_ref(), Some(&request)),
    );
}

#[test]
fn a_query_has_what_its_setters_gave_it() {
    let since = Timestamp::from_micros(7);
    let query = IssueQuery::default()
        .text("gone")
        .kind(Kind::Panic)
        .status(Status::Muted)
        .handled(false)
        .type_name("shop::")
        .host("h")
        .method("GET")
        .path("/cart")
        .function("total")
        .since(since)
        .until(since)
        .assignee("Ada")
        .release("shop@1.4.2")
        .route("GET /cart")
        .sort(Sort::Count)
        .ascending(true)
        .after("a")
        .before("b")
        .limit(7);
    assert_eq!(
        serde_json::to_value(&query).unwrap(),
        json!({
            "text": "gone",
            "kind": "panic",
            "status": "muted",
            "handled": false,
            "type": "shop::",
            "host": "h",
            "method": "GET",
            "path": "/cart",
            "function": "total",
            "since": since,
            "until": since,
            "assignee": "Ada",
            "release": "shop@1.4.2",
            "route": "GET /cart",
            "sort": "count",
            "ascending": true,
            "after": "a",
            "before": "b",
            "limit": 7,
        })
    );
}

#[test]
fn retention_has_what_its_setters_gave_it_and_is_kept() {
    let retention = Retention::default()
        .max_age(Duration::from_secs(60))
        .max_issues(2)
        .max_occurrences(3)
        .max_megabytes(4);
    let numbers = (retention.max_issues, retention.max_occurrences, retention.max_megabytes);
    assert_eq!((retention.max_age, numbers), (Duration::from_secs(60), (2, 3, 4)));

    let store = Arc::new(MemoryStore::with_retention(retention));
    let tracker = error_tracker::builder().shared_store(store).build().unwrap();
    for type_name in ["shop::A", "shop::B", "shop::C"] {
        let mut event = Event::default();
        event.type_name = type_name.into();
        tracker.record_event(event).unwrap();
    }
    assert_eq!(tracker.issues(&IssueQuery::default()).unwrap().items.len(), 2);
}
