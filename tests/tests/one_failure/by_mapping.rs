//! What `.map_err(..)`, `.ok_or(..)` and their like make of an error.

use super::*;

one! { a_mapping_of_an_annotated_call_goes_on_with_its_trace, load:
    bound: { let read = load(); let number = read.map_err(|_| Closed)?; Ok(number) };
    bound_and_returned: { let read = load(); read.map_err(|_| Closed) };
    bound_twice: { let read = load(); let again = read; Ok(again.map_err(|_| Closed)?) };
    bound_to_the_same_name: { let read = load().map(Some); let read = read.map_err(|_| Closed).map(Option::unwrap_or_default)?; Ok(read) };
    collected_by_the_same_name: { let all = [1].into_iter().map(|_| load().map_err(|_| Closed)); let all = all.collect::<Result<Vec<_>, _>>()?; Ok(all[0]) };
    assigned: { let read; read = load(); Ok(read.map_err(|_| Closed)?) };
    not_last: Ok(load().map_err(|_| Closed).map(|number| number + 1)?);
    not_last_but_returned: load().map_err(|_| Closed).map(|number| number + 1);
    and_then: load().map_err(|_| Closed).and_then(|number| number.checked_add(1).ok_or(Closed));
    twice: Ok(load().map_err(|_| Status(500)).map_err(|_| Closed)?);
    or_else: load().or_else(|_| Err(Closed));
    or: load().or(Err(Closed));
    map_or_else: load().map_or_else(|_| Err(Closed), Ok);
    ok_between: load().ok().filter(|number| *number > 3).and_then(|number| number.checked_add(1)).ok_or(Closed);
    of_an_own_trait: Ok(load().or_closed()?);
    in_a_closure: { let read = || load().map_err(|_| Closed); Ok(read()?) };
    in_a_closure_that_is_called: { let number = (|| load().map_err(|_| Closed))()?; Ok(number) };
    in_a_block: { let number = { load().map_err(|_| Closed)? }; Ok(number) };
    in_an_argument: Ok(u32::max(load().map_err(|_| Closed)?, 3));
}

one! { a_mapping_of_any_call_keeps_its_cause, open:
    bound: { let read = open(); let file = read.map_err(|_| Closed)?; Ok(number(file)) };
    bound_and_returned: { let read = open().map(number); read.map_err(|_| Closed) };
    not_last: Ok(open().map_err(|_| Closed).map(number)?);
    not_last_but_returned: open().map_err(|_| Closed).map(number);
    and_then: open().map_err(|_| Closed).and_then(|file| number(file).checked_add(1).ok_or(Closed));
    or_else: open().map(number).or_else(|_| Err(Closed));
    map_or_else: open().map_or_else(|_| Err(Closed), |file| Ok(number(file)));
    ok_and_ok_or: open().map(number).ok().ok_or(Closed);
    ok_or_else: open().ok().map(number).and_then(|number| number.checked_add(1)).ok_or_else(|| Closed);
}

trait OrClosed<T> {
    fn or_closed(self) -> Result<T, Closed>;
}

impl<T> OrClosed<T> for io::Result<T> {
    fn or_closed(self) -> Result<T, Closed> {
        self.map_err(|_| Closed)
    }
}

mod says_nothing {
    use super::*;

    fn refuses() -> Result<u32, ()> {
        Err(())
    }

    #[auto_track_exception]
    fn maps() -> Result<u32, Closed> {
        let number = refuses().map_err(|()| Closed)?;
        Ok(number)
    }

    #[auto_track_exception]
    fn matches() -> Result<u32, Closed> {
        match refuses() {
            Ok(number) => Ok(number),
            Err(()) => Err(Closed),
        }
    }

    #[auto_track_exception]
    fn joins() -> Result<u32, Status> {
        std::thread::spawn(|| std::panic::resume_unwind(Box::new(3)))
            .join()
            .map_err(|_| Status(503))
    }

    #[test]
    fn the_source_value_of_an_error_is_not_the_event_if_it_has_no_information() {
        for run in [maps as fn() -> _, matches] {
            let event = event_of(run);
            assert_eq!((event.message.as_str(), event.frames.len()), ("closed for today", 1));
            assert!(event.type_name.ends_with("Closed"));
        }
        let event = event_of(joins);
        assert_eq!((event.message.as_str(), event.frames.len()), ("status 503", 1));
    }
}
