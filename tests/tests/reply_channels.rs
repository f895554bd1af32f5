//! An error that goes to another thread or task through a channel, a pool or a slot, and is met again there, is one event, which
//! has what was known there.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use error_tracker::event::Event;
use error_tracker::scope::with_scope;
use error_tracker::{auto_track_exception, capture_exception};
use error_tracker_tests::{SOON, event_of, events_in, functions, tracker};
use futures_util::StreamExt as _;
use rayon::prelude::*;
use tokio::sync::oneshot;

type Boxed = Box<dyn Error + Send + Sync>;

#[derive(Clone, Debug, PartialEq)]
struct NoStock(u32);

impl fmt::Display for NoStock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing left of {}", self.0)
    }
}

impl Error for NoStock {}

#[auto_track_exception]
fn stock(id: u32) -> Result<u32, NoStock> {
    if id > 1000 { Ok(id) } else { Err(NoStock(id)) }
}

#[derive(Debug, thiserror::Error)]
#[error("the shop is closed")]
struct Closed(#[source] NoStock);

#[derive(Debug, thiserror::Error)]
#[error("status {0}")]
struct Status(u16);

type Reply<T> = mpsc::Sender<Result<T, NoStock>>;

#[auto_track_exception]
fn serve(requests: &mpsc::Receiver<(u32, Reply<u32>)>) {
    loop {
        match requests.recv() {
            Ok((id, reply)) => reply.send(stock(id)).unwrap(),
            Err(_) => break,
        }
    }
}

/// Runs `ask` with what leads to a worker, which goes on until `ask` has ended.
fn with_worker<R>(ask: impl FnOnce(&mpsc::Sender<(u32, Reply<u32>)>) -> R) -> R {
    let (sender, requests) = mpsc::channel();
    let worker = thread::spawn(move || serve(&requests));
    let answer = ask(&sender);
    drop(sender);
    worker.join().unwrap();
    answer
}

#[auto_track_exception]
fn asks(worker: &mpsc::Sender<(u32, Reply<u32>)>, id: u32) -> Result<u32, NoStock> {
    let (reply, answer) = mpsc::channel();
    worker.send((id, reply)).unwrap();
    let number = answer.recv().unwrap()?;
    Ok(number)
}

#[auto_track_exception]
fn asks_and_maps(worker: &mpsc::Sender<(u32, Reply<u32>)>, id: u32) -> Result<u32, Closed> {
    let (reply, answer) = mpsc::channel();
    worker.send((id, reply)).unwrap();
    answer.recv().unwrap().map_err(Closed)
}

#[auto_track_exception]
fn asks_and_matches(worker: &mpsc::Sender<(u32, Reply<u32>)>, id: u32) -> Result<u32, Closed> {
    let (reply, answer) = mpsc::channel();
    worker.send((id, reply)).unwrap();
    match answer.recv().unwrap() {
        Ok(number) => Ok(number),
        Err(error) => Err(Closed(error)),
    }
}

#[auto_track_exception]
fn asks_and_handles(worker: &mpsc::Sender<(u32, Reply<u32>)>, id: u32) -> u32 {
    let (reply, answer) = mpsc::channel();
    worker.send((id, reply)).unwrap();
    match answer.recv().unwrap() {
        Ok(number) => number,
        Err(_) => 0,
    }
}

#[auto_track_exception]
fn asks_and_distinguishes(
    worker: &mpsc::Sender<(u32, Reply<u32>)>,
    id: u32,
) -> Result<u32, Status> {
    let (reply, answer) = mpsc::channel();
    worker.send((id, reply)).map_err(|_| Status(503))?;
    match answer.recv() {
        Ok(Ok(number)) => Ok(number),
        Ok(Err(_)) => Err(Status(404)),
        Err(_) => Err(Status(503)),
    }
}

#[auto_track_exception]
fn asks_and_distinguishes_later(
    worker: &mpsc::Sender<(u32, Reply<u32>)>,
    id: u32,
) -> Result<u32, Status> {
    let (reply, answer) = mpsc::channel();
    worker.send((id, reply)).map_err(|_| Status(503))?;
    let answered = answer.recv();
    match &answered {
        Ok(Err(_)) => Err(Status(404)),
        Ok(Ok(number)) => Ok(*number),
        _ => Err(Status(503)),
    }
}

#[auto_track_exception]
fn joins_and_distinguishes(id: u32) -> Result<u32, Status> {
    if let Ok(Err(_)) = thread::spawn(move || stock(id)).join() {
        return Err(Status(404));
    }
    Ok(id)
}

#[auto_track_exception]
async fn awaits_and_distinguishes(id: u32) -> Result<u32, Status> {
    let Ok(Ok(number)) = tokio::spawn(async move { stock(id) }).await else {
        return Err(Status(404));
    };
    Ok(number)
}

#[test]
fn an_error_in_the_answer_of_a_channel_continues_as_the_error_that_an_arm_makes_of_it() {
    let runs: [(&str, fn()); 4] = [
        ("asks_and_distinguishes", || {
            drop(with_worker(|worker| asks_and_distinguishes(worker, 21)))
        }),
        ("asks_and_distinguishes_later", || {
            drop(with_worker(|worker| asks_and_distinguishes_later(worker, 22)))
        }),
        ("joins_and_distinguishes", || drop(joins_and_distinguishes(23))),
        ("awaits_and_distinguishes", || drop(block_on(2, awaits_and_distinguishes(24)))),
    ];
    for (asker, run) in runs {
        let event = event_of(run);
        assert_went_on(&event, asker);
    }
}

#[auto_track_exception]
fn borrowed<'a>(
    first: &'a Result<Result<u32, NoStock>, Closed>,
    second: &mut Result<Result<u32, NoStock>, Closed>,
    mut third: impl FnMut() -> &'a Result<Result<u32, NoStock>, Closed>,
) -> Result<u32, Status> {
    let number = match first {
        Ok(Ok(number)) => *number,
        Ok(Err(_)) | Err(_) => return Err(Status(1)),
    };
    if let Ok(Ok(number)) = second {
        *number += 1;
    }
    if let Ok(Err(_)) = second.as_mut() {
        return Err(Status(2));
    }
    match third() {
        Ok(Ok(more)) => Ok(number + *more),
        _ => Err(Status(3)),
    }
}

#[test]
fn a_result_within_another_may_be_borrowed() {
    let (first, mut second) = (Ok(Ok(1)), Ok(Ok(2)));
    assert_eq!(borrowed(&first, &mut second, || &first).unwrap(), 2);
    assert!(matches!(second, Ok(Ok(3))));
    let third = Ok(Err(NoStock(31)));
    assert_eq!(
        event_of(move || drop(borrowed(&first, &mut second, || &third))).frames[0].function,
        "borrowed"
    );
}

#[auto_track_exception]
fn iterates(worker: &mpsc::Sender<(u32, Reply<u32>)>, id: u32) -> Result<u32, NoStock> {
    let (reply, answers) = mpsc::channel();
    worker.send((2000, reply.clone())).unwrap();
    worker.send((id, reply)).unwrap();
    let mut sum = 0;
    for answer in answers {
        sum += answer?;
    }
    Ok(sum)
}

fn callers(event: &Event) -> Vec<&str> {
    event.callers.iter().map(|frame| frame.function.as_str()).collect()
}

#[track_caller]
fn assert_went_on(event: &Event, asker: &str) {
    assert_eq!((functions(event), event.handled), (vec!["stock"], false));
    assert_eq!(callers(event).last(), Some(&asker));
    assert!(event.message.starts_with("nothing left of"), "{}", event.message);
}

#[test]
fn an_error_replied_by_a_worker_is_one_event_with_the_caller_and_its_request() {
    let in_scope = || {
        with_scope(
            |scope| scope.set_tag("request", 7),
            || with_worker(|worker| asks(worker, 1)).is_ok(),
        );
    };
    let event = event_of(in_scope);
    assert_went_on(&event, "asks");
    assert_eq!(event.context.tags["request"], "7");
    assert_eq!(event.callers[0].expression, "answer.recv().unwrap()?");
    assert_went_on(&event_of(|| with_worker(|worker| iterates(worker, 2))), "iterates");
}

#[test]
fn an_error_that_was_replied_and_became_another_one_is_one_event() {
    for (asker, event) in [
        ("asks_and_maps", event_of(|| with_worker(|worker| asks_and_maps(worker, 11)))),
        ("asks_and_matches", event_of(|| with_worker(|worker| asks_and_matches(worker, 12)))),
    ] {
        assert_went_on(&event, asker);
        assert_eq!(event.chain[0].message, "the shop is closed");
    }
}

#[test]
fn an_error_that_was_replied_and_is_handled_is_handled() {
    let event = event_of(|| with_worker(|worker| asks_and_handles(worker, 21)));
    assert_eq!((functions(&event), event.handled), (vec!["stock"], true));
}

#[test]
fn an_error_that_was_replied_and_is_captured_by_code_without_the_attribute_is_one_event() {
    let captures = || {
        with_worker(|worker| {
            let (reply, answer) = mpsc::channel();
            worker.send((31, reply)).unwrap();
            capture_exception!(answer.recv().unwrap().unwrap_err());
        });
    };
    assert_eq!(functions(&event_of(captures)), ["stock"]);
}

#[test]
fn a_flush_stores_the_pending_error_of_a_running_function() {
    let event = event_of(|| {
        with_worker(|worker| {
            let (reply, answer) = mpsc::channel();
            worker.send((41, reply)).unwrap();
            assert_eq!(answer.recv().unwrap(), Err(NoStock(41)));
            tracker().flush(SOON).unwrap();
            let found = |event: &Event| event.message == "nothing left of 41";
            assert!(events_in(tracker().store()).iter().any(found), "the worker has not ended");
        });
    });
    assert_eq!(functions(&event), ["stock"]);
}

#[auto_track_exception]
fn flushes_in_between(id: u32) -> Result<u32, NoStock> {
    let result = stock(id);
    tracker().flush(SOON).unwrap();
    let number = result?;
    Ok(number)
}

#[test]
fn a_pending_error_that_is_flushed_is_reported_once() {
    assert_eq!(functions(&event_of(|| flushes_in_between(51)))[0], "stock");
}

#[auto_track_exception]
fn in_parallel(ids: &[u32]) -> Result<Vec<u32>, NoStock> {
    let numbers = ids.par_iter().map(|id| stock(*id)).collect::<Result<Vec<_>, _>>()?;
    Ok(numbers)
}

#[auto_track_exception]
fn in_a_pool(id: u32) -> Result<u32, NoStock> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| stock(id))
}

#[auto_track_exception]
fn joined(id: u32) -> Result<u32, NoStock> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let (left, right) = pool.install(|| rayon::join(|| stock(2000), || stock(id)));
    Ok(left? + right?)
}

#[auto_track_exception]
fn in_a_scope(id: u32) -> Result<u32, NoStock> {
    let mut result = Ok(0);
    rayon::scope(|scope| scope.spawn(|_| result = stock(id)));
    result
}

#[test]
fn an_error_that_comes_out_of_rayon_is_one_event() {
    assert_went_on(&event_of(|| in_parallel(&[2000, 61, 2001])), "in_parallel");
    assert_went_on(&event_of(|| in_a_pool(62)), "in_a_pool");
    assert_went_on(&event_of(|| joined(63)), "joined");
    assert_went_on(&event_of(|| in_a_scope(64)), "in_a_scope");
}

#[auto_track_exception]
fn through_a_slot(id: u32) -> Result<(), NoStock> {
    let slot = Arc::new(Mutex::new(None));
    let theirs = Arc::clone(&slot);
    thread::spawn(move || *theirs.lock().unwrap() = stock(id).err()).join().unwrap();
    if let Some(error) = slot.lock().unwrap().take() {
        return Err(error);
    }
    Ok(())
}

#[auto_track_exception]
fn through_a_list(id: u32) -> Result<u32, NoStock> {
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        scope.spawn(|| results.lock().unwrap().push(stock(id)));
    });
    let mut sum = 0;
    for result in results.into_inner().unwrap() {
        sum += result?;
    }
    Ok(sum)
}

#[test]
fn an_error_that_was_kept_in_a_lock_is_one_event() {
    assert_went_on(&event_of(|| through_a_slot(71)), "through_a_slot");
    assert_went_on(&event_of(|| through_a_list(72)), "through_a_list");
}

#[auto_track_exception]
async fn serve_task(
    mut requests: tokio::sync::mpsc::Receiver<(u32, oneshot::Sender<Result<u32, NoStock>>)>,
) {
    while let Some((id, reply)) = requests.recv().await {
        let _ = reply.send(stock(id));
    }
}

#[auto_track_exception]
async fn asks_task(id: u32) -> Result<u32, NoStock> {
    let (sender, requests) = tokio::sync::mpsc::channel(1);
    let worker = tokio::spawn(serve_task(requests));
    let (reply, answer) = oneshot::channel();
    sender.send((id, reply)).await.unwrap();
    let result = answer.await.unwrap();
    drop(sender);
    worker.await.unwrap();
    result
}

#[auto_track_exception]
async fn blocks(id: u32) -> Result<u32, NoStock> {
    let handle = tokio::task::spawn_blocking(move || stock(id));
    let number = handle.await.unwrap()?;
    Ok(number)
}

#[auto_track_exception]
async fn joins_all(id: u32) -> Result<(), Boxed> {
    let handles = [id, 2000].map(|id| tokio::spawn(async move { stock(id) }));
    for result in futures_util::future::join_all(handles).await {
        result??;
    }
    Ok(())
}

#[auto_track_exception]
async fn buffers(id: u32) -> Result<u32, NoStock> {
    let calls =
        [id, 2000].map(|id| async move { tokio::spawn(async move { stock(id) }).await.unwrap() });
    let mut results = futures_util::stream::iter(calls).buffer_unordered(2);
    let mut sum = 0;
    while let Some(result) = results.next().await {
        sum += result?;
    }
    Ok(sum)
}

fn block_on<R>(threads: usize, future: impl Future<Output = R>) -> R {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn an_error_that_comes_from_a_task_in_any_way_is_one_event() {
    for threads in [1, 2] {
        assert_went_on(&event_of(move || block_on(threads, asks_task(81))), "asks_task");
        assert_went_on(&event_of(move || block_on(threads, blocks(82))), "blocks");
        assert_went_on(&event_of(move || block_on(threads, joins_all(83))), "joins_all");
        assert_went_on(&event_of(move || block_on(threads, buffers(84))), "buffers");
    }
}
