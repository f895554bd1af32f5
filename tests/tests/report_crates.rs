//! Macros and methods of snafu, eyre and miette, as these crates write them: the event has the real text, type and variant.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]
#![allow(
    unused_braces,
    clippy::needless_return,
    clippy::needless_question_mark,
    clippy::question_mark,
    clippy::unnecessary_wraps,
    clippy::result_large_err,
    reason = "so may a user write it"
)]

use std::error::Error;
use std::fs::File;
use std::io;

use error_tracker::auto_track_exception;
use error_tracker_tests::{events_of, functions};

/// Not annotated. Finds nothing.
fn find(of: u32) -> Option<u32> {
    of.checked_sub(1000)
}

/// Not annotated.
fn open(_: u32) -> io::Result<File> {
    File::open("/no/such/file")
}

macro_rules! reports {
    ($test:ident of $of:ident: ($type_name:expr, $variant:expr, $message:expr); $($name:ident gives $error:ty: $body:expr;)+) => {
        mod $test {
            use super::*;

            $(#[auto_track_exception]
            fn $name($of: u32) -> Result<u32, $error> {
                $body
            })+

            #[test]
            fn $test() {
                $(let events = events_of(|| assert!($name(9).is_err()));
                let reported: Vec<_> = events
                    .iter()
                    .map(|event| (event.type_name.as_str(), event.variant.as_deref(), event.message.as_str(), event.handled, functions(event)))
                    .collect();
                assert_eq!(reported, [($type_name, $variant, $message, false, vec![stringify!($name)])], "{}", stringify!($name));)+
            }
        }
    };
}

mod of_snafu {
    use snafu::{OptionExt as _, ResultExt as _};

    use super::*;

    #[derive(Debug, snafu::Snafu)]
    enum Wrong {
        #[snafu(display("{age} is too old"))]
        TooOld { age: u32 },
        #[snafu(display("{name} cannot be read"))]
        Unreadable { name: String, source: io::Error },
        #[snafu(whatever, display("{message}"))]
        Other {
            message: String,
            #[snafu(source(from(Box<dyn Error + Send + Sync>, Some)))]
            source: Option<Box<dyn Error + Send + Sync>>,
        },
    }

    reports! {
        snafu_reports_the_selected_error of of: ("report_crates::of_snafu::Wrong", Some("TooOld"), "69 is too old");
        ensures gives Wrong: { snafu::ensure!(of > 10, TooOldSnafu { age: of + 60 }); Ok(of) };
        fails gives Wrong: { if of < 10 { return TooOldSnafu { age: of + 60 }.fail(); } Ok(of) };
        fails_and_asks gives Wrong: { if of < 10 { TooOldSnafu { age: of + 60 }.fail()?; } Ok(of) };
        of_none gives Wrong: find(of).context(TooOldSnafu { age: of + 60 });
        of_none_later gives Wrong: Ok(find(of).with_context(|| TooOldSnafu { age: of + 60 })?);
        boxed gives Box<dyn Error>: Err(TooOldSnafu { age: of + 60 }.build().into());
        boxed_of_none gives Box<dyn Error + Send + Sync>: Ok(find(of).context(TooOldSnafu { age: of + 60 }).boxed()?);
        into_error gives anyhow::Error: Ok(find(of).context(TooOldSnafu { age: of + 60 }).map_err(anyhow::Error::from)?);
    }

    reports! {
        snafu_reports_the_texts_of_its_macros of of: ("report_crates::of_snafu::Wrong", None, "69 is too old");
        whatever gives Wrong: { if of < 10 { snafu::whatever!("{} is too old", of + 60); } Ok(of) };
        whatever_of_a_variable gives Wrong: { let age = of + 60; if of < 10 { snafu::whatever!("{age} is too old") } Ok(of) };
        ensures gives Wrong: { snafu::ensure_whatever!(of > 10, "{} is too old", of + 60); Ok(of) };
    }

    reports! {
        snafu_reports_the_texts_of_its_methods of of: ("report_crates::of_snafu::Wrong", Some("Other"), "69 is too old");
        of_none gives Wrong: find(of).with_whatever_context(|| format!("{} is too old", of + 60));
        of_none_asked gives Wrong: Ok(find(of).whatever_context("69 is too old")?);
    }

    reports! {
        snafu_keeps_the_cause of of: ("std::io::error::Error", Some("NotFound"), "No such file or directory (os error 2)");
        selects gives Wrong: { open(of).context(UnreadableSnafu { name: "x" })?; Ok(of) };
        selects_later gives Wrong: { open(of).with_context(|_| UnreadableSnafu { name: "x" })?; Ok(of) };
        whatever gives Wrong: { open(of).whatever_context("reading")?; Ok(of) };
        whatever_by_macro gives Wrong: { snafu::whatever!(open(of), "reading {}", of); Ok(of) };
    }
}

#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("{age} is too old")]
    TooOld { age: u32 },
    #[error("unknown")]
    #[expect(dead_code, reason = "a variant beside the other")]
    Unknown,
}

impl miette::Diagnostic for Wrong {}

mod of_miette {
    use miette::{Context as _, IntoDiagnostic as _};

    use super::*;

    reports! {
        miette_reports_its_error of of: ("report_crates::Wrong", Some("TooOld"), "69 is too old");
        bails gives miette::Report: { if of < 10 { Err(Wrong::TooOld { age: of + 60 })?; } Ok(of) };
        reports gives miette::Report: Err(miette::Report::new(Wrong::TooOld { age: of + 60 }));
        reports_and_adds gives miette::Report: Err(miette::Report::new(Wrong::TooOld { age: of + 60 }).wrap_err("checking"));
        into gives miette::Report: Err(Wrong::TooOld { age: of + 60 }.into());
        of_none gives miette::Report: Ok(find(of).ok_or_else(|| miette::Report::from(Wrong::TooOld { age: of + 60 }))?);
        into_diagnostic gives miette::Report: Err(Wrong::TooOld { age: of + 60 }).into_diagnostic().wrap_err("checking");
    }

    reports! {
        miette_reports_its_texts of of: ("miette::eyreish::Report", None, "69 is too old");
        bails gives miette::Report: { if of < 10 { miette::bail!("{} is too old", of + 60); } Ok(of) };
        ensures gives miette::Report: { let age = of + 60; miette::ensure!(of > 10, "{age} is too old"); Ok(of) };
        makes gives miette::Report: Err(miette::miette!("{} is too old", of + 60));
    }
}

mod of_eyre {
    use eyre::WrapErr as _;

    use super::*;

    reports! {
        eyre_reports_its_error of of: ("report_crates::Wrong", Some("TooOld"), "69 is too old");
        bails gives eyre::Report: { if of < 10 { eyre::bail!(Wrong::TooOld { age: of + 60 }); } Ok(of) };
        ensures gives eyre::Report: { eyre::ensure!(of > 10, Wrong::TooOld { age: of + 60 }); Ok(of) };
        makes gives eyre::Report: Err(eyre::eyre!(Wrong::TooOld { age: of + 60 })).wrap_err("checking");
        of_none gives eyre::Report: find(of).ok_or_else(|| eyre::eyre!(Wrong::TooOld { age: of + 60 })).wrap_err("checking");
    }

    reports! {
        eyre_reports_its_texts of of: ("eyre::Report", None, "69 is too old");
        bails gives eyre::Report: { if of < 10 { eyre::bail!("{} is too old", of + 60); } Ok(of) };
        ensures gives eyre::Report: { eyre::ensure!(of > 10, "{} is too old", of + 60); Ok(of) };
        of_none gives eyre::Report: eyre::OptionExt::ok_or_eyre(find(of), "69 is too old");
    }
}
