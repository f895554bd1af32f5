//! What the store does with the database: its schema, rights, partitions, and callers.

use std::time::Duration;

use error_tracker::event::{Event, Timestamp};
use error_tracker::store::{
    EventSelector, IssueQuery, Retention, Sighting, Store as _, StoreError,
};
use error_tracker_postgres::PostgresStore;

use crate::cluster::Cluster;
use crate::commits::event;

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn a_store_is_usable_within_asynchronous_code() {
    let cluster = Cluster::shared();
    let address = cluster.address(&cluster.create_database());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = PostgresStore::connect(&address).unwrap();
        store.record(&[Sighting::new(event("a", 1))]).unwrap();
        assert_eq!(store.issue("a").unwrap().unwrap().count, 1);
        store.close().unwrap();
        assert_eq!(store.issues(&IssueQuery::default()).unwrap().items.len(), 1);
    });
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn a_store_that_only_reads_changes_nothing() {
    let cluster = Cluster::shared();
    let database = cluster.create_database();
    let address = cluster.address(&database);
    let error = PostgresStore::connect_read_only(&address).unwrap_err();
    assert!(matches!(&error, StoreError::Open(text) if text.contains(&database)), "{error}");
    let sql = "SELECT count(*) FROM pg_namespace WHERE nspname = 'error_tracker'";
    let schemas: i64 = cluster.client(&database).query_one(sql, &[]).unwrap().get(0);
    assert_eq!(schemas, 0);
    PostgresStore::connect(&address).unwrap().record(&[Sighting::new(event("a", 1))]).unwrap();
    let store = PostgresStore::connect_read_only(&address).unwrap();
    assert_eq!(store.issue("a").unwrap().unwrap().count, 1);
    assert!(store.record(&[Sighting::new(event("a", 1))]).is_err());
    assert!(store.delete(&["a"]).is_err());
    assert_eq!(store.issue("a").unwrap().unwrap().count, 1);
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn a_newer_schema_is_left_alone() {
    let cluster = Cluster::shared();
    let database = cluster.create_database();
    let address = cluster.address(&database);
    drop(PostgresStore::connect(&address).unwrap());
    let sql = "UPDATE error_tracker.meta SET value = 1000 WHERE key = 'version'";
    cluster.client(&database).batch_execute(sql).unwrap();
    let error = PostgresStore::connect(&address).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 1000, .. }), "{error}");
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn a_user_without_rights_hears_what_is_missing_and_searches_without_the_extension() {
    let cluster = Cluster::shared();
    let database = cluster.create_database();
    let mut client = cluster.client(&database);
    client
        .batch_execute(&format!(
            "CREATE ROLE shop_{database} LOGIN; REVOKE ALL ON DATABASE {database} FROM PUBLIC; \
                GRANT CONNECT ON DATABASE {database} TO shop_{database}"
        ))
        .unwrap();
    let address = cluster.address(&database).replace("postgres@", &format!("shop_{database}@"));
    let error = PostgresStore::connect(&address).unwrap_err();
    assert!(matches!(&error, StoreError::Open(text) if text.contains("42501")), "{error}");
    let schema = format!("CREATE SCHEMA error_tracker AUTHORIZATION shop_{database}");
    client.batch_execute(&schema).unwrap();
    let store = PostgresStore::connect(&address).unwrap();
    store.record(&[Sighting::new(event("a", 7))]).unwrap();
    let finding = store.restore_missing().unwrap().unwrap();
    assert!(finding.contains("pg_trgm"), "{finding}");
    assert_eq!(store.restore_missing().unwrap(), None, "once");
    let found = store.issues(&IssueQuery::default().text("EVENT 7")).unwrap();
    assert_eq!(found.items.len(), 1);
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn weeks_that_are_too_old_are_dropped_and_events_of_kept_issues_stay() {
    let cluster = Cluster::shared();
    let database = cluster.create_database();
    let store = PostgresStore::connect(&cluster.address(&database)).unwrap();
    let now = Timestamp::now();
    let at = |hash: &str, nth: u64, days: u32| {
        let at = now.minus(Duration::from_secs(86_400) * days);
        let mut event: Event = event(hash, nth);
        event.at = at;
        Sighting::new(event)
    };
    let wrong_clock = at("now", 9, 20_000);
    store.record(&[at("old", 1, 200), at("kept", 1, 200), at("kept", 2, 1), wrong_clock]).unwrap();
    let mut client = cluster.client(&database);
    let mut partitions = || -> i64 {
        let sql = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'error_tracker.occurrence'::regclass";
        client.query_one(sql, &[]).unwrap().get(0)
    };
    // Two weeks, and the others.
    let before = partitions();
    assert!((3..=4).contains(&before), "{before}");
    let pruned = store.prune(&Retention::default()).unwrap();
    assert_eq!((pruned.issues, pruned.occurrences), (2, 2));
    // The next week was added, the old one dropped.
    assert_eq!(partitions(), before);
    assert_eq!(store.issue("old").unwrap(), None);
    let first = store.event("kept", &EventSelector::Oldest).unwrap().unwrap();
    assert_eq!(first.id, "kept-1");
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn texts_of_any_script_and_any_character_are_stored_and_found() {
    let cluster = Cluster::shared();
    let store = PostgresStore::connect(&cluster.address(&cluster.create_database())).unwrap();
    let mut odd = event("a", 1);
    odd.message = "Straße\0 \u{1f} ΟΔΟΣ 100%_\\".into();
    odd.type_name = "shop::".repeat(2_000);
    odd.origin.release = "r".repeat(5_000);
    store.record(&[Sighting::new(odd.clone())]).unwrap();
    assert_eq!(store.event("a", &EventSelector::Latest).unwrap().unwrap().message, odd.message);
    for text in ["STRASSE", "οδος", "%_\\", "\u{1f}", "\0"] {
        let found = store.issues(&IssueQuery::default().text(text)).unwrap();
        assert_eq!(found.items.len(), 1, "{text:?}");
    }
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn updates_of_an_issue_write_no_index() {
    let cluster = Cluster::shared();
    let database = cluster.create_database();
    let store = PostgresStore::connect(&cluster.address(&database)).unwrap();
    for nth in 0..200 {
        store.record(&[Sighting::new(event("a", nth))]).unwrap();
    }
    store.close().unwrap();
    let sql = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_all_tables \
        WHERE schemaname = 'error_tracker' AND relname = $1";
    for table in ["issue", "bucket", "writer"] {
        let row = cluster.client(&database).query_one(sql, &[&table]).unwrap();
        let (all, hot): (i64, i64) = (row.get(0), row.get(1));
        // One or two begin another minute.
        assert!(all >= 199 && hot >= all - 4, "{table}: {hot} of {all}");
    }
}
