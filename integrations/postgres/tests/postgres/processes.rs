//! Several processes share a database.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use error_tracker::event::Timestamp;
use error_tracker::store::{Sighting, Store as _};
use error_tracker_postgres::PostgresStore;

use crate::cluster::Cluster;
use crate::commits::{event, record};

/// The address of the database that a process of these tests writes to.
const ADDRESS: &str = "ERROR_TRACKER_TEST_ADDRESS";

/// Starts this test program again, to run a test as a process of its own.
fn start(test: &str, address: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(ADDRESS, address)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Returns the numbers of the lines that a process prints after `word`.
fn numbers(child: &mut Child, word: &str) -> Vec<Vec<u64>> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines = lines.map_while(Result::ok);
    let numbers = |line: String| {
        let at = line.find(word)? + word.len();
        line[at..].split_whitespace().map(|number| number.parse().ok()).collect()
    };
    lines.filter_map(numbers).collect()
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn events_of_eight_processes_with_eight_threads_each_are_counted_exactly() {
    let cluster = Cluster::shared();
    let address = cluster.address(&cluster.create_database());
    let mut all: Vec<Child> =
        (0..8).map(|_| start("processes::a_process_with_a_storm", &address)).collect();
    let (mut raised, mut stored, mut dropped) = (0, 0, 0);
    for child in &mut all {
        let health = numbers(child, "health ");
        assert!(child.wait().unwrap().success());
        raised += health[0][0];
        stored += health[0][1];
        dropped += health[0][2];
    }
    assert_eq!((raised, stored + dropped), (8 * 8 * 2_000, raised));
    let sql = "SELECT sum(count)::bigint, count(*) FROM error_tracker.issue";
    let mut client = cluster.client(address.rsplit_once('/').unwrap().1);
    let row = client.query_one(sql, &[]).unwrap();
    assert_eq!(u64::try_from(row.get::<_, i64>(0)).unwrap(), stored, "dropped: {dropped}");
    let sql = "SELECT sum(count)::bigint FROM error_tracker.bucket";
    assert_eq!(
        u64::try_from(client.query_one(sql, &[]).unwrap().get::<_, i64>(0)).unwrap(),
        stored
    );
    assert_eq!(row.get::<_, i64>(1), 20);
    let store = PostgresStore::connect_read_only(&address).unwrap();
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
#[ignore = "run by other tests"]
fn a_process_with_a_storm() {
    let Ok(address) = env::var(ADDRESS) else { return };
    let store = PostgresStore::connect(&address).unwrap();
    let tracker = error_tracker::builder().store(store).install().unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for nth in 0..2_000 {
                    error_tracker::with_scope(
                        |scope| scope.set_fingerprint([format!("issue {}", nth % 20)]),
                        || error_tracker::capture_message!("event {nth}"),
                    );
                }
            });
        }
    });
    tracker.flush(Duration::from_secs(300)).unwrap();
    let health = tracker.health();
    let dropped: u64 = health.dropped.values().sum();
    println!("\nhealth {} {} {dropped}", health.raised, health.stored + health.coalesced);
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn what_a_killed_process_has_stored_stays_and_nothing_is_stored_in_part() {
    let cluster = Cluster::shared();
    let address = cluster.address(&cluster.create_database());
    let mut acknowledged = 0;
    let rounds = env::var("ERROR_TRACKER_KILLS").ok();
    let rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(3);
    for round in 1..=rounds {
        let mut child = start("processes::a_process_that_is_killed", &address);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut stored = 0;
        while stored < 20 {
            stored += u64::from(lines.next().unwrap().unwrap().contains("stored"));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        stored += lines.map_while(Result::ok).filter(|line| line.contains("stored")).count() as u64;
        acknowledged += stored;
        let store = PostgresStore::connect_read_only(&address).unwrap();
        let count = |hash| store.issue(hash).unwrap().unwrap().count;
        let (a, b) = (count("a"), count("b"));
        assert_eq!(a, 5 * b, "a batch is stored as a whole");
        assert!((acknowledged..=acknowledged + round).contains(&b), "{b} of {acknowledged}");
        assert_eq!(store.check().unwrap(), Vec::<String>::new());
    }
}

#[test]
#[ignore = "run by other tests"]
fn a_process_that_is_killed() {
    let Ok(address) = env::var(ADDRESS) else { return };
    let store = PostgresStore::connect(&address).unwrap();
    for nth in 0.. {
        let storm = Sighting::new(event("a", nth)).again(true).repeated(4, Timestamp::now());
        record(&store, &[Sighting::new(event("a", nth)), storm, Sighting::new(event("b", nth))]);
        println!("\nstored");
    }
}
