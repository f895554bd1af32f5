//! Results that are parted together, answers of `.is_err()` that are kept, and errors that are kept aside.
#![deny(warnings)]
#![allow(clippy::all)]

use error_tracker::auto_track_exception;

#[derive(Debug)]
struct Other;

impl From<std::num::ParseIntError> for Other {
    fn from(_: std::num::ParseIntError) -> Self {
        Self
    }
}

#[auto_track_exception]
fn infers(a: &str, b: &str) -> Result<u8, Other> {
    match (a.parse(), b.parse()) {
        (Ok(a), Ok(b)) => {
            let sum: u8 = a;
            Ok(sum.min(b))
        }
        (Err(_), _) => Err(Other),
        (_, Err(error)) => {
            let error: std::num::ParseIntError = error;
            Err(error.into())
        }
    }
}

#[auto_track_exception]
fn lends<'a>(a: &'a Result<String, Other>, b: &'a mut Result<String, Other>) -> Result<&'a str, Other> {
    if let (Ok(a), Ok(b)) = (&*a, &mut *b) {
        b.push_str(a);
    }
    match (a, b) {
        (Ok(_), Ok(b)) => Ok(b),
        (Err(_), Ok(b)) if b.is_empty() => Ok(b),
        _ => Err(Other),
    }
}

struct Guard<'a>(&'a str);

impl Drop for Guard<'_> {
    fn drop(&mut self) {}
}

impl<'a> Guard<'a> {
    fn read(&self) -> Result<&str, Other> {
        Ok(self.0)
    }
}

#[auto_track_exception]
fn temporaries(text: &str) -> Result<usize, Other> {
    match (Guard(text).read(), Guard("b").read()) {
        (Ok(a), Ok(b)) => Ok(a.len() + b.len()),
        _ => Err(Other),
    }
}

#[auto_track_exception]
fn moves(a: Result<String, Other>, b: Option<String>) -> Result<String, Other> {
    let (Ok(a), Some(b)) = (a, b) else { return Err(Other) };
    Ok(a + &b)
}

#[auto_track_exception]
fn nested(a: Result<u8, Other>, text: &str) -> Result<u8, Other> {
    match ((a, 1_u8), text.parse::<u8>()) {
        ((Ok(a), 1), Ok(b)) => Ok(a + b),
        ((_, _), Err(_)) => Err(Other),
        (.., Ok(b)) => Ok(b),
    }
}

#[auto_track_exception]
fn flags(text: &str, result: Result<u8, Other>) -> Result<u8, Other> {
    let failed: bool = text.parse::<u8>().is_err();
    let fine = !(result.is_err() || failed) && matches!(text.parse::<i8>(), Ok(1..));
    let (is_short, is_ok) = (text.len() < 2, result.is_ok());
    if failed || !fine && is_short && is_ok {
        return Err(Other);
    }
    result
}

struct Answer;

impl Answer {
    fn is_ok(self) -> bool {
        true
    }

    fn is_err(&mut self) -> bool {
        true
    }
}

#[auto_track_exception]
fn own_methods(mut answer: Answer) -> Result<bool, Other> {
    let fails = answer.is_err();
    let ok = answer.is_ok();
    if ok { Ok(fails) } else { Err(Other) }
}

#[auto_track_exception]
fn kept(texts: &[&str]) -> Result<u8, Other> {
    let (mut last, mut all, mut failures) = (None, Vec::new(), 0);
    for text in texts {
        match text.parse::<u8>() {
            Ok(number) => return Ok(number),
            Err(error) if failures > 3 => last = Some(error),
            Err(error) => {
                failures += 1;
                all.push(error);
            }
        }
    }
    if all.len() > 3 {
        return Err(Other);
    }
    let made = if let Ok(number) = texts[0].parse::<u8>() { Ok(number) } else { Err(Other) };
    let number = made?;
    last.map_or(Ok(number), |error| Err(error.into()))
}

#[auto_track_exception]
fn in_options(text: &str) -> Option<Result<u8, Other>> {
    let parsed = Some(text.parse::<u8>())?;
    let other = text.parse::<i8>();
    if text.len() > 3 {
        return Some(other.map(|_| 3).map_err(|_| Other));
    }
    Some(parsed.map_err(|_| Other))
}

#[auto_track_exception]
fn by_path(text: &str) -> Result<u8, Other> {
    let parsed = text.parse::<u8>();
    let number = Result::map_err(text.parse::<u8>(), |_| Other)?;
    let other = Option::ok_or(Result::ok(parsed), Other)?;
    Result::or_else(Result::<u8, Other>::map(Ok(number + other), |it| it + 1), |_| Err(Other))
}

fn main() {
    let text = || Ok::<_, Other>(String::from("a"));
    assert!(infers("3", "4").is_ok());
    assert!(lends(&text(), &mut text()).is_ok());
    assert!(temporaries("a").is_ok());
    assert!(moves(text(), None).is_err());
    assert!(nested(Ok(1), "3").is_ok());
    assert!(flags("3", Ok(3)).is_ok());
    assert!(own_methods(Answer).is_ok());
    assert!(kept(&["x", "y"]).is_err());
    assert!(in_options("3").is_some());
    assert!(by_path("3").is_ok());
}
