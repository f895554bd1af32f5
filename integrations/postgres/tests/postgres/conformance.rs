//! The tests that every store has to pass.

use error_tracker::store::conformance::check;
use error_tracker_postgres::PostgresStore;

use crate::cluster::{Cluster, address};

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn the_store_passes_the_conformance_suite() {
    let cluster = Cluster::shared();
    check(|retention| {
        let store = PostgresStore::connect(&cluster.address(&cluster.create_database())).unwrap();
        Box::new(store.with_retention(retention))
    });
}

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn the_store_passes_the_conformance_suite_behind_pgbouncer_in_transaction_mode() {
    let cluster = Cluster::shared();
    let (port, _pgbouncer) = cluster.start_pgbouncer();
    check(|retention| {
        let store = PostgresStore::connect(&address(port, &cluster.create_database())).unwrap();
        Box::new(store.with_retention(retention))
    });
}
