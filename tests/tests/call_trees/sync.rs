//! Plans as plain functions; what is spawned is a thread.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::Context as _;
use error_tracker::{auto_track_exception, capture_exception, capture_message};

use crate::interpreter::{LoadError, OrderError, captured, fails, interpreter, made};
use crate::plan::{Between, Call, End, Forward, Name, Node, Step, Swallow};

interpreter! { load fails with LoadError, [] [] }
interpreter! { price fails with anyhow::Error, [] [] }
interpreter! { order fails with OrderError, [] [] }

#[auto_track_exception]
fn report(inner: &Call, returns: bool) -> anyhow::Result<()> {
    match call(inner) {
        Err(error) => {
            capture_exception!(error);
            if returns { Err(error) } else { Ok(()) }
        }
        fine => fine,
    }
}

#[auto_track_exception]
fn announce(text: &str) {
    capture_message!(text);
}

/// Shows whether anything was left behind on its thread.
#[auto_track_exception]
pub fn probe(text: &str) -> anyhow::Result<()> {
    Ok(fails(text)?)
}

pub fn call(plan: &Call) -> anyhow::Result<()> {
    match plan {
        Call::Node(node) => match node.name {
            Name::Load => Ok(load(node)?),
            Name::Price => price(node),
            Name::Order => order(node).map_err(anyhow::Error::msg),
        },
        Call::Fails(text) => fails(text),
        Call::Panics(text) => panic!("{text}"),
        Call::Plain(between, inner) => {
            let result = call(inner);
            match between {
                Between::Pass => result,
                Between::Context(text) => result.with_context(|| text.clone()),
                Between::Replace(text) => result.map_err(|_| made(text)),
                Between::Swallow => Ok(()),
            }
        }
        Call::Captures(inner) => captured(call(inner)),
        Call::Reports(inner, returns) => report(inner, *returns),
        Call::Spawned(inner, text) => {
            let joined = std::thread::scope(|scope| scope.spawn(|| call(inner)).join());
            joined.unwrap_or_else(|_| Err(made(text)))
        }
    }
}

fn call_as<E: From<anyhow::Error>>(plan: &Call) -> Result<(), E> {
    Ok(call(plan)?)
}

fn collect(plans: &[Call]) -> anyhow::Result<()> {
    plans.iter().map(call).collect::<anyhow::Result<Vec<()>>>().map(drop)
}

fn join(left: &Call, right: &Call) -> (anyhow::Result<()>, anyhow::Result<()>) {
    (call(left), call(right))
}

/// Nothing when it panicked.
pub fn caught(plan: &Call) -> Option<anyhow::Result<()>> {
    catch_unwind(AssertUnwindSafe(|| call(plan))).ok()
}

fn pause() {}

fn cancelled(plan: &Call, _polls: u8) -> Option<anyhow::Result<()>> {
    Some(call(plan))
}

/// Calls in its destructor.
pub struct CallsInDrop(pub Call);

impl Drop for CallsInDrop {
    fn drop(&mut self) {
        let _ = call(&self.0);
    }
}
