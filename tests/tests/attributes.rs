//! An annotated function says where it failed, whatever its shape.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::num::ParseIntError;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use error_tracker::auto_track_exception;
use error_tracker::event::{Event, Exit};
use error_tracker_tests::{event_of, functions, place_of, value};

const SOURCE: &str = include_str!("attributes.rs");

/// Returns whether the innermost frame left through `expression`, which stands once in this file
/// behind `before`.
#[track_caller]
fn assert_left_at(event: &Event, before: &str, expression: &str, exit: Exit) {
    let frame = &event.frames[0];
    let (line, column) = place_of(SOURCE, &format!("{before}{expression}"));
    let column = column + u32::try_from(before.chars().count()).unwrap();
    assert_eq!((frame.expression.as_str(), frame.exit), (expression, exit));
    assert_eq!(
        (frame.file.as_str(), frame.line, frame.column),
        ("tests/tests/attributes.rs", line, column)
    );
    assert_eq!(frame.module, "attributes");
}

#[auto_track_exception]
fn free(text: &str) -> Result<u32, ParseIntError> {
    let number = text.trim().parse::<u32>()?;
    Ok(number)
}

#[auto_track_exception]
fn returning(text: &str) -> Result<u32, ParseIntError> {
    if !text.is_empty() {
        return u32::from_str_radix(text, 16);
    }
    Ok(0)
}

#[auto_track_exception]
fn tail(text: &str) -> Result<u32, ParseIntError> {
    match text.len() {
        0 => Ok(0),
        _ => u32::from_str_radix(text, 8),
    }
}

#[auto_track_exception]
fn err_in_tail(id: u32) -> Result<(), String> {
    if id == 0 { Ok(()) } else { Err(format!("order {id} is gone")) }
}

#[auto_track_exception]
fn second_of_equal_questions(first: &str, second: &str) -> Result<u32, ParseIntError> {
    let parse = |text: &str| text.parse::<u32>();
    let mut text = first;
    let one = parse(text)?;
    text = second;
    let two = parse(text)?;
    Ok(one + two)
}

#[test]
fn a_question_mark_is_shown_with_its_line_column_and_text() {
    let event = event_of(|| free("12,50"));
    assert_left_at(&event, "let number = ", "text.trim().parse::<u32>()?", Exit::Question);
    assert_eq!(functions(&event), ["free"]);
    assert_eq!(event.type_name, "core::num::error::ParseIntError");
    assert_eq!(event.message, "invalid digit found in string");
    assert!(!event.handled);
}

#[test]
fn a_return_is_shown_with_its_operand() {
    let event = event_of(|| returning("xyz"));
    assert_left_at(&event, "return ", "u32::from_str_radix(text, 16)", Exit::Return);
}

#[test]
fn a_tail_is_shown_with_the_leaf_that_failed() {
    let event = event_of(|| tail("9"));
    assert_left_at(&event, "_ => ", "u32::from_str_radix(text, 8)", Exit::Tail);
    let event = event_of(|| err_in_tail(7));
    assert_left_at(&event, "else { ", "Err(format!(\"order {id} is gone\"))", Exit::Tail);
    assert_eq!(
        (event.type_name.as_str(), event.message.as_str()),
        ("alloc::string::String", "order 7 is gone")
    );
}

#[test]
fn equal_expressions_are_distinguished() {
    let event = event_of(|| second_of_equal_questions("1", "x"));
    assert_left_at(&event, "let two = ", "parse(text)?", Exit::Question);
    assert_eq!(event.frames[0].ordinal, 1);
}

#[derive(Debug, Clone)]
struct Cart {
    items: Vec<u32>,
}

impl Cart {
    #[auto_track_exception]
    fn by_ref(&self) -> Result<u32, String> {
        self.items.first().copied().ok_or("the cart is empty".to_owned())
    }

    #[auto_track_exception]
    fn by_mut(&mut self) -> Result<u32, String> {
        self.items.pop().ok_or_else(|| "nothing to pop".into())
    }

    #[auto_track_exception]
    fn by_value(self) -> Result<u32, String> {
        self.items.into_iter().next().ok_or_else(|| "moved and empty".into())
    }

    #[auto_track_exception]
    fn by_mut_value(mut self) -> Result<u32, String> {
        self.items.pop().ok_or_else(|| "moved, mutable and empty".into())
    }

    #[auto_track_exception]
    fn by_box(self: Box<Self>) -> Result<u32, String> {
        self.items.first().copied().ok_or_else(|| "boxed and empty".into())
    }

    #[auto_track_exception]
    fn by_rc(self: Rc<Self>) -> Result<u32, String> {
        self.items.first().copied().ok_or_else(|| "counted and empty".into())
    }

    #[auto_track_exception]
    fn by_arc(self: &Arc<Self>) -> Result<u32, String> {
        self.items.first().copied().ok_or_else(|| "shared and empty".into())
    }

    #[auto_track_exception]
    fn by_pin(self: Pin<&mut Self>) -> Result<u32, String> {
        self.items.first().copied().ok_or_else(|| "pinned and empty".into())
    }

    #[auto_track_exception]
    fn without_self(items: &[u32]) -> Result<u32, String> {
        items.first().copied().ok_or_else(|| "no items".into())
    }
}

#[test]
fn methods_with_every_receiver_are_named_with_their_type_and_show_self() {
    let empty = || Cart { items: Vec::new() };
    type Call = fn(Cart) -> Result<u32, String>;
    let calls: [(&str, Call); 9] = [
        ("by_ref", |cart| cart.by_ref()),
        ("by_mut", |mut cart| cart.by_mut()),
        ("by_value", Cart::by_value),
        ("by_mut_value", Cart::by_mut_value),
        ("by_box", |cart| Box::new(cart).by_box()),
        ("by_rc", |cart| Rc::new(cart).by_rc()),
        ("by_arc", |cart| Arc::new(cart).by_arc()),
        ("by_pin", |mut cart| Pin::new(&mut cart).by_pin()),
        ("without_self", |cart| Cart::without_self(&cart.items)),
    ];
    for (name, call) in calls {
        let cart = empty();
        let event = event_of(move || call(cart));
        assert_eq!(functions(&event), [format!("Cart::{name}")]);
        let (argument, shows) =
            if name == "without_self" { ("items", "[]") } else { ("self", "Cart { items: [] }") };
        assert_eq!(value(&event.frames[0], argument), shows, "{name}");
    }
}

trait Total {
    fn total(&self) -> Result<u32, String>;

    #[auto_track_exception]
    fn doubled(&self) -> Result<u32, String> {
        Ok(self.total()? * 2)
    }
}

impl Total for Cart {
    #[auto_track_exception]
    fn total(&self) -> Result<u32, String> {
        self.items.iter().copied().reduce(|a, b| a + b).ok_or_else(|| "no total".into())
    }
}

#[test]
fn methods_of_traits_are_named_with_type_and_trait() {
    let event = event_of(|| Cart { items: Vec::new() }.doubled());
    assert_eq!(functions(&event), ["<Cart as Total>::total", "Total::doubled"]);
    assert_eq!(value(&event.frames[0], "self"), "Cart { items: [] }");
}

#[auto_track_exception]
fn generic<T: std::str::FromStr<Err = E>, E, const N: usize>(
    texts: [&str; N],
) -> Result<Vec<T>, E> {
    let mut all = Vec::with_capacity(N);
    for text in texts {
        all.push(text.parse::<T>()?);
    }
    Ok(all)
}

#[auto_track_exception]
fn longest<'a, 'b: 'a>(left: &'a str, right: &'b str) -> Result<&'a str, String> {
    let longer = if left.len() >= right.len() { left } else { right };
    if longer.len() > 3 { Err(format!("{longer} is too long")) } else { Ok(longer) }
}

#[auto_track_exception]
fn iterator(count: usize) -> Result<impl Iterator<Item = usize>, String> {
    let most = 5_usize;
    if count > most {
        return Err(format!("{count} are too many"));
    }
    Ok(0..count)
}

#[auto_track_exception]
fn numbers(text: &str) -> impl Iterator<Item = Result<u32, ParseIntError>> {
    text.split(' ').map(str::parse)
}

#[auto_track_exception]
fn poll(ready: bool, _context: &mut Context<'_>) -> Poll<Result<u8, String>> {
    if !ready {
        return Poll::Pending;
    }
    Poll::Ready(Err("ready, but broken".into()))
}

#[auto_track_exception]
#[expect(improper_ctypes_definitions, reason = "nobody calls it from C")]
unsafe extern "C" fn foreign(code: i32) -> Result<i32, String> {
    let doubled = code * 2;
    Err(format!("code {doubled}"))
}

#[auto_track_exception]
fn countdown(left: u32) -> Result<(), String> {
    if left == 0 {
        return Err("zero".into());
    }
    countdown(left - 1)
}

#[auto_track_exception]
fn outer(number: u32) -> Result<u32, String> {
    #[auto_track_exception]
    fn inner(deep: u32) -> Result<u32, String> {
        deep.checked_sub(10).ok_or_else(|| "below zero".to_owned())
    }
    let raised = number + 1;
    inner(raised)
}

#[test]
fn generic_functions_report_like_others() {
    let event = event_of(|| generic::<i8, _, 2>(["1", "300"]));
    assert_left_at(&event, "all.push(", "text.parse::<T>()?", Exit::Question);
    assert_eq!(event.type_name, "core::num::error::ParseIntError");
    assert_eq!(value(&event.frames[0], "text"), "\"300\"");
    let event = event_of(|| longest("abcd", "ab").map(str::to_owned));
    assert_left_at(&event, "> 3 { ", "Err(format!(\"{longer} is too long\"))", Exit::Tail);
}

#[test]
fn functions_that_return_impl_trait_report_their_own_failure() {
    let event = event_of(|| iterator(6).map(Iterator::count));
    assert_left_at(&event, "return ", "Err(format!(\"{count} are too many\"))", Exit::Return);
    let events = error_tracker_tests::events_of(|| numbers("1 x").collect::<Result<Vec<_>, _>>());
    assert!(events.is_empty(), "what an iterator gives later is not the function's failure");
}

#[test]
fn a_ready_error_of_a_poll_is_reported() {
    let event = event_of(|| {
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(poll(false, &mut context).is_pending());
        poll(true, &mut context)
    });
    assert_left_at(&event, "", "Poll::Ready(Err(\"ready, but broken\".into()))", Exit::Tail);
    assert_eq!(event.message, "ready, but broken");
}

#[test]
fn unsafe_and_extern_functions_report_like_others() {
    // SAFETY: the function does nothing that is unsafe.
    let event = event_of(|| unsafe { foreign(21) });
    assert_left_at(&event, "", "Err(format!(\"code {doubled}\"))", Exit::Tail);
    assert_eq!(value(&event.frames[0], "doubled"), "42");
}

#[test]
fn a_recursion_is_one_event_with_a_frame_for_each_call() {
    let event = event_of(|| countdown(4));
    let left: Vec<_> = event.frames.iter().map(|frame| value(frame, "left")).collect();
    assert_eq!(left, ["0", "1", "2", "3", "4"]);
    let exits: Vec<_> = event.frames.iter().map(|frame| frame.exit).collect();
    assert_eq!(exits, [Exit::Return, Exit::Tail, Exit::Tail, Exit::Tail, Exit::Tail]);
}

#[test]
fn a_deep_recursion_keeps_both_ends_and_counts_no_frame_twice() {
    let event = event_of(|| countdown(1_000));
    assert!(event.frames.len() <= 50, "{}", event.frames.len());
    assert_eq!(value(&event.frames[0], "left"), "0");
    assert_eq!(value(event.frames.last().unwrap(), "left"), "1000");
}

#[test]
fn a_nested_function_is_named_with_the_one_around_it() {
    let event = event_of(|| outer(3));
    assert_eq!(functions(&event), ["outer::inner", "outer"]);
    assert_eq!((value(&event.frames[0], "deep"), value(&event.frames[1], "raised")), ("4", "4"));
}
