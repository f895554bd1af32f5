//! What may stand in a body: patterns, macros, cfg, closures, nested items, labels, and attributes all around.
#![deny(warnings, unreachable_code, unused)]

use error_tracker::{auto_track_exception, capture_exception, capture_message};

macro_rules! parse {
    ($text:expr) => {
        $text.parse::<u32>()?
    };
}

macro_rules! tracked {
    ($name:ident($argument:ident: $type:ty) -> $returned:ty $body:block) => {
        #[auto_track_exception]
        fn $name($argument: $type) -> $returned $body
    };
}

tracked! {
    from_macro(text: &str) -> Result<u32, std::num::ParseIntError> {
        let number = parse!(text);
        Ok(number)
    }
}

struct Order {
    id: u32,
    lines: Vec<(String, u32)>,
}

#[auto_track_exception]
fn patterns(order @ Order { id, .. }: &Order, (left, ref right): (u8, String), [first, .., last]: [u32; 3]) -> Result<u32, String> {
    let Some((name, _)) = order.lines.first() else {
        return Err(format!("order {id} is empty"));
    };
    let sum = match (left, right.as_str()) {
        (0 | 1, _) if *id > 5 => first,
        (2..=4, "x") => return Err("x".into()),
        (_, text) => {
            let length = u32::try_from(text.len()).map_err(|error| error.to_string())?;
            length + last
        }
    };
    if let Some((_, count)) = order.lines.last()
        && *count > 3
    {
        return Err(format!("{name} {count}"));
    }
    Ok(sum)
}

#[auto_track_exception]
fn macros(text: &str) -> Result<String, Box<dyn std::error::Error>> {
    let number = parse!(text);
    let formatted = format!("{number:>3} {}", vec![parse!(text); 2].len());
    assert!(number < 1000, "{number}");
    if !matches!(number, 0..=99) {
        return Err(format!("{formatted} is too large").into());
    }
    Ok(formatted)
}

#[auto_track_exception]
fn configured(#[cfg(all())] text: &str, #[cfg(any())] missing: Missing) -> Result<u32, std::num::ParseIntError> {
    #[cfg(any())]
    let number = missing.number()?;
    #[cfg(all())]
    let number = text.parse::<u32>()?;
    #[allow(clippy::let_and_return)]
    let doubled = number * 2;
    #[cfg(any())]
    return missing;
    #[cfg(all())]
    Ok(doubled)
}

#[auto_track_exception]
fn nested(texts: &[&str]) -> Result<u32, std::num::ParseIntError> {
    #[auto_track_exception]
    fn inner(text: &str) -> Result<u32, std::num::ParseIntError> {
        let number = text.parse()?;
        Ok(number)
    }
    struct Local;
    impl Local {
        #[auto_track_exception]
        fn method(&self, text: &str) -> Result<u32, std::num::ParseIntError> {
            let _this = self;
            inner(text)
        }
    }
    const OFFSET: u32 = 1;
    let parse = |text: &&str| -> Result<u32, std::num::ParseIntError> {
        let number = inner(text)?;
        Ok(number + OFFSET)
    };
    let mut sum = 0;
    let mut add = |number| sum += number;
    for text in texts {
        add(parse(text)?);
    }
    add(Local.method("1")?);
    Ok(sum)
}

#[auto_track_exception]
fn loops(numbers: &[u32]) -> Result<u32, String> {
    let mut found;
    let mut at = 0;
    let first = 'outer: loop {
        for (index, number) in numbers.iter().enumerate().skip(at) {
            found = index;
            if *number == 7 {
                break 'outer found;
            }
            if *number > 100 {
                at = index + 1;
                continue 'outer;
            }
        }
        return Err("none".into());
    };
    let value = 'block: {
        if first > 1 {
            break 'block 5_u32;
        }
        1
    };
    let mut left = value;
    while let Some(less) = left.checked_sub(1) {
        left = less;
    }
    left += u32::try_from(first).map_err(|error| error.to_string())?;
    Ok(left)
}

#[auto_track_exception]
fn by_hand(text: &str) -> u32 {
    let trimmed = text.trim();
    match trimmed.parse() {
        Ok(number) => number,
        Err(error) => {
            let error: std::num::ParseIntError = error;
            capture_exception!(error, length = trimmed.len());
            capture_message!("{trimmed} is no number");
            0
        }
    }
}

#[auto_track_exception]
unsafe fn unsafe_function(pointer: *const u32) -> Result<u32, String> {
    if pointer.is_null() {
        return Err("null".into());
    }
    // SAFETY: as the caller promises.
    let value = unsafe { *pointer };
    value.checked_add(1).ok_or_else(|| "overflow".into())
}

#[auto_track_exception]
extern "C" fn foreign(code: i32) -> i32 {
    let doubled = code * 2;
    doubled + 1
}

#[inline(never)]
#[must_use]
#[auto_track_exception]
#[track_caller]
#[expect(clippy::result_unit_err)]
pub fn between_attributes(number: u32) -> Result<&'static std::panic::Location<'static>, ()> {
    let location = std::panic::Location::caller();
    if number > 0 { Ok(location) } else { Err(()) }
}

#[auto_track_exception]
const fn constant(number: u32) -> Result<u32, ()> {
    if number > 0 { Ok(number) } else { Err(()) }
}

#[auto_track_exception]
fn r#type(r#match: u32, mut r#loop: u32) -> Result<u32, String> {
    let r#fn = r#match + 1;
    r#loop -= 1;
    if r#fn > r#loop { Err(format!("{} {}", r#fn, r#loop)) } else { Ok(r#fn) }
}

#[auto_track_exception]
fn shadows(__g: u32, __v: u32) -> Result<u32, String> {
    let __l0 = __g + __v;
    let __q0 = Err::<u32, String>(__l0.to_string())?;
    Ok(__q0)
}

fn main() {
    assert!(from_macro("x").is_err());
    let order = Order { id: 1, lines: vec![("tea".into(), 2)] };
    assert_eq!(patterns(&order, (9, "abc".into()), [1, 2, 3]), Ok(6));
    assert!(macros("7").is_ok() && macros("700").is_err() && macros("x").is_err());
    assert_eq!((configured("4"), nested(&["1", "2"])), (Ok(8), Ok(6)));
    assert_eq!((loops(&[1, 200, 7]), loops(&[1])), (Ok(2), Err("none".into())));
    assert_eq!(by_hand("x"), 0);
    // SAFETY: null is looked for.
    assert!(unsafe { unsafe_function(std::ptr::null()) }.is_err());
    assert_eq!(foreign(2), 5);
    assert_eq!(between_attributes(1).map(|at| at.line()), Ok(line!()));
    const { assert!(constant(0).is_err()) };
    assert!(r#type(1, 5).is_ok() && shadows(1, 2).is_err());
}
