//! Patterns in arguments, lets, arms and loops, and names of every kind.
#![forbid(unsafe_code)]
#![deny(warnings, unreachable_code, unused)]

use error_tracker::auto_track_exception;

#[derive(Debug, Clone)]
enum Shape {
    Circle(u32),
    Square { side: u32, name: Option<String> },
    Nothing,
}

struct Wrapper<T>(T);

struct NoDebug {
    left: String,
    right: Vec<u8>,
}

#[auto_track_exception]
fn tuples((left, (mut middle, _), ..): (u32, (u32, u32), u32, u32)) -> Result<u32, String> {
    middle += left;
    let (sum, carry) = left.overflowing_add(middle);
    let ((), [first, second]) = ((), [sum, middle]);
    if carry { Err("carry".into()) } else { Ok(first + second) }
}

#[auto_track_exception]
fn structs(NoDebug { left, right: ref bytes }: NoDebug, Wrapper(inner): Wrapper<&mut u32>) -> Result<usize, String> {
    *inner += 1;
    let Wrapper(text) = Wrapper(left);
    let length = text.len().checked_sub(bytes.len()).ok_or_else(|| format!("{text} {inner}"))?;
    Ok(length)
}

#[auto_track_exception]
fn slices(numbers: &[i64]) -> Result<i64, String> {
    let [first, middle @ .., last] = numbers else {
        return Err("fewer than two".into());
    };
    let rest = match middle {
        [] => 0,
        [only] => *only,
        [one, two] | [one, two, _] => one * two,
        [.., end @ (7 | 8)] => *end,
        all => all.iter().sum(),
    };
    Ok(first + rest + last)
}

#[auto_track_exception]
fn references(&number: &u32, &mut ref mut counter: &mut u32, &(ref name, count): &(String, u8)) -> Result<u32, String> {
    *counter += number;
    let &limit = &5_u32;
    let ref copied = limit;
    let ref mut changed = copied.clone();
    *changed += u32::from(count);
    if *changed > limit + 10 { Err(name.clone()) } else { Ok(*changed) }
}

#[auto_track_exception]
fn at_patterns(shape @ (Shape::Circle(_) | Shape::Square { .. } | Shape::Nothing): &Shape) -> Result<u32, Shape> {
    let value = match shape {
        Shape::Circle(radius @ 1..=9) if radius % 2 == 1 => *radius,
        Shape::Circle(0) | Shape::Nothing => return Err(shape.clone()),
        Shape::Circle(radius) => radius * 2,
        Shape::Square { side: side @ (1 | 2), name: Some(name) } => side + u32::try_from(name.len()).map_err(|_| shape.clone())?,
        all @ Shape::Square { side, .. } if *side > 10 => Err(all.clone())?,
        Shape::Square { side, name: _ } => *side,
    };
    Ok(value)
}

#[auto_track_exception]
fn bindings_in_or((Ok(number) | Err(number)): Result<u32, u32>) -> Result<u32, u32> {
    let (Ok(doubled) | Err(doubled)) = number.checked_mul(2).ok_or(number);
    if let (1 | 2, found) | (found, 1 | 2) = (doubled, number) {
        return Err(found);
    }
    Ok(doubled)
}

#[auto_track_exception]
fn let_else(text: Option<&str>) -> Result<(u32, String), String> {
    let Some(text) = text else { Err("none")? };
    let Ok::<u32, _>(number) = text.parse() else {
        let length = text.len();
        return Err(format!("{text} has {length}"));
    };
    let ((Some(rest), true) | (Some(rest), false)) = (text.get(1..), number > 3) else {
        unreachable!()
    };
    let nested = if let Some(Some(first)) = text.chars().next().map(|first| first.to_digit(10)) { first } else { 0 };
    Ok((number + nested, rest.to_owned()))
}

#[auto_track_exception]
fn loops(pairs: Vec<(String, Option<u32>)>) -> Result<u32, String> {
    let mut sum = 0;
    for (index, (name, count)) in pairs.iter().enumerate() {
        let Some(count @ 0..=100) = count else { continue };
        sum += count + u32::try_from(index).map_err(|error| format!("{name}: {error}"))?;
    }
    let mut stack = pairs;
    while let Some((name, Some(last))) = stack.pop() {
        sum += last;
        if name == "stop" {
            return Err(name);
        }
    }
    Ok(sum)
}

#[auto_track_exception]
fn ref_mut(mut pair: (String, Vec<u8>)) -> Result<(String, Vec<u8>), String> {
    let (ref mut text, ref bytes) = pair;
    text.push_str(&bytes.len().to_string());
    match pair {
        (ref text, _) if text.len() > 9 => return Err(text.clone()),
        (_, ref mut bytes) => bytes.push(1),
    }
    if let (_, Some(last)) = (&pair.0, pair.1.last_mut()) {
        *last += 1;
    }
    Ok(pair)
}

#[auto_track_exception]
fn shadowed(value: &str) -> Result<Vec<char>, std::num::ParseIntError> {
    let value = value.trim();
    let value: u32 = value.parse()?;
    let value = &value;
    let value = if let Some(value) = value.checked_sub(1) { value } else { *value };
    let value = {
        let value = value.to_string();
        let value = value.chars().rev();
        value.collect::<Vec<_>>()
    };
    Ok(value)
}

#[auto_track_exception]
fn raw_and_foreign_names(r#type: &str, größe: u32, _ignored: u32, __x: u32) -> Result<usize, String> {
    let r#loop = r#type.len();
    let höhe = größe - 1;
    let _unused = __x;
    let _: u32 = höhe;
    _ = r#loop;
    if r#loop > höhe as usize { Err(format!("{type} {größe}")) } else { Ok(r#loop) }
}

#[auto_track_exception]
fn destructuring_assignment(numbers: (u8, u8)) -> Result<(u8, u8), String> {
    let (mut a, mut b) = numbers;
    (a, b) = (b, a);
    [a, _] = [a + 1, 0];
    Wrapper(b) = Wrapper(b * 2);
    (a, ..) = (a, 1, 2);
    if a == b { Err("equal".into()) } else { Ok((a, b)) }
}

#[auto_track_exception]
fn late(flag: bool) -> Result<String, String> {
    let text;
    let (left, right);
    let mut count: u32;
    if flag {
        text = "x".to_owned();
        (left, right) = (1, 2);
        count = 0;
    } else {
        text = String::new();
        left = 3;
        right = 4;
        count = 1;
    }
    count += left;
    if count > right { Err(text) } else { Ok(text) }
}

#[auto_track_exception]
fn constants_in_patterns(number: u32) -> Result<&'static str, ()> {
    const LIMIT: u32 = 7;
    #[allow(non_upper_case_globals)]
    const limit: u32 = 8;
    #[allow(non_upper_case_globals)]
    match number {
        LIMIT => Ok("limit"),
        limit => Ok("lower"),
        u32::MAX => Err(()),
        0.. => Ok("other"),
    }
}

fn main() {
    assert_eq!(tuples((1, (2, 3), 4, 5)), Ok(7));
    let mut counter = 0;
    assert_eq!(structs(NoDebug { left: "abc".into(), right: vec![1] }, Wrapper(&mut counter)), Ok(2));
    assert!(structs(NoDebug { left: String::new(), right: vec![1] }, Wrapper(&mut counter)).is_err());
    assert_eq!((slices(&[1, 2, 3, 4]), slices(&[1]).is_err()), (Ok(11), true));
    assert_eq!(references(&1, &mut counter, &("x".into(), 9)), Ok(14));
    assert_eq!(at_patterns(&Shape::Square { side: 2, name: Some("ab".into()) }).ok(), Some(4));
    assert!(at_patterns(&Shape::Square { side: 11, name: None }).is_err() && at_patterns(&Shape::Nothing).is_err());
    assert_eq!(at_patterns(&Shape::Circle(3)).ok(), Some(3));
    assert_eq!((bindings_in_or(Err(4)), bindings_in_or(Ok(1))), (Ok(8), Err(1)));
    assert_eq!((let_else(Some("45")), let_else(None)), (Ok((49, "5".into())), Err("none".into())));
    assert_eq!(loops(vec![("a".into(), None), ("b".into(), Some(2))]), Ok(5));
    assert!(loops(vec![("stop".into(), Some(2))]).is_err());
    assert_eq!(ref_mut(("a".into(), vec![])), Ok(("a0".into(), vec![2])));
    assert_eq!(shadowed(" 21 "), Ok(vec!['0', '2']));
    assert_eq!(raw_and_foreign_names("x", 2, 0, 0), Ok(1));
    assert_eq!(destructuring_assignment((1, 2)), Ok((3, 2)));
    assert_eq!((late(true), late(false)), (Ok("x".into()), Ok(String::new())));
    assert_eq!((constants_in_patterns(7), constants_in_patterns(u32::MAX)), (Ok("limit"), Err(())));
}
