//! The attribute on an `impl`, a `trait` or a `mod` records every function inside, but for those that are marked.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::num::ParseIntError;
use std::str::FromStr;

use error_tracker::event::Level;
use error_tracker::{auto_track_exception, untracked};
use error_tracker_tests::{event_of, events_of, find, functions, shown, value};

#[derive(Debug)]
struct Cart {
    items: Vec<u32>,
}

#[auto_track_exception(mask(code))]
impl Cart {
    const fn empty() -> Self {
        Self { items: Vec::new() }
    }

    fn first(&self, code: u32) -> Result<u32, String> {
        let wanted = code + 1;
        self.items.first().copied().ok_or_else(|| format!("no item for {wanted}"))
    }

    #[untracked]
    fn plain(&self, code: u32) -> Result<u32, String> {
        self.first(code)
    }

    #[auto_track_exception(level = "fatal", name = "last item")]
    fn last(&self, code: u32) -> Result<u32, String> {
        self.plain(code)
    }

    async fn later(&self, code: u32) -> Result<u32, String> {
        self.last(code)
    }
}

#[auto_track_exception]
impl FromStr for Cart {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let items = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { items })
    }
}

#[auto_track_exception]
trait Total {
    fn total(&self) -> Result<u32, String>;

    fn doubled(&self) -> Result<u32, String> {
        let total = self.total()?;
        Ok(total * 2)
    }

    #[untracked]
    fn halved(&self) -> Result<u32, String> {
        Ok(self.total()? / 2)
    }
}

impl Total for Cart {
    #[auto_track_exception]
    fn total(&self) -> Result<u32, String> {
        self.items.iter().copied().reduce(|a, b| a + b).ok_or_else(|| "nothing to add".into())
    }
}

#[auto_track_exception(skip_all)]
mod shop {
    pub(super) fn open(key: &str) -> Result<u32, std::num::ParseIntError> {
        key.parse()
    }

    pub(super) struct Shelf;

    impl Shelf {
        pub(super) fn find(&self, name: &str) -> Result<u32, std::num::ParseIntError> {
            let number = deep::read(name)?;
            Ok(number)
        }
    }

    #[error_tracker::untracked]
    impl Shelf {
        pub(super) fn look(&self, name: &str) -> Result<u32, std::num::ParseIntError> {
            plain::read(name)
        }
    }

    mod deep {
        pub(super) fn read(name: &str) -> Result<u32, std::num::ParseIntError> {
            let trimmed = name.trim();
            trimmed.parse()
        }
    }

    #[error_tracker::untracked]
    mod plain {
        pub(super) fn read(name: &str) -> Result<u32, std::num::ParseIntError> {
            name.parse()
        }
    }
}

#[test]
fn methods_of_an_impl_are_recorded_with_its_options() {
    let event = event_of(|| Cart::empty().first(7));
    assert_eq!(functions(&event), ["Cart::first"]);
    assert_eq!(
        shown(&event.frames[0].arguments),
        ["self = Cart { items: [] }", "code = **************"]
    );
    assert_eq!(value(&event.frames[0], "wanted"), "8");
}

#[test]
fn marked_functions_are_excluded_and_an_inner_attribute_takes_precedence_but_unmasks_nothing() {
    let event = event_of(|| Cart::empty().last(7));
    assert_eq!(functions(&event), ["Cart::first", "last item"]);
    assert_eq!(event.level, Level::Fatal);
    assert_eq!(value(&event.frames[1], "code"), error_tracker::mask::MASK);
}

#[test]
fn async_methods_of_an_impl_are_recorded() {
    let event = event_of(|| {
        let cart = Cart::empty();
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(cart.later(7))
    });
    assert_eq!(functions(&event), ["Cart::first", "last item", "Cart::later"]);
    assert_eq!(value(&event.frames[2], "code"), "**************");
}

#[test]
fn methods_of_a_trait_impl_are_recorded() {
    let event = event_of(|| "1,x".parse::<Cart>());
    assert_eq!(functions(&event), ["<Cart as FromStr>::from_str"]);
    assert_eq!(value(&event.frames[0], "text"), "\"1,x\"");
}

#[test]
fn default_methods_of_a_trait_are_recorded() {
    let event = event_of(|| Cart::empty().doubled());
    assert_eq!(functions(&event), ["<Cart as Total>::total", "Total::doubled"]);
    let event = event_of(|| Cart::empty().halved());
    assert_eq!(functions(&event), ["<Cart as Total>::total"]);
}

#[test]
fn functions_methods_and_modules_in_a_module_are_recorded_with_its_options() {
    let event = event_of(|| shop::open("x"));
    assert_eq!(
        (functions(&event), event.frames[0].module.as_str()),
        (vec!["open"], "blocks::shop")
    );
    let event = event_of(|| shop::Shelf.find(" x "));
    assert_eq!(functions(&event), ["read", "Shelf::find"]);
    assert_eq!(event.frames[0].module, "blocks::shop::deep");
    assert!(
        event.frames.iter().all(|frame| find(frame, "name").is_none() && frame.locals.is_empty())
    );
    assert!(events_of(|| shop::Shelf.look("x")).is_empty());
}
