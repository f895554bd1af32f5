//! What borrows from what: returned borrows, higher-ranked bounds, generic associated types, `use<..>`.
#![forbid(unsafe_code)]
#![deny(warnings, unreachable_code, unused)]
#![allow(clippy::needless_lifetimes)]

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::{Mutex, MutexGuard, PoisonError};

use error_tracker::auto_track_exception;

struct Parser<'input> {
    input: &'input str,
    at: usize,
}

#[derive(Debug, PartialEq)]
struct ParseError<'input> {
    rest: &'input str,
}

impl<'input> Parser<'input> {
    #[auto_track_exception]
    fn word(&mut self) -> Result<&'input str, ParseError<'input>> {
        let rest = &self.input[self.at..];
        let end = rest.find(' ').ok_or(ParseError { rest })?;
        self.at += end + 1;
        Ok(&rest[..end])
    }

    #[auto_track_exception]
    fn both<'a>(&'a mut self) -> Result<(&'a mut usize, &'input str), ParseError<'input>> {
        let word = self.word()?;
        Ok((&mut self.at, word))
    }

    #[auto_track_exception]
    fn rest(&self) -> Option<&'input str> {
        let rest = self.input.get(self.at..)?;
        Some(rest)
    }
}

#[auto_track_exception]
fn first_or_insert<'m>(map: &'m mut BTreeMap<u32, String>, key: u32) -> Result<&'m mut String, String> {
    if map.contains_key(&key) {
        return map.get_mut(&key).ok_or_else(|| "gone".to_owned());
    }
    let text = key.to_string();
    Ok(map.entry(key).or_insert(text))
}

#[auto_track_exception]
fn walk<'n>(mut node: &'n mut Node, path: &[usize]) -> Result<&'n mut Node, usize> {
    for step in path {
        let count = node.children.len();
        node = node.children.get_mut(*step).ok_or(count)?;
    }
    Ok(node)
}

#[derive(Default)]
struct Node {
    children: Vec<Node>,
}

#[auto_track_exception]
fn two_borrows(left: &mut Vec<u8>, right: &mut Vec<u8>) -> Result<usize, String> {
    let (shorter, longer) = if left.len() < right.len() { (left, right) } else { (right, left) };
    let last = longer.last_mut().ok_or("both are empty")?;
    *last += 1;
    shorter.push(*last);
    std::mem::swap(shorter, longer);
    Ok(shorter.len())
}

#[auto_track_exception]
fn split(pair: &mut (String, String)) -> Result<usize, std::num::ParseIntError> {
    let (left, right) = (&mut pair.0, &mut pair.1);
    left.push('1');
    right.push_str(left);
    let number: usize = right.parse()?;
    left.clear();
    Ok(number)
}

#[auto_track_exception]
fn reborrow(buffer: &mut [u8]) -> Result<&[u8], String> {
    let (head, tail) = buffer.split_at_mut(1);
    let first = head.first_mut().ok_or_else(|| "empty".to_owned())?;
    *first = u8::try_from(tail.len()).map_err(|error| error.to_string())?;
    Ok(buffer)
}

#[auto_track_exception]
fn held<'a>(cell: &'a RefCell<Vec<u32>>, lock: &'a Mutex<u32>) -> Result<(Ref<'a, u32>, MutexGuard<'a, u32>), String> {
    let borrowed = cell.try_borrow().map_err(|error| error.to_string())?;
    let first = Ref::filter_map(borrowed, |all| all.first()).map_err(|_| "empty")?;
    let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
    Ok((first, guard))
}

#[auto_track_exception]
fn higher_ranked<'a, F, R>(text: &'a str, apply: F) -> Result<R, String>
where
    F: for<'x> FnOnce(&'x str, &mut dyn for<'y> FnMut(&'y str) -> &'y str) -> Result<R, &'x str>,
    R: 'a,
{
    fn as_fn<T: for<'y> FnMut(&'y str) -> &'y str>(closure: T) -> T {
        closure
    }
    let mut trim = as_fn(|text| text.trim());
    let result = apply(text, &mut trim).map_err(ToOwned::to_owned)?;
    Ok(result)
}

#[auto_track_exception]
fn pointer(apply: for<'x> fn(&'x [u8]) -> Option<&'x u8>, bytes: &[u8]) -> Result<&u8, ()> {
    apply(bytes).ok_or(())
}

#[auto_track_exception]
fn object<'a>(all: &'a [Box<dyn Debug + 'a>]) -> Result<&'a (dyn Debug + 'a), String> {
    let first = all.first().ok_or("none")?;
    Ok(&**first)
}

trait Lend {
    type Item<'a>
    where
        Self: 'a;
    type Error;

    fn lend<'a>(&'a mut self) -> Result<Option<Self::Item<'a>>, Self::Error>;

    #[auto_track_exception]
    fn count(&mut self) -> Result<usize, Self::Error> {
        let mut count = 0;
        while let Some(_item) = self.lend()? {
            count += 1;
        }
        Ok(count)
    }
}

struct Windows<'s, T> {
    slice: &'s mut [T],
    at: usize,
}

impl<'s, T: PartialEq> Lend for Windows<'s, T> {
    type Item<'a>
        = &'a mut [T]
    where
        Self: 'a;
    type Error = usize;

    #[auto_track_exception]
    fn lend<'a>(&'a mut self) -> Result<Option<Self::Item<'a>>, Self::Error> {
        let at = self.at;
        self.at += 1;
        let Some(window) = self.slice.get_mut(at..at + 2) else { return Ok(None) };
        if window[0] == window[1] { Err(at) } else { Ok(Some(window)) }
    }
}

#[auto_track_exception]
fn captures<'a, 'b, T: Debug>(left: &'a [T], right: &'b str) -> Result<impl Iterator<Item = String> + use<'a, T>, usize> {
    let length = right.len();
    if length > left.len() {
        return Err(length);
    }
    Ok(left.iter().map(|item| format!("{item:?}")))
}

#[auto_track_exception]
fn captures_nothing(text: &str) -> impl Fn(usize) -> Result<usize, String> + use<> {
    let length = text.len();
    move |index| if index < length { Ok(length - index) } else { Err(format!("{index} of {length}")) }
}

#[auto_track_exception]
fn late_bound<'a>(text: &'a str) -> Result<&'a str, ()> {
    text.get(1..).ok_or(())
}

#[auto_track_exception]
fn early_bound<'a: 'a, T: ?Sized + 'static>(value: &'a T, _: PhantomData<&'static T>) -> Result<&'a T, &'static str> {
    let size = size_of_val(value);
    if size == 0 { Err("empty") } else { Ok(value) }
}

#[auto_track_exception]
fn leaks(text: String) -> Result<&'static mut str, String> {
    let length = text.len();
    if length == 0 { Err("empty".to_owned()) } else { Ok(text.leak()) }
}

#[auto_track_exception]
fn only_static(value: &'static (dyn Debug + Sync)) -> Result<&'static (dyn Debug + Sync), String> {
    let text = format!("{value:?}");
    if text.is_empty() { Err(text) } else { Ok(value) }
}

/// Locals that borrow from locals, through a type with a destructor.
struct Guarded<'a>(&'a mut Vec<u32>);

impl Drop for Guarded<'_> {
    fn drop(&mut self) {
        self.0.push(0);
    }
}

#[auto_track_exception]
fn destructors_that_borrow(limit: usize) -> Result<usize, String> {
    let mut all = vec![1, 2];
    {
        let guarded = Guarded(&mut all);
        guarded.0.push(3);
        let found = guarded.0.get(limit).ok_or_else(|| format!("no {limit}"))?;
        if *found > 100 {
            return Err("large".into());
        }
    }
    all.push(4);
    let guarded = Guarded(&mut all);
    let length = guarded.0.len();
    drop(guarded);
    Ok(length + all.len())
}

#[auto_track_exception]
fn conditional<'a>(stack: &'a mut Vec<Vec<u8>>, spare: &'a mut Vec<u8>, own: bool) -> Result<&'a mut Vec<u8>, String> {
    let chosen: &mut Vec<u8> = if own { spare } else { stack.last_mut().ok_or("no stack")? };
    chosen.push(1);
    if chosen.len() > 3 {
        return Err(format!("{chosen:?}"));
    }
    Ok(chosen)
}

fn main() {
    let text = String::from("one two");
    let mut parser = Parser { input: &text, at: 0 };
    assert_eq!(parser.word(), Ok("one"));
    assert_eq!(parser.both().map(|both| both.1), Err(ParseError { rest: "two" }));
    assert_eq!(parser.rest(), Some("two"));
    assert_eq!(first_or_insert(&mut BTreeMap::new(), 3).map(|text| text.len()), Ok(1));
    let mut node = Node { children: vec![Node::default()] };
    assert_eq!((walk(&mut node, &[0]).is_ok(), walk(&mut node, &[0, 1]).err()), (true, Some(0)));
    assert_eq!(two_borrows(&mut vec![1], &mut vec![]), Ok(1));
    assert!(two_borrows(&mut vec![], &mut vec![]).is_err());
    assert_eq!((split(&mut ("1".into(), "2".into())), split(&mut ("x".into(), String::new())).is_err()), (Ok(211), true));
    assert_eq!(reborrow(&mut [9, 9]), Ok(&[1, 9][..]));
    assert!(held(&RefCell::new(vec![]), &Mutex::new(1)).is_err());
    assert_eq!(higher_ranked(" a ", |text, trim| Ok(trim(text).len())), Ok(1));
    assert_eq!(higher_ranked(" a ", |text, _| Err::<(), _>(text)), Err(" a ".into()));
    assert_eq!(pointer(<[u8]>::first, &[]), Err(()));
    assert!(object(&[]).is_err() && object(&[Box::new(1)]).is_ok());
    assert_eq!(Windows { slice: &mut [1, 2, 3], at: 0 }.count(), Ok(2));
    assert_eq!(Windows { slice: &mut [1, 2, 2], at: 0 }.count(), Err(1));
    assert_eq!(captures(&[1, 2], &String::from("x")).map(Iterator::count), Ok(2));
    assert!(captures_nothing(&String::from("x"))(1).is_err());
    let function: for<'x> fn(&'x str) -> Result<&'x str, ()> = late_bound;
    assert_eq!(["ab"].map(late_bound), [Ok("b")]);
    assert_eq!((function(""), early_bound("x", PhantomData)), (Err(()), Ok("x")));
    assert!(leaks(String::new()).is_err() && only_static(&1).is_ok());
    assert_eq!((destructors_that_borrow(1), destructors_that_borrow(9).is_err()), (Ok(11), true));
    assert!(conditional(&mut vec![], &mut vec![], false).is_err());
}
