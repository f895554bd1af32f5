//! The ways that control takes: `?` on everything that has it, loops and labels with values, chains, conditions with
//! temporaries, functions that never return.
#![forbid(unsafe_code)]
#![deny(warnings, unreachable_code, unused)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker, ready};

use error_tracker::auto_track_exception;

#[derive(Debug)]
enum Problem {
    Number(std::num::ParseIntError),
    Text(String),
    Other(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(error) => write!(f, "number: {error}"),
            Self::Text(text) => f.write_str(text),
            Self::Other(error) => error.fmt(f),
        }
    }
}

impl Error for Problem {}

impl From<std::num::ParseIntError> for Problem {
    fn from(error: std::num::ParseIntError) -> Self {
        Self::Number(error)
    }
}

impl From<&str> for Problem {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl<T> From<Option<T>> for Problem {
    fn from(_: Option<T>) -> Self {
        Self::Other("nothing".into())
    }
}

type Answer<T, E = Problem> = std::result::Result<T, E>;

#[auto_track_exception]
fn conversions(text: &str) -> Answer<u32> {
    let number: u32 = text.parse()?;
    if number == 1 {
        Err("one")?;
    }
    if number == 2 {
        Err(None::<u8>)?
    }
    let checked = number.checked_sub(3).ok_or(Some(number))?;
    u32::try_from(i64::from(checked)).map_err(|error| Problem::Other(error.into()))
}

#[auto_track_exception]
fn into_box(text: &str) -> Result<u32, Box<dyn Error + Send + Sync + 'static>> {
    let number = conversions(text)?;
    if number > 50 {
        return Err(Box::new(Problem::Text(text.to_owned())));
    }
    if number > 40 {
        return Err("large".into());
    }
    if number > 30 {
        Err(format!("{number}"))?
    }
    Ok(number)
}

#[auto_track_exception]
fn into_local_box<'a>(text: &'a str) -> Result<&'a str, Box<dyn Error + 'a>> {
    let number: u32 = text.parse()?;
    text.get(number as usize..).ok_or_else(|| text.into())
}

#[auto_track_exception]
fn chained(map: &HashMap<&str, Option<Result<Vec<&str>, String>>>) -> Result<i32, Box<dyn Error>> {
    let last = map.get("key").ok_or("no key")?.as_ref().ok_or("no value")?.clone()?.last().ok_or("empty")?.parse::<i32>()?;
    Ok(-(last + map.get("key").map_or(Ok(1), |_| "2".parse::<i32>())?))
}

#[auto_track_exception]
fn options(text: &str) -> Option<u32> {
    let first = text.split(',').next()?.trim().parse::<u32>().ok()?;
    let second = text.split(',').nth(1).and_then(|text| text.parse::<u32>().ok());
    Some(first + second?)
}

#[auto_track_exception(none)]
fn nothing_is_a_failure(text: &str) -> Option<&str> {
    let (left, right) = text.split_once('=')?;
    match left {
        "" => None,
        "a" => return right.get(1..),
        _ => right.strip_prefix("x"),
    }
}

#[auto_track_exception]
fn flows(numbers: &[u32]) -> ControlFlow<String, u32> {
    let sum = numbers.iter().try_fold(0_u32, |sum, number| match sum.checked_add(*number) {
        Some(sum) => ControlFlow::Continue(sum),
        None => ControlFlow::Break(format!("{sum} + {number}")),
    })?;
    if sum > 100 {
        return ControlFlow::Break(sum.to_string());
    }
    ControlFlow::Continue(sum)
}

struct Stream {
    left: Vec<Result<u32, String>>,
    polled: bool,
}

impl Stream {
    #[auto_track_exception]
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<u32, Problem>>> {
        if !std::mem::replace(&mut self.polled, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(next) = self.left.pop() else { return Poll::Ready(None) };
        let number = match next {
            Ok(number) => number,
            Err(text) => return Poll::Ready(Some(Err(text.as_str().into()))),
        };
        Poll::Ready(Some(Ok(number)))
    }

    #[auto_track_exception]
    fn poll_sum(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<u32, Problem>> {
        let mut sum = 0;
        loop {
            let next = ready!(self.as_mut().poll_next(context)?);
            let Some(number) = next else { break Poll::Ready(Ok(sum)) };
            sum += number;
        }
    }

    #[auto_track_exception]
    fn poll_twice(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<u32, Problem>>> {
        let first = match self.as_mut().poll_next(context)? {
            Poll::Ready(first) => first.unwrap_or(0),
            Poll::Pending => return Poll::Pending,
        };
        self.poll_next(context).map_ok(|second| first + second)
    }
}

#[auto_track_exception]
fn loops(limit: u32) -> Result<u32, String> {
    let mut count = 0;
    let found = 'outer: loop {
        let mut inner = 0;
        while inner < 5 {
            inner += 1;
            if inner == 3 && count < limit {
                count += 1;
                continue 'outer;
            }
            if inner + count > 6 {
                break 'outer Ok(inner);
            }
        }
        break Err(format!("{count} of {inner}"));
    }?;
    let block = 'block: {
        let half = found / 2;
        if half == 0 {
            break 'block Err("no half");
        }
        for step in 0.. {
            match step {
                9 => break 'block Ok(step + half),
                _ if step > half => break,
                _ => {}
            }
        }
        Ok(half)
    }?;
    let nested = loop {
        break loop {
            break block + 1;
        };
    };
    'tail: {
        if nested > 3 {
            break 'tail Err(nested.to_string());
        }
        Ok(nested)
    }
}

#[auto_track_exception]
fn chains(text: Option<&str>, limit: usize) -> Result<usize, String> {
    if let Some(text) = text
        && let Ok(number) = text.parse::<usize>()
        && number > limit
        && let rest = number - limit
        && rest != 7
    {
        return Err(format!("{rest} over"));
    } else if let Some(first @ 'a'..='z') = text.and_then(|text| text.chars().next()) && limit > 1 {
        return Ok(first as usize);
    }
    let mut left = limit;
    while let Some(less) = left.checked_sub(1)
        && less > 0
    {
        left = less;
    }
    match text {
        Some(text) if let Some((head, _)) = text.split_once('-') && head.len() > 1 => Err(head.into()),
        _ => Ok(left),
    }
}

#[auto_track_exception]
fn temporaries(cell: &RefCell<Vec<u32>>, lock: &Mutex<Vec<u32>>) -> Result<u32, Box<dyn Error>> {
    if let Some(first) = cell.borrow().first().copied() {
        cell.try_borrow().map_err(|error| error.to_string())?;
        return Ok(first);
    } else {
        // Edition 2024 has dropped the borrow here.
        cell.borrow_mut().push(1);
    }
    let last = lock.lock().map_err(|error| error.to_string())?.pop().ok_or("empty")?;
    match lock.try_lock() {
        Ok(mut all) => all.push(last),
        Err(error) => return Err(error.to_string().into()),
    }
    cell.borrow().first().copied().ok_or_else(|| "no first".into())
}

#[auto_track_exception]
fn diverges(number: u32) -> Result<std::convert::Infallible, String>
where
    String: Sized,
{
    if number == 0 {
        return Err("zero".into());
    }
    panic!("{number}")
}

#[auto_track_exception]
fn types_never(number: u32) -> Result<u32, String> {
    let value: u32 = if number > 3 { return Err("large".into()) } else { number };
    let other: u32 = match number {
        0 => return Err(String::new()),
        1 => unreachable!("{value}"),
        _ => number,
    };
    let third = loop {
        if other == 2 {
            break;
        }
        return Ok(value);
    };
    let () = third;
    let _unit: () = { return Err("end".to_owned()) };
}

#[auto_track_exception]
fn never_returns(text: &str) -> ! {
    let length = text.len();
    loop {
        if length == 0 {
            std::process::exit(0);
        }
    }
}

// A body that only panics is a shape of its own.
#[auto_track_exception]
fn only_todo(_: u32) -> Result<u32, String> {
    todo!()
}

#[auto_track_exception]
fn only_panics(text: String) -> Result<u32, String> {
    unimplemented!("{text}")
}

#[auto_track_exception]
fn returned_units(number: u32) -> Result<(), String> {
    if number > 1 {
        return Err("x".into());
    };
    Ok({
        let _ = number;
    })
}

#[auto_track_exception]
fn returns_of_returns(number: u32) -> Result<u32, String> {
    return match number {
        0 => return Err("zero".into()),
        1 => Err("one".into()),
        _ => if number > 5 { Err("many".into()) } else { Ok(number) },
    };
}

#[auto_track_exception]
fn question_everywhere(text: &str) -> Result<u8, std::num::ParseIntError> {
    let parse = |text: &str| text.parse::<u8>();
    let array = [parse(text)?, parse("1")?];
    let tuple = (parse("2")?, array[parse("0")? as usize]);
    let range = parse("1")?..=parse("2")?;
    let mut fields = vec![0; parse("3")? as usize];
    fields[parse("1")? as usize] += parse("4")?;
    let negative = !parse("5")? as i32 as u8 & 1;
    let value = if parse("1")? == 1 { *&parse("6")? } else { parse("7")? };
    while parse("0")? == 1 {}
    for _ in 0..parse("2")? {
        fields.push(match parse("8")? {
            8 if range.contains(&1) => parse("9")?,
            other => other,
        });
    }
    Ok(tuple.0 + tuple.1 + negative + value + fields.iter().sum::<u8>() - (parse("1")?))
}

fn main() {
    assert!(conversions("x").is_err() && conversions("1").is_err() && conversions("2").is_err());
    assert_eq!((conversions("9").ok(), into_box("9").ok()), (Some(6), Some(6)));
    assert!(into_box("x").is_err() && into_box("44").is_err() && into_box("66").is_err() && into_box("34").is_err());
    assert_eq!((into_local_box("1").ok(), into_local_box("9").is_err()), (Some(""), true));
    assert!(chained(&HashMap::from([("key", Some(Err("x".into())))])).is_err());
    assert_eq!(chained(&HashMap::from([("key", Some(Ok(vec!["3"])))])).ok(), Some(-5));
    assert_eq!((options("1,2"), options("1")), (Some(3), None));
    assert_eq!((nothing_is_a_failure("a=bc"), nothing_is_a_failure("=")), (Some("c"), None));
    assert_eq!((flows(&[1, 2]), flows(&[u32::MAX, 1]).is_break()), (ControlFlow::Continue(3), true));
    let mut context = Context::from_waker(Waker::noop());
    let mut stream = Stream { left: vec![Err("x".into()), Ok(1)], polled: false };
    assert!(Pin::new(&mut stream).poll_sum(&mut context).is_pending());
    assert!(matches!(Pin::new(&mut stream).poll_sum(&mut context), Poll::Ready(Err(_))));
    assert!(matches!(Pin::new(&mut stream).poll_twice(&mut context), Poll::Ready(None)));
    assert_eq!((loops(2), loops(9)), (Ok(3), Ok(2)));
    assert_eq!((chains(Some("9"), 3).is_err(), chains(Some("b"), 2), chains(None, 4)), (true, Ok(98), Ok(1)));
    assert_eq!(temporaries(&RefCell::default(), &Mutex::new(vec![2])).ok(), Some(1));
    assert_eq!((diverges(0).is_err(), types_never(3), types_never(2)), (true, Ok(3), Err("end".into())));
    std::panic::set_hook(Box::new(|_| {}));
    assert!(std::panic::catch_unwind(|| only_todo(1)).is_err());
    assert!(std::panic::catch_unwind(|| only_panics(String::new())).is_err());
    assert_eq!((returned_units(1), returns_of_returns(3), returns_of_returns(1).is_err()), (Ok(()), Ok(3), true));
    assert_eq!((question_everywhere("1"), question_everywhere("x").is_err()), (Ok(30), true));
    never_returns("");
}
