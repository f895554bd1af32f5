//! What is made of an error that is kept aside, or met beside others.

use std::collections::HashMap;

use super::*;

impl From<io::Error> for Closed {
    fn from(_: io::Error) -> Self {
        Self
    }
}

fn exhausted(_: Option<io::Error>) -> Closed {
    Closed
}

fn of_all(_: Vec<io::Error>) -> Closed {
    Closed
}

fn fine() -> io::Result<u32> {
    Ok(1)
}

fn opens() -> io::Result<u32> {
    open().map(number)
}

one! { results_that_are_parted_together_are_one_failure, load:
    matched: match (load(), fine()) { (Ok(a), Ok(b)) => Ok(a + b), (Err(_), _) | (_, Err(_)) => return Err(Closed) };
    matched_second: match (fine(), load()) { (Ok(a), Ok(b)) => Ok(a + b), (Err(_), _) | (_, Err(_)) => return Err(Closed) };
    matched_by_name: match (fine(), load()) { (Ok(a), Ok(b)) => Ok(a + b), (Err(e), _) | (_, Err(e)) => return Err(Closed::from(e)) };
    if_let: if let (Ok(a), Ok(b)) = (fine(), load()) { Ok(a + b) } else { return Err(Closed) };
    let_else: { let (Ok(a), Ok(b)) = (load(), fine()) else { return Err(Closed) }; Ok(a + b) };
    of_variables: { let (a, b) = (fine(), load()); match (a, b) { (Ok(a), Ok(b)) => Ok(a + b), _ => Err(Closed) } };
    of_references: { let a = fine(); let b = load(); if let (Ok(a), Ok(b)) = (&a, &b) { Ok(*a + *b) } else { Err(Closed) } };
    beside_a_number: match (load(), 3) { (Ok(a), _) => Ok(a), (Err(_), 4) => Ok(4), (Err(_), _) => Err(Closed) };
}

one! { results_of_any_call_that_are_parted_together_keep_their_cause, open:
    matched: match (opens(), fine()) { (Ok(a), Ok(b)) => Ok(a + b), (Err(_), _) | (_, Err(_)) => return Err(Closed) };
    matched_second: match (fine(), opens()) { (Ok(a), Ok(b)) => Ok(a + b), (Err(_), _) | (_, Err(_)) => return Err(Closed) };
    if_let: if let (Ok(a), Ok(b)) = (fine(), opens()) { Ok(a + b) } else { return Err(Closed) };
    let_else: { let (Ok(a), Ok(b)) = (opens(), fine()) else { return Err(Closed) }; Ok(a + b) };
    of_variables: { let (a, b) = (fine(), opens()); match (a, b) { (Ok(a), Ok(b)) => Ok(a + b), _ => Err(Closed) } };
    of_references: { let a = fine(); let b = opens(); if let (Ok(a), Ok(b)) = (&a, &b) { Ok(*a + *b) } else { Err(Closed) } };
}

one! { an_error_that_is_kept_aside_continues_its_trace, load:
    last: { let mut last = None; for _ in 0..1 { match load() { Ok(v) => return Ok(v), Err(e) => last = Some(e) } } Err(last.unwrap().into()) };
    last_in_a_block: { let mut last = None; for _ in 0..1 { match load() { Ok(v) => return Ok(v), Err(e) => { let _text = e.to_string(); last = Some(e); } } } return Err(exhausted(last)) };
    last_by_if_let: { let mut last = None; for _ in 0..1 { if let Err(e) = load() { last = Some(e); } } Err(exhausted(last)) };
    pushed: { let mut errors = Vec::new(); match load() { Ok(v) => return Ok(v), Err(e) => errors.push(e) } Err(of_all(errors)) };
    pushed_and_question: { let mut errors = Vec::new(); match load() { Ok(v) => return Ok(v), Err(e) => errors.push(e) } Err(of_all(errors))? };
    inserted: { let mut errors = HashMap::new(); match load() { Ok(v) => return Ok(v), Err(e) => { errors.insert("a", e); } } if errors.is_empty() { Ok(1) } else { Err(Closed) } };
    if_any: { let mut errors = vec![]; if let Err(e) = load() { errors.push(e); }
        if !errors.is_empty() { return Err(Closed); } Ok(1) };
    bound_from_arms: { let failed = match load() { Ok(v) => return Ok(v), Err(e) => Some(e) }; Err(exhausted(failed)) };
    made_in_an_arm: { let result = match load() { Ok(v) => Ok(v), Err(_) => Err(Closed) }; result };
    made_in_an_arm_and_question: { let result = match load() { Ok(v) => Ok(v), Err(_) => Err(Closed) }; Ok(result?) };
    made_in_else: { let result = if let Ok(v) = load() { Ok(v) } else { Err(Closed) }; let number = result?; Ok(number) };
    in_a_field: { struct R { a: io::Result<u32> } let r = R { a: load() }; Ok(r.a.map_err(|_| Closed)?) };
    in_a_tuple: { let r = (load(), 3); Ok(r.0.map_err(|_| Closed)?) };
    taken_apart: { let (a, b) = (fine(), load()); let a = a.map_err(|_| Closed)?; Ok(a + b.map_err(|_| Closed)?) };
}

one! { an_error_of_any_call_that_is_kept_aside_is_the_cause, open:
    last: { let mut last = None; for _ in 0..1 { match opens() { Ok(v) => return Ok(v), Err(e) => last = Some(e) } } Err(last.unwrap().into()) };
    last_in_a_block: { let mut last = None; for _ in 0..1 { match opens() { Ok(v) => return Ok(v), Err(e) => { let _text = e.to_string(); last = Some(e); } } } return Err(exhausted(last)) };
    last_by_if_let: { let mut last = None; for _ in 0..1 { if let Err(e) = opens() { last = Some(e); } } Err(exhausted(last)) };
    pushed: { let mut errors = Vec::new(); match opens() { Ok(v) => return Ok(v), Err(e) => errors.push(e) } Err(of_all(errors)) };
    pushed_and_question: { let mut errors = Vec::new(); match opens() { Ok(v) => return Ok(v), Err(e) => errors.push(e) } Err(of_all(errors))? };
    if_any: { let mut errors = vec![]; if let Err(e) = opens() { errors.push(e); }
        if !errors.is_empty() { return Err(Closed); } Ok(1) };
    bound_from_arms: { let failed = match opens() { Ok(v) => return Ok(v), Err(e) => Some(e) }; Err(exhausted(failed)) };
    made_in_an_arm: { let result = match opens() { Ok(v) => Ok(v), Err(_) => Err(Closed) }; result };
    made_in_an_arm_and_question: { let result = match opens() { Ok(v) => Ok(v), Err(_) => Err(Closed) }; Ok(result?) };
    made_in_else: { let result = if let Ok(v) = opens() { Ok(v) } else { Err(Closed) }; let number = result?; Ok(number) };
}

one! { a_test_whose_answer_is_kept_continues_the_trace, load:
    failed: { let failed = load().is_err(); if failed { return Err(Closed) } Ok(1) };
    fine_or_not: { let fine = load().is_ok(); if !fine { return Err(Closed) } Ok(1) };
    with_else: { let fine = load().is_ok(); if fine { Ok(1) } else { Err(Closed) } };
    one_of_two: { let failed = load().is_err(); let other = false; if failed || other { return Err(Closed) } Ok(1) };
    of_a_variable: { let read = load(); let failed = read.is_err(); if failed { return Err(Closed) } read.or(Ok(1)) };
    negated_when_bound: { let fine = !load().is_err(); if !fine { return Err(Closed) } Ok(1) };
}

one! { a_test_of_any_call_whose_answer_is_kept_keeps_the_cause, open:
    failed: { let failed = open().is_err(); if failed { return Err(Closed) } Ok(1) };
    fine_or_not: { let fine = open().is_ok(); if !fine { return Err(Closed) } Ok(1) };
    with_else: { let fine = open().is_ok(); if fine { Ok(1) } else { Err(Closed) } };
    one_of_two: { let failed = open().is_err(); let other = false; if failed || other { return Err(Closed) } Ok(1) };
    of_a_variable: { let read = open(); let failed = read.is_err(); if failed { return Err(Closed) } Ok(read.map_or(1, number)) };
}

one! { a_mapping_that_is_called_by_its_path_goes_on_with_the_trace, load:
    map_err: Ok(Result::map_err(load(), |_| Closed)?);
    returned: Result::map_err(load(), |_| Closed);
    ok_or: Ok(Option::ok_or(Result::ok(load()), Closed)?);
    nested: Ok(Result::map(Result::map_err(load(), |_| Closed), |n| n + 1)?);
}

one! { a_mapping_of_any_call_that_is_called_by_its_path_keeps_the_cause, open:
    map_err: Ok(Result::map_err(opens(), |_| Closed)?);
    returned: Result::map_err(opens(), |_| Closed);
    ok_or: Ok(Option::ok_or(Result::ok(opens()), Closed)?);
    of_a_variable: { let r = opens(); Ok(Result::map_err(r, |_| Closed)?) };
    nested: Ok(Result::map(Result::map_err(opens(), |_| Closed), |n| n + 1)?);
    whole_path: Ok(std::result::Result::map_err(opens(), |_| Closed)?);
    typed: Ok(Result::<u32, io::Error>::map_err(opens(), |_| Closed)?);
}

mod in_an_option {
    use super::*;

    #[auto_track_exception]
    fn answers() -> Option<io::Result<u32>> {
        Some(opens())
    }

    fn replies() -> Option<io::Result<u32>> {
        Some(opens())
    }

    #[auto_track_exception]
    fn matches() -> Option<Result<u32, Closed>> {
        let number = match answers()? {
            Ok(number) => number,
            Err(error) => return Some(Err(error.into())),
        };
        Some(Ok(number))
    }

    #[auto_track_exception]
    fn maps() -> Option<Result<u32, Closed>> {
        let result = answers()?;
        Some(result.map_err(|_| Closed))
    }

    #[auto_track_exception]
    fn maps_at_once() -> Option<Result<u32, Closed>> {
        Some(answers()?.map_err(|_| Closed))
    }

    #[auto_track_exception]
    fn hands_on() -> Option<Result<u32, io::Error>> {
        let result = answers()?;
        Some(result)
    }

    #[auto_track_exception]
    fn recovers() -> Option<u32> {
        let result = answers()?;
        Some(result.unwrap_or(3))
    }

    #[auto_track_exception]
    fn matches_any() -> Option<Result<u32, Closed>> {
        let number = match replies()? {
            Ok(number) => number,
            Err(error) => return Some(Err(error.into())),
        };
        Some(Ok(number))
    }

    #[auto_track_exception]
    fn maps_any() -> Option<Result<u32, Closed>> {
        let result = replies()?;
        Some(result.map_err(|_| Closed))
    }

    #[auto_track_exception]
    fn recovers_from_any() -> Option<u32> {
        match replies()? {
            Ok(number) => Some(number),
            Err(_) => Some(3),
        }
    }

    #[test]
    fn a_question_mark_on_an_option_does_not_leave_with_the_error_inside() {
        for run in [matches as fn() -> _, maps, maps_at_once] {
            let event = event_of(run);
            assert_io(&event);
            assert_eq!(event.frames.len(), 2, "{:?}", functions(&event));
        }
        for run in [matches_any as fn() -> _, maps_any] {
            let event = event_of(run);
            assert_io(&event);
            assert_eq!(event.frames.len(), 1, "{:?}", functions(&event));
        }
        let event = event_of(hands_on);
        assert_io(&event);
        assert_eq!(functions(&event), ["answers", "hands_on"]);
        let event = event_of(recovers);
        assert!(event.handled);
        assert_eq!(functions(&event), ["answers"]);
        assert!(events_of(|| recovers_from_any().is_none()).is_empty());
    }
}

mod another_failure {
    use super::*;

    #[auto_track_exception]
    fn load(attempt: u32) -> io::Result<u32> {
        if attempt == 0 { open().map(number) } else { Ok(attempt) }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("refused")]
    struct Refused;

    fn refuse(number: u32) -> Result<u32, Refused> {
        if number < 100 { Err(Refused) } else { Ok(number) }
    }

    #[auto_track_exception]
    fn after_one_is_kept() -> Result<u32, Refused> {
        let mut errors = Vec::new();
        if let Err(error) = load(0) {
            errors.push(error);
        }
        let number = refuse(3)?;
        Ok(number + errors.len() as u32)
    }

    #[auto_track_exception]
    fn of_a_part_of_an_error() -> Result<u32, Refused> {
        let mut kinds = std::collections::BTreeSet::new();
        if let Err(error) = load(0) {
            kinds.insert(error.kind());
        }
        if kinds.contains(&io::ErrorKind::NotFound) { Err(Refused) } else { Ok(1) }
    }

    #[auto_track_exception]
    fn of_a_success() -> Result<u32, Refused> {
        let mut found = false;
        for attempt in 0..2 {
            match load(attempt) {
                Ok(_) => found = true,
                Err(_) => {}
            }
        }
        if found { Err(Refused) } else { Ok(1) }
    }

    #[auto_track_exception]
    fn in_the_other_branch() -> Result<u32, Refused> {
        let fine = load(0).is_ok();
        if fine || refuse(200).is_ok() {
            let number = refuse(3)?;
            return Ok(number);
        }
        Ok(1)
    }

    #[auto_track_exception]
    fn of_what_it_was_replaced_by() -> Result<u32, Refused> {
        let mut number = 0;
        match load(0) {
            Ok(loaded) => number = loaded,
            Err(_) => number += 3,
        }
        let number = refuse(number)?;
        Ok(number)
    }

    #[auto_track_exception]
    fn beside_a_success() -> Result<u32, Refused> {
        for attempt in 0..2 {
            match (load(attempt), load(1)) {
                (Ok(_), Ok(_)) => return Err(Refused),
                (Err(_), _) | (_, Err(_)) => {}
            }
        }
        Ok(1)
    }

    #[test]
    fn an_error_that_is_not_made_of_a_kept_one_is_a_separate_failure() {
        for run in [
            after_one_is_kept as fn() -> _,
            of_a_part_of_an_error,
            of_a_success,
            in_the_other_branch,
            of_what_it_was_replaced_by,
            beside_a_success,
        ] {
            let events = events_of(run);
            let mut reported: Vec<_> =
                events.iter().map(|it| (it.message.as_str(), it.handled)).collect();
            reported.sort();
            let io = "No such file or directory (os error 2)";
            assert_eq!(reported, [(io, true), ("refused", false)], "{:?}", functions(&events[0]));
        }
    }
}
