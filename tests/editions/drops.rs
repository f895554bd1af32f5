//! The same functions plain and annotated, for each edition: [`runs`] tells in which order each of them drops what it has.
#![allow(
    missing_docs,
    unused,
    clippy::all,
    clippy::pedantic,
    clippy::undocumented_unsafe_blocks,
    reason = "the shapes matter, not the style"
)]

use std::cell::RefCell;
use std::future::Future;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

thread_local! {
    static LOG: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Tells when it is dropped.
#[derive(Debug)]
pub struct Loud(&'static str);

impl Drop for Loud {
    fn drop(&mut self) {
        LOG.with(|log| log.borrow_mut().push(self.0));
    }
}

impl Loud {
    fn size(&self, how: How) -> Result<usize, String> {
        if how == How::Fail {
            Err(self.0.to_owned())
        } else {
            Ok(self.0.len())
        }
    }

    fn itself(&self) -> Option<&Self> {
        Some(self)
    }
}

/// How a function ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Succeed,
    Fail,
    Return,
    Panic,
    /// Of async ones only: dropped where it waits.
    Cancel,
}

pub const HOW: [How; 5] = [How::Succeed, How::Fail, How::Return, How::Panic, How::Cancel];

/// What waits once.
struct Wait(How, bool);

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 == How::Cancel && !self.1 {
            self.1 = true;
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

/// The functions twice.
macro_rules! twice {
    ($($functions:item)*) => {
        pub mod plain {
            use super::*;
            $($functions)*
        }

        #[error_tracker::auto_track_exception]
        pub mod tracked {
            use super::*;
            $($functions)*
        }
    };
}

twice! {
    pub fn arguments(a: Loud, _: Loud, (b, _): (Loud, Loud), _c: Loud, mut d: Loud, ref e: Loud, how: How) -> Result<usize, String> {
        let local = Loud("local");
        let _ = Loud("nothing");
        let _underscore = Loud("_underscore");
        d = Loud("d again");
        match how {
            How::Panic => panic!("{}", e.0),
            How::Return => return Ok(a.0.len()),
            _ => {}
        }
        let size = b.size(how)?;
        let last = Loud("last");
        Ok(size + local.size(how)? + d.size(how)? + last.size(how)?)
    }

    pub fn moved(a: Loud, b: Loud, how: How) -> Result<Loud, Loud> {
        let first = a;
        let second = Some(b);
        if how == How::Fail {
            return Err(first);
        }
        let third = Loud("third");
        if let Some(second) = second {
            drop(first);
            return Ok(second);
        }
        Err(third)
    }

    pub fn tail(how: How) -> Result<usize, String> {
        let local = Loud("local");
        let other = local.size(How::Succeed);
        drop(other);
        Loud("temporary").size(how)
    }

    pub fn tail_of_match(how: How) -> Result<usize, String> {
        let local = Loud("local");
        match Loud("scrutinee").size(How::Succeed) {
            Ok(number) if number > 100 => Ok(number),
            Ok(number) => Loud("arm").size(how).map(|size| size + number + local.0.len()),
            Err(text) => Err(text),
        }
    }

    pub fn tail_of_block(how: How) -> Result<usize, String> {
        let local = Loud("local");
        if local.0.len() == 5 {
            let inner = Loud("inner");
            let _ = inner.size(how)?;
            { Loud("temporary").size(how) }
        } else {
            unsafe { Loud("unsafe").size(how) }
        }
    }

    pub fn if_let(how: How) -> Result<usize, String> {
        let local = Loud("local");
        if let Some(Loud("other")) = Loud("condition").itself() {
            Loud("then").size(how)
        } else {
            let _inside = Loud("inside");
            Loud("else").size(how).map(|size| size + local.0.len())
        }
    }

    pub fn statements(how: How) -> Result<usize, String> {
        Loud("statement").size(How::Succeed)?;
        let size = Loud("let").size(How::Succeed)? + Loud("second").size(How::Succeed)?;
        let extended = &Loud("extended");
        let Some(length) = Loud("let else").itself().map(|loud| loud.0.len()) else {
            return Err("none".into());
        };
        let sum = add(Loud("left").size(How::Succeed)?, Loud("right").size(how)?)?;
        while let Some(Loud("other")) = Loud("while").itself() {}
        for _ in Loud("for").itself().into_iter() {
            Loud("body").size(how)?;
        }
        Ok(size + length + sum + extended.0.len())
    }

    pub fn returns(how: How) -> Result<usize, String> {
        let local = Loud("local");
        if how == How::Return {
            return Loud("temporary").size(how);
        }
        return match Loud("scrutinee").itself() {
            Some(loud) => loud.size(how).map(|size| size + local.0.len()),
            None => Err(String::new()),
        };
    }

    pub fn closures(a: Loud, how: How) -> Result<usize, String> {
        let local = Loud("local");
        let moved = move || a.size(how);
        let borrowed = || local.size(how);
        let size = borrowed()?;
        let other = moved()?;
        Ok(size + other)
    }

    pub async fn async_arguments(a: Loud, _: Loud, (b, _): (Loud, Loud), _c: Loud, mut d: Loud, ref e: Loud, how: How) -> Result<usize, String> {
        let local = Loud("local");
        d = Loud("d again");
        Wait(how, false).await;
        match how {
            How::Panic => panic!("{}", e.0),
            How::Return => return Ok(a.0.len()),
            _ => {}
        }
        let size = b.size(how)?;
        Ok(size + local.size(how)? + d.size(how)?)
    }

    pub async fn async_leaving(_: Loud, (Loud(_), _): (Loud, Loud), _unused: Loud, last: Loud, how: How) -> Result<Loud, String> {
        Wait(how, false).await;
        last.size(how)?;
        Ok(last)
    }

    pub async fn async_temporaries(how: How) -> Result<usize, String> {
        let local = Loud("local");
        let waited = { Wait(how, false).await; Loud("held").size(how)? };
        async_add(Loud("left").size(how)?, Loud("right").size(how)? + waited).await?;
        if let Some(Loud("other")) = Loud("condition").itself() {
            return Ok(1);
        } else {
            Wait(how, false).await;
        }
        Loud("temporary").size(how).map(|size| size + local.0.len())
    }
}

fn add(left: usize, right: usize) -> Result<usize, String> {
    Ok(left + right)
}

async fn async_add(left: usize, right: usize) -> Result<usize, String> {
    add(left, right)
}

/// How a call ended, and what was dropped when.
pub type Run = (String, Vec<&'static str>);

fn run<R: std::fmt::Debug>(call: impl FnOnce() -> R) -> Run {
    LOG.with(|log| log.borrow_mut().clear());
    let ended = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(returned) => format!("{:?}", returned),
        Err(_) => "panic".to_owned(),
    };
    (ended, LOG.with(|log| log.borrow_mut().drain(..).collect()))
}

/// Polls twice, then drops.
fn wait<F: Future>(future: F, how: How) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut context = Context::from_waker(Waker::noop());
    match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => {
            assert_eq!(how, How::Cancel);
            None
        }
    }
}

/// Every function plain and annotated, for one way of ending: its name, and both runs.
pub fn runs(how: How) -> Vec<(&'static str, Run, Run)> {
    let l = Loud;
    macro_rules! both {
        ($($name:ident($($arg:expr),*);)* => $($future:ident($($part:expr),*);)*) => {
            vec![
                $((stringify!($name), run(|| plain::$name($($arg,)* how)), run(|| tracked::$name($($arg,)* how))),)*
                $((
                    stringify!($future),
                    run(|| wait(plain::$future($($part,)* how), how)),
                    run(|| wait(tracked::$future($($part,)* how), how)),
                ),)*
                // Never polled.
                $((
                    stringify!($future),
                    run(|| drop(plain::$future($($part,)* how))),
                    run(|| drop(tracked::$future($($part,)* how))),
                ),)*
            ]
        };
    }
    both! {
        arguments(l("a"), l("_"), (l("b"), l("_ of b")), l("_c"), l("d"), l("e"));
        moved(l("a"), l("b"));
        tail();
        tail_of_match();
        tail_of_block();
        if_let();
        statements();
        returns();
        closures(l("a"));
        =>
        async_arguments(l("a"), l("_"), (l("b"), l("_ of b")), l("_c"), l("d"), l("e"));
        async_leaving(l("_"), (l("_ of 1"), l("_ of 2")), l("_unused"), l("last"));
        async_temporaries();
    }
}
