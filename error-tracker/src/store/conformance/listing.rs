//! Tests of listing issues.

use super::{event, found, hashes, moment, record};
use crate::event::{Frame, Issue, Kind, Request, Status};
use crate::store::{IssueChange, IssueQuery, Sighting, Sort, Store, StoreError};

pub(super) fn filters_and_text_find_the_matching_issues(store: &dyn Store) {
    let mut first = event("Aa", 1);
    first.message = "100% of ünïcode_text is gone".into();
    first.frames = vec![Frame {
        function: "Cart::total".into(),
        file: "src/cart.rs".into(),
        ..Frame::default()
    }];
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
    store.change(&["Bb"], &IssueChange::SetStatus(Status::Resolved)).unwrap();
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
        (IssueQuery { until: Some(moment(100)), ..query() }, vec!["Aa"]),
        (IssueQuery { until: Some(moment(101)), ..query() }, vec!["Aa", "Bb"]),
        (query().since(moment(1)).until(moment(1)), vec![]),
        (query().since(moment(1)).until(moment(2)), vec!["Aa"]),
        (IssueQuery { kind: Some(Kind::Panic), text: "gone".into(), ..query() }, vec![]),
    ] {
        assert_eq!(found(store, asked.clone()), expected, "{asked:?}");
    }
    record(store, "Aa", 200);
    assert_eq!(found(store, text("unicode")), Vec::<String>::new());
    assert_eq!(
        found(store, text("is gone")),
        Vec::<String>::new(),
        "the text of the latest event counts"
    );
    assert_eq!(found(store, text("message of aa")), ["Aa"]);
}

pub(super) fn a_foreign_cursor_is_refused(store: &dyn Store) {
    record(store, "a", 1);
    for cursor in ["", "x", "l.a", "l.a.x", "t.a.1", "c.a.-1", "l.a.99999999999999999999999"] {
        let query = IssueQuery { after: Some(cursor.into()), ..IssueQuery::default() };
        assert!(matches!(store.issues(&query), Err(StoreError::Cursor(_))), "{cursor}");
    }
}

/// Walks through all pages forwards and then backwards.
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

/// Pseudo-random numbers, the same in each run.
pub(super) struct NumberSequence(u64);

impl NumberSequence {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // The constants of Knuth's MMIX. The upper bits are more random.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

pub(super) fn walking_the_pages_visits_every_issue_once_in_order(store: &dyn Store) {
    let mut numbers = NumberSequence(1);
    for nth in 0..40 {
        let sort = [Sort::LastSeen, Sort::FirstSeen, Sort::Count, Sort::Type][nth % 4];
        let (ascending, only_errors) = (numbers.below(2) == 1, numbers.below(2) == 1);
        let limit = 1 + numbers.below(6) as usize;
        let count = numbers.below(25);
        walk_a_list(store, &mut numbers, count, only_errors, |query| {
            query.sort(sort).ascending(ascending).limit(limit)
        });
    }
}

/// Records `count` issues, walks through those that the query finds, and deletes all.
fn walk_a_list(
    store: &dyn Store,
    numbers: &mut NumberSequence,
    count: u64,
    only_errors: bool,
    query: impl FnOnce(IssueQuery) -> IssueQuery,
) {
    let mut expected = 0;
    let every: Vec<String> = (0..count).map(|nth| format!("{nth:02}")).collect();
    for (nth, hash) in every.iter().enumerate() {
        let second = numbers.below(4);
        let mut event = event(hash, second);
        event.type_name = ["shop::A", "shop::B", "x.y"][numbers.below(3) as usize].into();
        event.kind = if nth % 3 == 0 { Kind::Message } else { Kind::Error };
        expected += usize::from(!only_errors || event.kind == Kind::Error);
        let times = 1 + numbers.below(3);
        store.record(&[Sighting::new(event).repeated(times, moment(second + times))]).unwrap();
    }
    let mut query = query(IssueQuery::default());
    query.kind = only_errors.then_some(Kind::Error);
    let (forwards, backwards) = walk(store, &query);
    let key = |issue: &Issue| {
        let number = match query.sort {
            Sort::LastSeen => issue.last_seen.as_micros(),
            Sort::FirstSeen => issue.first_seen.as_micros(),
            Sort::Count => issue.count,
            Sort::Type => 0,
        };
        let by_type = query.sort == Sort::Type;
        let text = if by_type { issue.type_name.clone() } else { String::new() };
        (number, text, issue.hash.clone())
    };
    let mut ordered = forwards.clone();
    ordered.sort_by_key(key);
    if !query.ascending {
        ordered.reverse();
    }
    assert_eq!(hashes(&forwards), hashes(&ordered), "{query:?}");
    assert_eq!(hashes(&backwards), hashes(&forwards), "{query:?}");
    assert_eq!(forwards.len(), expected, "{query:?}");
    store.delete(&every.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
}
