//! Answers requests without a network, or serves them: `web-services FRAMEWORK LAYER OUTCOME COUNT|serve`, such as
//! `web-services axum error-tracker ok 10000`. Prints the allocations of a request, or the address.

mod actix;
mod axum_app;
mod peers;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts the allocations of all threads.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: it passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The layer around the handlers.
#[derive(Clone, Copy, PartialEq)]
pub enum Peer {
    None,
    ErrorTracker,
    Sentry,
    Trace,
}

/// The headers that a browser sends.
pub const HEADERS: [(&str, &str); 7] = [
    ("host", "shop.example"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("accept", "application/json"),
    ("accept-language", "de-CH,de;q=0.8,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br"),
    ("cookie", "session=0123456789abcdef; theme=dark"),
    ("x-request-id", "0198c2f0-7a1b-7c3d-8e4f-5a6b7c8d9e0f"),
];

/// The path of a request that succeeds, or of one whose handler returns an error.
pub fn path(outcome: &str, number: usize) -> String {
    format!("/{outcome}/{}?page=2", number % 100)
}

/// Runs `request` for each number, and prints the allocations of one.
pub async fn count<F: Future<Output = u16>>(outcome: &str, count: usize, mut request: impl FnMut(usize) -> F) {
    let expected = if outcome == "ok" { 200 } else { 500 };
    for number in 0..100 {
        assert_eq!(request(number).await, expected);
    }
    let before = ALLOCATIONS.load(Relaxed);
    let begun = std::time::Instant::now();
    for number in 0..count {
        request(number).await;
    }
    let (all, time) = (ALLOCATIONS.load(Relaxed) - before, begun.elapsed());
    let count = count.max(1);
    println!("{} {}", all / count as u64, time.as_nanos() / count as u128);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [framework, layer, outcome, number] = arguments.as_slice() else {
        panic!("web-services FRAMEWORK LAYER OUTCOME COUNT")
    };
    let peer = match layer.as_str() {
        "none" => Peer::None,
        "error-tracker" => Peer::ErrorTracker,
        "sentry" => Peer::Sentry,
        "tower-http" => Peer::Trace,
        other => panic!("{other}: none, error-tracker, sentry, tower-http"),
    };
    let _set_up = peers::set_up(peer);
    let served = number == "serve";
    let number = if served { 0 } else { number.parse().expect("a number of requests") };
    match framework.as_str() {
        "axum" => axum_app::run(peer, outcome, number, served),
        "actix" => actix::run(peer, outcome, number, served),
        other => panic!("{other}: axum, actix"),
    }
}
