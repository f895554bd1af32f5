//! Every kind of receiver, in inherent and trait implementations, and methods that a trait brings.
#![forbid(unsafe_code)]
#![deny(warnings, clippy::all, clippy::pedantic, unreachable_code, unused)]
#![allow(clippy::unnecessary_wraps, clippy::needless_pass_by_value, clippy::boxed_local)]

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use error_tracker::auto_track_exception;

struct Cart {
    items: Vec<u32>,
}

impl Cart {
    #[auto_track_exception]
    fn by_ref(&self) -> Result<&u32, String> {
        self.items.first().ok_or_else(|| "empty".into())
    }

    #[auto_track_exception]
    fn by_mut(&mut self) -> Result<&mut u32, String> {
        let last = self.items.last_mut().ok_or("empty")?;
        *last += 1;
        Ok(last)
    }

    #[auto_track_exception]
    fn by_value(mut self) -> Result<Self, String> {
        self.items.pop().ok_or("empty")?;
        Ok(self)
    }

    #[auto_track_exception]
    fn by_box(self: Box<Self>) -> Result<Vec<u32>, String> {
        if self.items.is_empty() {
            return Err("empty".to_owned());
        }
        Ok(self.items)
    }

    #[auto_track_exception]
    fn by_rc(self: Rc<Self>) -> Result<usize, String> {
        self.items.len().checked_sub(1).ok_or_else(|| "empty".into())
    }

    #[auto_track_exception]
    fn by_arc(self: &Arc<Self>) -> Result<Arc<Self>, String> {
        self.by_ref()?;
        Ok(Arc::clone(self))
    }

    #[auto_track_exception]
    fn by_pin(mut self: Pin<&mut Self>) -> Result<u32, String> {
        let item = self.items.pop().ok_or("empty")?;
        self.items.push(item);
        Ok(item)
    }

    #[auto_track_exception]
    fn without(items: &[u32]) -> Result<u32, String> {
        items.iter().copied().max().ok_or_else(|| "empty".into())
    }
}

trait Total {
    type Error: From<String>;

    fn total(&self) -> Result<u32, Self::Error>;

    #[auto_track_exception]
    fn doubled(&self) -> Result<u32, Self::Error> {
        let total = self.total()?;
        total.checked_mul(2).ok_or_else(|| "overflow".to_owned().into())
    }
}

impl Total for Cart {
    type Error = String;

    #[auto_track_exception]
    fn total(&self) -> Result<u32, Self::Error> {
        self.items.iter().copied().reduce(|a, b| a + b).ok_or_else(|| "empty".into())
    }
}

fn main() {
    let cart = || Cart { items: vec![1, 2] };
    assert_eq!(cart().by_ref(), Ok(&1));
    assert_eq!(cart().by_mut(), Ok(&mut 3));
    assert_eq!(cart().by_value().map(|cart| cart.items), Ok(vec![1]));
    assert_eq!(Box::new(cart()).by_box(), Ok(vec![1, 2]));
    assert_eq!(Rc::new(cart()).by_rc(), Ok(1));
    assert!(Arc::new(cart()).by_arc().is_ok());
    assert_eq!(Pin::new(&mut cart()).by_pin(), Ok(2));
    assert_eq!(Cart::without(&[]), Err("empty".into()));
    assert_eq!(cart().doubled(), Ok(6));
    assert_eq!((Cart { items: vec![] }).doubled(), Err("empty".into()));
}
