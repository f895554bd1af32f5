//! The parsed text of functions, cached on each thread: a function that has failed often fails
//! again.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use super::function_meta::{ErrorHandler, FailureSite, FunctionHead, FunctionMeta};

/// Limit of the functions in the cache.
const MAX_FUNCTIONS: usize = 1024;

/// The head and the sites of a function.
#[derive(Debug)]
pub(crate) struct ParsedFunction {
    pub(crate) head: FunctionHead,
    sites: Vec<FailureSite>,
}

impl ParsedFunction {
    /// Returns the site with this number.
    pub(crate) fn site(&self, index: u32) -> Option<&FailureSite> {
        self.sites.get(index as usize)
    }

    /// Returns whether the error of a site may come from a call of `function`: the site names it,
    /// or makes an error within a handler of its errors.
    pub(crate) fn may_come_from(&self, index: u32, function: &str) -> bool {
        let Some(site) = self.site(index) else { return false };
        let handles = |other: &FailureSite| {
            other.handler.is_some_and(|scope| scope.is_around(site)) && other.names(function)
        };
        site.names(function) || (site.creates_error && self.sites.iter().any(handles))
    }
}

/// Hashes addresses, whose lowest bits are all the same.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
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

type ParsedFunctions = HashMap<usize, Rc<ParsedFunction>, BuildHasherDefault<AddressHasher>>;

thread_local! {
    static FUNCTIONS: RefCell<ParsedFunctions> = RefCell::default();
}

impl FunctionMeta {
    /// Returns the handler at the site with this number.
    pub(crate) fn handler(&'static self, index: u32) -> Option<ErrorHandler> {
        ErrorHandler::at(self, self.parsed().site(index)?)
    }

    /// Returns the parsed text, from the cache of this thread.
    pub(crate) fn parsed(&'static self) -> Rc<ParsedFunction> {
        let read = || Rc::new(ParsedFunction { head: self.head(), sites: self.sites().collect() });
        let known = FUNCTIONS.try_with(|functions| {
            let functions = &mut *functions.try_borrow_mut().ok()?;
            if functions.len() >= MAX_FUNCTIONS {
                functions.clear();
            }
            let address = std::ptr::from_ref(self).addr();
            Some(Rc::clone(functions.entry(address).or_insert_with(read)))
        });
        known.ok().flatten().unwrap_or_else(read)
    }
}
