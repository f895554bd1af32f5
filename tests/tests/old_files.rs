//! A file of an older version is brought up to date, whatever ends the programs that do so.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

#[path = "../fixtures/unharmed.rs"]
mod unharmed;

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use error_tracker::store::{IssueQuery, SqliteStore, Store};
use error_tracker_tests::events_in;
use error_tracker_tests::process::BoundedCommand as _;
use rusqlite::Connection;
use unharmed::{database, harm, run, stderr, text};

const SCHEMAS: &[&str] = &[
    include_str!("../../error-tracker/src/store/sqlite/schema/1.sql"),
    include_str!("../../error-tracker/src/store/sqlite/schema/2.sql"),
    include_str!("../../error-tracker/src/store/sqlite/schema/3.sql"),
    include_str!("../../error-tracker/src/store/sqlite/schema/4.sql"),
    include_str!("../../error-tracker/src/store/sqlite/schema/5.sql"),
    include_str!("../../error-tracker/src/store/sqlite/schema/6.sql"),
    include_str!("../../error-tracker/src/store/sqlite/schema/7.sql"),
    include_str!("../../error-tracker/src/store/sqlite/schema/8.sql"),
    include_str!("../../error-tracker/src/store/sqlite/schema/9.sql"),
];
const ISSUES: u64 = 25;

/// Makes a file as version `version` wrote it, with so many events of each issue, which are in the journal that a killed
/// program has left.
fn make_old(path: &Path, version: usize, events: u64) {
    let made = path.with_extension("made");
    let old = Connection::open(&made).unwrap();
    old.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
        .unwrap();
    SCHEMAS[..version].iter().for_each(|schema| old.execute_batch(schema).unwrap());
    let indexed = if version == 1 {
        // A trigger does it.
        ""
    } else {
        "INSERT INTO issue_text (rowid, type, message, function, file)
            SELECT id, type, message, function, file FROM issue;"
    };
    // 0x6574726b, the mark of our files.
    old.execute_batch(&format!(
        "PRAGMA application_id = 1702130283; PRAGMA user_version = {version};
        PRAGMA wal_checkpoint(TRUNCATE);
        BEGIN;
        WITH RECURSIVE nth (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM nth WHERE id < {ISSUES})
            INSERT INTO issue (hash, kind, level, type, message, count, first_seen, last_seen, status, handled,
                function, module, file, line, host, method, path, release, environment, components)
            SELECT 'hash' || id, 'error', 'error', 'Refused', 'number ' || id, {events}, id, id, 'muted', 1,
                'pay', 'shop', 'pay.rs', 7, '', '', '', '1.0', '', '[]' FROM nth;
        {indexed}
        WITH RECURSIVE nth (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM nth WHERE id < {events})
            INSERT INTO occurrence (id, issue, at, payload)
            SELECT issue.id || ' ' || nth.id, issue.id, nth.id, json_object('id', issue.id || ' ' || nth.id,
                'message', printf('%.*c', 500, 'x'), 'origin', json_object('release', '1.0'))
            FROM issue, nth;
        COMMIT"
    ))
    .unwrap();
    for suffix in ["", "-wal"] {
        let beside = |path: &Path| format!("{}{suffix}", path.display());
        std::fs::copy(beside(&made), beside(path)).unwrap();
    }
}

fn schema(path: &Path) -> Vec<String> {
    let file = Connection::open(path).unwrap();
    let mut statement = file
        .prepare(
            "SELECT 'version ' || user_version FROM pragma_user_version
            UNION ALL SELECT name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1",
        )
        .unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// The file is sound and up to date, and has all that was in it.
#[track_caller]
fn holds_all(path: &Path, events: u64) {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path).unwrap());
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    let mut query = IssueQuery::default();
    query.limit = 1000;
    let issues = store.issues(&query).unwrap().items;
    assert_eq!(issues.len() as u64, ISSUES);
    for issue in &issues {
        assert_eq!((issue.count, issue.status.as_str()), (events, "muted"), "{}", issue.hash);
    }
    let all = events_in(&store);
    assert_eq!(all.len() as u64, ISSUES * events);
    assert!(all.iter().all(|event| event.message.len() == 500));
    query.text = "number 17".into();
    assert_eq!(store.issues(&query).unwrap().items.len(), 1, "its text is found");
    drop(store);
    let new = path.with_extension("new");
    drop(SqliteStore::open(&new).unwrap());
    assert_eq!(schema(path), schema(&new));
}

/// Runs a program that reads the file, and so brings it up to date.
#[track_caller]
fn reads_all(path: &Path) {
    let output = run("reads", path);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(
        (text(&output).as_str(), stderr(&output).as_str()),
        ("20\n", ""),
        "a page of issues"
    );
}

#[test]
fn programs_that_open_an_old_file_at_once_bring_it_up_to_date_once() {
    for version in 1..SCHEMAS.len() {
        let (_folder, path) = database();
        make_old(&path, version, 20);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| reads_all(&path));
            }
        });
        holds_all(&path, 20);
    }
}

#[test]
fn a_program_that_is_killed_while_it_brings_a_file_up_to_date_loses_nothing_and_stops_no_other() {
    const ROUNDS: u32 = 16;
    let (_folder, path) = database();
    make_old(&path, 1, 20);
    let begun = Instant::now();
    reads_all(&path);
    let whole = begun.elapsed();
    for round in 0..ROUNDS {
        let (_folder, path) = database();
        make_old(&path, 1 + round as usize % (SCHEMAS.len() - 1), 20);
        let killed = harm("reads", &path).stdout(Stdio::null()).start();
        thread::scope(|scope| {
            if round % 2 == 0 {
                scope.spawn(|| reads_all(&path));
            }
            // Whatever it does at that moment, which differs from machine to machine.
            thread::sleep(whole * round / ROUNDS);
            killed.kill();
        });
        holds_all(&path, 20);
    }
}

#[test]
#[ignore = "needs strace: ./run-tests"]
fn a_program_that_is_killed_at_any_of_its_writes_loses_nothing_of_an_old_file() {
    let mut killed = 0;
    loop {
        let (_folder, path) = database();
        make_old(&path, 1, 1);
        let writes = "write,pwrite64,pwritev,ftruncate,fsync,fdatasync,unlink";
        let nth = killed + 1;
        let output = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={writes}")])
            .args(["-e", &format!("inject={writes}:signal=KILL:when={nth}")])
            .arg(env!("CARGO_BIN_EXE_harm"))
            .arg("reads")
            .arg(&path)
            .run();
        holds_all(&path, 1);
        if output.status.signal() != Some(libc::SIGKILL) {
            assert!(output.status.success(), "{}", stderr(&output));
            break;
        }
        killed += 1;
    }
    assert!(killed > 20, "{killed} writes");
}
