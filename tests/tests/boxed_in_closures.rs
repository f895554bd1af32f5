//! An error that a closure or an async block puts into a box or a report keeps its type and variant, where the box leaves the
//! function around.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]
#![allow(
    clippy::needless_return,
    clippy::needless_question_mark,
    clippy::let_and_return,
    clippy::redundant_closure_call,
    clippy::redundant_async_block,
    clippy::manual_try_fold,
    clippy::unnecessary_wraps,
    reason = "so may a user write it"
)]

#[macro_use]
#[path = "../fixtures/refusals.rs"]
mod refusals;

use std::error::Error;
use std::{fmt, io, thread};

use error_tracker::auto_track_exception;
use error_tracker_tests::{event_of, events_of, functions};
use futures_util::TryFutureExt as _;
use refusals::{Boxed, Refused, assert_refused, find, refused};

refusals! {
    what_a_closure_with_a_name_makes_keeps_its_type of of;
    cast gives Boxed: { let make = |of: u32| Box::new(refused(of)) as Boxed; Err(make(of)) };
    constructed gives Boxed: { let make = |of| Box::new(Refused::TooOld(of)) as Boxed; Err(make(of + 60)) };
    typed gives Boxed: { let make = |of| -> Boxed { refused(of).into() }; if of < 10 { return Err(make(of)); } Ok(of) };
    report gives anyhow::Error: { let make = |of: u32| anyhow::anyhow!(refused(of)); Err(make(of)) };
    report_for_none gives anyhow::Error: { let make = || anyhow::Error::new(refused(of)).context("finding"); Ok(find(of).ok_or_else(make)?) };
    result gives Boxed: { let run = move |of: u32| -> Result<u32, Boxed> { if of < 10 { return Err(refused(of).into()); } Ok(of) }; run(of) };
    result_of_none gives Boxed: { let get = |of| find(of).ok_or_else(|| refused(of).into()); let found: Result<u32, Boxed> = get(of); found };
    bailed gives eyre::Report: { let check = |of: u32| { if of < 10 { eyre::bail!(refused(of)); } Ok(of) }; Ok(check(of)?) };
}

refusals! {
    what_a_closure_makes_that_is_called_at_once_keeps_its_type of of;
    question gives Boxed: { let found = (|| -> Result<u32, Boxed> { Err(refused(of).into()) })()?; Ok(found) };
    returned gives Boxed: (|| { if of < 10 { return Err(refused(of).into()); } Ok(of) })();
    bailed gives anyhow::Error: (|| { if of < 10 { anyhow::bail!(refused(of)); } Ok(of) })();
    matched gives anyhow::Error: (move || match find(of) { Some(of) => Ok(of), None => Err(anyhow::anyhow!(refused(of))) })();
}

refusals! {
    what_a_closure_of_an_iterator_makes_keeps_its_type of of;
    collected gives Boxed: { let all = [of].iter().map(|of| find(*of).ok_or_else(|| Boxed::from(refused(*of)))).collect::<Result<Vec<_>, _>>()?; Ok(all[0]) };
    collected_reports gives anyhow::Error: { let all: Vec<u32> = [of].iter().map(|of| if *of < 10 { Err(anyhow::anyhow!(refused(*of))) } else { Ok(*of) }).collect::<anyhow::Result<_>>()?; Ok(all[0]) };
    mapped gives anyhow::Error: { let all = [of].iter().map(|of| u8::try_from(of + 300).map_err(|_| anyhow::Error::new(refused(*of)))).collect::<Result<Vec<_>, _>>()?; Ok(u32::from(all[0])) };
    for_each gives anyhow::Error: { [of].iter().try_for_each(|of| { if *of < 10 { anyhow::bail!(refused(*of)); } Ok(()) })?; Ok(of) };
    fold gives Boxed: [of].iter().try_fold(0, |sum, of| if *of < 10 { Err(refused(*of).into()) } else { Ok(sum + of) });
    summed gives Boxed: [of].into_iter().map(|of| find(of).ok_or_else(|| Box::new(refused(of)) as Boxed)).sum();
    with_context gives anyhow::Error: { use anyhow::Context as _; let all = [of].iter().map(|of| find(*of).ok_or_else(|| anyhow::anyhow!(refused(*of)))).collect::<anyhow::Result<Vec<_>>>().context("finding all")?; Ok(all[0]) };
}

refusals! {
    what_an_io_error_is_made_of_keeps_its_type of of;
    other gives io::Error: Err(io::Error::other(refused(of)));
    other_in_a_closure gives io::Error: find(of).ok_or_else(|| io::Error::other(refused(of)));
    other_in_an_iterator gives io::Error: [of].iter().map(|of| find(*of).ok_or_else(|| std::io::Error::other(refused(*of)))).sum();
    of_a_kind gives io::Error: Err(io::Error::new(io::ErrorKind::InvalidData, refused(of)));
    bound gives io::Error: { let error = io::Error::new(io::ErrorKind::InvalidData, refused(of)); Err(error) };
}

#[test]
fn an_io_error_that_is_made_of_a_text_is_an_error_itself() {
    #[auto_track_exception]
    fn reads(of: u32) -> io::Result<u32> {
        let text = format!("{of} is no name");
        find(of).ok_or_else(|| io::Error::other(text))
    }

    let event = event_of(|| reads(9).is_err());
    assert_eq!(
        (event.type_name.as_str(), event.message.as_str()),
        ("std::io::error::Error", "9 is no name")
    );
}

mod of_async_blocks {
    use super::*;

    macro_rules! refusals {
        ($of:ident; $($name:ident gives $error:ty: $body:block)+) => {
            $(#[auto_track_exception]
            async fn $name($of: u32) -> Result<u32, $error> {
                $body
            })+

            #[test]
            fn the_error_of_an_awaited_async_block_keeps_its_type() {
                $(let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
                let events = events_of(move || assert!(runtime().block_on($name(9)).is_err()));
                assert_eq!(events.len(), 1, "{}", stringify!($name));
                assert_refused(&events[0], stringify!($name));)+
            }
        };
    }

    refusals! {
        of;
        question gives Boxed: { let found = async move { Err::<u32, Boxed>(refused(of).into()) }.await?; Ok(found) }
        returned gives Boxed: { let found = async { if of < 10 { return Err(Boxed::from(refused(of))); } Ok(of) }.await?; Ok(found) }
        named gives Boxed: { let run = async { find(of).ok_or_else(|| Boxed::from(refused(of))) }; let found = run.await?; Ok(found) }
        bailed gives anyhow::Error: { let found = async { if of < 10 { anyhow::bail!(refused(of)); } Ok(of) }.await?; Ok(found) }
        mapped gives Boxed: { let found = async { Err::<u32, _>(()) }.map_err(|()| Boxed::from(refused(of))).await?; Ok(found) }
        joined gives Boxed: { let all = futures_util::future::try_join_all([of].map(|of| async move { find(of).ok_or_else(|| Boxed::from(refused(of))) })).await?; Ok(all[0]) }
        in_a_closure gives Boxed: { let run = |of| async move { Err::<u32, Boxed>(refused(of).into()) }; run(of).await }
    }
}

#[auto_track_exception]
fn recovers(of: u32) -> Result<u32, Boxed> {
    let tries: Vec<Result<u32, Boxed>> = (0..of).map(|of| Err(refused(of).into())).collect();
    let failed = tries.iter().filter(|result| result.is_err()).count();
    if failed > 100 {
        return Err("all failed".into());
    }
    Ok(1)
}

#[test]
fn an_error_created_by_a_closure_and_not_returned_is_not_an_event() {
    assert!(events_of(|| assert_eq!(recovers(9).ok(), Some(1))).is_empty());
    let event = event_of(|| assert!(recovers(200).is_err()));
    assert_eq!(event.message, "all failed");
}

#[auto_track_exception]
fn refuses(of: u32) -> Result<u32, Refused> {
    let old = of + 60;
    Err(Refused::TooOld(old))
}

#[auto_track_exception]
fn wraps_in_a_closure(of: u32) -> Result<u32, Boxed> {
    let run = |of| match refuses(of) {
        Ok(of) => Ok(of),
        Err(Refused::TooOld(old)) => Err(Refused::TooOld(old).into()),
        Err(Refused::Unknown { of }) => Err(Boxed::from(Refused::Unknown { of })),
    };
    run(of)
}

#[auto_track_exception]
fn replaces_in_an_iterator(of: u32) -> Result<u32, Boxed> {
    let all =
        [of].into_iter().map(|of| refuses(of).map_err(|_| Boxed::from(Refused::Unknown { of })));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    Ok(all[0])
}

#[auto_track_exception]
fn replaces_in_a_closure(of: u32) -> Result<u32, Boxed> {
    let run = |of: u32| match refuses(of) {
        Ok(of) => Ok(of),
        Err(_) => Err(Boxed::from(Refused::Unknown { of })),
    };
    Ok(run(of)?)
}

#[auto_track_exception]
fn replaces_at_once(of: u32) -> Result<u32, Boxed> {
    (|| refuses(of).map_err(|_| Boxed::from(Refused::Unknown { of })))()
}

#[test]
fn an_error_that_a_closure_converts_continues_its_trace() {
    let runs: [(fn(u32) -> Result<u32, Boxed>, &str); 4] = [
        (wraps_in_a_closure, "wraps_in_a_closure"),
        (replaces_in_an_iterator, "replaces_in_an_iterator"),
        (replaces_in_a_closure, "replaces_in_a_closure"),
        (replaces_at_once, "replaces_at_once"),
    ];
    for (run, name) in runs {
        let event = events_of(move || run(9).is_err());
        assert_eq!(event.len(), 1, "{name}");
        let event = &event[0];
        assert_eq!(functions(event), ["refuses", name]);
        assert_eq!((event.message.as_str(), event.handled), ("69 is too old", false), "{name}");
    }
}

/// Closures that are kept, sent or given what borrows, and types that are known late.
mod compiles {
    use super::*;

    type Rule = Box<dyn Fn(&str) -> Result<u32, Boxed> + Send + Sync>;

    #[derive(Debug)]
    struct Missing<'a>(&'a str);

    impl fmt::Display for Missing<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "no {}", self.0)
        }
    }

    impl Error for Missing<'_> {}

    type Found<'a> = Result<usize, Box<dyn Error + 'a>>;

    #[derive(Debug)]
    struct Held<T>(T);

    impl<T> fmt::Display for Held<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("held")
        }
    }

    impl<T: fmt::Debug> Error for Held<T> {}

    /// Has neither `Debug` nor `Display`.
    struct Plain(u32);

    impl From<Plain> for Boxed {
        fn from(plain: Plain) -> Self {
            refused(plain.0).into()
        }
    }

    #[auto_track_exception]
    fn rules() -> Result<Vec<Rule>, Boxed> {
        let text = String::from("x");
        let first: Rule = Box::new(|text| Err(Refused::TooOld(text.len() as u32).into()));
        let second: Rule = Box::new(move |other| {
            if *other == text {
                return Err(Box::new(Refused::TooOld(69)));
            }
            other.parse().map_err(|error: std::num::ParseIntError| Boxed::from(Held(error)))
        });
        Ok(vec![first, second])
    }

    #[auto_track_exception]
    fn types_that_are_known_late(of: u32) -> Result<u32, Boxed> {
        let wrap = |error| Box::new(error) as Boxed;
        let held = |error| Box::new(Held(error)) as Boxed;
        let from = |error| Boxed::from(error);
        let convert = |value| -> Boxed { From::from(value) };
        let parsed = "7".parse().map_err(|error| Boxed::from(Held(error)))?;
        let sum: u8 = parsed;
        let shared: std::rc::Rc<dyn Fn(&'static str) -> Boxed> = std::rc::Rc::new(convert);
        "8".parse::<u32>().map_err(wrap)?;
        "9".parse::<u32>().map_err(held)?;
        find(2000).ok_or("nothing").map_err(from)?;
        if of == 1 {
            return Err(shared("one"));
        }
        let run = |of| if of == u32::from(sum) { Err(Plain(of).into()) } else { Ok(of) };
        run(of)
    }

    #[auto_track_exception]
    fn sends(of: u32) -> Result<u32, Boxed> {
        let worker = thread::spawn(move || -> Result<u32, Boxed> { Err(refused(of).into()) });
        if worker.join().unwrap().is_ok() {
            return Ok(1);
        }
        use rayon::prelude::*;
        let all = [of, of]
            .par_iter()
            .map(|of| find(*of).ok_or_else(|| anyhow::anyhow!(refused(*of))))
            .collect::<Result<Vec<_>, _>>();
        Ok(all.map_or(2, |all| all[0]))
    }

    #[auto_track_exception]
    fn borrows<'a>(texts: &'a [String], wanted: &str) -> Found<'a> {
        let find: fn(&'a String, &str) -> Found<'a> =
            |text, wanted| text.find(wanted).ok_or_else(|| Missing(text).into());
        let upper = |text: &str| -> Result<usize, Box<dyn Error>> {
            let text = text.to_uppercase();
            let missing = || Missing(&text).to_string();
            text.find("T").ok_or_else(|| Box::from(missing()))
        };
        let mut all = 0;
        for text in texts {
            all += find(text, wanted)? + upper(text).map_err(|error| error.to_string())?;
        }
        Ok(all)
    }

    #[auto_track_exception]
    fn is_generic<E: Error + Send + Sync + 'static>(
        found: Option<u32>,
        error: E,
    ) -> Result<u32, Boxed> {
        let run = move || match found {
            Some(found) => Ok(found),
            None => Err(Box::new(error) as Boxed),
        };
        run()
    }

    #[test]
    fn closures_that_are_kept_or_sent_and_types_that_are_known_late_compile() {
        assert!(rules().unwrap()[1]("7").is_ok() && rules().unwrap()[0]("7").is_err());
        assert_eq!(types_that_are_known_late(9).unwrap(), 9);
        assert_eq!(sends(9).unwrap(), 2);
        assert_eq!(borrows(&[String::from("kettle")], "t").unwrap(), 4);
        assert_eq!(is_generic(Some(3), refused(9)).unwrap(), 3);
    }
}
