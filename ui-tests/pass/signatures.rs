//! Lifetimes, generics, impl Trait, and returned types of every kind.
#![forbid(unsafe_code)]
#![deny(warnings, unreachable_code, unused)]

use std::borrow::Cow;
use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Display;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use error_tracker::auto_track_exception;

#[auto_track_exception]
fn map<'a>(map: &'a mut HashMap<String, Vec<u8>>, key: &'static str) -> Result<&'a mut Vec<u8>, String> {
    map.get_mut(key).ok_or_else(|| format!("no {key}"))
}

#[auto_track_exception]
fn outlives<'a, 'b: 'a, T: ?Sized + PartialOrd>(left: &'a T, right: &'b T) -> Result<&'a T, ()> {
    if left < right { Ok(left) } else { Ok::<&'a T, ()>(right) }
}

#[auto_track_exception]
fn cow<'a>(text: &'a str) -> Result<Cow<'a, str>, std::fmt::Error> {
    let first = text.chars().next().ok_or(std::fmt::Error)?;
    if first == ' ' { Ok(Cow::Owned(text.trim().to_owned())) } else { Ok(text.into()) }
}

#[auto_track_exception]
fn bytes<const N: usize>(text: &str) -> Result<[u8; N], std::array::TryFromSliceError> {
    let slice = text.as_bytes();
    slice.try_into()
}

#[auto_track_exception]
fn higher_ranked<F>(apply: F, texts: &[String]) -> Result<usize, String>
where
    F: for<'x> Fn(&'x str, &'x [String]) -> Result<&'x str, String>,
{
    let mut sum = 0;
    for text in texts {
        let found = apply(text, texts)?;
        sum += found.len();
    }
    Ok(sum)
}

#[auto_track_exception]
fn returns_iterator<'a>(texts: &'a [&'a str]) -> Result<impl Iterator<Item = u32> + 'a, String> {
    let first = texts.first().ok_or_else(|| "none".to_owned())?;
    let skip = first.len();
    Ok(texts.iter().skip(skip).flat_map(|text| text.parse()))
}

#[auto_track_exception]
fn takes_impl(value: impl Display + Clone, callback: &mut dyn FnMut(String)) -> Result<(), String> {
    let text = value.clone().to_string();
    callback(text);
    Err(value.to_string())
}

#[auto_track_exception]
fn bare_impl(text: &str) -> impl Iterator<Item = Result<u8, std::num::ParseIntError>> + '_ {
    let separator = ',';
    text.split(separator).map(str::parse)
}

#[auto_track_exception]
fn boxed_future<'a>(text: &'a str) -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send + 'a>> {
    let length = text.len();
    Box::pin(async move {
        let number = text.parse::<u32>().map_err(|error| error.to_string())?;
        Ok(number + u32::try_from(length).map_err(|error| error.to_string())?)
    })
}

#[auto_track_exception]
fn polls(left: &mut u32, context: &mut Context<'_>) -> Poll<Result<u32, String>> {
    context.waker().wake_by_ref();
    let Some(less) = left.checked_sub(1) else {
        return Poll::Ready(Err("no more".into()));
    };
    *left = less;
    if less > 0 { Poll::Pending } else { Poll::Ready(Ok(less)) }
}

#[auto_track_exception]
fn polls_next(_: Pin<&mut u32>, _: &mut Context<'_>) -> Poll<Option<Result<u32, String>>> {
    let ended = Poll::Ready(Some(Err("stream".to_owned())));
    ended
}

#[auto_track_exception]
fn question_on_poll(poll: Poll<Result<u32, String>>) -> Poll<Result<u32, String>> {
    let value = match poll? {
        Poll::Ready(value) => value,
        Poll::Pending => return Poll::Pending,
    };
    Poll::Ready(Ok(value))
}

#[auto_track_exception]
fn control(numbers: &[i32]) -> ControlFlow<i32, usize> {
    let mut seen = 0;
    for number in numbers {
        check(*number)?;
        seen += 1;
    }
    ControlFlow::Continue(seen)
}

#[auto_track_exception]
fn check(number: i32) -> ControlFlow<i32> {
    let limit = 3;
    if number > limit { ControlFlow::Break(number) } else { ControlFlow::Continue(()) }
}

#[auto_track_exception(none)]
fn option(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let first = chars.next()?;
    first.to_uppercase().next()
}

#[auto_track_exception]
fn never_returns(text: &str) -> ! {
    let length = text.len();
    std::process::exit(i32::try_from(length).unwrap_or(1))
}

#[auto_track_exception]
fn never_fails(text: &str) -> Result<usize, Infallible> {
    let length = text.len();
    Ok(length)
}

#[auto_track_exception]
fn infers(texts: &[&str]) -> Result<Vec<i64>, Box<dyn std::error::Error>> {
    let mut all = Vec::new();
    let mut last = None;
    for text in texts {
        let number = text.parse()?;
        all.push(number);
        last = Some(Default::default());
        if all.len() > 10 {
            last = Some(1_u8);
        }
    }
    let collected = texts.iter().map(|text| text.parse::<i64>()).collect::<Result<_, _>>()?;
    if last.is_none() {
        all = Vec::clone(&collected);
    }
    if all.len() == collected.len() { Ok(collected) } else { Err("differ".into()) }
}

fn main() {
    let mut context = Context::from_waker(Waker::noop());
    assert!(map(&mut HashMap::new(), "a").is_err());
    assert_eq!(outlives("a", "b"), Ok("a"));
    assert_eq!(cow(" a "), Ok("a".into()));
    assert!(cow("").is_err() && bytes::<3>("ab").is_err() && bytes::<2>("ab").is_ok());
    assert_eq!(higher_ranked(|text, _| Ok(text), &["ab".into()]), Ok(2));
    assert_eq!(returns_iterator(&["", "7"]).map(Iterator::sum), Ok(7_u32));
    let mut reported = String::new();
    assert!(takes_impl(3, &mut |text| reported = text).is_err());
    assert_eq!((reported.as_str(), bare_impl("1,x").filter(Result::is_err).count()), ("3", 1));
    assert_eq!(boxed_future("x").as_mut().poll(&mut context).map(|ready| ready.is_err()), Poll::Ready(true));
    assert!(polls(&mut 2, &mut context).is_pending() && polls(&mut 0, &mut context).is_ready());
    assert!(polls_next(Pin::new(&mut 1), &mut context).is_ready());
    assert!(question_on_poll(Poll::Ready(Err("x".into()))).is_ready());
    assert_eq!((control(&[1, 9]), control(&[1])), (ControlFlow::Break(9), ControlFlow::Continue(1)));
    assert_eq!((option("ab"), option("")), (Some('A'), None));
    assert_eq!((never_fails("ab"), infers(&["1"]).ok()), (Ok(2), Some(vec![1])));
    never_returns("");
}
