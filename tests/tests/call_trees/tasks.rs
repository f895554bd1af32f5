//! Plans as async functions; what is spawned is a task.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use anyhow::Context as _;
use error_tracker::{auto_track_exception, capture_exception, capture_message};

use crate::interpreter::{LoadError, OrderError, captured, fails, interpreter, made};
use crate::plan::{Between, Call, End, Forward, Name, Node, Step, Swallow};
use crate::sync::CallsInDrop;

interpreter! { load fails with LoadError, [async] [.await] }
interpreter! { price fails with anyhow::Error, [async] [.await] }
interpreter! { order fails with OrderError, [async] [.await] }

#[auto_track_exception]
async fn report(inner: &Call, returns: bool) -> anyhow::Result<()> {
    match call(inner).await {
        Err(error) => {
            capture_exception!(error);
            if returns { Err(error) } else { Ok(()) }
        }
        fine => fine,
    }
}

#[auto_track_exception]
async fn announce(text: &str) {
    capture_message!(text);
}

/// Shows whether anything was left behind on its thread.
#[auto_track_exception]
pub async fn probe(text: &str) -> anyhow::Result<()> {
    Ok(fails(text)?)
}

type Calling<'a> = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send + 'a>>;

pub fn call(plan: &Call) -> Calling<'_> {
    Box::pin(async move {
        match plan {
            Call::Node(node) => match node.name {
                Name::Load => Ok(load(node).await?),
                Name::Price => price(node).await,
                Name::Order => order(node).await.map_err(anyhow::Error::msg),
            },
            Call::Fails(text) => fails(text),
            Call::Panics(text) => panic!("{text}"),
            Call::Plain(between, inner) => {
                let result = call(inner).await;
                match between {
                    Between::Pass => result,
                    Between::Context(text) => result.with_context(|| text.clone()),
                    Between::Replace(text) => result.map_err(|_| made(text)),
                    Between::Swallow => Ok(()),
                }
            }
            Call::Captures(inner) => captured(call(inner).await),
            Call::Reports(inner, returns) => report(inner, *returns).await,
            Call::Spawned(inner, text) => {
                let inner = inner.clone();
                let joined = tokio::spawn(async move { call(&inner).await }).await;
                joined.unwrap_or_else(|_| Err(made(text)))
            }
        }
    })
}

async fn call_as<E: From<anyhow::Error>>(plan: &Call) -> Result<(), E> {
    Ok(call(plan).await?)
}

async fn collect(plans: &[Call]) -> anyhow::Result<()> {
    for plan in plans {
        call(plan).await?;
    }
    Ok(())
}

async fn join(left: &Call, right: &Call) -> (anyhow::Result<()>, anyhow::Result<()>) {
    tokio::join!(call(left), call(right))
}

/// Nothing when it panicked.
pub async fn caught(plan: &Call) -> Option<anyhow::Result<()>> {
    let mut calling = call(plan);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| calling.as_mut().poll(context))) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}

async fn pause() {
    tokio::task::yield_now().await;
}

/// Nothing when it did not end in so many polls.
async fn cancelled(plan: &Call, polls: u8) -> Option<anyhow::Result<()>> {
    let mut calling = pin!(call(plan));
    for _ in 0..polls {
        if let Poll::Ready(result) = calling.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            return Some(result);
        }
        pause().await;
    }
    None
}
