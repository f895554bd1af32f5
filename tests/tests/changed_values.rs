//! A value that was kept when it was bound says so when it may have changed since, and only then.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::io::{self, Read};
use std::num::ParseIntError;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use error_tracker::auto_track_exception;
use error_tracker::event::Frame;
use error_tracker_tests::{frame_of, value, variable};

/// The names of the variables that say so.
fn changed(frame: &Frame) -> Vec<&str> {
    let all = frame.arguments.iter().chain(&frame.locals);
    let says = |note: &Option<String>| {
        note.as_deref().is_some_and(|note| note.contains("may have changed since"))
    };
    all.filter(|variable| says(&variable.note)).map(|variable| variable.name.as_str()).collect()
}

/// Fails when it has written to the buffer.
struct Broken;

impl Read for Broken {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        into.fill(7);
        Err(io::Error::other("broken"))
    }
}

#[auto_track_exception]
fn reads(size: usize) -> io::Result<usize> {
    let mut buffer = [0; 8];
    let mut text = String::from("before");
    let wanted = size + 1;
    let mut source = Broken;
    if wanted > 100 {
        source.read_to_string(&mut text)?;
    }
    source.read_exact(&mut buffer)?;
    Ok(buffer.len() + text.len() + wanted)
}

#[test]
fn a_mutably_borrowed_value_may_have_changed() {
    let frame = frame_of(|| reads(1));
    assert_eq!(value(&frame, "buffer"), "[0, 0, 0, 0, 0, 0, 0, 0]");
    assert_eq!(
        changed(&frame),
        ["buffer", "text"],
        "the text in a branch that was perhaps gone into"
    );
    let frame = frame_of(|| reads(1000));
    assert_eq!(changed(&frame), ["text"], "the buffer is lent later");
}

#[derive(Debug, Clone, Default)]
struct Order {
    id: u32,
    lines: Vec<u32>,
    note: String,
}

#[auto_track_exception]
fn parts(
    text: &str,
    mut given: Order,
    out: &mut Vec<u32>,
    untouched: &mut Vec<u32>,
) -> Result<u32, ParseIntError> {
    let mut field = given.clone();
    let mut element = [1, 2, 3];
    let mut pushed = vec![1];
    let mut behind = Box::new(5);
    let mut written = String::new();
    let mut captured = 1;
    let mut taken_apart = Some(3);
    let mut read_only = vec![text.len()];
    let mut again = 1;
    let (mut left, mut right) = (1, 2);
    let fixed = Order::default();
    let before: u32 = text.trim_start_matches('!').parse()?;
    field.id = 7;
    element[0] = 7;
    pushed.push(7);
    *behind += 1;
    let _ = write!(written, "{before}");
    let mut add = || captured += 1;
    add();
    if let Some(ref mut three) = taken_apart {
        *three = 4;
    }
    again += read_only.len();
    (left, right) = (right, left);
    given.lines.push(1);
    out.push(fixed.id);
    let number: u32 = text.parse()?;
    read_only.clear();
    let rest = field.id + element[0] + pushed[0] + *behind + captured + taken_apart.unwrap_or(0);
    Ok(number
        + rest
        + again as u32
        + left
        + right
        + written.len() as u32
        + untouched.len() as u32
        + fixed.lines.len() as u32
        + given.note.len() as u32)
}

#[test]
fn partly_changed_values_are_marked_and_assigned_ones_are_captured_again() {
    let run = |text: &'static str| {
        frame_of(move || parts(text, Order::default(), &mut vec![1], &mut vec![2]))
    };
    assert_eq!(changed(&run("x")), Vec::<&str>::new(), "nothing has changed yet");
    let frame = run("!1");
    assert_eq!(
        changed(&frame),
        [
            "given",
            "out",
            "field",
            "element",
            "pushed",
            "behind",
            "written",
            "captured",
            "taken_apart"
        ]
    );
    assert_eq!(
        (value(&frame, "again"), value(&frame, "left"), value(&frame, "right")),
        ("2", "2", "1")
    );
    assert_eq!(variable(&frame, "pushed").note.as_deref(), Some("may have changed since"));
}

#[auto_track_exception]
fn rounds(texts: &[&str], stop: u32) -> Result<u32, ParseIntError> {
    let mut seen = Vec::new();
    let mut sum = 0;
    let mut last = 0;
    for text in texts {
        let mut fresh = Vec::new();
        let number: u32 = text.parse()?;
        fresh.push(number);
        sum += number;
        match number {
            9 => last = number,
            _ => seen.push(number),
        }
        if sum > stop {
            return Ok(sum + last + seen.len() as u32 + fresh.len() as u32);
        }
    }
    Ok(sum)
}

#[test]
fn a_variable_changed_in_a_loop_may_have_changed_in_the_previous_iteration() {
    let frame = frame_of(|| rounds(&["1", "9", "x"], 100));
    assert_eq!(
        changed(&frame),
        ["seen"],
        "numbers are taken again, and `fresh` is new in each round"
    );
    assert_eq!((value(&frame, "sum"), value(&frame, "last")), ("10", "9"));
}

#[auto_track_exception]
fn branches(text: &str, clear: bool) -> Result<u32, ParseIntError> {
    let mut one = vec![1];
    let mut other = vec![1];
    if clear {
        one.clear();
        return Ok(0);
    }
    let number: u32 = match text.len() {
        0 => {
            other.push(1);
            0
        }
        _ => text.parse()?,
    };
    Ok(number + one.len() as u32 + other.len() as u32)
}

#[test]
fn a_change_in_another_branch_is_not_a_change_in_this_one() {
    assert_eq!(changed(&frame_of(|| branches("x", false))), Vec::<&str>::new());
}

#[auto_track_exception]
fn cells(text: &str, counter: &Cell<u32>) -> Result<u32, ParseIntError> {
    let cell = Cell::new(1);
    let list = RefCell::new(vec![1]);
    let lock = Mutex::new(1);
    let atomic = AtomicU32::new(1);
    let plain = [1, 2];
    let name = text.to_owned();
    let unused = Cell::new(2);
    cell.set(2);
    list.borrow_mut().push(2);
    *lock.lock().unwrap() += 1;
    atomic.fetch_add(1, Relaxed);
    counter.set(2);
    let length = name.len() + plain.iter().count();
    let number: u32 = name.parse()?;
    Ok(number
        + cell.get()
        + list.borrow().len() as u32
        + length as u32
        + atomic.load(Relaxed)
        + unused.get())
}

#[test]
fn a_value_with_a_cell_may_have_changed_through_a_shared_reference() {
    let frame = frame_of(|| cells("x", &Cell::new(1)));
    assert_eq!(changed(&frame), ["cell", "list", "lock", "atomic"]);
    assert_eq!(value(&frame, "counter"), "Cell { value: 2 }", "read at the failure");
}

#[auto_track_exception]
fn lent_as_references(orders: &mut [Order]) -> Result<u32, ParseIntError> {
    let first = &mut orders[0];
    let id = first.id;
    let note: &str = &first.note.clone();
    first.lines.push(id);
    let number: u32 = note.trim().parse()?;
    Ok(number + first.id)
}

#[test]
fn a_value_behind_a_mutable_reference_may_have_changed_but_not_behind_a_shared_one() {
    let frame = frame_of(|| lent_as_references(&mut [Order::default()]));
    assert_eq!(changed(&frame), ["orders", "first"]);
}
