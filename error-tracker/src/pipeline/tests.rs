use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::light::light;
use super::{Health, Likeness, Options, Partial, Pipeline};
use crate::event::{BacktraceFrame, Event, Frame, Issue, Request, Status, Timestamp};
use crate::store::{
    IssueQuery, MemoryStore, Page, Pruned, Recorded, Retention, Sighting, Sort, Store, StoreError, Which,
};

const LONG: Duration = Duration::from_secs(20);

fn event(name: &str) -> Event {
    let mut event = Event { type_name: name.to_owned(), at: Timestamp::now(), ..Event::default() };
    event.frames.push(Frame { expression: "load()?".into(), ..Frame::default() });
    event
}

fn like(key: u64) -> Likeness {
    Likeness { issue: key, text: 0 }
}

/// As the capture does it: the event is only built when it is needed.
fn raise(pipeline: &Pipeline, name: &str, key: u64) {
    if !pipeline.coalesce(like(key), Timestamp::now()) {
        pipeline.submit(event(name), like(key));
    }
}

fn sum(health: &Health) -> u64 {
    health.stored + health.coalesced + health.pending + health.dropped.values().sum::<u64>()
}

fn counted(store: &dyn Store) -> u64 {
    // By a key that does not change while others write.
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

type Tell = dyn Fn(&[Sighting]) -> Result<(), StoreError> + Send + Sync;

/// A store that does what the test says before it records.
struct Told {
    inner: MemoryStore,
    tell: Box<Tell>,
    pruned: AtomicUsize,
}

impl Told {
    fn new(tell: impl Fn(&[Sighting]) -> Result<(), StoreError> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { inner: MemoryStore::new(), tell: Box::new(tell), pruned: AtomicUsize::new(0) })
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Told")
    }
}

impl Store for Told {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        (self.tell)(batch)?;
        self.inner.record(batch)
    }
    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        self.inner.issues(query)
    }
    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        self.inner.issue(hash)
    }
    fn event(&self, hash: &str, which: &Which) -> Result<Option<Event>, StoreError> {
        self.inner.event(hash, which)
    }
    fn set_status(&self, hashes: &[&str], status: Status) -> Result<u64, StoreError> {
        self.inner.set_status(hashes, status)
    }
    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        self.inner.delete(hashes)
    }
    fn prune(&self, _: &Retention) -> Result<Pruned, StoreError> {
        self.pruned.fetch_add(1, Ordering::SeqCst);
        Ok(Pruned::default())
    }
}

/// Holds whoever passes until it is opened.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    waiting: AtomicBool,
    changed: Condvar,
}

impl Gate {
    fn pass(&self) {
        let open = self.open.lock().unwrap();
        self.waiting.store(true, Ordering::SeqCst);
        self.changed.notify_all();
        drop(self.changed.wait_while(open, |open| !*open).unwrap());
    }

    fn until_somebody_waits(&self) {
        let open = self.open.lock().unwrap();
        drop(self.changed.wait_while(open, |_| !self.waiting.load(Ordering::SeqCst)).unwrap());
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

fn blocked() -> (Arc<Gate>, Arc<Told>) {
    let gate = Arc::new(Gate::default());
    let theirs = Arc::clone(&gate);
    let store = Told::new(move |_| {
        theirs.pass();
        Ok(())
    });
    (gate, store)
}

#[test]
fn counts_are_exact_when_several_threads_storm() {
    const THREADS: u64 = 4;
    const EACH: u64 = 20_000;
    let store = Arc::new(MemoryStore::new());
    let pipeline = Pipeline::start(store.clone(), Options::default());
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let pipeline = &pipeline;
            scope.spawn(move || {
                for nth in 0..EACH {
                    // One storm that all share, one of each thread's own, and now and then something else.
                    match nth % 50 {
                        0 => raise(pipeline, &format!("rare::{}", nth % 7), 100 + nth % 7),
                        even if even % 2 == 0 => raise(pipeline, "shared", 1),
                        _ => raise(pipeline, &format!("own{}", char::from(b'a' + thread as u8)), 10 + thread),
                    }
                }
            });
        }
    });
    assert_eq!(pipeline.flush(LONG), Ok(()));
    let health = pipeline.health();
    assert_eq!(health.raised, THREADS * EACH);
    assert_eq!(sum(&health), health.raised);
    assert_eq!((health.pending, health.dropped.len()), (0, 0), "{health:?}");
    assert_eq!(counted(&*store), health.raised, "the issues' counts add up");
    assert!(health.stored < health.raised / 10, "a storm is counted, not kept: {health:?}");
    let issues = store.issues(&IssueQuery { text: "shared".into(), ..IssueQuery::default() }).unwrap();
    assert_eq!(issues.items[0].count, THREADS * EACH * 24 / 50);
}

#[test]
fn the_first_events_of_a_key_are_kept_and_only_a_storm_is_counted() {
    let (gate, store) = blocked();
    let pipeline = Pipeline::start(store.clone(), Options::default());
    assert!(!pipeline.coalesce(like(1), Timestamp::now()), "there is nothing to count onto");
    for _ in 0..20 {
        pipeline.submit(event("a"), like(1));
    }
    assert!(pipeline.coalesce(like(1), Timestamp::now()));
    assert!(!pipeline.coalesce(like(2), Timestamp::now()));
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
    assert!(pipeline.coalesce(like(1), late));
    pipeline.flush(LONG).unwrap();
    let issue = &store.issues(&IssueQuery::default()).unwrap().items[0];
    assert_eq!((issue.count, issue.last_seen), (17, late));
}

#[test]
fn a_full_queue_drops_and_says_so_and_nobody_waits() {
    let (gate, store) = blocked();
    let pipeline = Pipeline::start(store.clone(), Options { capacity: 10, ..Options::default() });
    pipeline.submit(event("first"), like(0));
    gate.until_somebody_waits();
    let start = Instant::now();
    for key in 1..=30 {
        pipeline.submit(event(&format!("e{key}")), like(key));
    }
    assert!(start.elapsed() < Duration::from_secs(1));
    let health = pipeline.health();
    assert_eq!((health.raised, health.pending, health.dropped["queue full"]), (31, 11, 20));
    gate.open();
    assert_eq!(pipeline.flush(LONG), Ok(()), "what was refused was never accepted");
    assert_eq!(sum(&pipeline.health()), 31);
    assert_eq!(counted(&*store), 11);
}

#[test]
fn what_waits_is_bounded_in_bytes_too() {
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
fn a_passing_trouble_of_the_store_loses_nothing() {
    let failures = AtomicU64::new(3);
    let store = Told::new(move |_| {
        let failed =
            failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if failed { Err(StoreError::Unavailable("disk full".into())) } else { Ok(()) }
    });
    let pipeline = Pipeline::start(store.clone(), Options::default());
    for key in 0..5 {
        pipeline.submit(event(&format!("x{key}")), like(key));
    }
    assert_eq!(pipeline.flush(LONG), Ok(()));
    let health = pipeline.health();
    assert_eq!((health.stored, health.dropped.len()), (5, 0));
    assert_eq!(health.last_error.as_deref(), Some("not available now: disk full"));
}

#[test]
fn what_a_failing_store_loses_is_counted_and_it_is_tried_again() {
    let works = Arc::new(AtomicBool::new(false));
    let theirs = works.clone();
    let store = Told::new(move |_| {
        if theirs.load(Ordering::SeqCst) { Ok(()) } else { Err(StoreError::Open("read-only".into())) }
    });
    let pipeline = Pipeline::start(store.clone(), Options::default());
    for _ in 0..50 {
        raise(&pipeline, "a", 1);
    }
    assert!(matches!(pipeline.flush(LONG), Err(Partial { pending: 0, dropped: 1.. })));
    let health = pipeline.health();
    assert_eq!((health.raised, health.dropped["store fails"]), (50, 50), "{health:?}");
    works.store(true, Ordering::SeqCst);
    pipeline.submit(event("b"), like(2));
    assert_eq!(pipeline.flush(LONG), Ok(()));
    assert_eq!(counted(&*store), 1);
    assert_eq!(sum(&pipeline.health()), 51);
}

#[test]
fn one_event_that_the_store_refuses_does_not_take_the_others_with_it() {
    let (gate, inner) = blocked();
    let store = Told::new(move |batch| {
        inner.record(&[])?;
        let bad = batch.iter().any(|sighting| sighting.event.type_name == "bad");
        if bad { Err(StoreError::Other("no".into())) } else { Ok(()) }
    });
    let pipeline = Pipeline::start(store.clone(), Options::default());
    pipeline.submit(event("first"), like(0));
    gate.until_somebody_waits();
    for (key, name) in ["a", "bad", "c"].into_iter().enumerate() {
        pipeline.submit(event(name), like(key as u64 + 1));
    }
    gate.open();
    assert_eq!(pipeline.flush(LONG), Err(Partial { pending: 0, dropped: 1 }));
    assert_eq!(counted(&*store), 3);
}

#[test]
fn a_panic_of_the_store_or_of_the_preparation_is_counted_and_the_thread_goes_on() {
    let store = Told::new(|batch| {
        assert!(batch.iter().all(|sighting| sighting.event.type_name != "store"), "expected in this test");
        Ok(())
    });
    let prepare = |event: &mut Event| assert_ne!(event.type_name, "hook", "expected in this test");
    let options = Options { prepare: Box::new(prepare), ..Options::default() };
    let pipeline = Pipeline::start(store.clone(), options);
    for (key, name) in ["store", "hook", "fine"].into_iter().enumerate() {
        pipeline.submit(event(name), like(key as u64));
        let _ = pipeline.flush(LONG);
    }
    pipeline.stop(LONG).unwrap();
    let health = pipeline.health();
    assert_eq!((health.stored, sum(&health)), (1, 3));
    assert_eq!(health.dropped["store panicked"], 1);
    assert_eq!(health.dropped["panicked while it was prepared"], 1);
    assert_eq!(store.pruned.load(Ordering::SeqCst), 1, "pruned at the start");
}

#[test]
fn a_flush_returns_in_time_and_says_what_waits() {
    let (gate, store) = blocked();
    let pipeline = Pipeline::start(store, Options::default());
    assert_eq!(pipeline.flush(Duration::ZERO), Ok(()), "nothing waits");
    for key in 0..3 {
        pipeline.submit(event("a"), like(key));
    }
    let start = Instant::now();
    assert_eq!(pipeline.flush(Duration::from_millis(100)), Err(Partial { pending: 3, dropped: 0 }));
    let took = start.elapsed();
    assert!((100..150).contains(&took.as_millis()), "{took:?}");
    gate.open();
    assert_eq!(pipeline.flush(LONG), Ok(()));
}

#[test]
fn a_flush_on_any_thread_covers_what_was_accepted_before_it() {
    let store = Arc::new(MemoryStore::new());
    let pipeline = Pipeline::start(store.clone(), Options::default());
    let raised = AtomicU64::new(0);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (pipeline, raised, store) = (&pipeline, &raised, &store);
            scope.spawn(move || {
                for nth in 0..300_u64 {
                    raise(pipeline, "storm", 1);
                    raise(pipeline, &format!("e{thread}{nth}"), 1000 * (thread + 1) + nth);
                    raised.fetch_add(2, Ordering::SeqCst);
                    if nth % 50 == 49 {
                        let before = raised.load(Ordering::SeqCst);
                        pipeline.flush(LONG).unwrap();
                        assert!(counted(&**store) >= before, "{before}");
                    }
                }
            });
        }
    });
    pipeline.flush(LONG).unwrap();
    assert_eq!(counted(&*store), 2400);
}

#[test]
fn stopping_stores_what_waits_and_later_events_are_counted_as_dropped() {
    let store = Arc::new(MemoryStore::new());
    let pipeline = Pipeline::start(store.clone(), Options::default());
    for _ in 0..50 {
        raise(&pipeline, "a", 1);
    }
    assert_eq!(pipeline.stop(LONG), Ok(()));
    assert_eq!(counted(&*store), 50);
    raise(&pipeline, "a", 1);
    let health = pipeline.health();
    assert_eq!((health.dropped["stopped"], sum(&health), health.raised), (1, 51, 51));
}

#[test]
fn stopping_does_not_wait_for_a_store_that_hangs() {
    let (gate, store) = blocked();
    let pipeline = Pipeline::start(store, Options { batch: 1, ..Options::default() });
    pipeline.submit(event("a"), like(1));
    gate.until_somebody_waits();
    pipeline.submit(event("b"), like(2));
    let start = Instant::now();
    assert_eq!(pipeline.stop(Duration::from_millis(100)), Err(Partial { pending: 2, dropped: 0 }));
    assert!(start.elapsed() < Duration::from_millis(150));
    let health = pipeline.health();
    assert_eq!((health.pending, health.dropped["stopped"], sum(&health)), (1, 1, 2));
    gate.open();
}

#[test]
fn many_distinct_keys_are_forgotten_and_counts_stay_exact() {
    let store = Arc::new(MemoryStore::new());
    let pipeline = Pipeline::start(store.clone(), Options { capacity: 100_000, ..Options::default() });
    for key in 0..12_000 {
        raise(&pipeline, &format!("e{key}"), key);
        if key % 1000 == 0 {
            for _ in 0..100 {
                raise(&pipeline, "storm", u64::MAX);
            }
        }
    }
    assert_eq!(pipeline.flush(LONG), Ok(()));
    let health = pipeline.health();
    assert_eq!((health.raised, sum(&health), health.dropped.len()), (13_200, 13_200, 0));
}

#[test]
fn a_light_event_makes_the_same_issue() {
    let mut full = event("shop::Error");
    full.frames.push(Frame::default());
    full.message = "m".into();
    full.variant = Some("Gone".into());
    full.grouping.hash = "h".into();
    full.origin.release = "r".into();
    full.context.request = Some(Request { method: "GET".into(), path: "/".into(), ..Request::default() });
    assert_eq!(Issue::of(&light(&full)), Issue::of(&full));
    full.frames.clear();
    for (function, file, in_app) in
        [("std", Some("a"), false), ("named", None, true), ("placed", Some("b"), true)]
    {
        let file = file.map(str::to_owned);
        full.backtrace.push(BacktraceFrame { function: function.into(), file, line: Some(7), in_app });
    }
    assert_eq!(Issue::of(&light(&full)), Issue::of(&full));
}

#[cfg(all(unix, feature = "sqlite"))]
#[test]
#[allow(unsafe_code, reason = "`fork`")]
fn a_forked_child_stores_its_own_events() {
    unsafe extern "C" {
        fn fork() -> i32;
        fn _exit(code: i32) -> !;
        fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
    }
    use crate::store::SqliteStore;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("errors.db");
    let pipeline = Pipeline::start(Arc::new(SqliteStore::open(&path).unwrap()), Options::default());
    pipeline.submit(event("parent"), like(1));
    pipeline.flush(LONG).unwrap();
    // SAFETY: the child only uses what is made for it, and leaves without running anybody's destructors.
    let child = unsafe { fork() };
    if child == 0 {
        pipeline.submit(event("child"), like(1));
        let flushed = pipeline.flush(LONG).is_ok() && pipeline.health().raised == 1;
        // SAFETY: it only ends the process.
        unsafe { _exit(i32::from(!flushed)) };
    }
    pipeline.submit(event("parent"), like(1));
    let mut status = -1;
    // SAFETY: `status` lives as long as the call.
    assert_eq!(unsafe { waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child could not store its event");
    pipeline.flush(LONG).unwrap();
    let store = SqliteStore::open_read_only(&path).unwrap();
    assert_eq!(counted(&store), 3);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[cfg(all(target_os = "linux", feature = "sqlite"))]
#[test]
#[ignore = "needs root, to mount a tmpfs of 1 MiB: ./run-tests"]
fn a_full_disk_holds_nobody_up_and_recovers_by_itself() {
    use crate::store::SqliteStore;
    use std::process::Command;
    let folder = tempfile::tempdir().unwrap();
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=1M", "tmpfs"]).arg(folder.path()).status();
    assert!(mounted.unwrap().success());
    let path = folder.path().join("errors.db");
    let ballast = folder.path().join("ballast");
    let pipeline = Pipeline::start(Arc::new(SqliteStore::open(&path).unwrap()), Options::default());
    pipeline.submit(event("before"), like(0));
    pipeline.flush(LONG).unwrap();
    assert!(std::fs::write(&ballast, vec![1; 1 << 20]).is_err(), "the disk is full");
    let start = Instant::now();
    for key in 1..=100 {
        pipeline.submit(Event { debug: Some("x".repeat(4000)), ..event(&format!("e{key}")) }, like(key));
    }
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(pipeline.flush(Duration::from_millis(300)), Err(Partial { pending: 100, dropped: 0 }));
    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(pipeline.flush(LONG), Ok(()));
    let health = pipeline.health();
    assert_eq!((health.raised, health.stored), (101, 101));
    let store = SqliteStore::open_read_only(&path).unwrap();
    assert_eq!((counted(&store), store.check().unwrap()), (101, Vec::new()));
    drop((pipeline, store));
    assert!(Command::new("umount").arg(folder.path()).status().unwrap().success());
}
