mod space;

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tempfile::TempDir;

use super::{SqliteStore, journal};
use crate::event::{Event, Status, Timestamp};
use crate::store::{
    EventSelector, IssueChange, IssueQuery, Recorded, Retention, Sighting, Store, StoreError,
};

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("errors.db");
    (folder, path)
}

fn sighting(hash: &str, message: &str) -> Sighting {
    let mut event = Event { message: message.into(), at: Timestamp::now(), ..Event::default() };
    event.id = uuid::Uuid::now_v7().to_string();
    event.grouping.hash = hash.into();
    Sighting::new(event)
}

fn record(store: &SqliteStore, hash: &str) -> Result<Vec<Recorded>, StoreError> {
    store.record(&[sighting(hash, "x")])
}

/// Repeats what another connection holds up: for how long depends on the machine.
fn until_free<T>(mut act: impl FnMut() -> Result<T, StoreError>) -> T {
    let begun = Instant::now();
    loop {
        match act() {
            Err(StoreError::Unavailable(_)) if begun.elapsed() < Duration::from_secs(300) => {}
            result => return result.unwrap(),
        }
    }
}

fn hashes(store: &SqliteStore) -> Vec<String> {
    let page = store.issues(&IssueQuery { limit: 1000, ..IssueQuery::default() }).unwrap();
    page.items.into_iter().map(|issue| issue.hash).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn refusal(result: Result<SqliteStore, StoreError>) -> String {
    result.expect_err("it must be refused").to_string()
}

#[test]
fn recorded_events_are_there_after_reopening_and_in_a_read_only_store() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    record(&store, "a").unwrap();
    let viewer = SqliteStore::open_read_only(&path).unwrap();
    assert_eq!(hashes(&viewer), ["a"]);
    record(&store, "b").unwrap();
    assert_eq!(hashes(&viewer).len(), 2, "a reader sees what is written later");
    assert!(record(&viewer, "c").unwrap_err().to_string().ends_with("was opened for reading only"));
    drop(store);
    assert_eq!(hashes(&SqliteStore::open(&path).unwrap()).len(), 2);
}

#[cfg(unix)]
#[test]
fn the_files_are_accessible_to_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    record(&store, "a").unwrap();
    let names = files(folder.path());
    let beside: &[&str] =
        if journal::is_safe() { &["errors.db-shm", "errors.db-wal"] } else { &[] };
    assert_eq!(names, [&["errors.db"], beside].concat());
    for name in names {
        let mode = fs::metadata(folder.path().join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn an_unusable_path_is_refused_with_the_problem_and_a_remedy() {
    let (folder, path) = place();
    let missing = refusal(SqliteStore::open_read_only(&path));
    assert_eq!(
        missing,
        format!(
            "{} does not exist: check the name, or start the program that writes it",
            path.display()
        )
    );
    assert!(!path.exists(), "reading makes no file");

    let in_no_folder = folder.path().join("none/errors.db");
    let error = refusal(SqliteStore::open(&in_no_folder));
    let expected = format!(
        "{} cannot be created, because the folder {} does not exist: create it first",
        in_no_folder.display(),
        folder.path().join("none").display()
    );
    assert_eq!(error, expected);

    let error = refusal(SqliteStore::open(folder.path()));
    assert_eq!(
        error,
        format!("{} is a folder: name a file, such as {}", folder.path().display(), path.display())
    );

    let text = folder.path().join("notes.txt");
    fs::write(&text, "not a database, but longer than its header").unwrap();
    for result in [SqliteStore::open(&text), SqliteStore::open_read_only(&text)] {
        assert_eq!(
            refusal(result),
            format!("{} is not a SQLite database: name another file", text.display())
        );
    }
    assert_eq!(fs::read_to_string(&text).unwrap(), "not a database, but longer than its header");
}

#[test]
fn the_database_of_another_program_is_not_changed() {
    let (_folder, path) = place();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)").unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    for result in [SqliteStore::open(&path), SqliteStore::open_read_only(&path)] {
        let error = refusal(result);
        assert!(error.contains("a database of another program and is left alone"), "{error}");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_of_a_newer_version_is_not_changed() {
    let (_folder, path) = place();
    drop(SqliteStore::open(&path).unwrap());
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    for result in [SqliteStore::open(&path), SqliteStore::open_read_only(&path)] {
        assert!(matches!(result, Err(StoreError::Newer { found: 99, .. })), "{result:?}");
    }
}

#[test]
fn a_file_of_an_older_version_is_migrated_with_its_content() {
    let (_folder, path) = place();
    let old = Connection::open(&path).unwrap();
    for schema in [include_str!("schema/1.sql"), include_str!("schema/2.sql")] {
        old.execute_batch(schema).unwrap();
    }
    // 0x6574726b, the mark of our files.
    old.execute_batch("PRAGMA application_id = 1702130283; PRAGMA user_version = 2").unwrap();
    old.execute_batch(
        "INSERT INTO issue (hash, kind, level, type, message, count, first_seen, last_seen, handled, function, module,
            file, line, host, method, path, release, environment, components)
            VALUES ('a', 'error', 'error', '', 'x', 60, 0, 0, 0, '', '', '', 0, '', '', '', '', '', '[]');
        WITH RECURSIVE nth (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM nth WHERE id < 50)
            INSERT INTO occurrence (id, issue, at, payload)
            SELECT id, 1, 0, json_object('id', CAST(id AS TEXT)) FROM nth",
    )
    .unwrap();
    drop(old);
    let store = SqliteStore::open(&path).unwrap();
    store.record(&[sighting("a", "x"), sighting("a", "x")]).unwrap();
    let id = |which| store.event("a", &which).unwrap().map(|event| event.id);
    assert_eq!(id(EventSelector::Oldest).as_deref(), Some("1"));
    assert_eq!(
        id(EventSelector::After("5".into())).as_deref(),
        Some("8"),
        "the first ones that were left stay"
    );
    assert_eq!(store.issue("a").unwrap().unwrap().count, 62);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn a_file_that_was_deleted_or_replaced_is_created_again_at_its_path() {
    let (folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    record(&store, "deleted").unwrap();
    record(&store, "first").unwrap();
    assert_eq!(store.delete(&["deleted"]).unwrap(), 1);
    fs::remove_file(&path).unwrap();
    record(&store, "a").unwrap();
    assert_eq!(hashes(&SqliteStore::open_read_only(&path).unwrap()), ["a", "first"]);
    assert_eq!(hashes(&store), ["a", "first"], "the reader follows");

    let other = folder.path().join("other.db");
    record(&SqliteStore::open(&other).unwrap(), "there before").unwrap();
    fs::rename(&other, &path).unwrap();
    record(&store, "b").unwrap();
    let mut found = hashes(&SqliteStore::open_read_only(&path).unwrap());
    found.sort();
    assert_eq!(found, ["a", "b", "first", "there before"]);
    // A copy of itself has all but what came later.
    store.close().unwrap();
    fs::copy(&path, &other).unwrap();
    record(&store, "b").unwrap();
    fs::rename(&other, &path).unwrap();
    assert!(
        store
            .restore_missing()
            .unwrap()
            .is_some_and(|found| found.contains("1 event of this program"))
    );
    assert_eq!(store.restore_missing().unwrap(), None, "it is reported once");
    assert_eq!(store.issue("a").unwrap().unwrap().count, 1);
    assert_eq!(store.issue("b").unwrap().unwrap().count, 2);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn writes_and_deletions_by_others_are_not_damage() {
    let (_folder, path) = place();
    std::thread::scope(|scope| {
        for number in 0..3 {
            let path = &path;
            scope.spawn(move || {
                let store = until_free(|| SqliteStore::open(path));
                for nth in 0..40 {
                    until_free(|| record(&store, "a"));
                    assert_eq!(until_free(|| store.restore_missing()), None);
                    if nth % 8 == number {
                        until_free(|| store.idle());
                        until_free(|| record(&store, "deleted"));
                        until_free(|| store.delete(&["deleted"]));
                        until_free(|| store.compact());
                    }
                    assert_eq!(until_free(|| store.restore_missing()), None);
                }
            });
        }
    });
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.issue("a").unwrap().unwrap().count, 120);
}

#[cfg(unix)]
#[test]
fn events_lost_with_a_file_are_reported_once() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    for _ in 0..30 {
        store.record(&[sighting("a", &"x".repeat(256 << 10))]).unwrap();
    }
    fs::remove_file(&path).unwrap();
    let error = store.restore_missing().unwrap_err().to_string();
    let expected =
        "was deleted or replaced; written again: 15 events of this program, lost: 15 events";
    assert!(error.contains(expected), "{error}");
    assert_eq!(store.restore_missing().unwrap(), None);
    assert_eq!(store.issue("a").unwrap().unwrap().count, 15);
}

/// Overwrites `path` from `from` on.
fn overwrite(path: &Path, from: u64) {
    let length = fs::metadata(path).unwrap().len();
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(&vec![0xa5; (length - from) as usize]).unwrap();
}

#[test]
fn a_damaged_file_is_renamed_and_a_new_one_takes_the_batch() {
    for (from, running) in [(100, false), (4096, false), (0, true)] {
        let (folder, path) = place();
        let mut store = SqliteStore::open(&path).unwrap();
        record(&store, "lost").unwrap();
        store.idle().unwrap();
        if !running {
            drop(store);
            overwrite(&path, from);
            store = SqliteStore::open(&path).unwrap();
        } else {
            overwrite(&path, from);
            // The clock of the file system is coarse.
            let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
            file.set_modified(std::time::SystemTime::now() + Duration::from_secs(2)).unwrap();
        }
        record(&store, "a").unwrap();
        let kept: &[&str] = if running { &["a", "lost"] } else { &["a"] };
        assert_eq!(hashes(&store), kept, "from {from}, running: {running}");
        let names = files(folder.path());
        assert!(names.iter().any(|name| name.starts_with("errors.db.corrupt-")), "{names:?}");
        assert_eq!(store.check().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn deleted_data_cannot_be_read_from_the_files() {
    const CANARY: &str = "canary-8461-in-the-mine";
    let (folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let find = || {
        let contains = |name: &String| {
            let bytes = fs::read(folder.path().join(name)).unwrap();
            bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
        };
        files(folder.path()).into_iter().filter(contains).collect::<Vec<_>>()
    };
    for nth in 0..50 {
        store
            .record(&[sighting(&nth.to_string(), &format!("{CANARY} {}", "x".repeat(nth * 200)))])
            .unwrap();
    }
    assert!(!find().is_empty(), "the search finds what is kept");
    let all: Vec<_> = (0..50).map(|nth| nth.to_string()).collect();
    assert_eq!(store.delete(&all.iter().map(String::as_str).collect::<Vec<_>>()).unwrap(), 50);
    assert_eq!(find(), Vec::<String>::new());
}

#[test]
fn an_idle_store_removes_evicted_issues_from_its_text_index() {
    let (_folder, path) = place();
    let retention = crate::store::Retention { max_issues: 1, ..Default::default() };
    let store = SqliteStore::open(&path).unwrap().with_retention(retention);
    for nth in 0..20 {
        store.record(&[sighting(&nth.to_string(), &format!("word{nth}word{nth}"))]).unwrap();
    }
    let size = || -> i64 {
        let sql = "SELECT sum(length(block)) FROM issue_text_data";
        Connection::open(&path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let before = size();
    store.idle().unwrap();
    assert!(size() < before / 2, "{} of {before} bytes are left", size());
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn an_idle_store_empties_its_journal() {
    let (folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    record(&store, "a").unwrap();
    let length =
        || fs::metadata(folder.path().join("errors.db-wal")).map_or(0, |found| found.len());
    assert_eq!(length() > 0, journal::is_safe());
    store.idle().unwrap();
    assert_eq!(length(), 0);
}

#[test]
fn reads_do_not_wait_for_a_writer_of_another_process_and_a_busy_file_is_a_transient_failure() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    record(&store, "a").unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Returns, though the other one goes on only behind this.
    assert_eq!(hashes(&store), ["a"]);
    assert!(record(&store, "b").unwrap_err().is_transient());
    other.execute_batch("COMMIT").unwrap();
    record(&store, "b").unwrap();
}

#[test]
fn several_stores_write_the_same_file_with_exact_counts() {
    let (_folder, path) = place();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let store = until_free(|| SqliteStore::open(&path));
                for _ in 0..50 {
                    until_free(|| record(&store, "a"));
                }
            });
        }
    });
    let store = SqliteStore::open_read_only(&path).unwrap();
    assert_eq!(store.issue("a").unwrap().unwrap().count, 150);
    assert!(store.event("a", &EventSelector::Latest).unwrap().is_some());
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn ages_are_computed_by_a_clock_that_continues_from_the_last_write() {
    let day = |days: u64| Timestamp::now().minus(Duration::from_secs(days * 86_400));
    let seen = |hash: &str, days| {
        let mut sighting = sighting(hash, "x");
        (sighting.event.at, sighting.last_seen) = (day(days), day(days));
        sighting
    };
    let written = |path: &Path, days: i64| {
        let sql = "UPDATE meta SET value = value + ?1 * 86400000000 WHERE key = 'written'";
        Connection::open(path).unwrap().execute(sql, [days]).unwrap();
    };
    for (days, left) in [(0, 1), (-20, 1), (20, 1), (-183, 2), (183, 2), (-20_000, 2)] {
        let (_folder, path) = place();
        let store = SqliteStore::open(&path).unwrap();
        store.record(&[seen("old", 100)]).unwrap();
        drop(store);
        // As if the clock had been another one when it was written.
        written(&path, days);
        for _ in 0..2 {
            let store = SqliteStore::open(&path).unwrap();
            store.record(&[seen("new", 0)]).unwrap();
            store.prune(&Retention::default()).unwrap();
            assert_eq!(hashes(&store).len(), left, "{days}");
        }
        // Somebody who prunes by hand means it.
        SqliteStore::open(&path).unwrap().prune(&Retention::default()).unwrap();
        assert_eq!(hashes(&SqliteStore::open(&path).unwrap()), ["new"]);
    }
}

#[test]
fn an_unsafe_sqlite_takes_a_file_out_of_wal_mode_if_no_one_else_has_it_open() {
    let (_folder, path) = place();
    record(&SqliteStore::open(&path).unwrap(), "a").unwrap();
    let other = Connection::open(&path).unwrap();
    let mode = |sql| other.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    // As a newer SQLite leaves it.
    assert_eq!(mode("PRAGMA journal_mode = WAL"), "wal");
    other.execute_batch("INSERT INTO meta VALUES ('kept', 1)").unwrap();
    let store = SqliteStore::unopened(&path, None);
    assert_eq!(hashes(&store), ["a"], "reading is safe");
    let beside = record(&store, "b");
    if journal::is_safe() {
        beside.unwrap();
        return;
    }
    let error = beside.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("newer SQLite"), "{error}");
    drop(other);
    record(&store, "b").unwrap();
    assert_eq!(hashes(&store).len(), 2);
    let other = Connection::open(&path).unwrap();
    let mode: String = other.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete");
    let kept: u32 =
        other.query_row("SELECT value FROM meta WHERE key = 'kept'", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 1);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn every_filter_finds_nothing_in_a_file_that_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::unopened(&folder.path().join("errors.db"), None);
    for query in [
        IssueQuery::default().text("ü"),
        IssueQuery::default().type_name("shop"),
        IssueQuery::default().host("h"),
        IssueQuery::default().path("/cart"),
        IssueQuery::default().function("total"),
    ] {
        assert!(store.issues(&query).unwrap().items.is_empty(), "{query:?}");
    }
}
