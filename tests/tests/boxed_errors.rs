//! An error that is put into a box or a report keeps its type and variant, wherever the function writes that.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]
#![allow(
    unused_braces,
    unused_parens,
    clippy::needless_return,
    clippy::try_err,
    clippy::let_and_return,
    clippy::needless_question_mark,
    clippy::question_mark,
    clippy::unnecessary_lazy_evaluations,
    clippy::bind_instead_of_map,
    clippy::redundant_closure_call,
    clippy::manual_map,
    clippy::unnecessary_wraps,
    clippy::map_unwrap_or,
    clippy::option_if_let_else,
    reason = "so may a user write it"
)]

#[macro_use]
#[path = "../fixtures/refusals.rs"]
mod refusals;

use std::error::Error;
use std::sync::Arc;

use error_tracker::auto_track_exception;
use error_tracker_tests::{event_of, events_of, functions};
use refusals::{Boxed, Refused, assert_refused, find, refused};

refusals! {
    what_fills_a_none_keeps_its_type of of;
    ok_or gives Boxed: find(of).ok_or(refused(of).into());
    ok_or_box gives Boxed: find(of).ok_or(Box::new(refused(of)));
    ok_or_report gives anyhow::Error: Ok(find(of).ok_or(anyhow::anyhow!(Refused::TooOld(of + 60)))?);
    ok_or_else gives Boxed: find(of).ok_or_else(|| refused(of).into());
    ok_or_else_typed gives Boxed: { let found = find(of).ok_or_else(|| -> Boxed { refused(of).into() })?; Ok(found) };
    ok_or_else_cast gives Boxed: Ok(find(of).ok_or_else(|| Box::new(refused(of)) as Boxed)?);
    ok_or_else_box_from gives Boxed: Ok(find(of).ok_or_else(|| Boxed::from(refused(of)))?);
    ok_or_else_macro gives anyhow::Error: Ok(find(of).ok_or_else(|| anyhow::anyhow!(refused(of)))?);
    ok_or_else_macro_returned gives anyhow::Error: return find(of).ok_or_else(|| anyhow::anyhow!(refused(of)));
    ok_or_else_report gives eyre::Report: Ok(find(of).ok_or_else(|| eyre::eyre!(refused(of)))?);
    ok_or_else_new gives eyre::Report: Ok(find(of).map(|of| of + 1).ok_or_else(|| eyre::Report::new(refused(of)))?);
    ok_or_else_block gives anyhow::Error: Ok(find(of).ok_or_else(|| { let old = of + 60; anyhow::Error::new(Refused::TooOld(old)) })?);
    ok_or_else_move gives anyhow::Error: Ok(find(of).ok_or_else(move || anyhow::Error::from(refused(of)))?);
    ok_or_else_in_a_loop gives anyhow::Error: { let mut sum = 0; for more in [1010, of] { sum += find(more).ok_or_else(move || anyhow::anyhow!(refused(more)))?; } Ok(sum) };
    ok_or_else_context gives anyhow::Error: Ok(find(of).ok_or_else(|| anyhow::anyhow!(refused(of)).context("finding"))?);
    ok_or_then_context gives anyhow::Error: { use anyhow::Context as _; find(of).ok_or(refused(of)).context("finding") };
    ok_or_else_then_context gives anyhow::Error: { use anyhow::Context as _; Ok(find(of).ok_or_else(|| refused(of)).with_context(|| format!("finding {of}"))?) };
    ok_or_then_mapped gives anyhow::Error: Ok(find(of).ok_or_else(|| refused(of)).map_err(anyhow::Error::from)?);
    map_or gives Boxed: find(of).map_or(Err(refused(of).into()), Ok);
    map_or_else gives Boxed: find(of).map_or_else(|| Err(refused(of).into()), |of| Ok(of));
    map_and_unwrap gives Boxed: find(of).map(Ok).unwrap_or_else(|| Err(Boxed::from(refused(of))));
    and_then gives anyhow::Error: Ok::<_, anyhow::Error>(of).and_then(|of| find(of).ok_or_else(|| anyhow::anyhow!(refused(of))));
    or_else gives anyhow::Error: find(of).ok_or(()).or_else(|()| Err(anyhow::anyhow!(refused(of))));
    matched gives anyhow::Error: match find(of) { Some(of) => Ok(of), None => Err(anyhow::anyhow!(refused(of))) };
    of_nothing gives anyhow::Error: Ok(Err(()).map_err(|()| anyhow::anyhow!(refused(of)))?);
    let_else gives Boxed: { let Some(found) = find(of) else { return Err(refused(of).into()) }; Ok(found) };
}

refusals! {
    what_is_bound_before_it_leaves_keeps_its_type of of;
    annotated gives Boxed: { let error: Boxed = refused(of).into(); Err(error) };
    boxed gives Boxed: { let error = Box::new(refused(of)); Err(error) };
    cast gives Boxed: { let error = Box::new(refused(of)) as Boxed; return Err(error); };
    from gives Boxed: { let error = Boxed::from(refused(of)); return Err(error) };
    report gives anyhow::Error: { let error = anyhow::anyhow!(refused(of)); return Err(error); };
    new gives eyre::Report: { let error = eyre::Report::new(refused(of)); if of < 10 { return Err(error) } Ok(of) };
    bailed gives anyhow::Error: { let error = anyhow::Error::new(refused(of)).context("looking"); anyhow::bail!(error) };
    question gives anyhow::Error: { let error = anyhow::anyhow!(refused(of)); Err(error)? };
    filled gives anyhow::Error: { let error = anyhow::anyhow!(refused(of)); find(of).ok_or(error) };
    result gives Boxed: { let result = Err(refused(of).into()); result };
    result_later gives anyhow::Error: { let found = find(of).ok_or_else(|| anyhow::anyhow!(refused(of))); let found = found?; Ok(found + 1) };
    left_by_else gives anyhow::Error: { let Some(found) = find(of) else { let error = anyhow::Error::new(refused(of)); anyhow::bail!(error) }; Ok(found) };
    in_an_arm gives anyhow::Error: match find(of) { Some(of) => Ok(of), None => { let error = anyhow::anyhow!(refused(of)); Err(error) } };
    concrete gives Boxed: { let error = refused(of); let error: Boxed = error.into(); Err(error) };
}

refusals! {
    however_a_box_or_report_is_made_it_keeps_the_type of of;
    turbofish gives Boxed: return Err::<_, Boxed>(refused(of).into());
    question_with_turbofish gives Boxed: { Err::<u32, Boxed>(refused(of).into())?; Ok(of) };
    box_from gives Boxed: Err(Box::from(refused(of)));
    box_of_dyn_from gives Boxed: Err(Box::<dyn Error + Send + Sync>::from(refused(of)));
    qualified_from gives Boxed: Err(<Box<dyn Error + Send + Sync>>::from(refused(of)));
    from gives Boxed: Err(From::from(refused(of)));
    into gives Boxed: Err(Into::into(refused(of)));
    into_typed gives Boxed: Err(Into::<Boxed>::into(refused(of)));
    cast gives Boxed: Err(Box::new(refused(of)) as Boxed);
    arc gives Arc<dyn Error>: Err(Arc::new(refused(of)));
    in_parentheses gives Boxed: { (Err((refused(of)).into())) };
    new gives anyhow::Error: Err(anyhow::Error::new(refused(of)));
    context gives anyhow::Error: Err(anyhow::Error::new(refused(of)).context("checking"));
    macro_and_context gives anyhow::Error: Err(anyhow::anyhow!(refused(of)).context("checking").context("again"));
    wrapped gives eyre::Report: Err(eyre::eyre!(refused(of)).wrap_err("checking"));
    block gives Boxed: Err({ let old = refused(of); old.into() });
    arm gives Boxed: Err(match of { 0 => Refused::Unknown { of }.into(), _ => refused(of).into() });
    if_else gives Boxed: Err(if of == 0 { Box::new(Refused::Unknown { of }) } else { Box::new(refused(of)) });
    field gives Boxed: { let pair = (refused(of), 1); Err(pair.0.into()) };
    of_a_closure gives Boxed: { let make = || refused(of); Err(make().into()) };
    mapped gives anyhow::Error: Err(refused(of)).map_err(anyhow::Error::from);
    mapped_into gives Boxed: Ok(Err(refused(of)).map_err(|error| Box::new(error) as Boxed)?);
    returned_by_question gives Boxed: return Err::<_, Boxed>(refused(of).into())?;
}

mod in_other_types {
    use std::future::poll_fn;
    use std::task::{Context, Poll};

    use super::*;

    struct Ages(u32);

    impl Iterator for Ages {
        type Item = Result<u32, Boxed>;

        #[auto_track_exception]
        fn next(&mut self) -> Option<Self::Item> {
            let of = self.0;
            if of < 10 {
                return Some(Err(refused(of).into()));
            }
            Some(find(of).ok_or_else(|| refused(of).into()))
        }
    }

    #[auto_track_exception]
    fn poll(of: u32, _: &mut Context<'_>) -> Poll<Result<u32, Boxed>> {
        match find(of) {
            Some(found) => Poll::Ready(Ok(found)),
            None => Poll::Ready(Err(Box::new(refused(of)))),
        }
    }

    #[test]
    fn a_result_in_an_option_or_poll_keeps_its_error() {
        let event = event_of(|| assert!(Ages(9).next().is_some_and(|age| age.is_err())));
        assert_refused(&event, "next");
        let event = event_of(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            assert!(runtime.block_on(poll_fn(|context| poll(9, context))).is_err());
        });
        assert_refused(&event, "poll");
    }
}

mod what_is_no_error {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("status {0}")]
    struct Status(u16);

    impl From<u16> for Status {
        fn from(code: u16) -> Self {
            Self(code)
        }
    }

    #[auto_track_exception]
    fn of_a_number(code: u16) -> Result<u32, Status> {
        if code == 200 { Ok(1) } else { Err(Status::from(code)) }
    }

    #[auto_track_exception]
    fn of_a_kind(code: u16) -> io::Result<u32> {
        let kind = if code == 404 { io::ErrorKind::NotFound } else { io::ErrorKind::Other };
        Err(kind.into())
    }

    #[auto_track_exception]
    fn of_a_text(code: u16) -> Result<u32, Boxed> {
        let text = format!("status {code}");
        find(1).ok_or_else(|| text.into())
    }

    #[test]
    fn the_source_value_of_an_error_is_not_the_event_if_it_is_not_an_error() {
        let event = event_of(|| of_a_number(404).is_err());
        assert_eq!(
            (event.type_name.as_str(), event.message.as_str()),
            ("boxed_errors::what_is_no_error::Status", "status 404")
        );
        let event = event_of(|| of_a_kind(404).is_err());
        assert_eq!(
            (event.type_name.as_str(), event.variant.as_deref()),
            ("std::io::error::Error", Some("NotFound"))
        );
        let event = event_of(|| of_a_text(404).is_err());
        assert!(event.type_name.starts_with("alloc::boxed::Box<dyn"), "{}", event.type_name);
        assert_eq!(event.message, "status 404");
    }
}

mod of_another {
    use super::*;

    #[auto_track_exception]
    fn refuses(of: u32) -> Result<u32, Refused> {
        let old = of + 60;
        Err(Refused::TooOld(old))
    }

    #[auto_track_exception]
    fn binds_what_is_made_of_it(of: u32) -> anyhow::Result<u32> {
        match refuses(of) {
            Ok(of) => Ok(of),
            Err(error) => {
                let error = anyhow::anyhow!(error);
                Err(error)
            }
        }
    }

    #[auto_track_exception]
    fn binds_and_adds(of: u32) -> anyhow::Result<u32> {
        let found = refuses(of);
        if let Err(error) = found {
            let report = anyhow::Error::new(error).context("asking");
            return Err(report);
        }
        Ok(1)
    }

    #[auto_track_exception]
    fn maps_to_another(of: u32) -> Result<u32, Boxed> {
        Ok(refuses(of).map_err(|error| match error {
            Refused::TooOld(of) => Boxed::from(Refused::Unknown { of }),
            unknown @ Refused::Unknown { .. } => unknown.into(),
        })?)
    }

    #[test]
    fn a_converted_error_continues_its_trace() {
        let runs: [(fn(u32) -> bool, &str); 3] = [
            (|of| binds_what_is_made_of_it(of).is_err(), "binds_what_is_made_of_it"),
            (|of| binds_and_adds(of).is_err(), "binds_and_adds"),
            (|of| maps_to_another(of).is_err(), "maps_to_another"),
        ];
        for (run, name) in runs {
            let event = event_of(move || assert!(run(9)));
            assert_eq!((event.message.as_str(), event.handled), ("69 is too old", false), "{name}");
            assert_eq!(functions(&event), ["refuses", name]);
        }
    }

    /// The report is made for somebody else, and nothing fails.
    #[auto_track_exception]
    fn recovers(of: u32) -> anyhow::Result<u32> {
        let error = anyhow::anyhow!(Refused::TooOld(of));
        if of > 100 {
            return Err(error);
        }
        drop(error);
        Ok(find(of).ok_or_else(|| anyhow::anyhow!(refused(of))).unwrap_or(1))
    }

    #[test]
    fn an_error_that_is_created_and_not_returned_is_not_an_event() {
        assert!(events_of(|| assert_eq!(recovers(9).ok(), Some(1))).is_empty());
    }
}

/// Closures that somebody keeps, and errors that borrow.
mod compiles {
    use std::fmt;
    use std::future::{Future, ready};
    use std::pin::Pin;

    use futures_util::TryFutureExt as _;

    use super::*;

    struct Parser(Box<dyn Fn(&str) -> Result<u32, Boxed> + Send + Sync>);

    impl Parser {
        fn map_err(self, map: impl Fn(Boxed) -> Boxed + Send + Sync + 'static) -> Self {
            Self(Box::new(move |text| (self.0)(text).map_err(&map)))
        }
    }

    #[auto_track_exception]
    fn parser() -> Parser {
        let parser = Parser(Box::new(|text| Ok(text.parse()?)));
        parser.map_err(|_| refused(9).into())
    }

    type Answer = Pin<Box<dyn Future<Output = Result<u32, Boxed>> + Send>>;

    #[auto_track_exception]
    fn answer() -> Answer {
        Box::pin(ready(Err(())).map_err(|()| refused(9).into()))
    }

    #[auto_track_exception]
    fn any_answer() -> impl Future<Output = Result<u32, Boxed>> + Send + 'static {
        ready(Err(())).map_err(|()| Boxed::from(refused(9)))
    }

    #[auto_track_exception]
    async fn later(of: u32) -> Result<u32, Boxed> {
        let parser = parser();
        let parsed = (parser.0)("9")?;
        let found = ready(find(of)).await.ok_or_else(|| Boxed::from(refused(parsed)))?;
        Ok(found)
    }

    #[derive(Debug)]
    struct Missing<'a>(&'a str);

    impl fmt::Display for Missing<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "no {}", self.0)
        }
    }

    impl Error for Missing<'_> {}

    #[auto_track_exception]
    fn borrows<'a>(texts: &'a [String], wanted: &str) -> Result<usize, Box<dyn Error + 'a>> {
        let mut all = 0;
        for text in texts {
            let upper = text.to_uppercase();
            all += upper
                .find(wanted)
                .ok_or_else(|| Box::<dyn Error + '_>::from(Missing(&upper)))
                .map_err(|error| error.to_string())?;
            all += text.find(wanted).ok_or_else(|| Box::new(Missing(text)))?;
        }
        Ok(all)
    }

    #[auto_track_exception]
    fn is_generic<E: Error + Send + Sync + 'static>(
        found: Option<u32>,
        error: E,
    ) -> Result<u32, Boxed> {
        let found = found.ok_or_else(move || -> Boxed { error.into() })?;
        Ok(found)
    }

    fn is_send<T: Send>(value: T) -> T {
        value
    }

    #[test]
    fn closures_that_are_kept_and_errors_that_borrow_compile() {
        let event = event_of(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            assert!((parser().0)("x").is_err());
            assert!(runtime.block_on(answer()).is_err() && runtime.block_on(any_answer()).is_err());
            assert!(runtime.block_on(is_send(later(9))).is_err());
        });
        assert_refused(&event, "later");
        let event = event_of(|| borrows(&[String::from("kettle")], "T").is_err());
        assert!(
            event.message.starts_with("no KETTLE") || event.message.starts_with("no kettle"),
            "{}",
            event.message
        );
        let event = event_of(|| is_generic(None, refused(9)).is_err());
        assert_refused(&event, "is_generic");
    }
}
