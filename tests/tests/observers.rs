//! An observer hears of what was stored, and harms neither the program nor the store.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

use error_tracker::event::{Event, Status};
use error_tracker::store::{IssueChange, IssueQuery, MemoryStore};
use error_tracker::{EventObserver, Health, ObserverHealth, StoredEvent, Tracker};
use error_tracker_tests::{SOON, events_in};

type Answer = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// A tracker of its own with this observer.
fn observed_by(observer: impl EventObserver) -> Tracker {
    error_tracker::builder().store(MemoryStore::new()).observer(observer).build().unwrap()
}

fn fail(tracker: &Tracker) {
    tracker.capture_exception(&io::Error::other("no disk")).unwrap();
}

/// Waits until the tracker's state is as `is_so` says.
fn until(tracker: &Tracker, is_so: impl Fn(&Health) -> bool) -> Health {
    error_tracker_tests::until(|| is_so(&tracker.health()));
    tracker.health()
}

/// The state of the only observer.
fn only(mut health: Health) -> ObserverHealth {
    assert_eq!(health.observers.len(), 1);
    health.observers.remove(0)
}

#[derive(Debug, PartialEq)]
struct Heard {
    new: bool,
    regression: bool,
    unmuted: bool,
    count: u64,
    hash: String,
    status: Option<Status>,
}

/// Keeps what it hears.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<Heard>>>);

impl EventObserver for Listener {
    fn observe(&self, stored: &StoredEvent) -> Answer {
        let recorded = &stored.recorded;
        self.0.lock().unwrap().push(Heard {
            new: recorded.new,
            regression: recorded.regression,
            unmuted: recorded.unmuted,
            count: recorded.count,
            hash: stored.event.grouping.hash.clone(),
            status: stored.issue()?.map(|issue| issue.status),
        });
        Ok(())
    }
}

#[test]
fn an_observer_gets_the_stores_answer_with_the_event_and_its_issue() {
    let listener = Listener::default();
    let tracker = observed_by(listener.clone());
    let capture = || {
        fail(&tracker);
        tracker.flush(SOON).unwrap();
        listener.0.lock().unwrap().pop().unwrap()
    };
    let first = capture();
    let hash = tracker.issues(&IssueQuery::default()).unwrap().items[0].hash.clone();
    let heard = |new, regression, count| Heard {
        new,
        regression,
        unmuted: false,
        count,
        hash: hash.clone(),
        status: Some(Status::Unresolved),
    };
    assert_eq!(first, heard(true, false, 1));
    assert_eq!(capture(), heard(false, false, 2));
    tracker.change_issue(&hash, &IssueChange::SetStatus(Status::Resolved)).unwrap();
    assert_eq!(capture(), heard(false, true, 3));
    tracker.change_issue(&hash, &IssueChange::MuteFor(1)).unwrap();
    assert_eq!(capture().status, Some(Status::Muted));
    let unmuted = Heard { unmuted: true, ..heard(false, false, 5) };
    assert_eq!(capture(), unmuted);

    let mut imported = Event::default();
    imported.type_name = "shop::Imported".into();
    tracker.record_event(imported).unwrap();
    tracker.flush(SOON).unwrap();
    assert!(listener.0.lock().unwrap().is_empty(), "the import has the answer");
    let health = only(tracker.health());
    assert_eq!((health.observed, health.queued, health.dropped, health.failed), (5, 0, 0, 0));
    assert!(health.name.ends_with("Listener"), "{}", health.name);
}

#[test]
fn an_observer_is_notified_of_counted_events_of_a_storm() {
    let sum = Arc::new(Mutex::new((0, 0)));
    let theirs = Arc::clone(&sum);
    let tracker = observed_by(move |stored: &StoredEvent| {
        let mut sum = theirs.lock().unwrap();
        sum.0 += stored.occurrences;
        sum.1 += u64::from(!stored.again);
        Ok(())
    });
    for _ in 0..1_000 {
        let _ = tracker.capture_exception(&io::Error::other("no disk"));
    }
    tracker.flush(SOON).unwrap();
    let (occurrences, events) = *sum.lock().unwrap();
    assert_eq!((occurrences, events), (1_000, tracker.health().stored));
}

#[test]
fn an_observer_that_fails_is_counted_and_records_nothing_of_its_own() {
    let tracker = Arc::new(OnceLock::<Tracker>::new());
    let theirs = Arc::clone(&tracker);
    let panics = AtomicBool::new(true);
    let own = observed_by(move |_: &StoredEvent| {
        let tracker = theirs.get().unwrap();
        assert_eq!(tracker.capture_exception(&io::Error::other("its own")), None);
        assert!(!panics.swap(false, Ordering::SeqCst), "its first event");
        Err("no mail server".into())
    });
    let own = tracker.get_or_init(|| own);
    fail(own);
    own.flush(SOON).unwrap();
    assert_eq!(only(own.health()).last_error.as_deref(), Some("panicked"));
    fail(own);
    own.flush(SOON).unwrap();
    let health = only(own.health());
    assert_eq!((health.observed, health.queued, health.dropped, health.failed), (0, 0, 0, 2));
    assert_eq!(health.last_error.as_deref(), Some("no mail server"));
    assert_eq!(events_in(own.store()).len(), 2, "of the program only");
}

/// Holds an observer until it is opened.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn pass(&self) {
        let is_open = self.is_open.lock().unwrap();
        drop(self.opened.wait_while(is_open, |is_open| !*is_open).unwrap());
    }

    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

#[test]
fn a_slow_observer_delays_no_other_and_not_the_store_and_what_it_misses_is_counted() {
    let gate = Arc::new(Gate::default());
    let theirs = Arc::clone(&gate);
    let tracker = error_tracker::builder()
        .store(MemoryStore::new())
        .observer(move |_: &StoredEvent| {
            theirs.pass();
            Ok(())
        })
        .observer(|_: &StoredEvent| Ok(()))
        .build()
        .unwrap();
    let letters = |number: usize| -> String {
        let letter = |digit: usize| char::from(b"abcdefghij"[digit % 10]);
        [number / 1000, number / 100, number / 10, number].map(letter).iter().collect()
    };
    for number in 0..1_500 {
        tracker.capture_message(letters(number)).unwrap();
        // So that the other observer's queue is never full.
        if number % 500 == 499 {
            let all = number as u64 + 1;
            until(&tracker, |health| health.observers[1].observed == all);
        }
    }
    let health = until(&tracker, |health| health.pending == 0);
    assert_eq!((health.stored, health.dropped.len()), (1_500, 0));
    let slow = &health.observers[0];
    assert_eq!((slow.observed, slow.failed), (0, 0));
    assert_eq!(slow.queued + slow.dropped, 1_500);
    assert!((1..=1_001).contains(&slow.queued), "{slow:?}");

    let partial = tracker.flush(Duration::from_millis(100)).unwrap_err();
    assert_eq!((partial.pending, partial.dropped, partial.unobserved), (0, 0, slow.queued));
    let said = format!("{} stored events wait for an observer", slow.queued);
    assert_eq!(partial.to_string(), said);

    gate.open();
    tracker.flush(SOON).unwrap();
    let after = &tracker.health().observers[0];
    assert_eq!((after.observed, after.queued, after.dropped), (slow.queued, 0, slow.dropped));
}

#[test]
fn an_observer_that_flushes_does_not_wait_for_itself() {
    let tracker = Arc::new(OnceLock::<Tracker>::new());
    let theirs = Arc::clone(&tracker);
    let own = observed_by(move |_: &StoredEvent| {
        theirs.get().unwrap().flush(SOON)?;
        Ok(())
    });
    let own = tracker.get_or_init(|| own);
    fail(own);
    own.flush(SOON).unwrap();
    assert_eq!(only(own.health()).observed, 1);
}

#[cfg(unix)]
#[test]
fn a_forked_child_has_an_observer_of_its_own() {
    let gate = Arc::new(Gate::default());
    let theirs = Arc::clone(&gate);
    let parent = std::process::id();
    // Holds the parent's thread, so that the child is forked in the middle.
    let tracker = observed_by(move |_: &StoredEvent| {
        if std::process::id() == parent {
            theirs.pass();
        }
        Ok(())
    });
    fail(&tracker);
    until(&tracker, |health| health.observers[0].queued == 1 && health.pending == 0);
    // SAFETY: the child uses the tracker, which starts anew there, and ends.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: the signal ends a child that hangs.
        unsafe { libc::alarm(300) };
        fail(&tracker);
        let is_flushed = tracker.flush(SOON).is_ok();
        let health = only(tracker.health());
        let is_observed = (health.observed, health.queued) == (1, 0);
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(if is_flushed && is_observed { 0 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: waits for the child just made.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    gate.open();
    tracker.flush(SOON).unwrap();
    assert_eq!(only(tracker.health()).observed, 1, "its own event");
}
