//! Random call trees are recorded as a simple model says.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]
#![allow(clippy::result_large_err, reason = "the model's errors are what it is about")]

mod interpreter;
mod model;
mod plan;
mod reported_event;
mod sync;
mod tasks;

use std::collections::HashMap;
use std::panic;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use error_tracker::event::Kind;
use error_tracker_tests::{SOON, tracker, tracker_with};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use model::reported_events;
use plan::Call;
use reported_event::ReportedEvent;

/// What runs the plans.
#[derive(Clone, Copy, Debug)]
enum How {
    Plain,
    OneThread,
    ManyThreads,
}

/// By the event's id: what is known of a panic when it begins is told first where a hook may end the program, and then all of it.
static TOLD: Mutex<Vec<(String, ReportedEvent)>> = Mutex::new(Vec::new());

fn ids_and_reported() -> MutexGuard<'static, Vec<(String, ReportedEvent)>> {
    TOLD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reported() -> Vec<ReportedEvent> {
    ids_and_reported().iter().map(|(_, reported)| reported.clone()).collect()
}

/// Every event is noted before storms are counted; the panics of plans are not printed.
fn set_up() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !info.payload_as_str().is_some_and(|text| text.starts_with("panic ")) {
                before(info);
            }
        }));
        tracker_with(|builder| {
            builder.before_capture(|event| {
                let mut all = ids_and_reported();
                all.retain(|(id, _)| *id != event.id);
                all.push((event.id.clone(), ReportedEvent::of(&event)));
                Some(event)
            })
        });
    });
}

/// Runs plans, each as a task of its own when they are async, and then `probe` where they ran; gives what was told.
fn run(plans: &[Call], how: How, probe: &str) -> Result<Vec<ReportedEvent>, TestCaseError> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _only = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    set_up();
    ids_and_reported().clear();
    let before = tracker().health();
    let until_ended = match how {
        How::Plain => on_a_thread(|| {
            for plan in plans {
                let _ = sync::caught(plan);
            }
            sync::probe(probe).unwrap_err();
            reported()
        }),
        How::OneThread | How::ManyThreads => on_a_thread(|| {
            let mut builder = match how {
                How::ManyThreads => tokio::runtime::Builder::new_multi_thread(),
                _ => tokio::runtime::Builder::new_current_thread(),
            };
            let runtime = builder.worker_threads(3).build().unwrap();
            runtime.block_on(async {
                let task = |plan: Call| async move { tasks::call(&plan).await };
                let tasks: Vec<_> =
                    plans.iter().map(|plan| tokio::spawn(task(plan.clone()))).collect();
                for task in tasks {
                    let _ = task.await;
                }
                let probe = probe.to_owned();
                tokio::spawn(async move { tasks::probe(&probe).await.unwrap_err() }).await.unwrap();
            });
            reported()
        }),
    };
    tracker().flush(SOON).unwrap();
    let (health, mut reported) = (tracker().health(), reported());
    prop_assert_eq!(&reported, &until_ended, "what waits until its thread ends");
    prop_assert!(health.dropped.is_empty() && health.pending == 0, "{health:?}");
    prop_assert_eq!(health.raised - before.raised, reported.len() as u64);
    reported.sort();
    Ok(reported)
}

fn on_a_thread<R: Send>(run: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| scope.spawn(run).join())
        .unwrap_or_else(|panic| panic::resume_unwind(panic))
}

fn expected(plans: &[Call], how: How, probe: &str) -> Vec<ReportedEvent> {
    let is_async = !matches!(how, How::Plain);
    let mut expected: Vec<_> =
        plans.iter().flat_map(|plan| reported_events(plan, is_async)).collect();
    expected.push(ReportedEvent::new(Kind::Error, probe, &["probe"], false));
    expected.sort();
    expected
}

/// Storms of equal events are counted, and not handed to the hook that notes them.
fn storms(expected: &[ReportedEvent]) -> bool {
    let mut counts = HashMap::new();
    expected.iter().any(|reported| {
        let count = counts.entry(&reported.message).or_insert(0);
        *count += 1;
        *count > 8
    })
}

/// A failure is no panic: it would be told of the plans of another test.
fn holds(how: How, cases: u32) -> ExitCode {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let most = if matches!(how, How::Plain) { 3 } else { 5 };
    let checked = TestRunner::new(config).run(&vec(plan::plan(), 1..most), |mut plans| {
        plans.iter_mut().for_each(Call::name_texts);
        let probe = plan::next("probe");
        let expected = expected(&plans, how, &probe);
        prop_assume!(!storms(&expected));
        let reported = run(&plans, how, &probe)?;
        let missing: Vec<_> = differ(&expected, &reported);
        let unexpected: Vec<_> = differ(&reported, &expected);
        prop_assert!(
            missing.is_empty() && unexpected.is_empty(),
            "missing: {missing:?}\nunexpected: {unexpected:?}\nplans: {plans:?}"
        );
        Ok(())
    });
    if let Err(failure) = &checked {
        eprintln!("{failure}");
    }
    checked.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

/// What `all` has beyond `known`.
fn differ(all: &[ReportedEvent], known: &[ReportedEvent]) -> Vec<ReportedEvent> {
    let mut known = known.to_vec();
    let mut rest = all.to_vec();
    rest.retain(|reported| match known.iter().position(|other| other == reported) {
        Some(at) => {
            known.remove(at);
            false
        }
        None => true,
    });
    rest
}

#[test]
fn call_trees_of_plain_functions_are_recorded_as_the_model_says() -> ExitCode {
    holds(How::Plain, 300)
}

#[test]
fn call_trees_of_tasks_on_one_thread_are_recorded_as_the_model_says() -> ExitCode {
    holds(How::OneThread, 150)
}

#[test]
fn call_trees_of_tasks_on_many_threads_are_recorded_as_the_model_says() -> ExitCode {
    holds(How::ManyThreads, 150)
}
