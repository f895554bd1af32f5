//! The variables of a frame are those that could be named where it failed, with what they held.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::collections::BTreeMap;

use error_tracker::auto_track_exception;
use error_tracker::event::CaptureTime;
use error_tracker_tests::{find, frame_of, shown, value, variable};

/// Can be shown.
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "only shown")]
struct Order {
    id: u32,
    lines: Vec<(String, u32)>,
}

/// Cannot be shown.
struct Opaque(u32);

#[auto_track_exception(locals = "always")]
#[expect(clippy::too_many_arguments)]
fn arguments(
    number: u32,
    text: &str,
    owned: String,
    order: &Order,
    mut counted: u8,
    many: &[u32],
    opaque: &Opaque,
    (left, right): (i64, char),
    [first, ..]: [f32; 3],
    Order { id, .. }: Order,
    callback: impl Fn() -> u32,
    maybe: Option<&str>,
) -> Result<(), String> {
    counted += 1;
    let all = (
        number,
        text,
        &owned,
        order,
        counted,
        many,
        opaque.0,
        left,
        right,
        first,
        id,
        callback(),
        maybe,
    );
    Err(format!("{}", all.0))
}

#[test]
fn arguments_show_in_order_with_value_type_and_when_it_was_taken() {
    let order = Order { id: 7, lines: vec![("tea".into(), 2)] };
    let many: Vec<u32> = (0..100).collect();
    let frame = frame_of(move || {
        arguments(
            1,
            "a\"b",
            "owned".into(),
            &order,
            2,
            &many,
            &Opaque(3),
            (-4, 'x'),
            [0.5; 3],
            order.clone(),
            || 5,
            Some("s"),
        )
    });
    let names: Vec<_> = frame.arguments.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "number", "text", "owned", "order", "counted", "many", "opaque", "left", "right",
            "first", "id", "callback", "maybe"
        ]
    );
    for (name, type_name, shows, taken) in [
        ("number", "u32", "1", CaptureTime::Bound),
        ("text", "&str", r#""a\"b""#, CaptureTime::Failure),
        ("owned", "alloc::string::String", "\"owned\"", CaptureTime::Bound),
        (
            "order",
            "&variables::Order",
            r#"Order { id: 7, lines: [("tea", 2)] }"#,
            CaptureTime::Failure,
        ),
        ("counted", "u8", "3", CaptureTime::Bound),
        ("left", "i64", "-4", CaptureTime::Bound),
        ("right", "char", "'x'", CaptureTime::Bound),
        ("first", "f32", "0.5", CaptureTime::Bound),
        ("id", "u32", "7", CaptureTime::Bound),
        ("maybe", "core::option::Option<&str>", "Some(\"s\")", CaptureTime::Bound),
    ] {
        let seen = variable(&frame, name);
        let seen = (seen.type_name.as_str(), seen.value.as_deref().unwrap_or_default(), seen.taken);
        assert_eq!(seen, (type_name, shows, taken), "{name}");
    }
    let many = variable(&frame, "many");
    assert_eq!((many.type_name.as_str(), many.taken), ("&[u32]", CaptureTime::Failure));
    assert!(many.value.as_deref().unwrap().starts_with("[0, 1, 2,"), "{many:?}");
    assert!(many.value.as_deref().unwrap().ends_with(", 18, … 81 more]"), "{many:?}");
    for (name, type_name) in [("opaque", "&variables::Opaque"), ("callback", "{{closure}}")] {
        let seen = variable(&frame, name);
        assert!(
            seen.value.is_none() && seen.taken == CaptureTime::Never && seen.note.is_some(),
            "{seen:?}"
        );
        assert!(seen.type_name.contains(type_name), "{seen:?}");
    }
}

#[auto_track_exception(locals = "always")]
fn kinds(n: u64) -> Result<(), String> {
    let number = n * 2;
    let float = 1.5_f64;
    let text = format!("text {n}");
    let long = "x".repeat(1000);
    let slice = &text[..4];
    let list = vec![number; 40];
    let map = BTreeMap::from([("a", 1), ("b", 2)]);
    let order = Order { id: 9, lines: Vec::new() };
    let nothing: Option<u32> = None;
    let pair = (1_u8, true);
    let opaque = Opaque(1);
    let unit = ();
    let _unused = 5;
    #[expect(unused_variables, reason = "the attribute takes no warning away")]
    let not_mentioned_again = 6;
    let late;
    if n > 2 {
        late = n + 1;
    } else {
        late = 0;
    }
    let used = (
        number,
        float,
        long.len(),
        slice,
        list.len(),
        map.len(),
        &order,
        nothing,
        pair,
        opaque.0,
        unit,
        late,
    );
    Err(format!("{used:?}"))
}

#[test]
fn locals_show_in_the_order_of_their_binding_with_value_and_type() {
    let frame = frame_of(|| kinds(4));
    for (name, shows, type_name) in [
        ("number", "8", "u64"),
        ("float", "1.5", "f64"),
        ("text", "\"text 4\"", "alloc::string::String"),
        ("slice", "\"text\"", "&str"),
        ("map", r#"{"a": 1, "b": 2}"#, "alloc::collections::btree::map::BTreeMap<&str, i32>"),
        ("order", "Order { id: 9, lines: [] }", "variables::Order"),
        ("nothing", "None", "core::option::Option<u32>"),
        ("pair", "(1, true)", "(u8, bool)"),
        ("unit", "()", "()"),
        ("late", "5", "u64"),
    ] {
        let seen = variable(&frame, name);
        assert_eq!((seen.value.as_deref(), seen.type_name.as_str()), (Some(shows), type_name));
        assert_eq!(seen.taken, CaptureTime::Bound, "{name}");
    }
    let list = value(&frame, "list");
    assert!(list.starts_with("[8, 8,") && list.ends_with(", 8, … 21 more]"), "{list}");
    let long = variable(&frame, "long");
    assert!(long.value.as_deref().unwrap().ends_with("… (1000 bytes)"), "{long:?}");
    assert!(long.value.as_deref().unwrap().len() < 200);
    assert_eq!(value(&frame, "opaque"), "");
    let names: Vec<_> = frame.locals.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "number", "float", "text", "long", "slice", "list", "map", "order", "nothing", "pair",
            "opaque", "unit", "late", "used"
        ]
    );
}

#[auto_track_exception]
fn ended_block(n: u32) -> Result<(), String> {
    let before = n;
    {
        let inside = before + 1;
        if inside == 0 {
            return Err("inside".into());
        }
    }
    if n > 1 {
        return Err(format!("after {before}"));
    }
    let later = n + 5;
    Err(format!("later {later}"))
}

#[test]
fn a_variable_shows_from_its_binding_to_the_end_of_its_block() {
    let frame = frame_of(|| ended_block(2));
    assert_eq!(
        shown(&frame.locals),
        ["before = 2"],
        "neither of an ended block nor of one not yet reached"
    );
    let frame = frame_of(|| ended_block(1));
    assert_eq!(shown(&frame.locals), ["before = 1", "later = 6"]);
}

#[auto_track_exception]
fn shadowed(value: u32) -> Result<(), String> {
    let name = value + 1;
    {
        let name = "inner";
        if value == 10 {
            return Err(format!("inner {name}"));
        }
    }
    if value == 20 {
        return Err(format!("outer {name}"));
    }
    let name = [name; 2];
    Err(format!("last {name:?}"))
}

#[test]
fn a_shadowed_name_shows_its_value_at_the_failing_place() {
    assert_eq!(shown(&frame_of(|| shadowed(10)).locals), ["name = \"inner\""]);
    assert_eq!(shown(&frame_of(|| shadowed(20)).locals), ["name = 21"]);
    assert_eq!(shown(&frame_of(|| shadowed(30)).locals), ["name = [31, 31]"]);
}

#[auto_track_exception]
fn shadowed_argument(value: &str) -> Result<u32, std::num::ParseIntError> {
    let value = value.trim();
    let value: u32 = value.parse()?;
    Ok(value)
}

#[test]
fn a_local_that_shadows_an_argument_is_shown_beside_it() {
    let frame = frame_of(|| shadowed_argument(" x "));
    assert_eq!(shown(&frame.arguments), ["value = \" x \""]);
    assert_eq!(shown(&frame.locals), ["value = \"x\""]);
}

#[auto_track_exception]
fn patterns(text: &str, numbers: &[i32]) -> Result<i32, String> {
    let Some((before, rest)) = text.split_once('=') else {
        return Err("no equals sign".into());
    };
    let mut sum = 0;
    for (at, number) in numbers.iter().enumerate() {
        sum += number;
        if *number < 0 {
            return Err(format!("{before} {rest} {at}"));
        }
    }
    while let Some(left) = (sum >= 100).then(|| sum - 100) {
        sum = left;
        if left > 1000 {
            return Err("still large".into());
        }
    }
    match numbers {
        [one] if *one == 5 => Err(format!("just {one}")),
        [first, .., last] => {
            let both = first + last;
            Err(format!("both {both}"))
        }
        _ => Ok(sum),
    }
}

#[test]
fn variables_of_patterns_show_in_their_arm_branch_or_iteration() {
    assert_eq!(shown(&frame_of(|| patterns("ab", &[])).locals), Vec::<String>::new());
    let frame = frame_of(|| patterns("k=v", &[3, -1]));
    assert_eq!(
        shown(&frame.locals),
        ["before = \"k\"", "rest = \"v\"", "sum = 2", "at = 1", "number = -1"]
    );
    let frame = frame_of(|| patterns("k=v", &[2000]));
    assert_eq!(
        shown(&frame.locals),
        ["before = \"k\"", "rest = \"v\"", "sum = 1900", "left = 1900"]
    );
    let frame = frame_of(|| patterns("k=v", &[5]));
    assert_eq!(shown(&frame.locals), ["before = \"k\"", "rest = \"v\"", "sum = 5", "one = 5"]);
    let frame = frame_of(|| patterns("k=v", &[1, 2]));
    let both = ["before = \"k\"", "rest = \"v\"", "sum = 3", "first = 1", "last = 2", "both = 3"];
    assert_eq!(shown(&frame.locals), both);
}

#[auto_track_exception]
fn moved(text: String) -> Result<String, String> {
    let length = text.len();
    let moved = text;
    let consumed = moved.into_bytes();
    Err(format!("{length} {}", consumed.len()))
}

#[test]
fn a_moved_variable_shows_its_value_when_bound() {
    let frame = frame_of(|| moved("gone".into()));
    assert_eq!(value(&frame, "text"), "\"gone\"");
    assert_eq!(value(&frame, "moved"), "\"gone\"");
    assert_eq!(variable(&frame, "moved").taken, CaptureTime::Bound);
    assert!(find(&frame, "length").is_some());
}

fn add_all(numbers: &[u32], sum: &mut u32) -> Result<u32, String> {
    numbers.iter().for_each(|number| *sum += number);
    Err(format!("{sum} is too much"))
}

#[auto_track_exception]
fn lent(text: &str) -> Result<u32, String> {
    let numbers: Vec<u32> = text.bytes().map(u32::from).collect();
    let mut sum = 1;
    Ok(add_all(numbers.as_slice(), &mut sum)? + sum)
}

#[test]
fn a_variable_that_is_lent_after_its_binding_shows_its_value_from_before() {
    let frame = frame_of(|| lent("a"));
    assert_eq!(value(&frame, "numbers"), "[97]");
    assert_eq!(value(&frame, "sum"), "1");
}

#[auto_track_exception]
fn lent_at_the_end(text: String) -> Result<u32, String> {
    let numbers: Vec<u32> = text.bytes().map(u32::from).collect();
    let mut sum = 3;
    add_all(numbers.as_slice(), &mut sum)
}

#[test]
fn a_variable_that_is_lent_by_the_returned_value_is_shown() {
    assert_eq!(value(&frame_of(|| lent_at_the_end("a".into())), "sum"), "3");
}
