//! An annotated function behaves as the plain one: what it drops when, what its future is, where its caller is, how it
//! panics.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::marker::PhantomData;
use std::num::ParseIntError;
use std::panic::{AssertUnwindSafe, Location, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Mutex, Once};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};

use error_tracker_edition_2018 as edition_2018;
use error_tracker_edition_2021 as edition_2021;
use error_tracker_edition_2024 as edition_2024;

/// Checks all runs of an edition, and gives those that end well.
macro_rules! runs_of {
    ($edition:ident) => {{
        error_tracker_tests::tracker();
        let mut succeeded = Vec::new();
        for how in $edition::HOW {
            for (name, plain, tracked) in $edition::runs(how) {
                assert_eq!(plain, tracked, "{name}, {how:?}: plain, tracked");
                if how == $edition::How::Succeed {
                    succeeded.push((name, plain.1));
                }
            }
        }
        succeeded
    }};
}

fn drops(runs: &[(&str, Vec<&'static str>)], name: &str) -> Vec<&'static str> {
    runs.iter().find(|run| run.0 == name).unwrap().1.clone()
}

#[test]
fn everything_is_dropped_in_its_order_in_edition_2018() {
    let runs = runs_of!(edition_2018);
    assert_eq!(drops(&runs, "tail"), ["local", "temporary"]);
}

#[test]
fn everything_is_dropped_in_its_order_in_edition_2021() {
    let runs = runs_of!(edition_2021);
    assert_eq!(drops(&runs, "tail"), ["local", "temporary"]);
    assert_eq!(drops(&runs, "if_let"), ["inside", "else", "local", "condition"]);
}

#[test]
fn everything_is_dropped_in_its_order_in_edition_2024() {
    let runs = runs_of!(edition_2024);
    assert_eq!(drops(&runs, "tail"), ["temporary", "local"]);
    assert_eq!(drops(&runs, "if_let"), ["condition", "else", "inside", "local"]);
}

/// The functions twice, from the same tokens, so that their places in the source are the same.
macro_rules! twice {
    ($($functions:item)*) => {
        mod plain {
            use super::*;
            $($functions)*
        }

        #[error_tracker::auto_track_exception]
        mod tracked {
            use super::*;
            $($functions)*
        }
    };
}

/// Which auto traits a value has, by method lookup: the implementation with a bound is tried first.
struct Probe<T>(PhantomData<T>);

macro_rules! probes {
    ($($method:ident $yes:ident $no:ident $bound:path;)*) => {$(
        trait $yes {
            fn $method(&self) -> bool {
                true
            }
        }
        impl<T: $bound> $yes for &Probe<T> {}
        trait $no {
            fn $method(&self) -> bool {
                false
            }
        }
        impl<T> $no for Probe<T> {}
    )*};
}

probes! {
    send IsSend NotSend Send;
    sync IsSync NotSync Sync;
    unpin IsUnpin NotUnpin Unpin;
    unwind_safe IsUnwindSafe NotUnwindSafe UnwindSafe;
    ref_unwind_safe IsRefUnwindSafe NotRefUnwindSafe RefUnwindSafe;
}

fn probe<T>(_: T) -> Probe<T> {
    Probe(PhantomData)
}

/// The auto traits of a future, in the order of `probes`.
macro_rules! auto_traits {
    ($future:expr) => {{
        let probe = &&probe($future);
        [probe.send(), probe.sync(), probe.unpin(), probe.unwind_safe(), probe.ref_unwind_safe()]
    }};
}

async fn wait() {
    std::future::ready(()).await;
}

/// An error that knows where it was made.
#[derive(Debug, PartialEq)]
struct Placed(&'static Location<'static>);

impl From<String> for Placed {
    #[track_caller]
    fn from(_: String) -> Self {
        Self(Location::caller())
    }
}

#[track_caller]
fn fails() -> Result<u32, Placed> {
    Err(Placed(Location::caller()))
}

fn again(placed: Placed) -> Placed {
    placed
}

trait Placing<T> {
    fn placed(self) -> Result<T, Placed>;
}

impl<T> Placing<T> for Option<T> {
    #[track_caller]
    fn placed(self) -> Result<T, Placed> {
        // A closure would have a place of its own.
        match self {
            Some(value) => Ok(value),
            None => Err(Placed(Location::caller())),
        }
    }
}

twice! {
    pub async fn shared(text: &str, number: u32) -> Result<u32, ParseIntError> {
        let doubled = number * 2;
        wait().await;
        let parsed: u32 = text.parse()?;
        Ok(parsed + doubled)
    }

    pub async fn counted(number: Rc<u32>) -> Result<u32, String> {
        let more = Rc::clone(&number);
        wait().await;
        more.checked_sub(1).ok_or_else(|| "zero".to_owned())
    }

    pub async fn counted_before(number: u32) -> Result<u32, String> {
        let less = { Rc::new(number).checked_sub(1).ok_or_else(|| "zero".to_owned())? };
        wait().await;
        Ok(less)
    }

    pub async fn cell(cell: Box<Cell<u32>>) -> Result<u32, String> {
        let before = cell.get();
        wait().await;
        cell.set(before + 1);
        before.checked_sub(1).ok_or_else(|| "zero".to_owned())
    }

    pub async fn mutable(text: &mut String) -> Result<&str, String> {
        text.push('x');
        wait().await;
        if text.is_empty() { Err("empty".into()) } else { Ok(text) }
    }

    pub async fn pointer(pointer: *const u32) -> Result<bool, String> {
        let is_null = pointer.is_null();
        wait().await;
        if pointer.is_null() { Ok(is_null) } else { Err("not null".into()) }
    }

    pub async fn error_held(text: &str) -> Result<u32, Box<dyn Error>> {
        let parsed = text.parse::<u32>().map_err(Box::<dyn Error>::from);
        wait().await;
        parsed
    }

    #[track_caller]
    pub fn caller(fail: bool) -> Result<u32, Placed> {
        let here = Location::caller();
        if fail { Err(Placed(here)) } else { Ok(1) }
    }

    #[track_caller]
    pub fn caller_of_tail() -> Result<u32, Placed> {
        fails()
    }

    #[track_caller]
    pub fn caller_of_unwrap(value: Option<u32>) -> Result<u32, String> {
        let value = value.unwrap();
        Ok(value)
    }

    pub fn place_of_question() -> Result<u32, Placed> {
        let number = Err::<u32, String>(
            "x".to_owned(),
        )?;
        Ok(number)
    }

    pub fn place_of_method() -> Result<u32, Placed> {
        let nothing = None::<u32>;
        let number = nothing
            .placed()?;
        Ok(number)
    }

    pub fn place_of_mapped() -> Result<u32, Placed> {
        let number = fails().map_err(again)?;
        Ok(number)
    }

    pub fn place_of_tail(kind: u32) -> Result<u32, Placed> {
        if kind == 2 {
            return fails();
        }
        match kind {
            0 => fails(),
            1 => None.placed(),
            _ => Ok(fails()?),
        }
    }

    pub async fn place_in_async() -> Result<u32, Placed> {
        wait().await;
        Err("x".to_owned())?;
        fails()
    }

    pub fn panics(kind: u32, numbers: &[u32], cell: &RefCell<u32>) -> Result<u32, ParseIntError> {
        let nothing = numbers.get(9).copied();
        match kind {
            0 => nothing.expect("kind 0"),
            1 => numbers[numbers.len()],
            2 => u32::from(cell.try_borrow_mut().is_ok()) - 2,
            3 => "x".parse::<u32>().unwrap(),
            4 => panic!("kind {kind}"),
            5 => assert_eq(kind, 6),
            6 => std::panic::panic_any(kind),
            7 => std::panic::resume_unwind(Box::new("resumed")),
            8 => unreachable!(),
            _ => "y".parse::<u32>()?,
        };
        Ok(kind)
    }
}

#[track_caller]
fn assert_eq(left: u32, right: u32) -> u32 {
    assert_eq!(left, right);
    left
}

#[test]
fn futures_have_the_auto_traits_of_the_plain_ones() {
    macro_rules! both {
        ($($name:ident($arg:expr $(, $more:expr)*) => $plain:expr;)*) => {$({
            let plain = auto_traits!(plain::$name($arg $(, $more)*));
            assert_eq!(plain, $plain, "plain {}", stringify!($name));
            assert_eq!(auto_traits!(tracked::$name($arg $(, $more)*)), plain, "{}", stringify!($name));
        })*};
    }
    let mut text = String::new();
    assert_eq!(auto_traits!(Box::pin(tracked::shared("1", 2))), [true; 5]);
    // Send, Sync, Unpin, UnwindSafe, RefUnwindSafe.
    both! {
        shared("1", 2) => [true, true, false, true, true];
        counted(Rc::new(1)) => [false, false, false, true, true];
        counted_before(1) => [true, true, false, true, true];
        cell(Box::new(Cell::new(1))) => [true, false, false, true, false];
        mutable(&mut text) => [true, true, false, false, true];
        pointer(std::ptr::null()) => [false, false, false, true, true];
        error_held("x") => [false, false, false, false, false];
    }
}

fn run<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("it waits for nobody"),
    }
}

#[test]
fn callers_are_shown_at_the_line_of_their_call() {
    // On one line, so that they differ in their columns.
    let (plain, tracked) = (plain::caller(true), tracked::caller(true));
    assert_eq!(plain.unwrap_err().0.line(), line!() - 1);
    assert_eq!(tracked.unwrap_err().0.line(), line!() - 2);
    let (plain, tracked) = (plain::caller_of_tail(), tracked::caller_of_tail());
    assert_eq!(plain.unwrap_err().0.line(), line!() - 1);
    assert_eq!(tracked.unwrap_err().0.line(), line!() - 2);
    let (plain, tracked) = (plain::caller_of_unwrap, tracked::caller_of_unwrap);
    let (plain, tracked) = (panic_of(|| plain(None)).1, panic_of(|| tracked(None)).1);
    let (plain, tracked) = (plain.unwrap(), tracked.unwrap());
    assert_eq!((plain.0, plain.1), (tracked.0, tracked.1));
    assert_eq!((plain.1, tracked.2 > plain.2), (line!() - 3, true));
}

#[test]
fn a_caller_is_shown_at_the_place_of_its_call() {
    assert_eq!(plain::place_of_question(), tracked::place_of_question());
    assert_eq!(plain::place_of_method(), tracked::place_of_method());
    assert_eq!(plain::place_of_mapped(), tracked::place_of_mapped());
    for kind in 0..4 {
        assert_eq!(plain::place_of_tail(kind), tracked::place_of_tail(kind), "{kind}");
    }
    assert_eq!(run(plain::place_in_async()), run(tracked::place_in_async()));
}

type Place = (String, u32, u32);

/// What a function panics with, and where.
fn panic_of<R: std::fmt::Debug>(call: impl FnOnce() -> R) -> (String, Option<Place>) {
    static PLACES: Mutex<Vec<(ThreadId, Place)>> = Mutex::new(Vec::new());
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        error_tracker_tests::tracker();
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let at = info.location().unwrap();
            let place = (at.file().to_owned(), at.line(), at.column());
            PLACES.lock().unwrap().push((thread::current().id(), place));
            hook(info);
        }));
    });
    let payload = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(returned) => format!("returned {returned:?}"),
        Err(panic) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| format!("a number: {:?}", panic.downcast_ref::<u32>())),
    };
    let mut places = PLACES.lock().unwrap();
    let ours = places.iter().position(|(thread, _)| *thread == thread::current().id());
    (payload, ours.map(|index| places.remove(index).1))
}

#[test]
fn panics_continue_with_their_payload_and_place() {
    let cell = RefCell::new(1);
    for kind in 0..=9 {
        let borrowed = cell.borrow();
        let plain = panic_of(|| plain::panics(kind, &[1], &cell));
        let tracked = panic_of(|| tracked::panics(kind, &[1], &cell));
        drop(borrowed);
        assert_eq!(plain, tracked, "{kind}");
        assert_eq!(plain.1.is_none(), kind == 7 || kind == 9, "{plain:?}");
        assert!(!thread::panicking() && cell.try_borrow_mut().is_ok());
    }
}
