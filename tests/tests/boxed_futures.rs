//! Functions that only make a future, as `#[async_trait]` writes them, are tracked while that future runs.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::cell::Cell;
use std::num::ParseIntError;
use std::pin::Pin;

use async_trait::async_trait;
use error_tracker::auto_track_exception;
use error_tracker::event::Exit;
use error_tracker_tests::{event_of, functions, value};

#[async_trait]
trait Shop {
    async fn price(&self, text: &str) -> Result<u32, ParseIntError>;

    #[auto_track_exception]
    async fn total(&self, texts: Vec<String>) -> Result<u32, ParseIntError>
    where
        Self: Sync,
    {
        let mut sum = 0;
        for text in &texts {
            sum += self.price(text).await?;
        }
        Ok(sum)
    }
}

#[derive(Debug)]
struct Fixed {
    currency: &'static str,
}

#[async_trait]
impl Shop for Fixed {
    #[auto_track_exception]
    async fn price(&self, text: &str) -> Result<u32, ParseIntError> {
        tokio::task::yield_now().await;
        let trimmed = text.trim();
        if self.currency.is_empty() {
            return Ok(0);
        }
        trimmed.parse()
    }
}

/// Not `Sync`: a future that captured `&self` could not be sent.
struct Local(#[expect(dead_code, reason = "its type is the point")] Cell<u32>);

impl Local {
    #[auto_track_exception]
    fn price<'a>(
        &'a self,
        text: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<u32, ParseIntError>> + Send + 'a>> {
        Box::pin(async move { text.parse() })
    }
}

/// The attribute on the block, outside of `#[async_trait]`.
struct Outside;

#[auto_track_exception]
#[async_trait]
impl Shop for Outside {
    async fn price(&self, text: &str) -> Result<u32, ParseIntError> {
        let number = text.parse::<u32>()?;
        Ok(number)
    }
}

#[auto_track_exception]
fn by_hand<'a>(
    text: &'a str,
    id: u32,
) -> Pin<Box<dyn Future<Output = Result<u32, ParseIntError>> + Send + 'a>> {
    Box::pin(async move {
        tokio::task::yield_now().await;
        let number: u32 = text.parse()?;
        Ok(number + id)
    })
}

#[expect(clippy::manual_async_fn, reason = "so may a user write it")]
#[auto_track_exception]
fn bare(text: String) -> impl Future<Output = Result<u32, ParseIntError>> + Send {
    async move {
        let number: u32 = text.parse()?;
        Ok(number)
    }
}

#[auto_track_exception]
fn recursive(depth: u32) -> Pin<Box<dyn Future<Output = Result<u32, ParseIntError>>>> {
    Box::pin(
        async move { if depth == 0 { "x".parse() } else { Ok(recursive(depth - 1).await? + 1) } },
    )
}

fn block_on<R>(future: impl Future<Output = R>) -> R {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn sent<F: Future + Send>(future: F) -> F {
    future
}

#[test]
fn functions_of_an_async_trait_are_frames_with_their_arguments() {
    let event = event_of(|| {
        let shop = Fixed { currency: "€" };
        block_on(sent(shop.total(vec!["3".into(), "x".into()])))
    });
    let names: Vec<_> =
        functions(&event).iter().map(|name| name.rsplit("::").next().unwrap()).collect();
    assert_eq!(names, ["price", "total"]);
    assert_eq!(
        (event.frames[0].exit, event.frames[0].expression.as_str()),
        (Exit::Tail, "trimmed.parse()")
    );
    assert_eq!(
        (value(&event.frames[0], "text"), value(&event.frames[0], "trimmed")),
        ("\"x\"", "\"x\"")
    );
    assert_eq!(event.frames[1].exit, Exit::Question);
    assert_eq!(value(&event.frames[1], "sum"), "3");
    assert!(!event.handled && event.callers.is_empty());
    assert!(
        event
            .frames
            .iter()
            .all(|frame| frame.locals.iter().all(|local| !local.name.starts_with("__")))
    );
}

#[test]
fn futures_that_were_send_stay_send() {
    let event = event_of(|| {
        block_on(async { sent(Local(Cell::new(1)).price("y")).await.map(drop).map_err(drop) })
    });
    assert_eq!(event.frames.len(), 1);
    let event = event_of(|| block_on(sent(Outside.price("z"))));
    assert_eq!(value(&event.frames[0], "text"), "\"z\"");
}

#[test]
fn boxed_and_bare_blocks_are_tracked_while_they_run() {
    let event = event_of(|| block_on(sent(by_hand("x", 3))));
    assert_eq!((functions(&event), value(&event.frames[0], "id")), (vec!["by_hand"], "3"));
    assert_eq!(event.frames[0].expression, "text.parse()?");
    assert_eq!(functions(&event_of(|| block_on(sent(bare("x".into()))))), ["bare"]);
    assert_eq!(
        functions(&event_of(|| block_on(recursive(2)))),
        ["recursive", "recursive", "recursive"]
    );
}
