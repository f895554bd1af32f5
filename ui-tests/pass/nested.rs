//! Functions in functions, closures of every kind, and items inside bodies.
#![forbid(unsafe_code)]
#![deny(warnings, unreachable_code, unused)]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::num::ParseIntError;
use std::sync::mpsc;
use std::thread;

use error_tracker::auto_track_exception;

#[auto_track_exception]
fn captures(text: &str) -> Result<u32, ParseIntError> {
    let owned = text.to_owned();
    let mut calls = Vec::new();
    let parse = |text: &str| -> Result<u32, ParseIntError> {
        let number = text.parse::<u32>()?;
        if number > 5 {
            return Ok(5);
        }
        text.parse()
    };
    let moved = move || {
        let length = owned.len();
        owned + &length.to_string()
    };
    let mut record = |number: u32| -> Result<(), ParseIntError> {
        calls.push(number);
        parse("1").map(drop)
    };
    record(parse(text)?)?;
    record(1)?;
    let once: Box<dyn FnOnce() -> String> = Box::new(moved);
    let text = once();
    Ok(calls.iter().sum::<u32>() + text.parse::<u32>()?)
}

#[auto_track_exception]
fn returns_closure<'a>(limit: &'a Cell<u32>) -> Result<impl FnMut(u32) -> Result<u32, String> + 'a, String> {
    let mut count = limit.get();
    if count == 0 {
        return Err("no limit".into());
    }
    Ok(move |number| {
        count = count.checked_sub(number).ok_or_else(|| format!("{number}"))?;
        limit.set(count);
        Ok(count)
    })
}

#[auto_track_exception]
fn boxed(kind: &str) -> Result<Box<dyn Fn(u32) -> Option<u32> + Send>, String> {
    let offset = kind.len() as u32;
    match kind {
        "add" => Ok(Box::new(move |number| number.checked_add(offset))),
        "none" => Ok(Box::new(|_| None)),
        "fn" => Ok(Box::new(Some)),
        _ => Err(kind.to_owned()),
    }
}

#[auto_track_exception]
fn items(text: &str) -> Result<u32, Box<dyn std::error::Error>> {
    use std::fmt;

    #[derive(Debug)]
    struct Local<'a> {
        text: &'a str,
    }
    impl fmt::Display for Local<'_> {
        #[auto_track_exception]
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let text = self.text;
            f.write_str(text)?;
            write!(f, "!")
        }
    }
    impl std::error::Error for Local<'_> {}
    trait Half {
        fn half(self) -> Result<u32, u32>;
    }
    impl Half for u32 {
        fn half(self) -> Result<u32, u32> {
            if self % 2 == 0 { Ok(self / 2) } else { Err(self) }
        }
    }
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    const OFFSET: u32 = {
        const fn one() -> u32 {
            1
        }
        one()
    };
    enum Kind {
        Small,
        Large(u32),
    }
    mod inside {
        pub(super) fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
            let number = text.parse()?;
            Ok(number)
        }
    }
    let kind = match inside::parse(text)? {
        0 => Kind::Small,
        number => Kind::Large(number + OFFSET),
    };
    COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    match kind {
        Kind::Small => Err(Local { text }.to_string())?,
        Kind::Large(number) => number.half().map_err(|odd| format!("{odd}").into()),
    }
}

#[auto_track_exception]
fn generic_inside<T: Clone + std::fmt::Debug>(value: T) -> Result<Vec<T>, String> {
    #[auto_track_exception]
    fn twice<T: Clone>(value: &T, times: usize) -> Result<Vec<T>, String> {
        let all = vec![value.clone(); times];
        if all.is_empty() { Err("none".into()) } else { Ok(all) }
    }
    twice(&value, 2)?.into_iter().map(|value| Ok::<T, String>(value)).collect()
}

#[auto_track_exception]
fn iterators(texts: &[&str]) -> Result<BTreeMap<usize, Vec<u32>>, ParseIntError> {
    let numbers = texts.iter().map(|text| text.parse::<u32>()).collect::<Result<Vec<_>, _>>()?;
    let sum: u32 = texts.iter().map(|text| text.parse::<u32>()).sum::<Result<_, _>>()?;
    let mut groups = BTreeMap::new();
    for number in numbers.iter().copied().filter(|number| *number <= sum) {
        groups.entry(number.to_string().len()).or_insert_with(Vec::new).push(number);
    }
    texts.iter().try_for_each(|text| {
        let number: u32 = text.parse()?;
        groups.entry(9).or_default().push(number);
        Ok(())
    })?;
    Ok(groups)
}

#[auto_track_exception]
fn threads(texts: Vec<String>) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    let (sender, receiver) = mpsc::channel();
    let total = thread::scope(|scope| {
        let handles: Vec<_> = texts.iter().map(|text| scope.spawn(|| text.parse::<u32>())).collect();
        let mut total = 0;
        for handle in handles {
            total += handle.join().map_err(|_| "panicked")??;
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(total)
    })?;
    let thread = thread::spawn(move || sender.send(texts.len()));
    thread.join().map_err(|_| "panicked")??;
    let length = receiver.recv()?;
    Ok(total + u32::try_from(length)?)
}

#[auto_track_exception]
fn recursive(depth: u32, visit: &mut dyn FnMut(u32) -> Result<(), String>) -> Result<u32, String> {
    visit(depth)?;
    let Some(less) = depth.checked_sub(1) else { return Ok(0) };
    let below = recursive(less, &mut |depth| visit(depth + 1))?;
    Ok(below + 1)
}

#[auto_track_exception]
fn immediately(text: &str) -> Result<u32, ParseIntError> {
    let number = (|| {
        let number: u32 = text.parse()?;
        Ok::<u32, ParseIntError>(number)
    })()?;
    let block = { let inner = text.trim(); inner.parse::<u32>()? };
    (move || Ok(number + block))()
}

fn main() {
    assert_eq!((captures("1"), captures("x").is_err()), (Ok(13), true));
    let limit = Cell::new(3);
    let mut closure = returns_closure(&limit).unwrap();
    assert_eq!((closure(2), closure(2).is_err()), (Ok(1), true));
    assert_eq!((boxed("add").unwrap()(1), boxed("").is_err()), (Some(4), true));
    assert_eq!((boxed("none").unwrap()(1), boxed("fn").unwrap()(1)), (None, Some(1)));
    assert_eq!((items("3").ok(), items("0").unwrap_err().to_string()), (Some(2), "0!".to_owned()));
    assert!(items("x").is_err() && items("2").is_err());
    assert_eq!(generic_inside(1), Ok(vec![1, 1]));
    assert_eq!((iterators(&["1", "22"]).map(|groups| groups.len()), iterators(&["x"]).is_err()), (Ok(3), true));
    assert_eq!((threads(vec!["1".into()]).ok(), threads(vec!["x".into()]).is_err()), (Some(2), true));
    assert_eq!(recursive(3, &mut |depth| if depth > 9 { Err("deep".into()) } else { Ok(()) }), Ok(3));
    assert_eq!((immediately("2"), immediately("x").is_err()), (Ok(4), true));
}
