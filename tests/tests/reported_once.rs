//! What was reported of an error travels with the task or scope that it belongs to: each failure is one event, however many
//! there are at once and whoever captures it again.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::sync::Arc;
use std::time::Duration;

use error_tracker::scope::FutureScopeExt as _;
use error_tracker::{auto_track_exception, capture_exception};
use error_tracker_tests::{NoMoney, SOON, event_of, events_of, tracker};
use tokio::sync::Barrier;

/// So many tasks fail at once.
const TASKS: u32 = 200;

#[auto_track_exception]
fn pay(id: u32) -> Result<u32, NoMoney> {
    Err(NoMoney(id))
}

#[auto_track_exception]
async fn pay_later(id: u32) -> Result<u32, NoMoney> {
    tokio::task::yield_now().await;
    pay(id)
}

fn block_on<R>(future: impl Future<Output = R>) -> R {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(4).enable_all().build().unwrap().block_on(future)
}

/// How many failures are raised by tasks that all fail before one goes on.
fn raised<F: Future<Output = ()> + Send + 'static>(task: fn(u32, Arc<Barrier>) -> F) -> u64 {
    let all = move || {
        let raised = tracker().health().raised;
        block_on(async {
            let barrier = Arc::new(Barrier::new(TASKS as usize));
            let tasks: Vec<_> =
                (0..TASKS).map(|id| tokio::spawn(task(id, barrier.clone()))).collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        tracker().flush(SOON).unwrap();
        tracker().health().raised - raised
    };
    let (sender, receiver) = std::sync::mpsc::channel();
    events_of(move || sender.send(all()).unwrap());
    receiver.recv().unwrap()
}

#[auto_track_exception]
async fn annotated(id: u32, barrier: Arc<Barrier>) {
    let result = pay(id);
    barrier.wait().await;
    if let Err(error) = result {
        capture_exception!(error);
    }
}

async fn handler(id: u32, barrier: Arc<Barrier>) {
    let result = pay_later(id).await;
    barrier.wait().await;
    if let Err(error) = result {
        capture_exception!(error, id = id);
        tokio::task::yield_now().await;
        capture_exception!(error, again = true);
    }
}

async fn handler_with_equal_text(_: u32, barrier: Arc<Barrier>) {
    handler(7, barrier).await;
}

#[test]
fn tasks_that_fail_and_capture_after_an_await_are_reported_once_each() {
    assert_eq!(raised(annotated), u64::from(TASKS), "in an annotated task");
    assert_eq!(
        raised(|id, barrier| handler(id, barrier).in_current_scope()),
        u64::from(TASKS),
        "in a scope"
    );
    assert_eq!(raised(handler), u64::from(TASKS), "without either");
}

#[test]
fn equal_errors_of_different_tasks_are_failures_of_their_own() {
    let scoped = |id, barrier| handler_with_equal_text(id, barrier).in_current_scope();
    assert_eq!(raised(scoped), u64::from(TASKS), "in a scope");
    assert_eq!(raised(handler_with_equal_text), u64::from(TASKS), "without one");
}

#[test]
fn additional_context_goes_to_the_event_of_its_own_task() {
    let events = events_of(|| {
        block_on(async {
            let barrier = Arc::new(Barrier::new(8));
            let task = |id: u32| {
                let barrier = barrier.clone();
                async move {
                    let error = pay_later(7).await.unwrap_err();
                    error_tracker::configure_scope(|scope| scope.set_tag("task", id));
                    barrier.wait().await;
                    capture_exception!(error, task = id);
                }
                .in_current_scope()
            };
            let tasks: Vec<_> = (0..8).map(|id| tokio::spawn(task(id))).collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
    let mut extras: Vec<_> =
        events.iter().map(|event| event.context.extras["task"].to_string()).collect();
    extras.sort();
    assert_eq!(extras, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

#[test]
fn many_pending_errors_of_one_thread_are_reported_once_each() {
    let results = || (0..TASKS).map(|id| pay(id).unwrap_err()).collect::<Vec<_>>();
    let captures = move || {
        let before = tracker().health().raised;
        for error in results() {
            capture_exception!(error);
        }
        tracker().flush(SOON).unwrap();
        assert_eq!(tracker().health().raised - before, u64::from(TASKS), "raised");
    };
    assert!(!events_of(captures).is_empty());
}

#[auto_track_exception]
fn collects() {
    let before = tracker().health().raised;
    let errors: Vec<_> = (0..TASKS).map(|id| pay(id).unwrap_err()).collect();
    for error in errors {
        capture_exception!(error);
    }
    tracker().flush(SOON).unwrap();
    assert_eq!(tracker().health().raised - before, u64::from(TASKS), "raised");
}

#[test]
fn many_pending_errors_of_one_function_are_reported_once_each() {
    assert!(!events_of(collects).is_empty());
}

#[test]
fn an_error_that_is_captured_on_another_thread_than_it_began_on_is_reported_once() {
    event_of(|| {
        let error = std::thread::spawn(|| pay(1001).unwrap_err()).join().unwrap();
        capture_exception!(error);
    });
    event_of(|| {
        let error = std::thread::spawn(|| passes("x").unwrap_err()).join().unwrap();
        capture_exception!(error);
    });
}

#[auto_track_exception]
fn boxed(text: &str) -> anyhow::Result<u32> {
    Ok(text.parse()?)
}

#[auto_track_exception]
fn passes(text: &str) -> anyhow::Result<u32> {
    let number = boxed(text)?;
    Ok(number)
}

#[test]
fn a_shared_error_is_reported_once() {
    event_of(|| {
        let error = Arc::new(pay(1002).unwrap_err());
        let captures = |error: Arc<NoMoney>| move || drop(capture_exception!(error));
        let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(captures(error.clone()))).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[auto_track_exception]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

#[test]
fn a_similar_error_of_another_thread_is_another_one() {
    let events = events_of(|| {
        std::thread::spawn(|| parse("x").is_err()).join().unwrap();
        capture_exception!("y".parse::<u32>().unwrap_err());
    });
    assert_eq!(events.len(), 2);
}

#[auto_track_exception]
async fn in_time(id: u32) -> Result<u32, NoMoney> {
    let result = pay_later(id).await;
    std::future::pending::<()>().await;
    result
}

#[test]
fn a_cancelled_task_leaves_no_frames() {
    let events = events_of(|| {
        block_on(async {
            tokio::time::timeout(Duration::from_millis(1), in_time(1003)).await.unwrap_err();
            let error = pay_later(1003).await.unwrap_err();
            capture_exception!(error);
        });
    });
    let handled: Vec<_> = events.iter().map(|event| event.handled).collect();
    assert_eq!(handled, [true, false]);
}

#[test]
fn branches_of_a_select_are_reported_once_each() {
    let events = events_of(|| {
        block_on(async {
            let both = async {
                for _ in 0..2 {
                    tokio::select! {
                        Err(error) = pay_later(1004) => drop(capture_exception!(error)),
                        Err(error) = pay_later(1005) => drop(capture_exception!(error)),
                    }
                }
            };
            both.in_current_scope().await;
        });
    });
    assert_eq!(events.iter().filter(|event| !event.handled).count(), 2, "{events:#?}");
}
