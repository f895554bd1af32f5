//! The users and routes of occurrences that are only counted.

use super::*;
use crate::event::UserKey;

fn user(id: &str) -> UserKey {
    UserKey::of(&[("id".to_owned(), id.to_owned())].into()).unwrap()
}

/// Returns an event of a request to `route`, with a user.
fn asked(route: &str, id: &str) -> Event {
    let mut event = event("a");
    event.context.user = [("id".to_owned(), id.to_owned())].into();
    event.context.request = Some(Request::default().method("GET").route(route));
    event
}

fn counted<'a>(id: &str, route: &'a str) -> Occurrence<'a> {
    Occurrence { at: Timestamp::now(), user: Some(user(id)), route: Some(("GET", route)) }
}

/// Returns the number of occurrences and of users of the only issue, and its routes.
fn recorded(store: &dyn Store) -> (u64, u64, Vec<(String, u64)>) {
    let issue = store.issues(&IssueQuery::default()).unwrap().items.remove(0);
    let routes = store.facets(&issue.hash).unwrap().routes;
    let routes = routes.into_iter().map(|facet| (facet.value, facet.count)).collect();
    (issue.count, issue.users, routes)
}

fn routes(counts: &[(&str, u64)]) -> Vec<(String, u64)> {
    counts.iter().map(|(route, count)| (format!("GET {route}"), *count)).collect()
}

#[test]
fn counted_occurrences_count_their_users_and_routes_like_events() {
    let store = Arc::new(MemoryStore::new());
    let pipeline = Pipeline::start(Arc::clone(&store) as _, Options::default());
    pipeline.submit(asked("/a", "ann"), like(1));
    for nth in 0..300 {
        let (id, route) = (format!("u{}", nth % 100), ["/a", "/b/{id}", "/c"][nth % 3]);
        assert!(pipeline.count(like(1), &counted(&id, route)));
    }
    // It says neither, so it has the route of the event.
    assert!(pipeline.count(like(1), &occurrence(Timestamp::now())));
    pipeline.submit(asked("/a", "bo"), like(1));
    pipeline.flush(LONG).unwrap();
    let expected = routes(&[("/a", 103), ("/b/{id}", 100), ("/c", 100)]);
    assert_eq!(recorded(&*store), (303, 102, expected));
}

#[test]
fn users_and_routes_of_a_storm_are_bounded() {
    let store = Arc::new(MemoryStore::new());
    let (gate, inner) = blocked();
    let kept = Arc::clone(&store);
    let controlled = ControlledStore::new(move |batch| {
        inner.record(&[])?;
        kept.record(batch).map(drop)
    });
    let pipeline = Pipeline::start(controlled, Options::default());
    pipeline.submit(asked("/a", "ann"), like(1));
    gate.until_somebody_waits();
    for nth in 0..3_000 {
        assert!(pipeline.count(like(1), &counted(&format!("u{nth}"), &format!("/{nth}"))));
    }
    gate.open();
    pipeline.flush(LONG).unwrap();
    let (count, users, routes) = recorded(&*store);
    assert_eq!(count, 3_001);
    assert!((950..1_100).contains(&users), "the first 1,024: {users}");
    assert_eq!(routes.len(), 32);
    assert!(routes.iter().all(|(_, count)| *count == 1), "the others have no known route");
}

#[test]
fn users_and_routes_stay_with_occurrences_that_the_store_has_no_room_for() {
    let full = Arc::new(AtomicBool::new(false));
    let shared_clone = full.clone();
    let store = ControlledStore::new(move |_| {
        let is_full = shared_clone.load(Ordering::SeqCst);
        if is_full { Err(StoreError::Full("disk".into())) } else { Ok(()) }
    });
    let pipeline = Pipeline::start(store.clone(), Options::default());
    pipeline.submit(asked("/a", "ann"), like(1));
    pipeline.flush(LONG).unwrap();
    full.store(true, Ordering::SeqCst);
    for nth in 0..50 {
        pipeline.count(like(1), &counted(&format!("u{nth}"), ["/a", "/b"][nth % 2]));
    }
    pipeline.flush(Duration::from_millis(300)).unwrap_err();
    pipeline.submit(asked("/b", "bo"), like(1));
    pipeline.flush(Duration::from_millis(300)).unwrap_err();
    pipeline.count(like(1), &counted("later", "/b"));
    full.store(false, Ordering::SeqCst);
    pipeline.flush(LONG).unwrap();
    assert_eq!(recorded(&store.inner), (53, 53, routes(&[("/b", 27), ("/a", 26)])));
}
