//! An error that leaves a thread or a task, and is returned by who waits for it, is one event.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::error::Error;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use error_tracker::auto_track_exception;
use error_tracker::event::{Event, Kind};
use error_tracker_tests::{NoMoney, event_of, events_of, functions};
use tokio::task::JoinSet;

type Boxed = Box<dyn Error + Send + Sync>;

#[auto_track_exception]
fn child(id: u32) -> Result<u32, NoMoney> {
    Err(NoMoney(id))
}

#[auto_track_exception]
fn joins(id: u32) -> Result<u32, NoMoney> {
    let handle = thread::spawn(move || child(id));
    let number = handle.join().unwrap()?;
    Ok(number + id)
}

#[auto_track_exception]
fn joins_in_a_thread(id: u32) -> Result<u32, NoMoney> {
    thread::spawn(move || joins(id)).join().unwrap()
}

#[auto_track_exception]
fn receives(id: u32) -> Result<u32, NoMoney> {
    let (sender, receiver) = mpsc::channel();
    let worker = thread::spawn(move || sender.send(child(id)).unwrap());
    worker.join().unwrap();
    let result = receiver.recv().unwrap();
    result
}

#[auto_track_exception]
fn scoped(id: u32) -> Result<u32, NoMoney> {
    thread::scope(|scope| scope.spawn(|| child(id)).join().unwrap())
}

#[auto_track_exception]
async fn task(id: u32) -> Result<u32, NoMoney> {
    tokio::task::yield_now().await;
    child(id)
}

#[auto_track_exception]
async fn awaits(id: u32) -> Result<u32, Boxed> {
    let handle = tokio::spawn(task(id));
    Ok(handle.await??)
}

#[auto_track_exception]
async fn awaits_in_turn(id: u32) -> Result<u32, Boxed> {
    let result = tokio::spawn(task(id)).await?;
    let number = result?;
    Ok(number)
}

#[auto_track_exception]
async fn joins_a_set(id: u32) -> Result<(), Boxed> {
    let mut set = JoinSet::new();
    set.spawn(task(id));
    while let Some(result) = set.join_next().await {
        result??;
    }
    Ok(())
}

#[auto_track_exception]
async fn panics(id: u32) -> u32 {
    let items = [1_u32];
    items[id as usize]
}

#[auto_track_exception]
async fn awaits_a_panic(id: u32) -> Result<u32, Boxed> {
    let handle = tokio::spawn(panics(id));
    Ok(handle.await?)
}

fn block_on<R>(future: impl Future<Output = R>) -> R {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(future)
}

fn callers(event: &Event) -> Vec<&str> {
    event.callers.iter().map(|frame| frame.function.as_str()).collect()
}

#[test]
fn an_error_that_comes_from_a_thread_is_reported_once_with_the_waiting_function() {
    let event = event_of(|| joins(1));
    assert_eq!((functions(&event), callers(&event)), (vec!["child"], vec!["joins"]));
    assert_eq!(event.callers[0].expression, "handle.join().unwrap()?");
    let event = event_of(|| joins_in_a_thread(2));
    assert_eq!(
        (functions(&event), callers(&event)),
        (vec!["child"], vec!["joins", "joins_in_a_thread"])
    );
    assert_eq!(functions(&event_of(|| receives(3))), ["child"]);
    assert_eq!(functions(&event_of(|| scoped(4))), ["child"]);
}

#[test]
fn an_error_that_comes_from_a_task_is_reported_once() {
    let event = event_of(|| block_on(awaits(11)));
    assert_eq!((functions(&event), callers(&event)), (vec!["child", "task"], vec!["awaits"]));
    assert_eq!(functions(&event_of(|| block_on(awaits_in_turn(12)))), ["child", "task"]);
    assert_eq!(functions(&event_of(|| block_on(joins_a_set(13)))), ["child", "task"]);
}

#[test]
fn the_join_error_of_a_task_that_panicked_is_the_panic() {
    let event = event_of(|| block_on(awaits_a_panic(21)));
    assert_eq!((event.kind, functions(&event)), (Kind::Panic, vec!["panics"]));
}

#[auto_track_exception]
fn waits_for_nobody() -> Result<u32, mpsc::RecvError> {
    let (sender, receiver) = mpsc::channel();
    drop(sender);
    Ok(receiver.recv()?)
}

#[auto_track_exception]
fn waits_elsewhere() -> Result<u32, mpsc::RecvError> {
    let (sender, receiver) = mpsc::channel::<u32>();
    drop(sender);
    receiver.recv()
}

#[auto_track_exception]
fn reads_beside(folder: &Path) -> std::io::Result<()> {
    folder.join("nothing").metadata()?;
    Ok(())
}

#[auto_track_exception]
fn reads_elsewhere(folder: &Path) -> std::io::Result<()> {
    std::fs::metadata(folder.join("nothing"))?;
    Ok(())
}

#[auto_track_exception]
async fn awaits_a_future() -> Result<u32, NoMoney> {
    let future = async { Err(NoMoney(32)) };
    let number: u32 = future.await?;
    Ok(number)
}

#[test]
fn equal_errors_of_paths_and_of_plain_futures_do_not_come_from_elsewhere() {
    let events = events_of(|| {
        let folder = Path::new("/nowhere");
        (thread::spawn(|| reads_elsewhere(folder)).join().is_ok(), reads_beside(folder).is_ok())
    });
    assert_eq!(events.len(), 2, "of paths");
    let events = events_of(|| {
        (thread::spawn(|| child(32)).join().is_ok(), block_on(awaits_a_future()).is_ok())
    });
    assert_eq!(events.len(), 2, "of futures");
}

#[auto_track_exception]
async fn reads_in_a_thread(path: &'static str) -> std::io::Result<String> {
    let text = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await.unwrap()?;
    Ok(text)
}

#[auto_track_exception]
async fn reads_in_a_thread_and_matches(path: &'static str) -> std::io::Result<String> {
    match tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await {
        Ok(Ok(text)) => Ok(text),
        Ok(Err(error)) => Err(error),
        Err(_) => Ok(String::new()),
    }
}

#[auto_track_exception]
async fn reads_in_a_thread_by_its_handle(path: &'static str) -> std::io::Result<String> {
    let handle = tokio::task::spawn_blocking(move || std::fs::read_to_string(path));
    let text = handle.await.unwrap()?;
    Ok(text)
}

#[auto_track_exception]
async fn checks_in_a_thread(path: &'static Path) -> std::io::Result<()> {
    tokio::task::spawn_blocking(move || reads_elsewhere(path)).await.unwrap()?;
    Ok(())
}

#[test]
fn an_error_of_the_standard_library_is_that_of_the_function_that_the_place_runs() {
    let folder = Path::new("/nowhere");
    let path = "/nowhere/nothing";
    let events = events_of(|| {
        (
            reads_elsewhere(folder).is_ok(),
            block_on(reads_in_a_thread(path)).is_ok(),
            block_on(reads_in_a_thread_and_matches(path)).is_ok(),
            block_on(reads_in_a_thread_by_its_handle(path)).is_ok(),
        )
    });
    assert_eq!(
        events.iter().map(functions).collect::<Vec<_>>(),
        [
            ["reads_elsewhere"],
            ["reads_in_a_thread"],
            ["reads_in_a_thread_and_matches"],
            ["reads_in_a_thread_by_its_handle"]
        ]
    );
    let event = event_of(|| block_on(checks_in_a_thread(folder)).is_ok());
    assert_eq!(
        (functions(&event), callers(&event)),
        (vec!["reads_elsewhere"], vec!["checks_in_a_thread"])
    );
}

#[test]
fn similar_errors_are_events_of_their_own() {
    let events = events_of(|| {
        let workers: Vec<_> = (0..3).map(|_| thread::spawn(|| child(31))).collect();
        workers.into_iter().for_each(|worker| drop(worker.join()));
    });
    assert_eq!(events.len(), 3, "each worker failed by itself");
    let events = events_of(|| {
        (waits_for_nobody().is_ok(), waits_elsewhere().is_ok(), waits_for_nobody().is_ok())
    });
    assert_eq!(events.len(), 3, "each was the first to meet that its sender is gone");
}

#[derive(Debug, thiserror::Error)]
#[error("status {0}")]
struct Status(u16);

#[auto_track_exception]
async fn awaits_and_maps(id: u32) -> Result<u32, Status> {
    let handle = tokio::spawn(task(id));
    handle.await.unwrap().map_err(|_| Status(404))
}

#[auto_track_exception]
async fn hands_on_what_it_became(id: u32) -> Result<u32, Status> {
    let number = awaits_and_maps(id).await?;
    Ok(number)
}

#[auto_track_exception]
async fn awaits_and_recovers(id: u32) -> u32 {
    match tokio::spawn(task(id)).await {
        Ok(Ok(number)) => number,
        _ => 3,
    }
}

#[auto_track_exception]
async fn recovers_further_out(id: u32) -> u32 {
    let handled = match awaits(id).await {
        Ok(number) => number,
        Err(_) => 3,
    };
    handled
}

#[test]
fn an_error_of_a_task_shows_what_it_became_where_it_was_awaited() {
    let event = event_of(|| block_on(hands_on_what_it_became(51)));
    assert_eq!(functions(&event), ["child", "task"]);
    assert_eq!(callers(&event), ["awaits_and_maps", "hands_on_what_it_became"]);
    let chain: Vec<_> = event.chain.iter().map(|cause| cause.message.as_str()).collect();
    assert_eq!((event.message.as_str(), chain), ("no money left for 51", vec!["status 404"]));
}

#[test]
fn an_error_of_a_task_is_handled_where_its_awaiter_handles_it() {
    let event = event_of(|| block_on(awaits_and_recovers(61)));
    assert_eq!(
        (functions(&event), callers(&event)),
        (vec!["child", "task"], vec!["awaits_and_recovers"])
    );
    assert!(event.handled);
    let event = event_of(|| block_on(recovers_further_out(62)));
    assert_eq!(callers(&event), ["awaits", "recovers_further_out"]);
    assert!(event.handled);
}
