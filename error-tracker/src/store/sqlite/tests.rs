use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tempfile::TempDir;

use super::SqliteStore;
use crate::event::{Event, Timestamp};
use crate::store::{IssueQuery, Recorded, Sighting, Store, StoreError, Which};

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

fn hashes(store: &SqliteStore) -> Vec<String> {
    let page = store.issues(&IssueQuery { limit: 1000, ..IssueQuery::default() }).unwrap();
    page.items.into_iter().map(|issue| issue.hash).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn refusal(result: Result<SqliteStore, StoreError>) -> String {
    result.expect_err("it must be refused").to_string()
}

#[test]
fn what_was_recorded_is_there_after_reopening_and_through_a_read_only_store() {
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
fn the_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    record(&store, "a").unwrap();
    let names = files(folder.path());
    assert_eq!(names, ["errors.db", "errors.db-shm", "errors.db-wal"]);
    for name in names {
        let mode = fs::metadata(folder.path().join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_path_that_cannot_hold_events_is_refused_with_what_is_wrong_and_what_to_do() {
    let (folder, path) = place();
    let missing = refusal(SqliteStore::open_read_only(&path));
    assert_eq!(
        missing,
        format!("{} does not exist: check the name, or start the program that writes it", path.display())
    );
    assert!(!path.exists(), "reading makes no file");

    let in_no_folder = folder.path().join("none/errors.db");
    let error = refusal(SqliteStore::open(&in_no_folder));
    let expected = format!(
        "{} cannot be made, because the folder {} does not exist: make it first",
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
fn another_programs_database_is_left_alone() {
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
fn a_file_of_a_newer_version_is_left_alone() {
    let (_folder, path) = place();
    drop(SqliteStore::open(&path).unwrap());
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    for result in [SqliteStore::open(&path), SqliteStore::open_read_only(&path)] {
        assert!(matches!(result, Err(StoreError::Newer { found: 99, known: 3 })), "{result:?}");
    }
}

#[test]
fn a_file_of_an_older_version_goes_on_with_what_is_in_it() {
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
    assert_eq!(id(Which::Oldest).as_deref(), Some("1"));
    assert_eq!(id(Which::After("5".into())).as_deref(), Some("8"), "the first ones that were left stay");
    assert_eq!(store.issue("a").unwrap().unwrap().count, 62);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn a_file_that_was_deleted_or_replaced_is_written_anew_at_its_path() {
    let (folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    record(&store, "lost").unwrap();
    fs::remove_file(&path).unwrap();
    record(&store, "a").unwrap();
    assert_eq!(hashes(&SqliteStore::open_read_only(&path).unwrap()), ["a"]);
    assert_eq!(hashes(&store), ["a"], "the reader follows");

    let other = folder.path().join("other.db");
    record(&SqliteStore::open(&other).unwrap(), "there before").unwrap();
    fs::rename(&other, &path).unwrap();
    record(&store, "b").unwrap();
    let mut found = hashes(&SqliteStore::open_read_only(&path).unwrap());
    found.sort();
    assert_eq!(found, ["b", "there before"]);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

/// Overwrites `path` from `from` on.
fn spoil(path: &Path, from: u64) {
    let length = fs::metadata(path).unwrap().len();
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(&vec![0xa5; (length - from) as usize]).unwrap();
}

#[test]
fn a_damaged_file_is_set_aside_and_a_new_one_takes_the_batch() {
    for (from, running) in [(100, false), (4096, false), (0, true)] {
        let (folder, path) = place();
        let mut store = SqliteStore::open(&path).unwrap();
        record(&store, "lost").unwrap();
        store.idle().unwrap();
        if !running {
            drop(store);
            spoil(&path, from);
            store = SqliteStore::open(&path).unwrap();
        } else {
            spoil(&path, from);
            // The clock of the file system is coarse.
            let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
            file.set_modified(std::time::SystemTime::now() + Duration::from_secs(2)).unwrap();
        }
        record(&store, "a").unwrap();
        assert_eq!(hashes(&store), ["a"], "from {from}, running: {running}");
        let names = files(folder.path());
        assert!(names.iter().any(|name| name.starts_with("errors.db.corrupt-")), "{names:?}");
        assert_eq!(store.check().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn what_is_deleted_cannot_be_read_from_the_files() {
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
        store.record(&[sighting(&nth.to_string(), &format!("{CANARY} {}", "x".repeat(nth * 200)))]).unwrap();
    }
    assert!(!find().is_empty(), "the search finds what is kept");
    let all: Vec<_> = (0..50).map(|nth| nth.to_string()).collect();
    assert_eq!(store.delete(&all.iter().map(String::as_str).collect::<Vec<_>>()).unwrap(), 50);
    assert_eq!(find(), Vec::<String>::new());
}

#[test]
fn an_idle_store_takes_evicted_issues_out_of_its_text_index() {
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
    let journal = folder.path().join("errors.db-wal");
    assert!(fs::metadata(&journal).unwrap().len() > 0);
    store.idle().unwrap();
    assert_eq!(fs::metadata(&journal).unwrap().len(), 0);
}

#[test]
fn reads_do_not_wait_for_a_writer_of_another_process_and_a_busy_file_is_a_passing_trouble() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    record(&store, "a").unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let start = Instant::now();
    assert_eq!(hashes(&store), ["a"]);
    assert!(start.elapsed() < Duration::from_secs(1));
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
                let store = SqliteStore::open(&path).unwrap();
                for _ in 0..50 {
                    record(&store, "a").unwrap();
                }
            });
        }
    });
    let store = SqliteStore::open_read_only(&path).unwrap();
    assert_eq!(store.issue("a").unwrap().unwrap().count, 150);
    assert!(store.event("a", &Which::Latest).unwrap().is_some());
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}
