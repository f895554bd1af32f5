//! Events wait in a file while the server is away.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use error_tracker::store::{EventSelector, Sighting, Store as _, StoreError};
use error_tracker_postgres::PostgresStore;

use crate::cluster::{Cluster, address};
use crate::commits::event;
use crate::proxy::{Cut, Proxy};

fn lazy(address: &str, spool: &Path) -> PostgresStore {
    PostgresStore::lazy(address).unwrap().with_spool(spool)
}

/// Lets the store do its maintenance, as the tracker does, until no event waits.
fn drain(store: &PostgresStore) {
    let begun = Instant::now();
    while !format!("{store:?}").contains("waiting: 0") {
        assert!(begun.elapsed() < Duration::from_secs(300), "{store:?}");
        store.idle().unwrap();
        sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn a_program_starts_without_the_server_and_its_events_are_stored_when_that_is_back() {
    let (cluster, folder) = (Cluster::start(), tempfile::tempdir().unwrap());
    cluster.stop_server();
    let file = folder.path().join("spool.db");
    let store = lazy(&cluster.address("postgres"), &file);
    for nth in 0..5 {
        store.record(&[Sighting::new(event("a", nth)), Sighting::new(event("b", nth))]).unwrap();
    }
    let finding = store.restore_missing().unwrap().unwrap();
    assert!(finding.contains("spool.db") && finding.contains("cannot connect"), "{finding}");
    assert_eq!(store.restore_missing().unwrap(), None, "once");
    assert!(format!("{store:?}").contains("waiting: 10"), "{store:?}");
    assert!(matches!(store.issue("a"), Err(StoreError::Unavailable(_))));
    cluster.start_server();
    drain(&store);
    let finding = store.restore_missing().unwrap().unwrap();
    assert!(finding.contains("is back"), "{finding}");
    assert_eq!(store.record(&[Sighting::new(event("a", 5))]).unwrap()[0].count, 6);
    assert_eq!(store.issue("b").unwrap().unwrap().count, 5);
    let first = store.event("a", &EventSelector::Oldest).unwrap().unwrap();
    assert_eq!(first.id, "a-0");
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn what_may_be_stored_already_waits_and_is_stored_once() {
    let (cluster, folder) = (Cluster::shared(), tempfile::tempdir().unwrap());
    let file = folder.path().join("spool.db");
    let proxy = Proxy::start(cluster.port(), Cut::AfterCommit);
    let address = address(proxy.port, &cluster.create_database());
    let store = lazy(&address, &file);
    let batch = |nth| [Sighting::new(event("a", nth)), Sighting::new(event("b", nth))];
    store.record(&batch(0)).unwrap();
    // This one is committed, which nobody hears.
    proxy.cut(1);
    proxy.close(true);
    store.record(&batch(1)).unwrap();
    store.record(&batch(2)).unwrap();
    assert!(format!("{store:?}").contains("waiting: 4"), "{store:?}");
    drop(store);
    proxy.close(false);
    // Another process drains the file, and does not hear of a commit either.
    let store = lazy(&address, &file);
    proxy.cut(1);
    store.idle().unwrap();
    drain(&store);
    for hash in ["a", "b"] {
        assert_eq!(store.issue(hash).unwrap().unwrap().count, 3);
    }
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn programs_on_a_machine_share_the_file() {
    let (cluster, folder) = (Cluster::shared(), tempfile::tempdir().unwrap());
    let file = folder.path().join("spool.db");
    let proxy = Proxy::start(cluster.port(), Cut::AfterCommit);
    let address = address(proxy.port, &cluster.create_database());
    let stores = [(); 3].map(|()| lazy(&address, &file));
    proxy.close(true);
    for nth in 0..4 {
        for store in &stores {
            store
                .record(&[Sighting::new(event("a", nth)).repeated(2, event("a", nth).at)])
                .unwrap();
        }
    }
    proxy.close(false);
    std::thread::scope(|scope| {
        for store in &stores {
            scope.spawn(|| drain(store));
        }
    });
    assert_eq!(stores[0].issue("a").unwrap().unwrap().count, 24);
}
