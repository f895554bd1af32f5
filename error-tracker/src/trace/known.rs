//! What a function's text says, read once on each thread: a function that has failed often fails again.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use super::meta::{Handler, Head, Meta, Site};

/// So many functions are remembered.
const MOST: usize = 1024;

#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) head: Head,
    sites: Vec<Site>,
}

impl Known {
    pub(crate) fn site(&self, index: u32) -> Option<&Site> {
        self.sites.get(index as usize)
    }
}

/// Takes addresses, whose lowest bits are all the same.
#[derive(Default)]
struct ByAddress(u64);

impl Hasher for ByAddress {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, address: usize) {
        let mixed = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}

type Functions = HashMap<usize, Rc<Known>, BuildHasherDefault<ByAddress>>;

thread_local! {
    static FUNCTIONS: RefCell<Functions> = RefCell::default();
}

impl Meta {
    /// The site as a place where errors are handled.
    pub(crate) fn handler(&'static self, index: u32) -> Option<Handler> {
        Some(Handler::at(self, self.known().site(index)?))
    }

    /// What its text says.
    pub(crate) fn known(&'static self) -> Rc<Known> {
        let read = || Rc::new(Known { head: self.head(), sites: self.sites().collect() });
        let known = FUNCTIONS.try_with(|functions| {
            let functions = &mut *functions.try_borrow_mut().ok()?;
            if functions.len() >= MOST {
                functions.clear();
            }
            let address = std::ptr::from_ref(self).addr();
            Some(Rc::clone(functions.entry(address).or_insert_with(read)))
        });
        known.ok().flatten().unwrap_or_else(read)
    }
}
