//! Macros that return, and errors that are made where they leave: the event has the real text, type and variant.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]
#![allow(
    unused_braces,
    clippy::needless_return,
    clippy::try_err,
    reason = "so may a user write it"
)]

use error_tracker::auto_track_exception;
use error_tracker_tests::{event_of, events_of, functions};

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
enum Refused {
    #[error("{0} is too old")]
    TooOld(u32),
    #[error("nothing is left")]
    Empty,
}

/// How often it was called: what a macro is given is evaluated once.
fn age(of: u32) -> u32 {
    CALLS.with(|calls| calls.set(calls.get() + 1));
    of + 60
}

thread_local! {
    static CALLS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

macro_rules! texts {
    ($of:ident; $($name:ident: $body:block)+) => {
        $(#[auto_track_exception]
        fn $name($of: u32) -> anyhow::Result<u32> {
            $body
        })+

        #[test]
        fn a_text_is_the_one_that_the_macro_writes() {
            $(let event = event_of(|| {
                let error = $name(9).unwrap_err();
                assert_eq!(error.to_string(), "69 is too old");
                assert!(error.downcast_ref::<String>().is_some());
                assert_eq!(CALLS.with(std::cell::Cell::get), 1);
            });
            assert_eq!((event.message.as_str(), functions(&event)), ("69 is too old", vec![stringify!($name)]));
            assert!(!event.handled);)+
        }
    };
}

texts! {
    of;
    bail_computed: { anyhow::bail!("{} is too old", age(of)) }
    bail_named: { anyhow::bail!("{age} is too old", age = age(of)); }
    bail_in_an_arm: { let old = match of { 0 => 1, _ => anyhow::bail!("{} is too old", age(of)) }; Ok(old) }
    ensure_computed: { anyhow::ensure!(of > 10, "{} is too old", age(of)); Ok(of) }
    ensure_variable: { let (young, age) = (of > 10, age(of)); anyhow::ensure!(young, "{age} is too old"); Ok(of) }
    ensure_field: { let (young, age) = ((of > 10, 1), age(of)); anyhow::ensure!(young.0, "{age} is too old"); Ok(of) }
    ensure_call: { let age = age(of); anyhow::ensure!(bool::from(of > 10), "{age} is too old"); Ok(of) }
    ensure_method: { let age = age(of); anyhow::ensure!(of.ge(&10), "{age} is too old"); Ok(of) }
    ensure_macro: { let age = age(of); anyhow::ensure!(matches!(of, 10 | 11), "{age} is too old"); Ok(of) }
    ensure_reference: { let (young, age) = (&(of > 10), age(of)); anyhow::ensure!(*young, "{age} is too old"); Ok(of) }
    ensure_any_condition: { let young = of > 10; anyhow::ensure!(young, "{} is too old", age(of)); Ok(of) }
}

mod waits {
    use super::*;

    async fn later(of: u32) -> u32 {
        tokio::task::yield_now().await;
        age(of)
    }

    macro_rules! texts {
        ($of:ident; $($name:ident: $body:block)+) => {
            $(#[auto_track_exception]
            async fn $name($of: u32) -> anyhow::Result<u32> {
                $body
            })+

            #[test]
            fn an_awaited_text_is_the_one_that_the_macro_writes() {
                $(let event = event_of(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    // On another thread perhaps: the future is `Send`.
                    let error = runtime.block_on(runtime.spawn($name(9))).unwrap().unwrap_err();
                    assert_eq!(error.to_string(), "69 is too old");
                    assert_eq!(CALLS.with(std::cell::Cell::get), 1);
                });
                assert_eq!((event.message.as_str(), functions(&event)), ("69 is too old", vec![stringify!($name)]));
                assert!(!event.handled);)+
            }
        };
    }

    texts! {
        of;
        bails: { anyhow::bail!("{} is too old", later(of).await) }
        bails_with_more: { let (is, old) = ("is", String::from("too old")); anyhow::bail!("{} {} {}", later(of).await, is, old.as_str()) }
        bails_with_a_name: { anyhow::bail!("{age} is {}", "too old".trim(), age = later(of).await); }
        ensures: { anyhow::ensure!(of > 10, "{} is too old", later(of).await); Ok(of) }
        ensures_by_two: { anyhow::ensure!(std::future::ready(of).await > 10, "{} is too old", later(of).await); Ok(of) }
        ensures_what_is_waited_for: { let old = 69; anyhow::ensure!(later(of).await > 100, "{old} is too old"); Ok(of) }
    }
}

#[auto_track_exception]
fn above(of: u32) -> anyhow::Result<u32> {
    let old = bail_computed(of)?;
    Ok(old + 1)
}

#[test]
fn an_error_continues_through_the_callers_as_one_event() {
    let event = event_of(|| assert!(above(9).is_err()));
    assert_eq!(
        (event.message.as_str(), functions(&event)),
        ("69 is too old", vec!["bail_computed", "above"])
    );
}

macro_rules! values {
    ($of:ident; $($name:ident gives $error:ty: $body:block)+) => {
        $(#[auto_track_exception]
        fn $name($of: u32) -> Result<u32, $error> {
            $body
        })+

        #[test]
        fn an_error_that_is_boxed_or_reported_keeps_its_type_and_variant() {
            $(let event = event_of(|| assert!($name(9).is_err()));
            let name = stringify!($name);
            assert_eq!((event.type_name.as_str(), event.variant.as_deref()), ("leaving_macros::Refused", Some("TooOld")), "{name}");
            assert_eq!((event.message.as_str(), functions(&event)), ("69 is too old", vec![name]));)+
        }
    };
}

type Boxed = Box<dyn std::error::Error + Send + Sync>;

fn refused(of: u32) -> Refused {
    Refused::TooOld(of + 60)
}

values! {
    of;
    bails gives anyhow::Error: { anyhow::bail!(Refused::TooOld(of + 60)) }
    bails_variable gives anyhow::Error: { let error = refused(of); anyhow::bail!(error) }
    bails_eyre gives eyre::Report: { eyre::bail!(refused(of)) }
    ensures gives anyhow::Error: { anyhow::ensure!(of > 10, Refused::TooOld(of + 60)); Ok(of) }
    ensures_eyre gives eyre::Report: { eyre::ensure!(of > 10, refused(of)); Ok(of) }
    boxes gives Boxed: { Err(Box::new(Refused::TooOld(of + 60))) }
    boxes_variable gives Boxed: { let error = refused(of); return Err(Box::new(error)); }
    boxes_from gives Boxed: { Err(Boxed::from(refused(of)))? }
    into_box gives Boxed: { Err(refused(of).into()) }
    into_report gives anyhow::Error: { if of < 10 { return Err(Refused::TooOld(of + 60).into()); } Ok(of) }
    reports gives eyre::Report: { Err(eyre::Report::new(refused(of))) }
    from_error gives anyhow::Error: { Err(anyhow::Error::from(refused(of))) }
    by_macro gives anyhow::Error: { Err(anyhow::anyhow!(refused(of))) }
    by_question gives anyhow::Error: { Err(refused(of))? }
    with_method gives anyhow::Error: { use anyhow::Context as _; return Err(refused(of)).context("checking"); }
    ok_or gives Boxed: { Ok(None.ok_or(refused(of))?) }
    ok_or_else gives anyhow::Error: { Ok(None.ok_or_else(|| refused(of))?) }
}

mod without_a_text {
    use super::*;

    macro_rules! conditions {
        ($of:ident; $($name:ident gives $error:ty, $text:literal: $body:block)+) => {
            $(#[auto_track_exception]
            fn $name($of: u32) -> Result<u32, $error> {
                $body
            })+

            #[test]
            fn an_ensure_without_a_text_is_an_event_in_the_outermost_function() {
                $(let event = event_of(|| assert!($name(9).unwrap_err().to_string().starts_with($text)));
                assert_eq!((event.message.as_str(), functions(&event)), ($text, vec![stringify!($name)]));
                assert!(!event.handled);
                assert!(event_of(|| assert!($name(9).is_err())).id != event.id);
                assert!(events_of(|| assert!($name(11).is_ok())).is_empty(), stringify!($name));)+
            }
        };
    }

    conditions! {
        of;
        operands gives anyhow::Error, "Condition failed: `of > 10`": { anyhow::ensure!(of > 10); Ok(of) }
        variable gives anyhow::Error, "Condition failed: `young`": { let young = of > 10; anyhow::ensure!(young); Ok(of) }
        with_comma gives anyhow::Error, "Condition failed: `young`": { let young = of > 10; anyhow::ensure!(young,); Ok(of) }
        eyre gives eyre::Report, "Condition failed: `of > 10`": { eyre::ensure!(of > 10); Ok(of) }
        expression gives anyhow::Error, "Condition failed: `young`": { let young = of > 10; match of { 0 => {} _ => anyhow::ensure!(young) } Ok(of) }
        in_a_loop gives anyhow::Error, "Condition failed: `turn < of - 8`": { for turn in 0..2 { anyhow::ensure!(turn < of - 8); } Ok(of) }
    }

    #[auto_track_exception]
    fn asks(of: u32) -> anyhow::Result<u32> {
        let found = operands(of)?;
        Ok(found)
    }

    #[auto_track_exception]
    fn adds(of: u32) -> anyhow::Result<u32> {
        anyhow::Context::context(operands(of), "asking")
    }

    #[test]
    fn the_error_of_ensure_shows_the_values_of_its_condition() {
        let event = event_of(|| asks(9).is_err());
        let reported = (event.message.as_str(), functions(&event));
        assert_eq!(reported, ("Condition failed: `of > 10` (9 vs 10)", vec!["operands", "asks"]));
        let event = event_of(|| adds(9).is_err());
        assert_eq!(functions(&event), ["operands", "adds"]);
        assert!(
            event.headline().starts_with("asking: Condition failed: `of > 10`"),
            "{}",
            event.headline()
        );
    }

    #[auto_track_exception]
    fn panics(of: &[u32]) -> anyhow::Result<u32> {
        anyhow::ensure!(of[3] > 10);
        Ok(of[0])
    }

    /// Of a macro of this name that goes on, or makes its own error.
    #[auto_track_exception]
    fn refuses(of: u32) -> Result<u32, Refused> {
        macro_rules! ensure {
            ($condition:expr) => {
                if !$condition {
                    return Err(Refused::Empty);
                }
            };
        }
        ensure!(of > 7);
        ensure!(of > 10 || bail(of)?);
        Ok(of)
    }

    fn bail(of: u32) -> Result<bool, Refused> {
        if of == 9 { Ok(true) } else { Err(refused(of)) }
    }

    #[test]
    fn a_condition_that_panics_or_returns_is_reported_as_such() {
        let event = event_of(|| panics(&[1]).is_err());
        assert!(event.message.starts_with("index out of bounds"), "{}", event.message);
        assert!(events_of(|| assert!(refuses(9).is_ok())).is_empty());
    }
}

mod that_do_not_return {
    use super::*;

    macro_rules! bail {
        ($($any:tt)*) => {
            drop(format!($($any)*))
        };
    }

    macro_rules! ensure {
        ($condition:expr, $($any:tt)*) => {
            if !$condition {
                drop(format!("{}", $($any)*));
            }
        };
    }

    #[auto_track_exception]
    fn goes_on(of: u32) -> Result<u32, Refused> {
        bail!("{of} is too old");
        bail!("{} is too old", of + 1);
        ensure!(of > 10, Refused::TooOld(of));
        ensure!(of > 10, "too old");
        if of < 10 {
            bail!("{of} is too old");
        }
        let () = bail!("again");
        Ok(of)
    }

    /// Of a macro of this name that takes something else for its condition.
    #[auto_track_exception]
    fn given(of: &(Option<String>, u32)) -> Result<u32, Refused> {
        macro_rules! ensure {
            ($value:expr, $text:literal) => {
                match &$value {
                    Some(_) => {}
                    None => return Err(Refused::Empty),
                }
            };
        }
        ensure!(of.0, "nothing is there");
        ensure!(of.0.clone(), "nothing is there");
        Ok(of.1)
    }

    #[test]
    fn a_macro_of_this_name_may_take_anything_for_its_condition() {
        assert!(events_of(|| given(&(Some("tea".into()), 1)).unwrap()).is_empty());
    }

    #[auto_track_exception]
    fn fails_later(of: u32) -> Result<u32, Refused> {
        ensure!(of > 10, Refused::TooOld(of));
        bail!("{of} is too old");
        Err(Refused::Empty)
    }

    #[test]
    fn macros_of_these_names_that_do_not_return_are_not_failures() {
        let events = events_of(|| assert_eq!(goes_on(9), Ok(9)));
        assert!(events.is_empty(), "{:?}", events[0].message);
        let event = event_of(|| assert!(fails_later(9).is_err()));
        assert_eq!((event.message.as_str(), event.frames.len()), ("nothing is left", 1));
    }
}

mod of_other_crates {
    use super::*;

    /// As snafu's derive makes them.
    struct TooOldSnafu {
        age: u32,
    }

    impl TooOldSnafu {
        fn build(self) -> Refused {
            Refused::TooOld(self.age)
        }

        fn fail<T>(self) -> Result<T, Refused> {
            Err(self.build())
        }
    }

    /// As `snafu::ensure!`.
    macro_rules! ensure {
        ($predicate:expr, $context_selector:expr $(,)?) => {
            if !$predicate {
                return $context_selector.fail().map_err(::core::convert::Into::into);
            }
        };
    }

    #[auto_track_exception]
    fn selects(of: u32) -> Result<u32, Refused> {
        ensure!(of > 10, TooOldSnafu { age: age(of) });
        Ok(of)
    }

    #[auto_track_exception]
    fn fails(of: u32) -> Result<u32, Refused> {
        if of < 10 { TooOldSnafu { age: age(of) }.fail() } else { Ok(of) }
    }

    #[test]
    fn a_context_selector_shows_the_error_that_is_made_with_it() {
        for run in [selects as fn(u32) -> _, fails] {
            let event = event_of(move || assert_eq!(run(9), Err(Refused::TooOld(69))));
            assert_eq!((event.message.as_str(), event.frames.len()), ("69 is too old", 1));
            assert_eq!(
                (event.type_name.as_str(), event.variant.as_deref()),
                ("leaving_macros::Refused", Some("TooOld"))
            );
        }
    }
}
