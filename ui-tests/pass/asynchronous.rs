//! Async functions, and futures that have to be Send.
#![forbid(unsafe_code)]
#![deny(warnings, unreachable_code, unused)]

use std::cell::Cell;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use error_tracker::auto_track_exception;

struct Shop {
    name: String,
}

impl Shop {
    #[auto_track_exception]
    async fn borrowed<'a>(&'a mut self, text: &'a str) -> Result<&'a str, String> {
        let found = wait(text).await;
        self.name.push_str(found);
        if found.is_empty() { Err("empty".into()) } else { Ok(&self.name) }
    }

    #[auto_track_exception]
    async fn owned(self, _: u32, (left, _): (u8, String), mut count: u32) -> Result<Self, String> {
        count += u32::from(left);
        wait(()).await;
        self.name.len().checked_sub(count as usize).ok_or("too short")?;
        Ok(self)
    }
}

async fn wait<T>(value: T) -> T {
    std::future::ready(value).await
}

#[auto_track_exception]
async fn generic<T: Clone + Send, F: Future<Output = Result<T, E>>, E>(future: F) -> Result<(T, T), E> {
    let value = future.await?;
    Ok((value.clone(), value))
}

#[auto_track_exception]
async fn recursive(depth: u32) -> Result<u32, String> {
    let left = depth.checked_sub(1).ok_or_else(|| "bottom".to_owned())?;
    Box::pin(recursive(left)).await
}

#[auto_track_exception]
async fn not_send(cell: &Cell<u32>) -> Result<u32, String> {
    let before = std::rc::Rc::new(cell.get());
    wait(()).await;
    cell.set(*before + 1);
    if *before > 3 { Err("full".into()) } else { Ok(*before) }
}

#[auto_track_exception]
async fn nothing(text: &str) {
    let length = text.len();
    wait(length).await;
}

#[auto_track_exception]
async fn forever() -> ! {
    loop {
        std::future::pending::<()>().await;
    }
}

#[auto_track_exception]
async fn opaque(count: u32) -> Result<impl Iterator<Item = u32> + Send, String> {
    let most = wait(5).await;
    if count > most {
        return Err("too many".into());
    }
    Ok(0..count)
}

trait Step {
    async fn step(&self, text: &str) -> Result<u32, std::num::ParseIntError>;
}

impl Step for Shop {
    #[auto_track_exception]
    async fn step(&self, text: &str) -> Result<u32, std::num::ParseIntError> {
        let trimmed = text.trim();
        wait(trimmed).await.parse()
    }
}

fn is_send<T: Send>(future: T) -> T {
    future
}

fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits for nobody"),
    }
}

fn main() {
    let shop = || Shop { name: "shop".into() };
    assert_eq!(run(is_send(shop().borrowed("x"))), Ok("shopx"));
    assert!(run(is_send(shop().owned(1, (2, String::new()), 9))).is_err());
    assert_eq!(run(is_send(generic(wait(Ok::<_, String>(1))))), Ok((1, 1)));
    assert_eq!(run(recursive(3)), Err("bottom".into()));
    assert_eq!(run(not_send(&Cell::new(1))), Ok(1));
    run(is_send(nothing("x")));
    assert!(pin!(forever()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(run(opaque(3)).map(Iterator::count), Ok(3));
    assert!(run(shop().step(" x ")).is_err());
    let _: Pin<Box<dyn Future<Output = _>>> = Box::pin(recursive(1));
}
