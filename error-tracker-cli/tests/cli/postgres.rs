//! Commands on a PostgreSQL database.

#[allow(dead_code, reason = "shared with the tests of the store")]
#[path = "../../../integrations/postgres/tests/postgres/cluster.rs"]
mod cluster;

use error_tracker::store::{Sighting, Store as _};
use error_tracker_postgres::PostgresStore;

use crate::{Files, NEGATIVE, PARSE, code, event, stderr};
use cluster::Cluster;

#[test]
#[ignore = "needs PostgreSQL: ./run-tests"]
fn every_command_takes_the_address_of_a_database() {
    let cluster = Cluster::start();
    let files = Files::with_three_issues();
    let address = cluster.address("postgres").replace("postgres@", "postgres:hunter22@");
    let on_database = |arguments: &[&str]| {
        let arguments: Vec<&str> = arguments
            .iter()
            .map(|part| if *part == "DATABASE" { &address } else { *part })
            .collect();
        files.run(&arguments)
    };
    let ok = |arguments: &[&str]| {
        let output = on_database(arguments);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let missing = on_database(&["list", "DATABASE"]);
    assert_eq!(code(&missing), 2);
    assert!(stderr(&missing).contains("has no events"), "{}", stderr(&missing));

    let store = PostgresStore::connect(&address).unwrap();
    let batch = [
        event(NEGATIVE, 1, "shop::OrderError", "quantity is -3"),
        event(PARSE, 2, "core::num::error::ParseIntError", "invalid digit found in string"),
    ];
    store.record(&batch.map(Sighting::new)).unwrap();
    assert!(ok(&["list", "DATABASE"]).contains("quantity is -3"));
    assert!(ok(&["show", NEGATIVE, "DATABASE"]).contains("quantity is -3"));
    assert_eq!(ok(&["export", "DATABASE"]).lines().count(), 2);
    ok(&["resolve", NEGATIVE, "DATABASE"]);
    ok(&["mute", "--times", "3", PARSE, "DATABASE"]);
    ok(&["assign", "--to", "Ada", NEGATIVE, "DATABASE"]);
    ok(&["note", "--add", "since noon", NEGATIVE, "DATABASE"]);
    assert!(ok(&["show", NEGATIVE, "DATABASE"]).contains("since noon"));
    ok(&["merge", NEGATIVE, PARSE, "DATABASE"]);
    ok(&["unmerge", PARSE, "DATABASE"]);
    let whole = ok(&["check", "DATABASE"]);
    assert!(whole.contains("is whole") && !whole.contains("hunter22"), "{whole}");
    ok(&["delete", "--yes", PARSE, "DATABASE"]);
    assert!(ok(&["prune", "DATABASE", "--max-issues", "0"]).contains("deleted 1 issues"));
    assert!(ok(&["list", "DATABASE"]).contains("no issues"));
}

#[test]
fn a_server_that_is_not_there_is_named_without_the_password() {
    let files = Files::with_three_issues();
    let output = files.run(&["list", "postgres://bo:hunter22@127.0.0.1:1/shop"]);
    assert_eq!(code(&output), 2);
    let text = stderr(&output);
    assert!(text.contains("127.0.0.1:1/shop") && !text.contains("hunter22"), "{text}");
}
