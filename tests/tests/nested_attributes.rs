//! Attributes of ours inside an annotated `impl`, `trait` or `mod`, or on one function twice: what the inner one masks, skips or takes out holds, by
//! whatever name it goes, and the function is in the trace once.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use error_tracker::event::Event;
use error_tracker::{
    auto_track_exception, auto_track_exception as track, track_exception as handler,
};
use error_tracker::{untracked, untracked as leave};
use error_tracker_tests::{event_of, events_of, find, functions, value};

const PIN: &str = "4711-0815";

/// The function is there once, `pin` is masked, and its value is nowhere; `name` is shown.
#[track_caller]
fn assert_masked(event: &Event, function: &str) {
    assert_eq!(functions(event), [function]);
    let frame = &event.frames[0];
    assert_eq!((value(frame, "pin"), value(frame, "name")), ("**************", "\"kettle\""));
    assert!(!format!("{event:?}").contains(PIN), "{event:#?}");
}

macro_rules! in_impl {
    ($($module:ident: [$(#[$outer:meta])*] [$($inner:tt)*];)+) => {$(
        mod $module {
            use super::*;

            struct Inside;

            $(#[$outer])*
            impl Inside {
                $($inner)*
                fn fails(&self, pin: &str, name: &str) -> Result<usize, String> {
            let length = pin.len();
            if length > 3 {
                return Err(format!("{name} fails"));
            }
            Ok(length + name.len())
        }
            }

            #[test]
            fn masks_once() {
                assert_masked(&event_of(|| Inside.fails(PIN, "kettle")), "Inside::fails");
            }
        }
    )+};
}

in_impl! {
    by_its_name: [#[auto_track_exception]] [#[auto_track_exception(mask(pin))]];
    renamed: [#[auto_track_exception]] [#[track(mask(pin))]];
    by_its_path: [#[track]] [#[error_tracker::auto_track_exception(mask(pin))]];
    by_its_full_path: [#[auto_track_exception]] [#[::error_tracker::auto_track_exception(mask(pin))]];
    configured: [#[auto_track_exception]] [#[cfg_attr(all(), auto_track_exception(mask(pin)))]];
    configured_and_renamed: [#[auto_track_exception]] [#[cfg_attr(all(), cfg_attr(all(), track(mask(pin))))]];
    twice_inside: [#[auto_track_exception]] [#[track] #[track(mask(pin))] #[auto_track_exception]];
    a_handler: [#[auto_track_exception]] [#[handler(mask(pin))]];
    twice_outside: [#[auto_track_exception] #[track(mask(pin))]] [];
    masked_outside_only: [#[auto_track_exception(mask(pin))]] [#[auto_track_exception(level = "error")]];
    masked_outside_and_renamed: [#[auto_track_exception(mask(pin))]] [#[track(locals = "always")]];
    configured_outside: [#[cfg_attr(all(), track(mask(pin)))] #[auto_track_exception]] [#[track]];
    below_another_macro: [#[auto_track_exception]] [#[tracing::instrument(skip_all)] #[track(mask(pin))]];
    above_another_macro: [#[auto_track_exception]] [#[track(mask(pin))] #[tracing::instrument(skip_all, err)]];
}

mod on_one_function {
    use super::*;

    #[auto_track_exception]
    #[auto_track_exception(mask(pin))]
    fn fails(pin: &str, name: &str) -> Result<usize, String> {
        let length = pin.len();
        if length > 3 {
            return Err(format!("{name} fails"));
        }
        Ok(length + name.len())
    }

    mod the_other_way_round {
        use super::*;
        #[track(mask(pin))]
        #[auto_track_exception]
        pub fn fails(pin: &str, name: &str) -> Result<usize, String> {
            let length = pin.len();
            if length > 3 {
                return Err(format!("{name} fails"));
            }
            Ok(length + name.len())
        }
    }

    mod asynchronous {
        use super::*;
        #[track]
        #[tracing::instrument(skip_all)]
        #[cfg_attr(all(), track(mask(pin)))]
        pub async fn fails(pin: &str, name: &str) -> Result<usize, String> {
            let length = pin.len();
            if length > 3 {
                return Err(format!("{name} fails"));
            }
            Ok(length + name.len())
        }
    }

    #[test]
    fn masks_once() {
        assert_masked(&event_of(|| fails(PIN, "kettle")), "fails");
        assert_masked(&event_of(|| the_other_way_round::fails(PIN, "kettle")), "fails");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_masked(
            &event_of(move || runtime.block_on(asynchronous::fails(PIN, "kettle"))),
            "fails",
        );
    }
}

mod in_a_trait {
    use super::*;

    #[auto_track_exception]
    trait Failing {
        #[track(mask(pin))]
        fn fails(&self, pin: &str, name: &str) -> Result<usize, String> {
            let length = pin.len();
            if length > 3 {
                return Err(format!("{name} fails"));
            }
            Ok(length + name.len())
        }

        #[leave]
        fn left(&self, pin: &str) -> Result<(), String> {
            Err(pin.to_owned())
        }
    }

    struct Inside;

    impl Failing for Inside {}

    #[test]
    fn masks_once() {
        assert_masked(&event_of(|| Inside.fails(PIN, "kettle")), "Failing::fails");
        assert!(events_of(|| Inside.left(PIN)).is_empty());
    }
}

#[auto_track_exception]
mod outer {
    use super::*;

    pub mod inner {
        use super::*;

        #[track(mask(pin))]
        pub fn fails(pin: &str, name: &str) -> Result<usize, String> {
            let length = pin.len();
            if length > 3 {
                return Err(format!("{name} fails"));
            }
            Ok(length + name.len())
        }

        #[track(mask(pin))]
        pub mod innermost {
            #[cfg_attr(all(), error_tracker::auto_track_exception)]
            pub fn fails(pin: &str, name: &str) -> Result<usize, String> {
                let length = pin.len();
                if length > 3 {
                    return Err(format!("{name} fails"));
                }
                Ok(length + name.len())
            }

            pub struct Inside;

            impl Inside {
                pub fn fails(&self, pin: &str, name: &str) -> Result<usize, String> {
                    let length = pin.len();
                    if length > 3 {
                        return Err(format!("{name} fails"));
                    }
                    Ok(length + name.len())
                }
            }
        }

        #[leave]
        pub mod taken_out {
            pub fn fails(pin: &str) -> Result<(), String> {
                if pin.len() > 3 { Err(pin.to_owned()) } else { Ok(()) }
            }
        }
    }

    #[leave]
    pub fn renamed(pin: &str) -> Result<(), String> {
        if pin.len() > 3 { Err(pin.to_owned()) } else { Ok(()) }
    }

    #[untracked]
    pub fn named(pin: &str) -> Result<(), String> {
        if pin.len() > 3 { Err(pin.to_owned()) } else { Ok(()) }
    }

    #[cfg_attr(all(), untracked)]
    pub fn configured(pin: &str) -> Result<(), String> {
        if pin.len() > 3 { Err(pin.to_owned()) } else { Ok(()) }
    }

    #[error_tracker::untracked]
    pub async fn asynchronous(pin: &str) -> Result<(), String> {
        if pin.len() > 3 { Err(pin.to_owned()) } else { Ok(()) }
    }

    #[leave]
    #[tracing::instrument(skip_all, err)]
    pub fn instrumented(pin: &str) -> Result<(), String> {
        if pin.len() > 3 { Err(pin.to_owned()) } else { Ok(()) }
    }

    #[track]
    #[leave]
    pub fn both(pin: &str) -> Result<(), String> {
        if pin.len() > 3 { Err(pin.to_owned()) } else { Ok(()) }
    }

    #[cfg_attr(any(), untracked)]
    pub fn left_in(pin: &str) -> Result<(), String> {
        if pin.len() > 3 { Err("left in".to_owned()) } else { Ok(()) }
    }
}

#[test]
fn a_mod_in_a_mod_masks_once() {
    assert_masked(&event_of(|| outer::inner::fails(PIN, "kettle")), "fails");
    assert_masked(&event_of(|| outer::inner::innermost::fails(PIN, "kettle")), "fails");
    assert_masked(
        &event_of(|| outer::inner::innermost::Inside.fails(PIN, "kettle")),
        "Inside::fails",
    );
}

#[test]
fn untracked_excludes_a_function_by_any_path() {
    let events = events_of(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert!(runtime.block_on(outer::asynchronous(PIN)).is_err());
        [
            outer::renamed(PIN),
            outer::named(PIN),
            outer::configured(PIN),
            outer::instrumented(PIN),
            outer::both(PIN),
            outer::inner::taken_out::fails(PIN),
        ]
    });
    assert!(events.is_empty(), "{events:#?}");
    assert_eq!(functions(&event_of(|| outer::left_in(PIN))), ["left_in"]);
}

#[async_trait::async_trait]
trait Later {
    async fn fails(&self, pin: &str, name: &str) -> Result<usize, String>;
}

struct InTime;

#[auto_track_exception]
#[async_trait::async_trait]
impl Later for InTime {
    #[cfg_attr(all(), track(mask(pin)))]
    async fn fails(&self, pin: &str, name: &str) -> Result<usize, String> {
        let length = pin.len();
        if length > 3 {
            return Err(format!("{name} fails"));
        }
        Ok(length + name.len())
    }
}

#[test]
fn a_method_of_an_async_trait_masks_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let event = event_of(move || runtime.block_on(InTime.fails(PIN, "kettle")));
    assert_masked(&event, "<InTime as Later>::fails");
}

struct Options;

#[auto_track_exception(skip(picture), level = "warning", context(shop = "Hamburg"))]
impl Options {
    #[track(skip_all, name = "resize")]
    fn skips(&self, picture: &[u8], width: u32) -> Result<usize, String> {
        let length = picture.len();
        if width == 0 { Err("no width".to_owned()) } else { Ok(length) }
    }

    #[track(level = "fatal", context(shop = "Bremen"))]
    fn says_more(&self, picture: &[u8], width: u32) -> Result<usize, String> {
        let length = picture.len();
        if width == 0 { Err(format!("no width for {length} bytes")) } else { Ok(length) }
    }
}

#[test]
fn options_of_both_count_and_the_inner_value_wins() {
    let event = event_of(|| Options.skips(&[1], 0));
    assert_eq!(functions(&event), ["resize"]);
    assert_eq!(event.level, error_tracker::event::Level::Warning);
    assert!(
        find(&event.frames[0], "width").is_none() && find(&event.frames[0], "picture").is_none()
    );
    let event = event_of(|| Options.says_more(&[1], 0));
    assert_eq!(event.level, error_tracker::event::Level::Fatal);
    assert!(
        find(&event.frames[0], "width").is_some() && find(&event.frames[0], "picture").is_none()
    );
    let text = format!("{event:?}");
    assert!(text.contains("Bremen") && !text.contains("Hamburg"), "{text}");
}

/// An attribute further out leaves a plain body as it is; what it masks counts all the same.
#[auto_track_exception(mask(pin))]
impl Options {
    #[track(context(wanted = "yes"))]
    fn plain<'a>(&self, pin: &'a str, name: &'a str) -> (&'a str, &'a str) {
        (pin, name)
    }

    #[handler]
    fn plain_handler(&self, error: &std::fmt::Error, pin: &str, name: &str) -> usize {
        let _ = error;
        pin.len() + name.len()
    }
}

#[test]
fn a_mask_around_a_plain_function_applies_within() {
    assert_eq!(Options.plain(PIN, "kettle").0, PIN);
    let event = event_of(|| Options.plain_handler(&std::fmt::Error, PIN, "kettle"));
    assert_masked(&event, "Options::plain_handler");
}
