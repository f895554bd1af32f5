//! What happens to events when the store fails, is full or panics.

use super::*;

#[test]
fn a_transient_failure_of_the_store_loses_nothing() {
    let failures = AtomicU64::new(3);
    let store = ControlledStore::new(move |_| {
        let failed = failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok();
        if failed { Err(StoreError::Unavailable("busy".into())) } else { Ok(()) }
    });
    let pipeline = Pipeline::start(store.clone(), Options::default());
    for key in 0..5 {
        pipeline.submit(event(&format!("x{key}")), like(key));
    }
    assert_eq!(pipeline.flush(LONG), Ok(()));
    let health = pipeline.health();
    assert_eq!((health.stored, health.dropped.len()), (5, 0));
    assert_eq!(health.last_error.as_deref(), Some("not available now: busy"));
}

#[test]
fn events_that_do_not_fit_wait_and_let_others_through() {
    let (gate, inner) = blocked();
    let room = Arc::new(AtomicBool::new(false));
    let shared_clone = room.clone();
    let store = ControlledStore::new(move |batch| {
        inner.record(&[])?;
        let large = batch.iter().any(|sighting| sighting.event.debug.is_some());
        if large && !shared_clone.load(Ordering::SeqCst) {
            Err(StoreError::Full("disk".into()))
        } else {
            Ok(())
        }
    });
    let pipeline = Pipeline::start(store.clone(), Options::default());
    pipeline.submit(event("first"), like(0));
    gate.until_somebody_waits();
    for key in 1..40 {
        let debug = (key % 13 == 5).then(|| "x".repeat(10_000));
        pipeline.submit(Event { debug, ..event(&format!("e{key}")) }, like(key));
    }
    gate.open();
    assert_eq!(
        pipeline.flush(Duration::from_millis(500)),
        Err(FlushError { pending: 3, dropped: 0, ..FlushError::NONE })
    );
    assert_eq!(counted(&*store), 37);
    pipeline.submit(event("later"), like(50));
    assert_eq!(
        pipeline.flush(Duration::from_millis(500)),
        Err(FlushError { pending: 3, dropped: 0, ..FlushError::NONE })
    );
    assert_eq!(counted(&*store), 38, "those that come later are let through, too");
    room.store(true, Ordering::SeqCst);
    assert_eq!(pipeline.flush(LONG), Ok(()));
    assert_eq!(counted(&*store), 41);
    assert_eq!(sum(&pipeline.health()), 41);
}

#[test]
fn counts_that_do_not_fit_wait_and_stay_exact() {
    let full = Arc::new(AtomicBool::new(false));
    let shared_clone = full.clone();
    let store = ControlledStore::new(move |_| {
        if shared_clone.load(Ordering::SeqCst) {
            Err(StoreError::Full("disk".into()))
        } else {
            Ok(())
        }
    });
    let pipeline = Pipeline::start(store.clone(), Options::default());
    submit_or_count(&pipeline, "a", 1);
    pipeline.flush(LONG).unwrap();
    full.store(true, Ordering::SeqCst);
    (0..100).for_each(|_| submit_or_count(&pipeline, "a", 1));
    assert_eq!(
        pipeline.flush(Duration::from_millis(300)),
        Err(FlushError { pending: 100, dropped: 0, ..FlushError::NONE })
    );
    full.store(false, Ordering::SeqCst);
    assert_eq!(pipeline.flush(LONG), Ok(()));
    assert_eq!((counted(&*store), sum(&pipeline.health())), (101, 101));
    full.store(true, Ordering::SeqCst);
    submit_or_count(&pipeline, "b", 2);
    let _ = pipeline.stop(Duration::from_millis(300));
    assert_eq!(sum(&pipeline.health()), 102);
}

#[test]
fn events_lost_by_a_failing_store_are_counted_and_later_ones_are_tried() {
    let works = Arc::new(AtomicBool::new(false));
    let shared_clone = works.clone();
    let store = ControlledStore::new(move |_| {
        if shared_clone.load(Ordering::SeqCst) {
            Ok(())
        } else {
            Err(StoreError::Open("read-only".into()))
        }
    });
    let pipeline = Pipeline::start(store.clone(), Options::default());
    for _ in 0..50 {
        submit_or_count(&pipeline, "a", 1);
    }
    assert!(matches!(pipeline.flush(LONG), Err(FlushError { pending: 0, dropped: 1.., .. })));
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
    let store = ControlledStore::new(move |batch| {
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
    assert_eq!(
        pipeline.flush(LONG),
        Err(FlushError { pending: 0, dropped: 1, ..FlushError::NONE })
    );
    assert_eq!(counted(&*store), 3);
}

#[test]
fn a_panic_of_the_store_or_of_the_preparation_is_counted_and_the_writer_continues() {
    let store = ControlledStore::new(|batch| {
        assert!(
            batch.iter().all(|sighting| sighting.event.type_name != "store"),
            "expected in this test"
        );
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

#[cfg(all(target_os = "linux", feature = "sqlite"))]
#[test]
#[ignore = "needs root, to mount a tmpfs of 1 MiB: ./run-tests"]
fn a_full_disk_delays_no_thread_and_recovers_by_itself() {
    use crate::store::SqliteStore;
    use std::process::Command;
    let folder = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1M", "tmpfs"])
        .arg(folder.path())
        .status();
    assert!(mounted.unwrap().success());
    let path = folder.path().join("errors.db");
    let ballast = folder.path().join("ballast");
    let pipeline = Pipeline::start(Arc::new(SqliteStore::open(&path).unwrap()), Options::default());
    pipeline.submit(event("before"), like(0));
    pipeline.flush(LONG).unwrap();
    assert!(std::fs::write(&ballast, vec![1; 1 << 20]).is_err(), "the disk is full");
    // These return, though the disk is full until something is removed behind them.
    for key in 1..=100 {
        pipeline.submit(
            Event { debug: Some("x".repeat(4000)), ..event(&format!("e{key}")) },
            like(key),
        );
    }
    let waiting = pipeline.flush(Duration::from_millis(300)).unwrap_err();
    assert!(
        waiting.pending > 50 && waiting.dropped == 0,
        "some may fit into the journal: {waiting:?}"
    );
    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(pipeline.flush(LONG), Ok(()));
    let health = pipeline.health();
    assert_eq!((health.raised, health.stored), (101, 101));
    let store = SqliteStore::open_read_only(&path).unwrap();
    assert_eq!((counted(&store), store.check().unwrap()), (101, Vec::new()));
    drop((pipeline, store));
    assert!(Command::new("umount").arg(folder.path()).status().unwrap().success());
}
