//! What every store promises, run against each of ours.

mod retention;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{IssueQuery, Mark, MemoryStore, Retention, Sighting, Sort, Store, StoreError, Which};
use crate::event::{Component, Event, Frame, Grouping, Issue, Kind, Level, Request, Status, Timestamp};
use retention::{
    numbers_are_kept_within_bounds_at_every_batch, pruning_keeps_what_is_young_and_within_the_numbers,
    the_first_occurrences_and_the_newest_are_kept, tight,
};

/// An event of issue `hash`, captured `second` seconds after a fixed moment.
fn event(hash: &str, second: u64) -> Event {
    let mut event = Event {
        id: format!("{hash}-{second}"),
        at: moment(second),
        type_name: format!("shop::{hash}"),
        message: format!("message of {hash} at {second}"),
        ..Event::default()
    };
    event.grouping = Grouping {
        hash: hash.to_owned(),
        version: "g1".into(),
        components: vec![Component { label: "type".into(), value: hash.into() }],
    };
    event
}

fn moment(second: u64) -> Timestamp {
    Timestamp::from_micros((1_790_000_000 + second) * 1_000_000)
}

fn record(store: &dyn Store, hash: &str, second: u64) {
    store.record(&[Sighting::new(event(hash, second))]).unwrap();
}

fn hashes(issues: &[Issue]) -> Vec<&str> {
    issues.iter().map(|issue| issue.hash.as_str()).collect()
}

fn found(store: &dyn Store, query: IssueQuery) -> Vec<String> {
    let mut found: Vec<_> = store.issues(&query).unwrap().items.into_iter().map(|issue| issue.hash).collect();
    found.sort();
    found
}

fn what_was_recorded_reads_back(store: &dyn Store) {
    let mut full = event("a", 5);
    full.kind = Kind::Panic;
    full.level = Level::Fatal;
    full.variant = Some("Gone".into());
    full.handled = true;
    full.frames = vec![Frame {
        function: "Cart::total".into(),
        module: "shop::cart".into(),
        file: "src/cart.rs".into(),
        line: 7,
        ..Frame::default()
    }];
    full.context.request =
        Some(Request { method: "GET".into(), host: "h:80".into(), path: "/x".into(), ..Request::default() });
    full.origin.release = "shop@1".into();
    full.origin.environment = "test".into();
    store.record(&[Sighting::new(full.clone())]).unwrap();
    assert_eq!(store.issue("a").unwrap().unwrap(), Issue::of(&full));
    assert_eq!(store.event("a", &Which::Latest).unwrap().unwrap(), full);
    assert_eq!(store.issue("b").unwrap(), None);
    assert_eq!(store.event("b", &Which::Latest).unwrap(), None);
}

fn counts_are_exact_and_tell_what_is_new(store: &dyn Store) {
    let batch = [
        Sighting::new(event("a", 1)),
        Sighting::new(event("b", 2)),
        Sighting::new(event("a", 3)).repeated(10, moment(9)),
        Sighting::new(event("a", 3)).repeated(5, moment(8)).again(true),
    ];
    let recorded = store.record(&batch).unwrap();
    let told: Vec<_> = recorded.iter().map(|each| (each.new, each.regression, each.count)).collect();
    assert_eq!(told, [(true, false, 1), (true, false, 1), (false, false, 11), (false, false, 16)]);
    let issue = store.issue("a").unwrap().unwrap();
    assert_eq!((issue.count, issue.first_seen, issue.last_seen), (16, moment(1), moment(9)));
    assert_eq!(store.record(&batch[..1]).unwrap()[0].count, 17);
    let issue = store.issue("a").unwrap().unwrap();
    assert_eq!(
        (issue.first_seen, issue.last_seen),
        (moment(1), moment(9)),
        "an old event does not turn time back"
    );
}

fn counting_again_keeps_no_occurrence_unless_the_issue_is_gone(store: &dyn Store) {
    record(store, "a", 1);
    let again = [Sighting::new(event("a", 1)).repeated(7, moment(2)).again(true)];
    store.record(&again).unwrap();
    assert_eq!(store.event("a", &Which::After("a-1".into())).unwrap(), None);
    assert_eq!(store.issue("a").unwrap().unwrap().count, 8);
    store.delete(&["a"]).unwrap();
    assert!(store.record(&again).unwrap()[0].new);
    assert!(store.event("a", &Which::Latest).unwrap().is_some());
    assert_eq!(store.issue("a").unwrap().unwrap().count, 7);
}

fn a_resolved_issue_that_comes_back_is_a_regression_and_a_muted_one_stays_muted(store: &dyn Store) {
    record(store, "a", 1);
    record(store, "m", 1);
    assert_eq!(store.set_status(&["a", "nowhere"], Status::Resolved).unwrap(), 1);
    assert_eq!(store.set_status(&["m"], Status::Muted).unwrap(), 1);
    let again =
        |hash: &str| store.record(&[Sighting::new(event(hash, 2)), Sighting::new(event(hash, 3))]).unwrap();
    let back = again("a");
    assert_eq!((back[0].regression, back[1].regression), (true, false));
    assert_eq!(store.issue("a").unwrap().unwrap().status, Status::Unresolved);
    assert!(!again("a")[0].regression);
    assert!(!again("m")[0].regression);
    assert_eq!(store.issue("m").unwrap().unwrap().status, Status::Muted);
}

fn the_occurrences_of_an_issue_are_walked_in_the_order_in_which_they_came(store: &dyn Store) {
    for second in [5, 9, 2] {
        record(store, "a", second);
    }
    record(store, "b", 7);
    let id = |which| store.event("a", &which).unwrap().map(|event| event.id);
    assert_eq!(id(Which::Oldest).as_deref(), Some("a-5"));
    assert_eq!(
        id(Which::Latest).as_deref(),
        Some("a-2"),
        "a clock that jumps back does not change the order"
    );
    assert_eq!(id(Which::Id("a-9".into())).as_deref(), Some("a-9"));
    assert_eq!(id(Which::After("a-5".into())).as_deref(), Some("a-9"));
    assert_eq!(id(Which::Before("a-2".into())).as_deref(), Some("a-9"));
    for none in [Which::After("a-2".into()), Which::Before("a-5".into()), Which::Id("b-7".into())] {
        assert_eq!(id(none.clone()), None, "{none:?}");
    }
    assert_eq!(id(Which::After("nowhere".into())), None);
}

fn filters_and_text_find_what_they_name(store: &dyn Store) {
    let mut first = event("Aa", 1);
    first.message = "100% of ünïcode_text is gone".into();
    first.frames =
        vec![Frame { function: "Cart::total".into(), file: "src/cart.rs".into(), ..Frame::default() }];
    first.context.request = Some(Request {
        method: "GET".into(),
        host: "shop.example".into(),
        path: "/a_b".into(),
        ..Request::default()
    });
    let mut second = event("Bb", 100);
    second.kind = Kind::Panic;
    second.message = "say \"what\" is 100x it".into();
    second.context.request = Some(Request {
        method: "POST".into(),
        host: "api.example".into(),
        path: "/axb".into(),
        ..Request::default()
    });
    store.record(&[Sighting::new(first), Sighting::new(second)]).unwrap();
    store.set_status(&["Bb"], Status::Resolved).unwrap();
    let query = IssueQuery::default;
    let text = |text: &str| IssueQuery { text: text.into(), ..query() };
    for (asked, expected) in [
        (query(), vec!["Aa", "Bb"]),
        (text("GONE"), vec!["Aa"]),
        (text("cart::tot"), vec!["Aa"]),
        (text("CART.RS"), vec!["Aa"]),
        (text("shop::"), vec!["Aa", "Bb"]),
        (text("aa"), vec!["Aa"]),
        (text("%"), vec!["Aa"]),
        (text("100%"), vec!["Aa"]),
        (text("\"what\""), vec!["Bb"]),
        (text("what OR gone"), vec![]),
        (text("nowhere"), vec![]),
        (IssueQuery { kind: Some(Kind::Panic), ..query() }, vec!["Bb"]),
        (IssueQuery { status: Some(Status::Unresolved), ..query() }, vec!["Aa"]),
        (IssueQuery { type_name: "shop::b".into(), ..query() }, vec!["Bb"]),
        (IssueQuery { host: "API".into(), ..query() }, vec!["Bb"]),
        (IssueQuery { method: "get".into(), ..query() }, vec!["Aa"]),
        (IssueQuery { path: "a_b".into(), ..query() }, vec!["Aa"]),
        (IssueQuery { function: "total".into(), ..query() }, vec!["Aa"]),
        (IssueQuery { since: Some(moment(100)), ..query() }, vec!["Bb"]),
        (IssueQuery { since: Some(moment(101)), ..query() }, vec![]),
        (IssueQuery { kind: Some(Kind::Panic), text: "gone".into(), ..query() }, vec![]),
    ] {
        assert_eq!(found(store, asked.clone()), expected, "{asked:?}");
    }
    record(store, "Aa", 200);
    assert_eq!(found(store, text("unicode")), Vec::<String>::new());
    assert_eq!(found(store, text("is gone")), Vec::<String>::new(), "the text of the latest event counts");
    assert_eq!(found(store, text("message of aa")), ["Aa"]);
}

fn what_is_deleted_is_gone(store: &dyn Store) {
    for hash in ["a", "b"] {
        record(store, hash, 1);
    }
    assert_eq!(store.delete(&["a", "nowhere"]).unwrap(), 1);
    assert_eq!(store.issue("a").unwrap(), None);
    assert_eq!(store.event("a", &Which::Latest).unwrap(), None);
    assert_eq!(store.hours("a", Timestamp::default()).unwrap(), []);
    assert_eq!(found(store, IssueQuery { text: "message".into(), ..IssueQuery::default() }), ["b"]);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

fn marks_stay_when_the_issue_is_seen_again(store: &dyn Store) {
    record(store, "a", 1);
    store.mark("a", &Mark::Notified).unwrap();
    store.mark("a", &Mark::Ticket("https://t/1".into())).unwrap();
    record(store, "a", 2);
    let issue = store.issue("a").unwrap().unwrap();
    assert!(issue.notification_sent && issue.ticket_raised);
    assert_eq!(issue.ticket.as_deref(), Some("https://t/1"));
}

fn hours_add_up_to_the_count(store: &dyn Store) {
    for second in [0, 1, 3600, 7200] {
        record(store, "a", second);
    }
    store.record(&[Sighting::new(event("a", 1)).repeated(9, moment(3600)).again(true)]).unwrap();
    let hour = moment(0).hour();
    assert_eq!(store.hours("a", Timestamp::default()).unwrap(), [(hour, 2), (hour + 1, 10), (hour + 2, 1)]);
    assert_eq!(store.hours("a", moment(3600)).unwrap(), [(hour + 1, 10), (hour + 2, 1)]);
}

fn a_foreign_cursor_is_refused(store: &dyn Store) {
    record(store, "a", 1);
    for cursor in ["", "x", "l.a", "l.a.x", "t.a.1", "c.a.-1", "l.a.99999999999999999999999"] {
        let query = IssueQuery { after: Some(cursor.into()), ..IssueQuery::default() };
        assert!(matches!(store.issues(&query), Err(StoreError::Cursor(_))), "{cursor}");
    }
}

/// Walks all pages forwards and then backwards.
fn walk(store: &dyn Store, query: &IssueQuery) -> (Vec<Issue>, Vec<Issue>) {
    let mut forwards = Vec::new();
    let mut query = query.clone();
    loop {
        let page = store.issues(&query).unwrap();
        assert_eq!(page.previous.is_some(), !forwards.is_empty());
        forwards.extend(page.items.clone());
        match page.next {
            Some(next) => query.after = Some(next),
            None => {
                let mut backwards = page.items;
                let mut previous = page.previous;
                query.after = None;
                while let Some(cursor) = previous {
                    query.before = Some(cursor);
                    let page = store.issues(&query).unwrap();
                    assert!(page.next.is_some());
                    backwards.splice(0..0, page.items);
                    previous = page.previous;
                }
                return (forwards, backwards);
            }
        }
    }
}

fn walking_the_pages_visits_every_issue_once_in_order(store: &dyn Store) {
    let sighting = (0_u64..4, 1_u64..4, 0_usize..3);
    let strategy = (
        prop::collection::vec(sighting, 0..25),
        prop::sample::select(vec![Sort::LastSeen, Sort::FirstSeen, Sort::Count, Sort::Type]),
        any::<bool>(),
        1_usize..7,
        any::<bool>(),
    );
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() });
    let run = |(sightings, sort, ascending, limit, only_errors): (Vec<(u64, u64, usize)>, _, _, _, bool)| {
        let mut expected = 0;
        for (nth, (second, count, named)) in sightings.iter().enumerate() {
            let mut event = event(&format!("{nth:02}"), *second);
            event.type_name = ["shop::A", "shop::B", "x.y"][*named].into();
            event.kind = if nth % 3 == 0 { Kind::Message } else { Kind::Error };
            expected += usize::from(!only_errors || event.kind == Kind::Error);
            store.record(&[Sighting::new(event).repeated(*count, moment(*second + count))]).unwrap();
        }
        let kind = only_errors.then_some(Kind::Error);
        let query = IssueQuery { sort, ascending, limit, kind, ..IssueQuery::default() };
        let (forwards, backwards) = walk(store, &query);
        let key = |issue: &Issue| {
            let number = match sort {
                Sort::LastSeen => issue.last_seen.as_micros(),
                Sort::FirstSeen => issue.first_seen.as_micros(),
                Sort::Count => issue.count,
                Sort::Type => 0,
            };
            let text = if sort == Sort::Type { issue.type_name.clone() } else { String::new() };
            (number, text, issue.hash.clone())
        };
        let mut ordered = forwards.clone();
        ordered.sort_by_key(&key);
        if !ascending {
            ordered.reverse();
        }
        prop_assert_eq!(hashes(&forwards), hashes(&ordered));
        prop_assert_eq!(hashes(&backwards), hashes(&forwards));
        prop_assert_eq!(forwards.len(), expected);
        let every: Vec<_> = (0..sightings.len()).map(|nth| format!("{nth:02}")).collect();
        store.delete(&every.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        Ok(())
    };
    runner.run(&strategy, run).unwrap();
}

macro_rules! conform {
    ($store:ident, $open:expr, $($promise:ident),+ $(,)?) => {
        mod $store {
            use super::*;
            $(
                #[test]
                fn $promise() {
                    let folder = tempfile::tempdir().unwrap();
                    let open: fn(&std::path::Path, Retention) -> Box<dyn Store> = $open;
                    let bounds = stringify!($promise).starts_with("numbers_are_kept");
                    let retention = if bounds { tight() } else { Retention::default() };
                    super::$promise(&*open(folder.path(), retention));
                }
            )+
        }
    };
}

macro_rules! conform_all {
    ($store:ident, $open:expr) => {
        conform!(
            $store,
            $open,
            what_was_recorded_reads_back,
            counts_are_exact_and_tell_what_is_new,
            counting_again_keeps_no_occurrence_unless_the_issue_is_gone,
            a_resolved_issue_that_comes_back_is_a_regression_and_a_muted_one_stays_muted,
            the_occurrences_of_an_issue_are_walked_in_the_order_in_which_they_came,
            filters_and_text_find_what_they_name,
            what_is_deleted_is_gone,
            marks_stay_when_the_issue_is_seen_again,
            hours_add_up_to_the_count,
            pruning_keeps_what_is_young_and_within_the_numbers,
            the_first_occurrences_and_the_newest_are_kept,
            numbers_are_kept_within_bounds_at_every_batch,
            a_foreign_cursor_is_refused,
            walking_the_pages_visits_every_issue_once_in_order,
        );
    };
}

conform_all!(memory, |_, retention| Box::new(MemoryStore::with_retention(retention)));

#[cfg(feature = "sqlite")]
conform_all!(sqlite, |folder, retention| {
    Box::new(crate::store::SqliteStore::open(folder.join("errors.db")).unwrap().with_retention(retention))
});
