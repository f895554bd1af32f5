//! Annotated async functions tell what plain ones tell, on whatever thread they are polled.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::future::{Future, poll_fn};
use std::num::ParseIntError;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use error_tracker::auto_track_exception;
use error_tracker::event::{Event, Exit, Kind};
use error_tracker::scope::{FutureScopeExt, configure_scope};
use error_tracker_tests::{event_of, events_of, functions, place_of, shown, value};
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
}

#[auto_track_exception]
async fn parse(text: &str) -> Result<u32, ParseIntError> {
    let trimmed = text.trim();
    yield_now().await;
    let number: u32 = trimmed.parse()?;
    yield_now().await;
    Ok(number)
}

#[auto_track_exception]
async fn price(text: String, count: u32) -> Result<u32, ParseIntError> {
    let doubled = count * 2;
    let price = parse(&text).await?;
    Ok(price * doubled)
}

struct Shop {
    name: &'static str,
}

impl Shop {
    #[auto_track_exception]
    async fn order(&mut self, text: &str) -> Result<u32, ParseIntError> {
        self.name = "south";
        price(text.to_owned(), 3).await
    }
}

#[auto_track_exception]
async fn in_shop(text: String) -> Result<u32, ParseIntError> {
    let mut shop = Shop { name: "north" };
    shop.order(&text).await
}

#[track_caller]
fn assert_is_the_order(event: &Event) {
    assert_eq!(functions(event), ["parse", "price", "Shop::order", "in_shop"]);
    let (line, column) = place_of(
        include_str!("async_functions.rs"),
        concat!("let number: u32 = ", "trimmed.parse()?;"),
    );
    assert_eq!((event.frames[0].line, event.frames[0].column), (line, column + 18));
    let exits: Vec<_> = event.frames.iter().map(|frame| frame.exit).collect();
    assert_eq!(exits, [Exit::Question, Exit::Question, Exit::Tail, Exit::Tail]);
    assert_eq!(event.frames[1].expression, "parse(&text).await?");
    assert_eq!(shown(&event.frames[0].arguments), ["text = \" x \""]);
    assert_eq!(shown(&event.frames[0].locals), ["trimmed = \"x\""]);
    assert_eq!((value(&event.frames[1], "doubled"), value(&event.frames[1], "count")), ("6", "3"));
    assert!(!event.handled);
}

#[test]
fn an_error_through_awaits_is_one_event_on_one_thread() {
    assert_is_the_order(&event_of(|| current_thread().block_on(in_shop(" x ".into()))));
}

#[test]
fn an_error_through_awaits_is_one_event_in_a_task() {
    let task =
        || multi_thread().block_on(async { tokio::spawn(in_shop(" x ".into())).await.unwrap() });
    assert_is_the_order(&event_of(task));
}

/// Polls a future to its end, each time on a thread of its own.
fn migrate<F: Future + Send>(future: F) -> F::Output
where
    F::Output: Send,
{
    let mut future = pin!(future);
    loop {
        let poll = std::thread::scope(|scope| {
            let poll = || future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            scope.spawn(poll).join().unwrap()
        });
        if let Poll::Ready(output) = poll {
            return output;
        }
    }
}

/// Is ready at the second poll, whoever wakes.
fn once_pending() -> impl Future<Output = ()> {
    let mut polled = false;
    poll_fn(
        move |_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending },
    )
}

#[auto_track_exception]
async fn wandering(id: u32) -> Result<(), String> {
    let local = id + 1;
    once_pending().await;
    let error = fails_far_away(local).await;
    once_pending().await;
    error?;
    Ok(())
}

#[auto_track_exception]
async fn fails_far_away(id: u32) -> Result<(), String> {
    once_pending().await;
    Err(format!("far away {id}"))
}

#[test]
fn a_future_that_changes_threads_between_polls_keeps_its_trace() {
    let event = event_of(|| migrate(wandering(1)));
    assert_eq!(functions(&event), ["fails_far_away", "wandering"]);
    assert_eq!(value(&event.frames[1], "local"), "2");
    assert!(!event.handled && event.callers.is_empty());
}

#[auto_track_exception]
async fn catches_and_wanders(id: u32) -> u32 {
    let caught = std::panic::catch_unwind(|| panics_at_once(id)).is_err();
    once_pending().await;
    id + u32::from(caught)
}

#[auto_track_exception]
fn panics_at_once(id: u32) {
    assert!(id > 100, "{id} is too small");
}

#[test]
fn a_panic_that_was_caught_before_its_future_changed_threads_shows_who_caught_it() {
    let event = event_of(|| migrate(catches_and_wanders(1)));
    assert_eq!((functions(&event), event.handled), (vec!["panics_at_once"], true));
    assert_eq!(event.callers[0].function, "catches_and_wanders");
}

#[test]
fn many_tasks_on_many_threads_keep_their_traces_apart() {
    let events = events_of(|| {
        multi_thread().block_on(async {
            let tasks: Vec<_> = (0..8_u32).map(|id| tokio::spawn(many(id))).collect();
            for task in tasks {
                task.await.unwrap().unwrap_err();
            }
        });
    });
    assert_eq!(events.len(), 8);
    for event in &events {
        assert_eq!(functions(event), ["many_inner", "many"]);
        let (inner, outer) = (value(&event.frames[0], "id"), value(&event.frames[1], "id"));
        assert_eq!(inner, outer);
        assert_eq!(event.message, format!("many {inner}"));
    }
}

#[auto_track_exception]
async fn many(id: u32) -> Result<(), String> {
    for _ in 0..50 {
        yield_now().await;
    }
    many_inner(id).await
}

#[auto_track_exception]
async fn many_inner(id: u32) -> Result<(), String> {
    for _ in 0..50 {
        yield_now().await;
    }
    Err(format!("many {id}"))
}

#[auto_track_exception]
async fn never_ends(id: u32) -> Result<(), String> {
    let local = id;
    let observed = quick_failure(local).await;
    std::future::pending::<()>().await;
    observed
}

#[auto_track_exception]
async fn quick_failure(id: u32) -> Result<(), String> {
    Err(format!("quick {id}"))
}

#[auto_track_exception]
fn plain(id: u32) -> Result<(), String> {
    Err(format!("plain {id}"))
}

#[test]
fn a_future_that_is_dropped_in_the_middle_reports_its_pending_failure_and_leaves_no_frame() {
    let events = events_of(|| {
        {
            let mut future = pin!(never_ends(1));
            for _ in 0..2 {
                assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
            plain(2).unwrap_err();
        }
        plain(3).unwrap_err();
    });
    let mut seen: Vec<_> = events
        .iter()
        .map(|event| (event.message.as_str(), event.handled, event.callers.len(), functions(event)))
        .collect();
    seen.sort_unstable();
    let plain = vec!["plain"];
    assert_eq!(
        seen,
        [
            ("plain 2", false, 0, plain.clone()),
            ("plain 3", false, 0, plain),
            ("quick 1", true, 0, vec!["quick_failure"])
        ]
    );
}

#[test]
fn aborted_tasks_leave_no_frames() {
    let events = events_of(|| {
        current_thread().block_on(async {
            let task = tokio::spawn(never_ends(10));
            yield_now().await;
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
            plain(11).unwrap_err();
        });
    });
    let seen: Vec<_> =
        events.iter().map(|event| (event.message.as_str(), event.callers.len())).collect();
    assert_eq!(seen, [("quick 10", 0), ("plain 11", 0)]);
}

#[auto_track_exception]
async fn joins(id: u32) -> Result<(), String> {
    let (left, right) = tokio::join!(branch(id), branch(id + 1));
    left.and(right)
}

#[auto_track_exception]
async fn branch(id: u32) -> Result<(), String> {
    yield_now().await;
    if id.is_multiple_of(2) { Err(format!("branch {id} is even")) } else { Ok(()) }
}

#[test]
fn futures_that_run_side_by_side_have_the_right_caller() {
    let event = event_of(|| current_thread().block_on(joins(4)));
    assert_eq!(functions(&event), ["branch", "joins"]);
    assert_eq!(value(&event.frames[0], "id"), "4");
}

#[auto_track_exception]
async fn panics(id: u32) -> Result<(), String> {
    let at = id as usize;
    yield_now().await;
    let items = [1_u8, 2];
    let item = items[at];
    Err(format!("{item}"))
}

#[auto_track_exception]
async fn above_panic() -> Result<(), String> {
    panics(7).await
}

#[test]
fn a_panic_in_a_task_is_one_event_with_frames_and_variables() {
    let event = event_of(|| {
        current_thread()
            .block_on(async { tokio::spawn(above_panic()).await.unwrap_err().is_panic() })
    });
    assert_eq!((event.kind, functions(&event)), (Kind::Panic, vec!["panics", "above_panic"]));
    assert_eq!(event.message, "index out of bounds: the len is 2 but the index is 7");
    assert_eq!(value(&event.frames[0], "at"), "7");
    assert!(event.frames.iter().all(|frame| frame.exit == Exit::Panic));
}

#[test]
fn a_scope_follows_its_task() {
    let events = events_of(|| {
        multi_thread().block_on(async {
            configure_scope(|scope| scope.set_tag("job", "none"));
            let tasks: Vec<_> = (20..24_u32)
                .map(|id| {
                    let work = async move {
                        configure_scope(|scope| scope.set_tag("job", id));
                        many(id).await
                    };
                    tokio::spawn(work.in_current_scope())
                })
                .collect();
            for task in tasks {
                task.await.unwrap().unwrap_err();
            }
        });
    });
    assert_eq!(events.len(), 4);
    for event in &events {
        assert_eq!(event.context.tags["job"], value(&event.frames[0], "id"));
    }
}

#[auto_track_exception]
async fn panics_above(id: u32) -> u32 {
    let limit = std::future::ready(3).await;
    assert!(id < limit, "{id} is too large");
    id
}

/// What it polls lies where the future did that has just panicked.
struct PollsInDrop;

impl Drop for PollsInDrop {
    fn drop(&mut self) {
        let mut future = Box::pin(panics_above(1));
        let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
}

#[auto_track_exception]
async fn polls_while_it_unwinds() -> u32 {
    let _polls = PollsInDrop;
    Box::pin(panics_above(7)).await
}

#[test]
fn functions_that_run_during_unwinding_are_not_taken_for_unwound_ones() {
    let event = event_of(|| current_thread().block_on(polls_while_it_unwinds()));
    assert_eq!(functions(&event), ["panics_above", "polls_while_it_unwinds"]);
    assert_eq!(value(&event.frames[0], "id"), "7");
}

/// The order in which the arguments of an async function are dropped.
fn order_of<F: Future>(call: impl FnOnce(fn(&'static str) -> Tell) -> F) -> Vec<&'static str> {
    let _ = current_thread().block_on(call(Tell));
    ORDER.take()
}

thread_local! {
    static ORDER: std::cell::RefCell<Vec<&'static str>> = const { std::cell::RefCell::new(Vec::new()) };
}

struct Tell(&'static str);

impl Drop for Tell {
    fn drop(&mut self) {
        ORDER.with_borrow_mut(|order| order.push(self.0));
    }
}

#[auto_track_exception]
async fn drops_tracked(_: Tell, (_a, _): (Tell, Tell), _last: Tell) -> Result<(), String> {
    let _local = Tell("local");
    Err("dropped".into())
}

async fn drops_plain(_: Tell, (_a, _): (Tell, Tell), _last: Tell) -> Result<(), String> {
    let _local = Tell("local");
    Err("dropped".into())
}

#[test]
fn arguments_are_dropped_in_the_order_of_the_function_without_the_attribute() {
    let plain = order_of(|t| drops_plain(t("1"), (t("2"), t("3")), t("4")));
    let expected = plain.clone();
    let events = events_of(move || {
        assert_eq!(order_of(|t| drops_tracked(t("1"), (t("2"), t("3")), t("4"))), expected);
    });
    assert_eq!(events.len(), 1);
    assert_eq!(plain.len(), 5);
}

#[test]
fn an_annotated_future_is_send_if_the_plain_one_is() {
    fn is_send<T: Send>(_: &T) {}
    let future: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(in_shop("1".into()));
    is_send(&future);
    assert_eq!(current_thread().block_on(future), Ok(6));
}
