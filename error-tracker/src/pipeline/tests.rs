mod controlled_store;
mod counted_facets;
mod flushing;
mod store_faults;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::reduced_event::reduced;
use super::{FlushError, Health, Likeness, Occurrence, Options, Pipeline};
use controlled_store::{ControlledStore, blocked};

use crate::event::{Cause, Event, Frame, Issue, Location, Request, Timestamp};
use crate::store::{
    EventSelector, IssueChange, IssueQuery, MemoryStore, Page, Pruned, Recorded, Retention,
    Sighting, Sort, Store, StoreError,
};

/// The longest wait for anything, on a slow and busy machine.
const LONG: Duration = Duration::from_secs(300);

fn event(name: &str) -> Event {
    let mut event = Event { type_name: name.to_owned(), at: Timestamp::now(), ..Event::default() };
    event.frames.push(Frame { expression: "load()?".into(), ..Frame::default() });
    event
}

/// Returns an occurrence without a user.
fn occurrence(at: Timestamp) -> Occurrence<'static> {
    Occurrence { at, user: None, route: None }
}

fn like(key: u64) -> Likeness {
    Likeness { issue: key, text: 0 }
}

/// Submits like a capture: the event is built only if it is needed.
fn submit_or_count(pipeline: &Pipeline, name: &str, key: u64) {
    if !pipeline.coalesce(like(key), &occurrence(Timestamp::now())) {
        pipeline.submit(event(name), like(key));
    }
}

fn sum(health: &Health) -> u64 {
    health.stored + health.coalesced + health.pending + health.dropped.values().sum::<u64>()
}

#[track_caller]
fn until(happens: impl Fn() -> bool) {
    let start = Instant::now();
    while !happens() {
        assert!(start.elapsed() < LONG, "it does not happen");
        thread::yield_now();
    }
}

fn counted(store: &dyn Store) -> u64 {
    // Sorted by a time that does not change while other threads write.
    let mut query = IssueQuery { limit: 1000, sort: Sort::FirstSeen, ..IssueQuery::default() };
    let mut sum = 0;
    loop {
        let page = store.issues(&query).unwrap();
        sum += page.items.iter().map(|issue| issue.count).sum::<u64>();
        match page.next {
            Some(next) => query.after = Some(next),
            None => return sum,
        }
    }
}

#[test]
fn counts_are_exact_when_several_threads_storm() {
    const MAX_THREADS: u64 = 4;
    const EACH: u64 = 20_000;
    let store = Arc::new(MemoryStore::new());
    let pipeline = Pipeline::start(store.clone(), Options::default());
    thread::scope(|scope| {
        for thread in 0..MAX_THREADS {
            let pipeline = &pipeline;
            scope.spawn(move || {
                for number in 0..EACH {
                    // One storm that all share, one of each thread's own, and now and then
                    // something else.
                    match number % 50 {
                        0 => submit_or_count(
                            pipeline,
                            &format!("rare::{}", number % 7),
                            100 + number % 7,
                        ),
                        even if even % 2 == 0 => submit_or_count(pipeline, "shared", 1),
                        _ => submit_or_count(
                            pipeline,
                            &format!("own{}", char::from(b'a' + thread as u8)),
                            10 + thread,
                        ),
                    }
                }
            });
        }
    });
    assert_eq!(pipeline.flush(LONG), Ok(()));
    let health = pipeline.health();
    assert_eq!(health.raised, MAX_THREADS * EACH);
    assert_eq!(sum(&health), health.raised);
    assert_eq!((health.pending, health.dropped.len()), (0, 0), "{health:?}");
    assert_eq!(counted(&*store), health.raised, "the issues' counts add up");
    assert!(health.stored < health.raised / 10, "a storm is counted, not kept: {health:?}");
    let issues =
        store.issues(&IssueQuery { text: "shared".into(), ..IssueQuery::default() }).unwrap();
    assert_eq!(issues.items[0].count, MAX_THREADS * EACH * 24 / 50);
}

#[test]
fn the_first_events_of_a_key_are_kept_and_only_a_storm_is_counted() {
    let (gate, store) = blocked();
    let pipeline = Pipeline::start(store.clone(), Options::default());
    assert!(
        !pipeline.coalesce(like(1), &occurrence(Timestamp::now())),
        "there is nothing to count onto"
    );
    for _ in 0..20 {
        pipeline.submit(event("a"), like(1));
    }
    assert!(pipeline.coalesce(like(1), &occurrence(Timestamp::now())));
    assert!(!pipeline.coalesce(like(2), &occurrence(Timestamp::now())));
    gate.open();
    assert_eq!(pipeline.flush(LONG), Ok(()));
    let health = pipeline.health();
    assert_eq!((health.raised, health.stored, health.coalesced), (21, 8, 13));
    assert_eq!(counted(&*store), 21);
}

#[test]
fn a_count_that_comes_later_goes_to_the_stored_event_and_its_last_time_is_kept() {
    let store = Arc::new(MemoryStore::new());
    let pipeline = Pipeline::start(store.clone(), Options::default());
    // Of the same second, since a new one wants new events.
    let [early, late] = [4_000_000_000_000_000, 4_000_000_000_000_500].map(Timestamp::from_micros);
    for _ in 0..16 {
        pipeline.submit(Event { at: early, ..event("a") }, like(1));
        pipeline.flush(LONG).unwrap();
    }
    assert!(pipeline.coalesce(like(1), &occurrence(late)));
    pipeline.flush(LONG).unwrap();
    let issue = &store.issues(&IssueQuery::default()).unwrap().items[0];
    assert_eq!((issue.count, issue.last_seen), (17, late));
}

#[test]
fn an_event_that_is_stored_is_changed_there_and_stays_in_its_issue() {
    let store = Arc::new(MemoryStore::new());
    let pipeline = Pipeline::start(store.clone(), Options::default());
    let mut ids = Vec::new();
    // The second one makes that the first is not the latest any more.
    for _ in 0..2 {
        let event = Event { id: crate::event::new_id(), handled: true, ..event("a") };
        ids.push(event.id.clone());
        pipeline.submit(event, like(1));
        pipeline.flush(LONG).unwrap();
    }
    for id in &ids {
        pipeline.amend(id, |event| {
            event.handled = false;
            event.type_name.push_str("::of another issue");
        });
    }
    pipeline.flush(LONG).unwrap();
    let issue = &store.issues(&IssueQuery::default()).unwrap().items[0];
    assert_eq!((issue.count, issue.handled), (2, false));
    for id in ids {
        let event = store.event(&issue.hash, &EventSelector::Id(id)).unwrap().unwrap();
        assert!(!event.handled && event.type_name.ends_with("of another issue"));
    }
}

#[test]
fn a_full_queue_drops_and_counts_and_no_thread_waits() {
    let (gate, store) = blocked();
    let pipeline = Pipeline::start(store.clone(), Options { capacity: 10, ..Options::default() });
    pipeline.submit(event("first"), like(0));
    gate.until_somebody_waits();
    // These return, though the store goes on only behind them.
    for key in 1..=30 {
        pipeline.submit(event(&format!("e{key}")), like(key));
    }
    let health = pipeline.health();
    assert_eq!((health.raised, health.pending, health.dropped["queue full"]), (31, 11, 20));
    gate.open();
    assert_eq!(pipeline.flush(LONG), Ok(()), "what was refused was never accepted");
    assert_eq!(sum(&pipeline.health()), 31);
    assert_eq!(counted(&*store), 11);
}

#[test]
fn the_queue_is_bounded_in_bytes_too() {
    let (gate, store) = blocked();
    let pipeline = Pipeline::start(store, Options::default());
    for key in 0..200 {
        pipeline.submit(Event { debug: Some("x".repeat(256 << 10)), ..event("a") }, like(key));
    }
    let health = pipeline.health();
    assert!(health.dropped["queue full"] >= 70, "{health:?}");
    gate.open();
}

#[test]
fn many_distinct_keys_are_forgotten_and_counts_stay_exact() {
    let store = Arc::new(MemoryStore::new());
    let pipeline =
        Pipeline::start(store.clone(), Options { capacity: 100_000, ..Options::default() });
    for key in 0..12_000 {
        submit_or_count(&pipeline, &format!("e{key}"), key);
        if key % 1000 == 0 {
            for _ in 0..100 {
                submit_or_count(&pipeline, "storm", u64::MAX);
            }
        }
    }
    assert_eq!(pipeline.flush(LONG), Ok(()));
    let health = pipeline.health();
    assert_eq!((health.raised, sum(&health), health.dropped.len()), (13_200, 13_200, 0));
}

#[test]
fn a_reduced_event_makes_the_same_issue() {
    let mut full = event("shop::Error");
    full.frames.push(Frame::default());
    full.message = "m".into();
    full.variant = Some("Gone".into());
    full.grouping.hash = "h".into();
    full.origin.release = "r".into();
    full.chain = vec![Cause { message: "outermost".into(), ..Cause::default() }];
    full.context.request =
        Some(Request { method: "GET".into(), path: "/".into(), ..Request::default() });
    assert_eq!(Issue::of(&reduced(&full)), Issue::of(&full));
    full.frames.clear();
    full.location = Some(Location { file: "a".into(), line: 7, column: 1 });
    assert_eq!(Issue::of(&reduced(&full)), Issue::of(&full));
}

#[cfg(all(unix, feature = "sqlite"))]
#[test]
#[allow(unsafe_code, reason = "`fork`")]
fn a_forked_child_stores_its_own_events() {
    unsafe extern "C" {
        fn fork() -> i32;
        fn _exit(code: i32) -> !;
        fn alarm(seconds: u32) -> u32;
        fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
    }
    use crate::store::SqliteStore;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("errors.db");
    let pipeline = Pipeline::start(Arc::new(SqliteStore::open(&path).unwrap()), Options::default());
    pipeline.submit(event("parent"), like(1));
    pipeline.flush(LONG).unwrap();
    /// The exit code of a child that must not use SQLite: another test was in the middle of a
    /// batch that took long.
    const REFUSED: i32 = 2;
    let mut status = REFUSED << 8;
    for _ in 0..100 {
        // SAFETY: the child only uses what is made for it, and leaves without running anybody's
        // destructors.
        let child = unsafe { fork() };
        if child == 0 {
            // SAFETY: the signal ends a child that hangs.
            unsafe { alarm(300) };
            pipeline.submit(event("child"), like(1));
            let is_flushed = pipeline.flush(LONG).is_ok();
            let health = pipeline.health();
            let refused = |error: String| error.contains("when this process was forked");
            let code = match health.last_error.is_some_and(refused) {
                true => REFUSED,
                false => i32::from(!(is_flushed && health.raised == 1)),
            };
            // SAFETY: it only ends the process.
            unsafe { _exit(code) };
        }
        // SAFETY: `status` lives as long as the call.
        assert_eq!(unsafe { waitpid(child, &raw mut status, 0) }, child);
        if status != REFUSED << 8 {
            break;
        }
    }
    assert_eq!(status, 0, "the child could not store its event");
    pipeline.submit(event("parent"), like(1));
    pipeline.flush(LONG).unwrap();
    let store = SqliteStore::open_read_only(&path).unwrap();
    assert_eq!(counted(&store), 3);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}
