//! Annotated code for Miri, which sees undefined behaviour that no assertion can: `./run-soundness`. It stands beside
//! the library, not in `tests/`, because it has to build with few features, and installs no tracker, whose threads
//! would never end.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::num::ParseIntError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use error_tracker::{auto_track_exception, capture_exception, format_exception};

/// Asks that what `print_exception!` would print of an error that has just left has these lines.
#[track_caller]
fn assert_told<E: std::error::Error>(error: &E, lines: &[&str]) {
    // Slots are read where an error is met. What prints them has no unsafe code, and takes Miri minutes.
    if cfg!(miri) {
        return;
    }
    let text = format_exception(error);
    for line in lines {
        assert!(text.contains(line), "{line:?} is not in:\n{text}");
    }
}

#[derive(Clone, Debug)]
struct Cart {
    name: String,
    prices: Vec<u32>,
    visits: Cell<u32>,
}

impl Cart {
    fn new() -> Self {
        Self { name: "north".into(), prices: vec![4, 5], visits: Cell::new(1) }
    }

    #[auto_track_exception(locals = "always")]
    fn price(
        &self,
        text: &str,
        list: &[u8],
        count: u32,
        owned: String,
    ) -> Result<u32, ParseIntError> {
        let bits = (count, Some(true), 'x', [1_u8, 2]);
        let wide = [1_u64, 2, 3];
        let trimmed = text.trim();
        let copy = owned.clone();
        let rendered = self.prices.clone();
        let closure = |factor: u32| count * factor;
        let mut sum = closure(2);
        sum += rendered[0];
        self.visits.set(sum);
        let price: u32 = trimmed.parse()?;
        Ok(price + sum + list.len() as u32 + bits.0 + wide[0] as u32 + copy.len() as u32)
    }

    /// Kept values are reborrowed, written through and moved afterwards.
    #[auto_track_exception(locals = "always")]
    fn change(&mut self, numbers: &mut Vec<u32>, text: &str) -> Result<usize, ParseIntError> {
        let mut total = 1_u32;
        let counter = &mut total;
        *counter += 1;
        let name = &mut self.name;
        name.push('!');
        let mut moved = vec![String::from("a"), String::from("b")];
        let first = &mut moved[0];
        first.push('c');
        numbers.push(total);
        let gone = moved;
        let len = gone.len();
        drop(gone);
        numbers[0] = text.parse()?;
        self.prices.clear();
        Ok(len)
    }
}

#[test]
fn every_kind_of_slot_is_read_at_a_failure() {
    let cart = Cart::new();
    let error = cart.price(" x ", &[1, 2], 3, "owned".into()).unwrap_err();
    let kept = [
        "bits: ",
        "(3, Some(true), 'x', [1, 2])",
        "[1, 2, 3]",
        "\"x\"",
        "\"owned\"",
        "[4, 5]",
        "= 10",
    ];
    assert_told(&error, &kept);
    assert_told(&error, &["\" x \"", "visits: Cell { value:"]);
    assert!(cart.price("7", &[], 1, String::new()).is_ok());
}

#[test]
fn captured_variables_may_be_borrowed_again_written_and_moved() {
    let mut cart = Cart::new();
    let mut numbers = vec![1];
    let error = cart.change(&mut numbers, "y").unwrap_err();
    assert_told(&error, &["text.parse()?", "\"y\"", "len"]);
    assert_eq!((cart.name.as_str(), numbers.len()), ("north!", 2));
    assert_eq!(cart.change(&mut numbers, "9"), Ok(2));
}

#[auto_track_exception(locals = "always")]
fn deep(left: u32, text: &str) -> Result<u32, ParseIntError> {
    let label = format!("level {left}");
    if left == 0 {
        return text.parse();
    }
    let below = deep(left - 1, text)?;
    Ok(below + label.len() as u32)
}

#[test]
fn recursion_links_and_unlinks_its_frames() {
    let error = deep(4, "z").unwrap_err();
    assert_told(&error, &["\"level 0\"", "\"level 4\""]);
    assert!(deep(4, "1").is_ok());
}

#[auto_track_exception(locals = "always")]
fn handles(text: &str) -> Result<u32, ParseIntError> {
    let tried = String::from("tried");
    let found = deep(1, text).unwrap_or(7);
    let _ = deep(2, text);
    if found == 7 { "q".parse::<u32>().map(|n| n + tried.len() as u32) } else { Ok(found) }
}

/// While a guard is dropped, the frames of its callers are read.
#[test]
fn handled_failures_are_finished_while_their_callers_run() {
    #[auto_track_exception(locals = "always")]
    fn outer(text: &str) -> Result<u32, ParseIntError> {
        let kept = String::from("outer");
        let mut found = handles(text).unwrap_or_default();
        found += kept.len() as u32;
        Ok(found)
    }
    assert_eq!(outer("w"), Ok(5));
    assert_eq!(outer("1"), Ok(1 + 7 + 5));
}

#[auto_track_exception(locals = "always")]
fn captures(text: &str) -> Option<u32> {
    let attempt = String::from("attempt");
    match text.parse::<u32>() {
        Ok(number) => Some(number),
        Err(error) => {
            capture_exception!(error, attempt = attempt.len());
            None
        }
    }
}

#[test]
fn explicit_captures_read_the_enclosing_frame() {
    assert_eq!(captures("v"), None);
}

#[auto_track_exception(locals = "always")]
fn panics(depth: u32, text: &str) -> Result<u32, ParseIntError> {
    let name = format!("panic {depth}");
    if depth == 0 {
        let number: u32 = text.parse()?;
        assert!(number > 9, "{name} is too small");
    }
    panics(depth - 1, text)
}

#[test]
fn panics_unwind_through_guards() {
    std::panic::set_hook(Box::new(|_| {}));
    for _ in 0..2 {
        assert!(catch_unwind(|| panics(3, "1")).is_err());
    }
    assert!(panics(2, "u").is_err());
    let _ = std::panic::take_hook();
}

/// Its `Debug` calls annotated code, and changes what it shows.
struct Meddles(RefCell<Vec<u32>>);

impl fmt::Debug for Meddles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = deep(2, "t");
        self.0.borrow_mut().push(1);
        write!(f, "Meddles({})", self.0.borrow().len())
    }
}

#[auto_track_exception(locals = "always")]
fn shows(by_reference: &Meddles, by_value: Meddles) -> Result<u32, ParseIntError> {
    let count = by_value.0.borrow().len();
    let number: u32 = "s".parse()?;
    Ok(number + count as u32 + by_reference.0.borrow().len() as u32)
}

#[test]
fn a_debug_that_runs_annotated_code_and_changes_its_value_is_read() {
    let error = shows(&Meddles(RefCell::default()), Meddles(RefCell::default())).unwrap_err();
    assert_told(&error, &["Meddles("]);
}

/// Is pending once.
async fn step() {
    let mut stepped = false;
    poll_fn(move |context| {
        if std::mem::replace(&mut stepped, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[auto_track_exception(locals = "always")]
async fn inner(text: &str, numbers: &mut Vec<u32>) -> Result<u32, ParseIntError> {
    let kept = text.to_owned();
    step().await;
    numbers.push(kept.len() as u32);
    let number: u32 = kept.parse()?;
    step().await;
    Ok(number)
}

#[auto_track_exception(locals = "always")]
async fn middle(text: String) -> Result<u32, ParseIntError> {
    let mut numbers = vec![1];
    let first = inner("1", &mut numbers).await?;
    let second = inner(&text, &mut numbers).await;
    step().await;
    let second = second?;
    Ok(first + second + numbers.len() as u32)
}

#[auto_track_exception(locals = "always")]
async fn outermost(text: String) -> Result<u32, ParseIntError> {
    let label = String::from("outermost");
    let sum = middle(text).await?;
    Ok(sum + label.len() as u32)
}

type Task = Pin<Box<dyn Future<Output = Result<u32, ParseIntError>> + Send>>;

fn poll(task: &mut Task) -> Poll<Result<u32, ParseIntError>> {
    task.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn futures_are_polled_in_turns() {
    let mut tasks: Vec<Task> =
        ["2", "r", "3"].map(|text| Box::pin(outermost(text.into())) as Task).into();
    let mut results = Vec::new();
    while !tasks.is_empty() {
        tasks.retain_mut(|task| match poll(task) {
            Poll::Ready(result) => {
                if let Err(error) = &result {
                    assert_told(error, &["kept", "\"r\"", "\"outermost\""]);
                }
                results.push(result.is_ok());
                false
            }
            Poll::Pending => true,
        });
    }
    results.sort_unstable();
    assert_eq!(results, [false, true, true]);
}

#[test]
fn a_future_moves_to_another_thread_between_polls() {
    for text in ["2", "p"] {
        let mut task: Task = Box::pin(outermost(text.into()));
        let result = loop {
            let polled = thread::scope(|scope| scope.spawn(|| poll(&mut task)).join().unwrap());
            if let Poll::Ready(result) = polled {
                break result;
            }
            if let Poll::Ready(result) = poll(&mut task) {
                break result;
            }
        };
        assert_eq!(result.is_ok(), text == "2");
    }
}

#[test]
fn a_future_is_dropped_after_any_number_of_polls() {
    #[auto_track_exception(locals = "always")]
    fn drives(polls: usize, elsewhere: bool) -> Result<(), ParseIntError> {
        let mut task: Task = Box::pin(outermost("o".into()));
        for _ in 0..polls {
            if poll(&mut task).is_ready() {
                break;
            }
        }
        if elsewhere {
            thread::spawn(move || drop(task)).join().unwrap();
        } else {
            drop(task);
        }
        Ok(())
    }
    for polls in 0..6 {
        drives(polls, polls % 2 == 1).unwrap();
    }
}

#[test]
fn a_future_that_panics_in_a_poll_leaves_no_frame_behind() {
    #[auto_track_exception(locals = "always")]
    async fn panics_later(text: &str) -> Result<u32, ParseIntError> {
        let kept = text.to_owned();
        step().await;
        panic!("{kept}")
    }
    // A capture reads the frames that run, as the hook of a tracker does.
    std::panic::set_hook(Box::new(|_| drop(error_tracker::capture_exception(&fmt::Error))));
    let mut task: Task = Box::pin(panics_later("n"));
    assert!(poll(&mut task).is_pending());
    for _ in 0..3 {
        // From the second time on because it has ended.
        assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut task))).is_err());
    }
    let _ = std::panic::take_hook();
    drop(task);
    assert!(deep(1, "1").is_ok());
}

#[test]
fn threads_that_fail_free_their_memory_at_once() {
    thread::scope(|scope| {
        for at in 0..3 {
            scope.spawn(move || {
                let cart = Cart::new();
                let failed = cart.price("m", &[], at, "text".into()).is_err();
                assert!(failed && cart.price("1", &[], at, "text".into()).is_ok());
            });
        }
    });
}

/// For the sanitizers: tasks that move between threads as a runtime likes, and are cancelled. Miri has no time for it.
#[cfg(not(miri))]
#[test]
fn tasks_move_between_the_threads_of_a_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let failed = runtime.block_on(async {
        let task = |at: u32| {
            tokio::spawn(outermost(if at.is_multiple_of(2) { "2".into() } else { "l".into() }))
        };
        let tasks: Vec<_> = (0..400).map(task).collect();
        let cancelled: Vec<_> = (0..100).map(task).collect();
        cancelled.iter().for_each(tokio::task::JoinHandle::abort);
        let mut failed = 0;
        for task in tasks {
            failed += u32::from(task.await.unwrap().is_err());
        }
        failed
    });
    assert_eq!(failed, 200);
}
