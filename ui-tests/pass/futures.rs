//! Shapes of asynchronous code: blocks and closures inside, bounds, lifetimes, what other macros write.
#![deny(warnings, unreachable_code, unused)]

use std::cell::RefCell;
use std::error::Error;
use std::future::{poll_fn, ready};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use error_tracker::auto_track_exception;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What async_trait makes of an async method.
trait Load {
    fn load<'life0, 'life1, 'async_trait>(&'life0 self, key: &'life1 str) -> BoxFuture<'async_trait, Result<String, String>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        Self: 'async_trait;
}

struct Map(Vec<(String, String)>);

impl Load for Map {
    #[auto_track_exception]
    fn load<'life0, 'life1, 'async_trait>(&'life0 self, key: &'life1 str) -> BoxFuture<'async_trait, Result<String, String>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<Result<String, String>> {
                #[allow(unreachable_code)]
                return __ret;
            }
            let __self = self;
            let __ret: Result<String, String> = {
                let found = __self.0.iter().find(|(name, _)| name == key).ok_or("no key")?;
                ready(found.1.clone()).await.parse::<String>().map_err(|error| error.to_string())
            };
            __ret
        })
    }
}

struct Service<S> {
    inner: S,
    calls: u32,
}

impl<S> Service<S> {
    #[auto_track_exception]
    async fn by_value(self: Box<Self>) -> Result<S, String> {
        ready(()).await;
        if self.calls > 3 { Err(self.calls.to_string()) } else { Ok(self.inner) }
    }

    #[auto_track_exception]
    async fn by_arc(self: Arc<Self>, limit: u32) -> Result<Arc<Self>, String> {
        let other = Arc::clone(&self);
        other.calls.checked_sub(limit).ok_or("below")?;
        ready(()).await;
        Ok(self)
    }

    #[auto_track_exception]
    async fn by_pin(mut self: Pin<&mut Self>) -> Result<u32, String>
    where
        S: Unpin,
    {
        self.calls += 1;
        let calls = self.calls;
        ready(calls).await.checked_add(1).ok_or_else(|| "overflow".to_owned())
    }

    #[auto_track_exception]
    async fn by_mut<'s, 'a: 's>(&'s mut self, name: &'a mut String) -> Result<(&'s mut S, &'a str), String> {
        name.push('x');
        ready(()).await;
        if name.len() > 5 {
            return Err(std::mem::take(name));
        }
        self.calls += 1;
        Ok((&mut self.inner, name))
    }
}

#[auto_track_exception]
async fn blocks_inside(texts: &[&str]) -> Result<u32, Box<dyn Error + Send + Sync>> {
    let mut sum = 0;
    let first = async {
        let number: u32 = texts.first().ok_or("none")?.parse()?;
        Ok::<_, Box<dyn Error + Send + Sync>>(number)
    };
    sum += first.await?;
    for text in texts {
        let parsed = async move { text.parse::<u32>() }.await?;
        sum += parsed;
    }
    let owned = texts.join(",");
    let block: BoxFuture<'_, Result<usize, String>> = Box::pin(async move {
        if owned.len() > 5 {
            return Err(owned);
        }
        Ok(owned.len())
    });
    Ok(sum + u32::try_from(block.await?)?)
}

#[auto_track_exception]
async fn async_closures(text: String) -> Result<u32, String> {
    let mut calls = 0;
    let mut parse = async |text: &str| -> Result<u32, String> {
        calls += 1;
        let number = ready(text).await.parse::<u32>().map_err(|error| error.to_string())?;
        Ok(number)
    };
    let number = parse(&text).await?;
    let again = apply(&mut parse, "2").await?;
    Ok(number + again + calls)
}

#[auto_track_exception]
async fn apply<F>(mut function: F, text: &str) -> Result<u32, String>
where
    F: AsyncFnMut(&str) -> Result<u32, String>,
{
    let first = function(text).await?;
    function(text).await.map(|second| first + second)
}

#[auto_track_exception]
fn returns_future<'a>(text: &'a str) -> impl Future<Output = Result<u32, String>> + Send + use<'a> {
    let length = text.len();
    async move {
        let number = text.parse::<usize>().map_err(|error| error.to_string())?;
        u32::try_from(number + length).map_err(|error| error.to_string())
    }
}

#[auto_track_exception]
fn returns_future_or_error(text: &str) -> Result<impl Future<Output = usize> + Send + 'static, String> {
    let length = text.len();
    if length == 0 {
        return Err("empty".into());
    }
    Ok(async move { ready(length).await })
}

#[auto_track_exception]
fn recursive(depth: u32) -> BoxFuture<'static, Result<u32, String>> {
    let next = depth.checked_sub(1);
    Box::pin(async move {
        match next {
            None => Err("bottom".to_owned()),
            Some(next) => Ok(recursive(next).await? + 1),
        }
    })
}

#[auto_track_exception]
async fn select(left: impl Future<Output = Result<u32, String>>, right: impl Future<Output = u32>) -> Result<u32, String> {
    let mut left = pin!(left);
    let mut right = pin!(right);
    let first = poll_fn(|context| {
        if let Poll::Ready(value) = left.as_mut().poll(context) {
            return Poll::Ready(value);
        }
        right.as_mut().poll(context).map(Ok)
    });
    let value = first.await?;
    Ok(value)
}

#[auto_track_exception]
async fn not_send(shared: Rc<RefCell<Vec<u32>>>) -> Result<u32, String> {
    let borrowed = shared.borrow();
    let first = borrowed.first().ok_or("empty")?;
    ready(()).await;
    Ok(*first)
}

/// `!Send` values that are gone before the `await` do not count.
#[auto_track_exception]
async fn send_after_all(lock: &Mutex<Vec<u32>>) -> Result<u32, String> {
    let first = {
        let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let first = guard.first().copied().ok_or_else(|| "empty".to_owned())?;
        first
    };
    {
        let local = Rc::new(first);
        let _ = local.checked_sub(1).ok_or_else(|| local.to_string())?;
    }
    ready(first).await.checked_sub(1).ok_or_else(|| "zero".into())
}

#[auto_track_exception]
async unsafe fn unsafe_future(pointer: *const u32) -> Result<u32, String> {
    if pointer.is_null() {
        return Err("null".into());
    }
    // SAFETY: as the caller promises.
    let value = unsafe { *pointer };
    ready(value).await.checked_sub(1).ok_or_else(|| "zero".into())
}

#[auto_track_exception]
async fn patterns(
    (mut left, _): (u32, String),
    [first, .., last]: [u32; 3],
    &number: &u32,
    _: &str,
    _ignored: u32,
    ref text: String,
    mut all: Vec<u32>,
) -> Result<u32, String> {
    left += first + last + number;
    all.push(left);
    ready(()).await;
    let Some(sum) = all.iter().copied().reduce(|a, b| a + b) else { return Err(text.clone()) };
    if sum > 50 { Err(text.to_owned()) } else { Ok(sum) }
}

#[auto_track_exception]
async fn constants<T, const N: usize>(all: [T; N]) -> Result<T, usize>
where
    T: Default + Clone,
    [T; N]: Send,
{
    let first = all.first().cloned();
    ready(()).await;
    first.ok_or(N)
}

#[auto_track_exception]
async fn loops(limit: u32) -> Result<u32, u32> {
    let mut count = 0;
    'outer: loop {
        while let Some(next) = ready(Some(count)).await {
            count = next + 1;
            if count > limit {
                break 'outer Err(count);
            }
            if count == 3 {
                break 'outer Ok(count);
            }
        }
    }
}

#[auto_track_exception]
async fn never(text: &str) -> Result<std::convert::Infallible, String> {
    loop {
        ready(()).await;
        if text.is_empty() {
            return Err("empty".into());
        }
    }
}

// A body that only panics is a shape of its own.
#[auto_track_exception]
async fn only_todo(_: u32) -> Result<u32, String> {
    todo!()
}

#[auto_track_exception(none)]
async fn option(text: Option<&str>) -> Option<char> {
    let text = ready(text).await?;
    text.chars().next()
}

trait Walk {
    type Output<'a>
    where
        Self: 'a;

    async fn walk(&mut self, steps: u32) -> Result<Self::Output<'_>, String>;

    #[auto_track_exception]
    async fn walk_twice(&mut self, steps: u32) -> Result<Self::Output<'_>, String> {
        self.walk(steps).await?;
        let more = steps + 1;
        self.walk(more).await
    }
}

impl Walk for Vec<u32> {
    type Output<'a> = &'a mut u32;

    #[auto_track_exception]
    async fn walk(&mut self, steps: u32) -> Result<Self::Output<'_>, String> {
        let length = self.len();
        self.get_mut(steps as usize).ok_or_else(|| format!("{length} steps"))
    }
}

fn send<T: Send>(future: T) -> T {
    future
}

fn run<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits for nobody"),
    }
}

fn main() {
    let map = Map(vec![("a".into(), "b".into())]);
    assert_eq!((run(map.load("a")), run(map.load("b"))), (Ok("b".into()), Err("no key".into())));
    let service = |calls| Service { inner: 'x', calls };
    assert_eq!(run(send(Box::new(service(1)).by_value())), Ok('x'));
    assert!(run(send(Arc::new(service(1)).by_arc(2))).is_err());
    assert_eq!(run(send(Pin::new(&mut service(1)).by_pin())), Ok(3));
    let mut name = "12345".to_owned();
    assert!(run(send(service(1).by_mut(&mut name))).is_err() && name.is_empty());
    assert_eq!((run(send(blocks_inside(&["1"]))).ok(), run(blocks_inside(&[])).is_err()), (Some(3), true));
    assert_eq!((run(async_closures("1".into())), run(async_closures("x".into())).is_err()), (Ok(8), true));
    assert_eq!((run(send(returns_future("1"))), run(returns_future_or_error("x").unwrap())), (Ok(2), 1));
    assert_eq!(run(recursive(3)), Err("bottom".into()));
    assert_eq!(run(select(std::future::pending(), ready(1))), Ok(1));
    assert_eq!((run(not_send(Rc::default())).is_err(), run(send(send_after_all(&Mutex::new(vec![1]))))), (true, Ok(0)));
    // SAFETY: null is looked for.
    assert!(run(unsafe { unsafe_future(std::ptr::null()) }).is_err());
    assert_eq!(run(send(patterns((1, String::new()), [1, 2, 3], &4, "", 0, String::new(), vec![]))), Ok(9));
    assert_eq!((run(constants([0; 0])), run(loops(1)), run(loops(9))), (Err::<u8, _>(0), Err(2), Ok(3)));
    assert!(run(never("")).is_err());
    drop((send(only_todo(1)), send(never(""))));
    assert_eq!((run(option(None)), run(option(Some("x")))), (None, Some('x')));
    assert!(run(vec![1].walk_twice(0)).is_err());
}
