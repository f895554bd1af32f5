//! Counts are exact whatever happens to the server and the connection.

use std::thread;
use std::time::{Duration, Instant};

use error_tracker::event::{Event, Timestamp};
use error_tracker::store::{EventSelector, Recorded, Sighting, Store, StoreError};
use error_tracker_postgres::PostgresStore;

use crate::cluster::{Cluster, address};
use crate::proxy::{Cut, Proxy};

/// Returns an event of an issue.
pub(crate) fn event(hash: &str, nth: u64) -> Event {
    let mut event = Event::default();
    event.id = format!("{hash}-{nth}");
    event.at = Timestamp::now();
    event.message = format!("event {nth} of {hash}");
    event.grouping.hash = hash.into();
    event
}

fn batch(nth: u64) -> Vec<Sighting> {
    let storm = Sighting::new(event("a", nth)).again(true).repeated(3, Timestamp::now());
    vec![Sighting::new(event("a", nth)), Sighting::new(event("b", nth)), storm]
}

/// Records a batch like the tracker, again and again until it is stored.
pub(crate) fn record(store: &dyn Store, batch: &[Sighting]) -> Vec<Recorded> {
    let begun = Instant::now();
    loop {
        match store.record(batch) {
            Ok(recorded) => return recorded,
            Err(error) => {
                assert!(
                    error.is_transient() && begun.elapsed() < Duration::from_secs(300),
                    "{error}"
                );
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

fn count(store: &dyn Store, hash: &str) -> u64 {
    store.issue(hash).unwrap().map_or(0, |issue| issue.count)
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn a_batch_whose_commit_is_cut_off_is_recorded_once_with_its_answers() {
    let cluster = Cluster::shared();
    for cut in [Cut::BeforeCommit, Cut::AfterCommit] {
        let proxy = Proxy::start(cluster.port(), cut);
        let database = cluster.create_database();
        let store = PostgresStore::connect(&address(proxy.port, &database)).unwrap();
        let (mut all, mut nth) = (0, 0);
        for times in [0, 1, 2, 5] {
            let batch = batch(nth);
            proxy.cut(times);
            let answers = record(&store, &batch);
            assert!(times == 0 || proxy.left() < times, "{cut:?}");
            proxy.cut(0);
            (all, nth) = (all + 4, nth + 1);
            let counts: Vec<_> = answers.iter().map(|answer| (answer.new, answer.count)).collect();
            let expected = [(nth == 1, all - 3), (nth == 1, nth), (false, all)];
            assert_eq!(counts, expected, "{cut:?}, {times} times");
        }
        assert_eq!((count(&store, "a"), count(&store, "b")), (all, nth), "{cut:?}");
        let latest = store.event("b", &EventSelector::Latest).unwrap().unwrap();
        assert_eq!(latest.id, format!("b-{}", nth - 1));
        assert_eq!(store.check().unwrap(), Vec::<String>::new());
    }
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn what_was_cut_off_is_recorded_once_even_if_another_batch_comes_next() {
    let cluster = Cluster::shared();
    let proxy = Proxy::start(cluster.port(), Cut::AfterCommit);
    let database = cluster.create_database();
    let store = PostgresStore::connect(&address(proxy.port, &database)).unwrap();
    record(&store, &[Sighting::new(event("c", 0))]);
    let first = batch(0);
    proxy.cut(1);
    proxy.close(true);
    assert!(matches!(store.record(&first), Err(StoreError::Unavailable(_))));
    assert_eq!(proxy.left(), 0);
    proxy.close(false);
    let mut parts = first.clone();
    parts.extend(batch(1));
    let answers = record(&store, &parts);
    // The first part was committed, the other is new.
    assert_eq!(answers.len(), 6);
    assert!(answers[0].new && !answers[3].new, "{answers:?}");
    assert_eq!((count(&store, "a"), count(&store, "b")), (8, 2));
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn nothing_is_lost_or_doubled_when_the_server_crashes() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.address("postgres")).unwrap();
    let batches = 300;
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for nth in 0..batches {
                record(&store, &batch(nth));
            }
        });
        let rounds = std::env::var("ERROR_TRACKER_CRASHES").ok();
        let mut rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(3);
        while !writer.is_finished() && rounds > 0 {
            cluster.stop_server();
            cluster.start_server();
            rounds -= 1;
        }
    });
    assert_eq!((count(&store, "a"), count(&store, "b")), (4 * batches, batches));
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}
