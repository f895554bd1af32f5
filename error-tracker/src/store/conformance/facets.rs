//! Tests of the users, releases and routes of an issue.

use super::{event, found, moment};
use crate::event::{Event, Request, UserKey};
use crate::store::{FacetCount, IssueFacets, IssueQuery, Sighting, Store};

fn user(nth: u64) -> UserKey {
    UserKey::of(&[("id".to_owned(), nth.to_string())].into()).unwrap()
}

/// Returns an event of a release, on a route, of a user.
fn of(hash: &str, release: &str, route: &str, nth: u64) -> Event {
    let mut event = event(hash, 1);
    event.origin.release = release.into();
    event.context.request = Some(Request::default().method("GET").route(route));
    event.context.user = [("id".to_owned(), nth.to_string())].into();
    event
}

fn users(store: &dyn Store, hash: &str) -> u64 {
    store.issue(hash).unwrap().unwrap().users
}

fn counts(facets: &[FacetCount]) -> Vec<(&str, u64)> {
    facets.iter().map(|facet| (facet.value.as_str(), facet.count)).collect()
}

pub(super) fn each_user_of_an_issue_is_counted_once(store: &dyn Store) {
    let sighting = |nth| Sighting::new(of("a", "", "/", nth));
    store.record(&[sighting(1), sighting(2), sighting(1)]).unwrap();
    store
        .record(&[sighting(2), Sighting::new(event("a", 2)), Sighting::new(event("b", 2))])
        .unwrap();
    assert_eq!((users(store, "a"), users(store, "b")), (2, 0));
    let storm = Sighting::new(event("a", 1)).again(true).repeated(900, moment(2));
    store.record(&[storm.users((2..=255).map(user).collect())]).unwrap();
    assert_eq!(users(store, "a"), 255, "exact up to here, also for what is only counted");
    for batch in 0..4 {
        let storm = Sighting::new(event("a", 1)).again(true).repeated(900, moment(2));
        let ids = 1 + batch * 500..=1_000 + batch * 500;
        store.record(&[storm.users(ids.map(user).collect())]).unwrap();
    }
    let many = users(store, "a");
    assert!((2_200..=2_800).contains(&many), "2,500 with an error of 2.3 %: {many}");
    assert_eq!(store.issues(&IssueQuery::default()).unwrap().items[1].users, many);
    store.delete(&["a"]).unwrap();
    store.record(&[sighting(1)]).unwrap();
    assert_eq!(users(store, "a"), 1, "deleted with the issue");
}

pub(super) fn releases_and_routes_are_counted_and_found(store: &dyn Store) {
    let one = Sighting::new(of("a", "shop@1", "/cart", 1)).repeated(5, moment(2));
    let storm = Sighting::new(of("a", "shop@2", "/cart", 1)).repeated(10, moment(3)).again(true);
    let elsewhere = vec![("GET /orders/{id}".to_owned(), 6), (String::new(), 3)];
    let mut without = event("a", 4);
    without.context.request = Some(Request::default().path("/raw path"));
    store.record(&[one, storm.other_routes(elsewhere), Sighting::new(without)]).unwrap();
    let facets = store.facets("a").unwrap();
    assert_eq!(counts(&facets.releases), [("shop@2", 10), ("shop@1", 5)]);
    let routes = [("GET /cart", 6), ("GET /orders/{id}", 6), ("/raw path", 1)];
    assert_eq!(counts(&facets.routes), routes);
    assert_eq!(store.facets("nowhere").unwrap(), IssueFacets::default());

    store
        .record(&[Sighting::new(of("b", "shop@2", "/", 1)), Sighting::new(event("c", 1))])
        .unwrap();
    let query = IssueQuery::default;
    assert_eq!(found(store, query().release("shop@2")), ["a", "b"]);
    assert_eq!(found(store, query().release("shop@1")), ["a"]);
    assert_eq!(found(store, query().release("shop@")), Vec::<String>::new());
    assert_eq!(found(store, query().route("GET /orders/{id}")), ["a"]);
    assert_eq!(found(store, query().route("GET /").release("shop@2")), ["b"]);
    store.delete(&["a"]).unwrap();
    assert_eq!(store.facets("a").unwrap(), IssueFacets::default());
    assert_eq!(found(store, query().release("shop@1")), Vec::<String>::new());
}

pub(super) fn frequent_routes_are_found_among_any_number_of_rare_ones(store: &dyn Store) {
    let mut batch = Vec::new();
    for nth in 0..400 {
        batch.push(Sighting::new(of("a", "", &format!("/rare/{nth}"), 1)));
        batch.push(Sighting::new(of("a", "", "/early", 1)).repeated(4, moment(1)));
        if nth >= 200 {
            batch.push(Sighting::new(of("a", "", "/late", 1)).repeated(3, moment(1)));
        }
        // Several batches, of several sightings each.
        if nth % 7 == 0 {
            store.record(&std::mem::take(&mut batch)).unwrap();
        }
    }
    store.record(&batch).unwrap();
    let (facets, issue) = (store.facets("a").unwrap(), store.issue("a").unwrap().unwrap());
    let routes = counts(&facets.routes);
    assert_eq!(routes[..2], [("GET /early", 1_600), ("GET /late", 600)]);
    assert!((32..400).contains(&routes.len()), "{}", routes.len());
    let listed: u64 = routes.iter().map(|(_, count)| count).sum();
    assert!(listed <= issue.count, "{listed} of {}", issue.count);
}
