use std::time::Duration;

use rusqlite::{Connection, params_from_iter};

use super::{ListFilter, ListOrder, SearchEffort, issues, selection};
use crate::event::{Event, Frame, Kind, Request, Status, Timestamp};
use crate::store::cursor::PageStart;
use crate::store::{IssueChange, IssueQuery, MemoryStore, Sighting, Sort, SqliteStore, Store};

const ISSUES: u64 = 60;

fn hash(number: u64) -> String {
    format!("{:064x}", number * 31 % ISSUES)
}

fn event(number: u64, now: Timestamp) -> Event {
    let frame = Frame { function: format!("import_{}", number % 9), ..Frame::default() };
    let request = Request::default()
        .method(if number % 25 == 1 { "put" } else { "GET" })
        .host(format!("shop{}.example", number % 12))
        .route(format!("/orders/{}", number % 20));
    let seldom = if number % 30 == 7 { " Größe quasar" } else { "" };
    let mut event = Event {
        id: format!("0198c2f0-7a1b-7c3d-8e4f-{number:012}"),
        at: now.minus(Duration::from_secs(number * 7_919 % ISSUES * 60)),
        kind: if number % 20 == 3 { Kind::Panic } else { Kind::Error },
        handled: number.is_multiple_of(15),
        type_name: format!("shop::Error{}", number % 4),
        message: format!("order {number} cannot be read{seldom}"),
        frames: vec![frame],
        ..Event::default()
    };
    event.context.request = Some(request);
    event.origin.release = format!("1.{}", number % 7);
    event.grouping.hash = hash(number);
    event
}

fn queries(now: Timestamp) -> Vec<IssueQuery> {
    let query = IssueQuery::default;
    let ago = |minutes: u64| now.minus(Duration::from_secs(minutes * 60 + 30));
    vec![
        query(),
        query().handled(true),
        query().handled(false),
        query().kind(Kind::Panic),
        query().kind(Kind::Message),
        query().status(Status::Resolved),
        query().status(Status::Resolved).kind(Kind::Error).method("get"),
        query().method("PUT"),
        query().method("DELETE"),
        query().since(ago(2)),
        query().until(ago(50)),
        query().until(ago(20)).since(ago(30)).kind(Kind::Error),
        query().until(ago(20)).since(ago(30)).handled(false).text("read"),
        query().assignee("ada"),
        query().assignee("Ada").handled(false).since(ago(40)),
        query().assignee("nobody"),
        query().release("1.3"),
        query().release("2").kind(Kind::Error),
        query().route("GET /orders/7"),
        query().route("get /orders/7"),
        query().type_name("error2"),
        query().type_name("r2"),
        query().function("IMPORT_8"),
        query().host("shop11"),
        query().host("shop"),
        query().path("/orders/7"),
        query().path("nowhere").host("shop"),
        query().text("cannot"),
        query().text("QUASAR"),
        query().text("größe"),
        query().text("qq"),
        query().text("quasar").function("import").kind(Kind::Error).handled(false),
        query().text("order 12 "),
        query().text("\"order"),
    ]
}

/// Records the same in a store: some issues are resolved, assigned, or merged.
fn fill(store: &dyn Store, now: Timestamp) {
    let batch: Vec<_> = (0..ISSUES).map(|number| Sighting::new(event(number, now))).collect();
    store.record(&batch).unwrap();
    let change = |numbers: &[u64], change: &IssueChange| {
        let hashes: Vec<_> = numbers.iter().copied().map(hash).collect();
        store.change(&hashes.iter().map(String::as_str).collect::<Vec<_>>(), change).unwrap();
    };
    change(&[9, 21], &IssueChange::SetStatus(Status::Resolved));
    change(&[4, 5, 30, 44], &IssueChange::Assign("Ada".to_owned()));
    for (parts, target) in [([12, 13], 14), ([30, 38], 37)] {
        let parts = parts.map(hash);
        store.merge(&parts.each_ref().map(String::as_str), &hash(target)).unwrap();
    }
}

#[test]
fn every_way_to_find_issues_finds_the_same_ones_in_the_same_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("errors.db")).unwrap();
    let other = MemoryStore::new();
    let now = Timestamp::now();
    fill(&store, now);
    fill(&other, now);
    let efforts = [
        SearchEffort::DEFAULT,
        SearchEffort { walks: [1, 1], candidates: 0 },
        SearchEffort { walks: [1, 1], candidates: 1_000 },
        SearchEffort { walks: [5, 20], candidates: 3 },
    ];
    let mut found_any = 0;
    for query in queries(now) {
        for sort in [Sort::LastSeen, Sort::FirstSeen, Sort::Count, Sort::Type] {
            for ascending in [false, true] {
                let mut query = query.clone().sort(sort).ascending(ascending).limit(4);
                loop {
                    let expected = other.issues(&query).unwrap();
                    for effort in &efforts {
                        let found = store.read(|connection| issues(connection, &query, effort));
                        assert_eq!(found.unwrap(), expected, "{query:?}");
                    }
                    found_any += usize::from(!expected.items.is_empty());
                    let Some(next) = expected.next else { break };
                    query.after = Some(next);
                }
            }
        }
    }
    assert!(found_any > 400, "{found_any}");
}

/// Returns the steps by which SQLite reads the first page of a list along its index.
fn plan(connection: &Connection, query: &IssueQuery) -> Vec<String> {
    let order = ListOrder::of(query, false);
    let cursor = match PageStart::of(query).unwrap() {
        PageStart::After(cursor) => Some(cursor),
        _ => None,
    };
    let filter = ListFilter::of(query, &order, cursor.as_ref());
    let sql = selection(&format!("INDEXED BY {}", order.index), &order, &filter.all, 21);
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = statement
        .query_map(params_from_iter(&filter.all.values), |row| row.get("detail"))
        .unwrap()
        .collect::<Result<_, _>>();
    steps.unwrap()
}

#[test]
fn lists_read_their_page_from_an_index_without_sorting() {
    let file = crate::store::sqlite::open::empty_database().unwrap();
    let query = IssueQuery::default;
    let now = Timestamp::now();
    let assigned = query().assignee("Ada").handled(false);
    for (asked, index) in [
        (query(), "issue_last_seen"),
        (query().sort(Sort::FirstSeen), "issue_first_seen"),
        (query().sort(Sort::Count), "issue_count"),
        (query().handled(false), "issue_handled (handled=?)"),
        (query().handled(false).status(Status::Muted), "issue_handled (handled=?)"),
        (query().since(now).until(now), "issue_last_seen (last_seen>? AND last_seen<?)"),
        (
            query().handled(false).since(now).until(now),
            "issue_handled (handled=? AND last_seen>? AND last_seen<?)",
        ),
        (query().handled(false).release("1"), "issue_handled (handled=?)"),
        (query().handled(false).text("part"), "issue_handled (handled=?)"),
        (assigned.clone(), "issue_assignee (assignee=?)"),
        (assigned.clone().since(now), "issue_assignee (assignee=? AND last_seen>?)"),
        (assigned.after("l.abc.7"), "issue_assignee (assignee=? AND (last_seen,hash)<(?,?))"),
    ] {
        let steps = plan(&file, &asked);
        assert!(steps[0].ends_with(index), "{asked:?}: {steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{asked:?}: {steps:?}");
        // What the page needs besides is found by keys.
        let scans = steps[1..].iter().filter(|step| step.starts_with("SCAN"));
        assert_eq!(scans.count(), 0, "{asked:?}: {steps:?}");
    }
}
