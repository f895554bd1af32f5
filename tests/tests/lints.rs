//! What clippy and the compiler say of annotated functions is what they say of plain ones. Each function here expects one lint: where that were silent,
//! clippy would say that it was expected in vain (`./run-tests` denies that). And nothing else may be said.
#![warn(clippy::pedantic, clippy::nursery)]
#![allow(
    missing_docs,
    dead_code,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::missing_const_for_fn,
    clippy::option_if_let_else,
    reason = "not what this is about"
)]

use std::num::ParseIntError;

use error_tracker::auto_track_exception;
use error_tracker_tests::{event_of, find, value};

type Parsed<T> = Result<T, ParseIntError>;

#[auto_track_exception]
#[expect(clippy::ptr_arg)]
fn ptr_arg(v: &Vec<u8>, text: &str) -> Parsed<usize> {
    let n: usize = text.parse()?;
    Ok(n + v.len())
}

#[auto_track_exception]
#[expect(clippy::ptr_arg)]
fn ptr_arg_string(v: &String, text: &str) -> Parsed<usize> {
    let n: usize = text.parse()?;
    Ok(n + v.len())
}

#[auto_track_exception]
#[expect(clippy::needless_question_mark)]
fn needless_question_mark(text: &str) -> Parsed<u32> {
    let t = text.trim();
    Ok(t.parse()?)
}

#[auto_track_exception]
#[expect(unused_assignments)]
fn unused_assignments(text: &str) -> Parsed<u32> {
    let mut n = 0;
    n = text.parse()?;
    println!("{n}");
    n = 3;
    Ok(1)
}

#[auto_track_exception]
#[expect(clippy::needless_pass_by_value)]
fn needless_pass_by_value(text: String) -> Parsed<u32> {
    let t = text.trim();
    t.parse()
}

#[auto_track_exception]
#[expect(clippy::unnecessary_wraps)]
fn unnecessary_wraps(text: &str) -> Parsed<usize> {
    let t = text.trim();
    Ok(t.len())
}

#[auto_track_exception]
#[expect(clippy::let_and_return)]
fn let_and_return(text: &str) -> Parsed<u32> {
    let t = text.trim();
    let n = t.parse();
    n
}

#[auto_track_exception]
#[expect(clippy::question_mark)]
fn question_mark(text: &str) -> Parsed<u32> {
    let n = match text.parse::<u32>() {
        Ok(n) => n,
        Err(e) => return Err(e),
    };
    Ok(n + 1)
}

#[auto_track_exception]
#[expect(clippy::question_mark)]
fn question_mark_option(text: Option<&str>) -> Option<usize> {
    let Some(t) = text else { return None };
    Some(t.len())
}

#[auto_track_exception]
#[expect(clippy::needless_return)]
fn needless_return(text: &str) -> Parsed<u32> {
    let t = text.trim();
    return t.parse();
}

#[auto_track_exception]
#[expect(clippy::needless_return)]
fn needless_return2(text: &str) -> Parsed<u32> {
    let t: u32 = text.parse()?;
    return Ok(t);
}

#[auto_track_exception]
#[expect(unused_mut)]
fn unused_mut(text: &str) -> Parsed<u32> {
    let mut t = text.trim();
    t.parse()
}

#[auto_track_exception]
#[expect(unused_variables)]
fn unused_variables(text: &str, other: u32) -> Parsed<u32> {
    let x = 5;
    text.parse()
}

#[auto_track_exception]
#[expect(unreachable_code)]
fn unreachable_code(text: &str) -> Parsed<u32> {
    if text.len() > 3 {
        return text.parse();
        println!();
    }
    Ok(1)
}

#[auto_track_exception]
#[expect(clippy::redundant_clone)]
fn redundant_clone(text: &str) -> Parsed<usize> {
    let s = text.to_string();
    let t = s.clone();
    let n: usize = t.parse()?;
    Ok(n)
}

#[auto_track_exception]
#[expect(clippy::manual_let_else)]
fn manual_let_else(text: &str) -> Parsed<u32> {
    let n = if let Some(c) = text.chars().next() { c } else { return Ok(0) };
    println!("{n}");
    text.parse()
}

#[auto_track_exception]
#[expect(clippy::needless_collect)]
fn needless_collect(text: &str) -> Parsed<usize> {
    let v: Vec<_> = text.split(',').collect();
    let n = v.len();
    Ok(n + text.parse::<usize>()?)
}

#[auto_track_exception]
#[expect(clippy::unused_async)]
async fn unused_async(text: &str) -> Parsed<u32> {
    let n: u32 = text.parse()?;
    Ok(n + 1)
}

#[auto_track_exception]
#[expect(clippy::only_used_in_recursion)]
fn recursion(text: &str, n: u32) -> Parsed<u32> {
    if text.is_empty() {
        return Ok(0);
    }
    recursion(&text[1..], n)
}

#[auto_track_exception]
#[expect(clippy::ok_expect)]
fn ok_expect(text: &str) -> Parsed<u32> {
    let n = text.parse::<u32>().ok().expect("number");
    Ok(n + text.parse::<u32>()?)
}

#[auto_track_exception]
#[expect(clippy::manual_ok_err)]
fn manual_ok_err(text: &str) -> Option<u32> {
    match text.parse::<u32>() {
        Ok(n) => Some(n),
        Err(_) => None,
    }
}

#[auto_track_exception]
#[expect(clippy::map_unwrap_or)]
fn map_unwrap_or(text: &str) -> Parsed<u32> {
    let n = text.parse::<u32>().map(|n| n + 1).unwrap_or(0);
    Ok(n + text.parse::<u32>()?)
}

#[auto_track_exception]
#[expect(clippy::or_fun_call)]
fn or_fun_call(text: &str) -> Result<u32, String> {
    let n = text.parse::<u32>().ok().ok_or(format!("x{text}"))?;
    Ok(n + 1)
}

#[auto_track_exception]
#[expect(clippy::unnecessary_lazy_evaluations)]
fn lazy(text: &str) -> Result<u32, u8> {
    let n = text.parse::<u32>().ok().ok_or_else(|| 5)?;
    Ok(n + 1)
}

#[auto_track_exception]
#[expect(clippy::manual_map)]
fn manual_map(text: Option<&str>) -> Option<usize> {
    match text {
        Some(t) => Some(t.len() + 1),
        None => None,
    }
}

#[auto_track_exception]
#[expect(clippy::explicit_counter_loop)]
fn counter(text: &str) -> Parsed<u32> {
    let mut i = 0;
    for c in text.chars() {
        println!("{c} {i}");
        i += 1;
    }
    text.parse()
}

#[auto_track_exception]
#[expect(clippy::used_underscore_binding)]
fn used_underscore(text: &str, _n: u32) -> Parsed<u32> {
    Ok(text.parse::<u32>()? + _n)
}

#[auto_track_exception]
#[expect(clippy::needless_range_loop)]
fn range_loop(v: &[u8]) -> Result<u32, String> {
    let mut s = 0;
    for i in 0..v.len() {
        s += u32::from(v[i]);
    }
    if s > 4 { Err("x".into()) } else { Ok(s) }
}

#[auto_track_exception]
#[expect(clippy::redundant_pattern_matching)]
fn redundant_pattern_matching(text: &str) -> Parsed<u32> {
    if let Ok(_) = text.parse::<u32>() {
        println!();
    }
    text.parse()
}

#[auto_track_exception]
fn not_sharing2(text: &str, mut n: u32) -> Parsed<u32> {
    if text.is_empty() {
        n += 1;
    } else {
        println!("b");
        n += 2;
    }
    Ok(n + text.parse::<u32>()?)
}

#[auto_track_exception]
#[expect(clippy::missing_const_for_fn)]
fn missing_const(a: u32) -> Result<u32, u32> {
    let b = a;
    Err(b)
}

#[auto_track_exception]
#[expect(clippy::needless_pass_by_ref_mut)]
fn needless_pass_by_ref_mut(text: &str, v: &mut [u8]) -> Parsed<usize> {
    let n: usize = text.parse()?;
    Ok(n + v.len())
}

struct Shop;

#[auto_track_exception]
impl Shop {
    #[expect(clippy::unused_self)]
    fn price(&self, text: &str) -> Parsed<u32> {
        let price: u32 = text.parse()?;
        Ok(price + 1)
    }
}

#[auto_track_exception]
#[expect(unused_assignments)]
fn overwrites(text: &str) -> Parsed<usize> {
    let mut pieces = 0;
    pieces = text.len();
    let mut left = pieces + 1;
    let shown = format!("{pieces} {left}");
    left = 7;
    let number: usize = text.parse()?;
    Ok(number + shown.len())
}

#[test]
fn an_unread_value_is_not_shown_in_place_of_a_newer_one() {
    let event = event_of(|| overwrites("kettle"));
    let frame = &event.frames[0];
    assert_eq!((value(frame, "pieces"), value(frame, "shown")), ("6", "\"6 7\""));
    assert!(find(frame, "left").is_none());
}

#[test]
fn a_function_with_an_expected_lint_is_tracked() {
    let event = event_of(|| ptr_arg(&vec![1], "kettle"));
    assert_eq!(value(&event.frames[0], "v"), "[1]");
    assert_eq!(event_of(|| needless_question_mark("kettle")).frames[0].expression, "t.parse()?");
    assert_eq!(event_of(|| Shop.price("kettle")).frames[0].expression, "text.parse()?");
}
