//! How large the file becomes, and what gives room back.

use super::*;

/// Bytes of all files in a folder.
fn bytes(folder: &Path) -> u64 {
    files(folder).iter().map(|name| fs::metadata(folder.join(name)).unwrap().len()).sum()
}

fn with_megabytes(path: &Path, max_megabytes: u64) -> SqliteStore {
    let retention = Retention { max_megabytes, max_occurrences: 100_000, ..Retention::default() };
    SqliteStore::open(path).unwrap().with_retention(retention)
}

fn ids(store: &SqliteStore, hash: &str) -> Vec<String> {
    let mut ids =
        Vec::from_iter(store.event(hash, &EventSelector::Oldest).unwrap().map(|event| event.id));
    while let Some(last) = ids.last().cloned()
        && let Some(next) = store.event(hash, &EventSelector::After(last)).unwrap()
    {
        ids.push(next.id);
    }
    ids
}

#[test]
fn a_flood_of_large_events_stays_within_the_limit_and_keeps_the_first_events_of_open_issues() {
    let (folder, path) = place();
    let store = with_megabytes(&path, 2);
    let mut largest = 0;
    let record = |hash: &str, nth: usize, size: usize| {
        let mut sighting = sighting(hash, &format!("{nth} {}", "x".repeat(size)));
        sighting.event.id = format!("{hash}-{nth}");
        sighting
    };
    for (hash, status) in [("open", None), ("done", Some(Status::Resolved))] {
        store.record(&(0..8).map(|nth| record(hash, nth, 5_000)).collect::<Vec<_>>()).unwrap();
        if let Some(status) = status {
            store.change(&[hash], &IssueChange::SetStatus(status)).unwrap();
        }
    }
    for nth in 0..200 {
        // One after the other, and a batch that does not fit.
        let sizes: &[usize] = if nth % 50 == 0 { &[60_000; 12] } else { &[60_000] };
        let batch: Vec<_> = sizes
            .iter()
            .enumerate()
            .map(|(at, size)| record("flood", nth * 100 + at, *size))
            .collect();
        store.record(&batch).unwrap();
        largest = largest.max(bytes(folder.path()));
    }
    assert!(largest <= 2_000_000, "{largest}");
    assert_eq!(store.issue("flood").unwrap().unwrap().count, 200 + 4 * 11, "all are counted");
    assert_eq!(ids(&store, "open"), (0..5).map(|nth| format!("open-{nth}")).collect::<Vec<_>>());
    assert_eq!(ids(&store, "done"), Vec::<String>::new());
    let flood = ids(&store, "flood");
    assert_eq!(flood.last().map(String::as_str), Some("flood-19900"), "the newest is there");
    assert!(flood.len() > 5, "{flood:?}");
    store.idle().unwrap();
    assert!(bytes(folder.path()) > 500_000, "what is allowed is used");
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_flood_of_issues_stays_within_the_bound() {
    let (folder, path) = place();
    let store = with_megabytes(&path, 1);
    let mut largest = 0;
    for nth in 0..400 {
        let words: String =
            (0..40).map(|at| format!("{:x} ", (nth * 7_919 + at * 104_729) % 65_536)).collect();
        let batch: Vec<_> =
            (0..5).map(|at| sighting(&format!("{nth}-{at}"), &format!("{words}{at}"))).collect();
        store.record(&batch).unwrap();
        largest = largest.max(bytes(folder.path()));
    }
    assert!(largest <= 1_000_000, "{largest}");
    assert!(store.issue("399-4").unwrap().is_some());
    assert!(hashes(&store).len() > 20, "{}", hashes(&store).len());
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn pruning_releases_free_space() {
    let (folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    for nth in 0..40 {
        store.record(&[sighting(&nth.to_string(), &"x".repeat(100_000))]).unwrap();
    }
    store.idle().unwrap();
    assert!(bytes(folder.path()) > 4_000_000);
    let retention = Retention { max_issues: 2, ..Retention::default() };
    assert_eq!(store.prune(&retention).unwrap().issues, 38);
    assert!(bytes(folder.path()) < 500_000, "{}", bytes(folder.path()));
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_file_created_without_auto_vacuum_releases_its_free_space_when_it_is_compacted() {
    let (folder, path) = place();
    drop(SqliteStore::open(&path).unwrap());
    Connection::open(&path).unwrap().execute_batch("PRAGMA auto_vacuum = NONE; VACUUM").unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let fill = || {
        for nth in 0..40 {
            store.record(&[sighting(&nth.to_string(), &"x".repeat(100_000))]).unwrap();
        }
    };
    let prune = || store.prune(&Retention { max_issues: 2, ..Retention::default() }).unwrap();
    fill();
    prune();
    assert!(bytes(folder.path()) > 4_000_000);
    store.compact().unwrap();
    assert!(bytes(folder.path()) < 500_000, "{}", bytes(folder.path()));
    fill();
    prune();
    assert!(bytes(folder.path()) < 1_000_000, "from then on by pruning");
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}
