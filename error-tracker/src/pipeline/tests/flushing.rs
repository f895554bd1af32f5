//! Flushing and stopping.

use super::*;

#[test]
fn a_flush_reports_losses_of_its_own_thread_once() {
    let store = ControlledStore::new(|_| Err(StoreError::Open("read-only".into())));
    let pipeline = Pipeline::start(store, Options::default());
    thread::scope(|scope| {
        let (told, lost) = std::sync::mpsc::channel();
        let pipeline = &pipeline;
        scope.spawn(move || {
            pipeline.submit(event("a"), like(1));
            // Until it is lost and not reported.
            until(|| !pipeline.health().dropped.is_empty());
            told.send(()).unwrap();
            let own = Err(FlushError { pending: 0, dropped: 1, ..FlushError::NONE });
            until(|| pipeline.health().raised == 2);
            assert_eq!(pipeline.flush(LONG), own);
            assert_eq!(pipeline.flush(LONG), Ok(()), "it is reported once");
        });
        lost.recv().unwrap();
        assert_eq!(pipeline.flush(LONG), Ok(()), "it is another thread's");
        pipeline.submit(event("b"), like(2));
        assert_eq!(
            pipeline.flush(LONG),
            Err(FlushError { pending: 0, dropped: 1, ..FlushError::NONE })
        );
    });
}

#[test]
fn a_flush_reports_once_that_stored_events_are_lost() {
    let store = ControlledStore::new(|_| Ok(()));
    let pipeline = Pipeline::start(store.clone(), Options::default());
    pipeline.submit(event("a"), like(1));
    assert_eq!(pipeline.flush(LONG), Ok(()));
    store.lost.store(true, Ordering::SeqCst);
    assert_eq!(
        pipeline.flush(LONG),
        Err(FlushError { pending: 0, dropped: 0, ..FlushError::NONE })
    );
    assert_eq!(pipeline.health().last_error.as_deref(), Some("damaged: deleted"));
    assert_eq!(pipeline.flush(LONG), Ok(()));
    store.lost.store(true, Ordering::SeqCst);
    until(|| !store.lost.load(Ordering::SeqCst));
    assert_eq!(
        pipeline.flush(LONG),
        Err(FlushError { pending: 0, dropped: 0, ..FlushError::NONE }),
        "the idle writer finds a loss"
    );
}

#[test]
fn a_flush_returns_in_time_with_the_number_of_pending_events() {
    let (gate, store) = blocked();
    let pipeline = Pipeline::start(store, Options::default());
    assert_eq!(pipeline.flush(Duration::ZERO), Ok(()), "nothing waits");
    for key in 0..3 {
        pipeline.submit(event("a"), like(key));
    }
    let start = Instant::now();
    assert_eq!(
        pipeline.flush(Duration::from_millis(100)),
        Err(FlushError { pending: 3, dropped: 0, ..FlushError::NONE }),
        "it returns, though the store goes on only behind this"
    );
    assert!(start.elapsed() >= Duration::from_millis(100), "{:?}", start.elapsed());
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
                for number in 0..300_u64 {
                    submit_or_count(pipeline, "storm", 1);
                    submit_or_count(
                        pipeline,
                        &format!("e{thread}{number}"),
                        1000 * (thread + 1) + number,
                    );
                    raised.fetch_add(2, Ordering::SeqCst);
                    if number % 50 == 49 {
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
fn stopping_stores_pending_events_and_counts_later_ones_as_dropped() {
    let store = Arc::new(MemoryStore::new());
    let pipeline = Pipeline::start(store.clone(), Options::default());
    for _ in 0..50 {
        submit_or_count(&pipeline, "a", 1);
    }
    assert_eq!(pipeline.stop(LONG), Ok(()));
    assert_eq!(counted(&*store), 50);
    submit_or_count(&pipeline, "a", 1);
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
    assert_eq!(
        pipeline.stop(Duration::from_millis(100)),
        Err(FlushError { pending: 2, dropped: 0, ..FlushError::NONE }),
        "it returns, though the store goes on only behind this"
    );
    let health = pipeline.health();
    assert_eq!((health.pending, health.dropped["stopped"], sum(&health)), (1, 1, 2));
    gate.open();
}
