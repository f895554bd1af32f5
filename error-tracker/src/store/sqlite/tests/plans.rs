//! Lists read their page from an index.

use rusqlite::params_from_iter;

use super::super::read::{SqlConditions, selection};
use super::*;
use crate::store::Sort;

/// Returns the steps by which SQLite reads the first page of a list.
fn plan(file: &Connection, query: &IssueQuery) -> Vec<String> {
    let (sql, values) = selection(query, SqlConditions::of(query), None, false, 21);
    let mut statement = file.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = statement.query_map(params_from_iter(values), |row| row.get("detail")).unwrap();
    steps.map(Result::unwrap).collect()
}

#[test]
fn lists_by_time_read_their_page_from_an_index_without_sorting() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    record(&store, "a").unwrap();
    let file = Connection::open(&path).unwrap();
    let query = IssueQuery::default;
    let now = Timestamp::now();
    for (asked, index) in [
        (query(), "issue_last_seen"),
        (query().sort(Sort::FirstSeen), "issue_first_seen"),
        (query().sort(Sort::Count), "issue_count"),
        (query().handled(false), "issue_handled (handled=?)"),
        (query().since(now).until(now), "issue_last_seen (last_seen>? AND last_seen<?)"),
        (
            query().handled(false).since(now).until(now),
            "issue_handled (handled=? AND last_seen>? AND last_seen<?)",
        ),
        (query().handled(false).release("1"), "issue_handled (handled=?)"),
    ] {
        let steps = plan(&file, &asked);
        assert!(steps[0].ends_with(index), "{asked:?}: {steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{asked:?}: {steps:?}");
        // What the page needs besides is found by keys.
        let scans = steps[1..].iter().filter(|step| step.starts_with("SCAN"));
        assert_eq!(scans.count(), 0, "{asked:?}: {steps:?}");
    }
}
