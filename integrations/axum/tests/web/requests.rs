//! The request that an event contains.

use axum::Router;
use axum::routing::get;
use error_tracker::event::Event;
use error_tracker_axum::{ProxyNetwork, TrackedRequest, layer};

use crate::event_of_request;
use crate::shop_error::ShopError;
use error_tracker_tests::answer::Answer;

async fn plain() -> ShopError {
    ShopError::OutOfStock("kettle".to_owned())
}

fn app() -> Router {
    Router::new().route("/orders/{id}", get(plain)).layer(layer().errors::<ShopError>())
}

fn pairs(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[test]
fn an_event_contains_all_parts_of_its_request() {
    let request = "GET /orders/7%20a?page=2&q=caf%C3%A9\nhost: shop.example\nx-request-id: r-17\n\
                   cookie: theme=dark; lang=fr\ncookie: more=1\n\
                   traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\nAccept: text/html";
    let (_, event) = event_of_request(app(), request);
    let request = event.context.request.unwrap();
    assert_eq!(
        (&*request.method, &*request.scheme, &*request.host),
        ("GET", "http", "shop.example")
    );
    assert_eq!((&*request.route, &*request.path), ("/orders/{id}", "/orders/7%20a"));
    assert_eq!(request.url, "http://shop.example/orders/7%20a?page=2&q=caf%C3%A9");
    assert_eq!(pairs(&request.query), [("page", "2"), ("q", "café")]);
    let names: Vec<_> = request.cookies.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["theme", "lang", "more"]);
    assert!(pairs(&request.headers).contains(&("accept", "text/html")));
    assert_eq!((&*request.client, &*request.id), ("127.0.0.1", "r-17"));
    assert_eq!(request.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[test]
fn secrets_are_masked_in_all_parts_of_a_request() {
    let request = "GET /orders/7?password=canary-in-query\nauthorization: Bearer canary-in-header\n\
                   cookie: session=canary-in-cookie\nx-api-key: canary-in-key";
    let (_, event) = event_of_request(app(), request);
    let text = error_tracker::json::to_string(&event).unwrap();
    assert!(!text.contains("canary"), "{text}");
    let control = event_of_request(app(), "GET /orders/7?page=canary-in-page").1;
    assert!(error_tracker::json::to_string(&control).unwrap().contains("canary-in-page"));
}

#[test]
fn a_request_without_an_id_gets_one_that_handlers_can_read() {
    async fn handler() -> String {
        error_tracker::capture_message!("the cache is cold");
        TrackedRequest::current().unwrap().id().to_owned()
    }
    let app = || Router::new().route("/", get(handler)).layer(layer());
    let (answer, event) = event_of_request(app(), "GET /");
    assert_eq!(event.context.request.unwrap().id, answer.body);
    assert_eq!(answer.body.len(), 36);
    let (answer, _) = event_of_request(app(), "GET /\nx-request-id: two words");
    assert_ne!(answer.body, "two words");
}

fn seen_from(app: Router, header: &str) -> (Answer, Event) {
    event_of_request(app, &format!("GET /orders/7\n{header}"))
}

#[test]
fn forwarded_headers_are_used_only_from_trusted_proxies() {
    let header = "x-forwarded-for: 192.0.2.1, 10.0.0.9\nx-forwarded-proto: https\nx-forwarded-host: shop.example";
    let (_, event) = seen_from(app(), header);
    let request = event.context.request.unwrap();
    assert_eq!((&*request.client, &*request.scheme), ("127.0.0.1", "http"));
    assert!(request.host.starts_with("127.0.0.1:"), "{}", request.host);

    let trusted = ["127.0.0.1", "10.0.0.0/8"].map(|text| text.parse::<ProxyNetwork>().unwrap());
    let app = Router::new()
        .route("/orders/{id}", get(plain))
        .layer(layer().errors::<ShopError>().trust_proxies(trusted));
    let request = seen_from(app, header).1.context.request.unwrap();
    assert_eq!((&*request.client, &*request.scheme), ("192.0.2.1", "https"));
    assert_eq!((&*request.host, &*request.url), ("shop.example", "https://shop.example/orders/7"));
}

#[test]
fn forwarded_headers_that_contradict_each_other_are_not_used() {
    let trusted = ["127.0.0.1".parse::<ProxyNetwork>().unwrap()];
    for (headers, client, host) in [
        // The proxy sets one of the two, and hands on the other as the client sent it.
        (
            "forwarded: for=192.0.2.1;host=a.example\nx-forwarded-for: 192.0.2.9\nx-forwarded-host: b.example",
            "127.0.0.1",
            None,
        ),
        (
            "forwarded: for=192.0.2.1;host=a.example\nx-forwarded-for: 192.0.2.1\nx-forwarded-host: b.example",
            "192.0.2.1",
            Some("a.example"),
        ),
        // A forged line before that of the proxy.
        (
            "x-forwarded-for: 203.0.113.7\nx-forwarded-for: 192.0.2.1\nx-forwarded-host: b.example",
            "192.0.2.1",
            Some("b.example"),
        ),
    ] {
        let app = Router::new()
            .route("/orders/{id}", get(plain))
            .layer(layer().errors::<ShopError>().trust_proxies(trusted));
        let request = seen_from(app, headers).1.context.request.unwrap();
        assert_eq!((&*request.client, &*request.scheme), (client, "http"), "{headers}");
        match host {
            Some(host) => assert_eq!(request.host, host, "{headers}"),
            None => assert!(request.host.starts_with("127.0.0.1:"), "{headers}: {}", request.host),
        }
    }
}

#[test]
fn a_nested_route_has_its_whole_pattern_and_path_wherever_the_layer_is() {
    let outside = Router::new().nest("/api", Router::new().route("/orders/{id}", get(plain)));
    let inside = Router::new().nest("/api", app());
    for app in [outside.layer(layer().errors::<ShopError>()), inside] {
        let (_, event) = event_of_request(app, "GET /api/orders/7");
        let request = event.context.request.unwrap();
        assert_eq!((&*request.route, &*request.path), ("/api/orders/{id}", "/api/orders/7"));
    }
}
