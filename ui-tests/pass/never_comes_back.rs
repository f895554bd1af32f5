//! Leaves that never come back, where others return a value.
#![deny(warnings, unreachable_code, unused)]

use error_tracker::auto_track_exception;

struct Failed(String);

impl Failed {
    fn panic(self) -> ! {
        std::panic::panic_any(self.0)
    }
}

fn refuse(text: &str) -> ! {
    panic!("{text}")
}

#[auto_track_exception]
fn tail<T>(result: Result<T, Failed>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => error.panic(),
    }
}

#[auto_track_exception]
fn goes_on(results: &[Result<u32, u8>]) -> Result<u32, std::num::ParseIntError> {
    let mut sum = 0;
    for result in results {
        return same(match result {
            Ok(number) => {
                sum += number;
                continue;
            }
            Err(_) => "x".parse(),
        });
    }
    Ok(sum)
}

fn same<T>(value: T) -> T {
    value
}

#[auto_track_exception]
fn function(text: &str) -> Result<u32, std::num::ParseIntError> {
    let length = text.len();
    if length > 3 { refuse(text) } else { text.parse() }
}

#[auto_track_exception]
fn lends(texts: &mut Vec<String>, index: usize) -> Option<&mut dyn std::fmt::Debug> {
    match texts.get_mut(index) {
        Some(text) => Some(text),
        None => refuse("nothing"),
    }
}

#[auto_track_exception]
fn coerces(texts: &[String]) -> Result<Box<dyn Iterator<Item = &String> + '_>, Box<dyn std::error::Error>> {
    let first = texts.first().ok_or("empty")?;
    if first.is_empty() { boxed(texts) } else { Err(first.clone().into()) }
}

#[auto_track_exception]
fn boxed(texts: &[String]) -> Result<Box<dyn Iterator<Item = &String> + '_>, Box<dyn std::error::Error>> {
    Ok(Box::new(texts.iter()))
}

fn main() {
    assert!(goes_on(&[Ok(1), Ok(2)]).is_ok() && goes_on(&[Err(1)]).is_err());
    assert_eq!(tail(Ok(3)), 3);
    assert!(std::panic::catch_unwind(|| tail::<u8>(Err(Failed("no".into())))).is_err());
    assert!(function("7").is_ok() && function("x").is_err());
    let mut texts = vec![String::new()];
    assert!(lends(&mut texts, 0).is_some());
    assert!(coerces(&texts).is_ok_and(|mut all| all.next().is_some()) && coerces(&[]).is_err());
}
