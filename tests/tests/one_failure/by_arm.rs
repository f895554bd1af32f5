//! What an arm, an `if let` or the like makes of an error.

use super::*;

one! { an_arm_that_leaves_with_an_error_keeps_the_cause_of_any_call, open:
    matched: { let file = match open() { Ok(file) => file, Err(_) => return Err(Closed) }; Ok(number(file)) };
    matched_in_the_tail: match open() { Ok(file) => Ok(number(file)), Err(_) => Err(Closed) };
    matched_by_name: match open() { Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Closed), Ok(_) | Err(_) => Ok(1) };
    matched_by_the_rest: match open() { Ok(file) => Ok(number(file)), _ => Err(Closed) };
    logged: match open() { Ok(file) => Ok(number(file)), Err(error) => { let _text = error.to_string(); return Err(Closed.into()) } };
    converted: match open() { Ok(file) => Ok(number(file)), Err(error) => Err(Closed::from(Status::from(error))) };
    question: Ok(match open() { Ok(file) => number(file), Err(_) => Err(Closed)? });
    if_let: { if let Ok(file) = open() { return Ok(number(file)) } else { return Err(Closed) } };
    if_let_err: { if let Err(_) = open() { return Err(Closed) } Ok(1) };
    if_let_in_the_tail: if let Ok(file) = open() { Ok(number(file)) } else { Err(Closed) };
    let_chain: if true && let Ok(file) = open() { Ok(number(file)) } else { Err(Closed) };
    let_else: { let Ok(file) = open() else { return Err(Closed) }; Ok(number(file)) };
    let_else_ok: { let Some(file) = open().ok() else { return Err(Closed) }; Ok(number(file)) };
    matched_ok: match open().ok() { Some(file) => Ok(number(file)), None => Err(Closed) };
    is_err: { if open().is_err() { return Err(Closed) } Ok(1) };
    is_ok: if open().is_ok() { Ok(1) } else { Err(Closed) };
    is_not_ok: { if !open().is_ok() { return Err(Closed) } Ok(1) };
    one_of_two: { if open().is_err() || open().is_err() { return Err(Closed) } Ok(1) };
    matches: { if matches!(open(), Err(_)) { return Err(Closed) } Ok(1) };
    does_not_match: { if !matches!(open(), Ok(_)) { return Err(Closed) } Ok(1) };
    while_let: { while let Ok(file) = open() { number(file); } Err(Closed) };
    while_let_err: { while let Err(_) = open() { return Err(Closed) } Ok(1) };
    of_a_variable: { let opened = open(); match opened { Ok(file) => Ok(number(file)), Err(_) => Err(Closed) } };
    of_a_reference: { let opened = open(); match &opened { Ok(_) => Ok(1), Err(_) => Err(Closed) } };
    if_let_of_a_variable: { let opened = open(); if let Err(_) = &opened { return Err(Closed) } Ok(opened.map_or(1, number)) };
    let_else_of_a_variable: { let opened = open(); let Ok(file) = opened else { return Err(Closed) }; Ok(number(file)) };
    is_err_of_a_variable: { let opened = open(); if opened.is_err() { return Err(Closed) } Ok(opened.map_or(1, number)) };
    some_err: match std::iter::once(open()).next() { Some(Ok(file)) => Ok(number(file)), Some(Err(_)) => Err(Closed), None => Ok(0) };
    nested: match Ok::<u8, Closed>(1) { Ok(_) => match open() { Ok(file) => Ok(number(file)), Err(_) => Err(Closed) }, Err(_) => Ok(1) };
    in_a_loop: { for turn in 0..3 { match open() { Ok(file) => return Ok(number(file)), Err(_) if turn < 2 => {} Err(_) => return Err(Closed) } } Ok(1) };
    poll: match Poll::Ready(open()) { Poll::Ready(Ok(file)) => Ok(number(file)), Poll::Ready(Err(_)) => Err(Closed), Poll::Pending => Ok(1) };
}

one! { an_arm_that_leaves_with_an_error_goes_on_with_the_trace_of_an_annotated_call, load:
    is_err: { if load().is_err() { return Err(Closed) } Ok(1) };
    let_else_ok: { let Some(number) = load().ok() else { return Err(Closed) }; Ok(number) };
    matches: { if matches!(load(), Err(_)) { return Err(Closed) } Ok(1) };
    while_let: { while let Ok(number) = load() { if number > 3 { return Ok(number) } } Err(Closed) };
    of_a_variable: { let read = load(); match read { Ok(number) => Ok(number), Err(_) => Err(Closed) } };
    if_let_of_a_variable: { let read = load(); if let Ok(number) = read { return Ok(number) } else { return Err(Closed) } };
    inside_ok: match Ok::<_, Closed>(load()) { Ok(Ok(number)) => Ok(number), Ok(Err(_)) => Err(Closed), Err(closed) => Err(closed) };
    poll: match Poll::Ready(load()) { Poll::Ready(Ok(number)) => Ok(number), Poll::Ready(Err(_)) => Err(Closed), Poll::Pending => Ok(1) };
}
