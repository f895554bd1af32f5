//! Time that a failure takes on the thread that fails, beside peers.
//!
//! A backtrace is taken at most a hundred times in a second; the benchmarks without one use that up first, those with one
//! wait for the next second. `RUST_LIB_BACKTRACE=1`, which `benches/run` sets, makes anyhow take one.

use std::hint::black_box;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use error_tracker::store::{IssueQuery, MemoryStore};
use error_tracker::{BacktraceMode, Tracker};
use error_tracker_benches::failing::{self, plain};

const DEPTH: u32 = 20;
/// So many events are made before the writer is waited for: fewer than a batch, so it works while nothing is measured.
const AT_ONCE: u64 = 200;
/// Fewer than the backtraces of a second.
const BACKTRACES: u64 = 90;

/// Measures `call` with ever new numbers; `before` runs before every `AT_ONCE` of them and is not measured.
fn distinct(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    before: &dyn Fn(),
    call: &mut dyn FnMut(u64),
) {
    let mut number = 0;
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let (mut left, mut took) = (iterations, Duration::ZERO);
            while left > 0 {
                let now = left.min(AT_ONCE);
                before();
                took += many(now, &mut number, call);
                left -= now;
            }
            took
        });
    });
}

/// The same for what may be done `BACKTRACES` times in a second only: each sample is the mean of so many.
fn paced(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    before: &dyn Fn(),
    call: &mut dyn FnMut(u64),
) {
    let mut number = 0;
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            before();
            sleep(Duration::from_millis(1100));
            many(BACKTRACES, &mut number, call).mul_f64(iterations as f64 / BACKTRACES as f64)
        });
    });
}

fn many(count: u64, number: &mut u64, call: &mut dyn FnMut(u64)) -> Duration {
    let begun = Instant::now();
    for _ in 0..count {
        *number += 1;
        call(*number);
    }
    begun.elapsed()
}

/// Sends nothing anywhere.
struct Nowhere;

impl sentry::Transport for Nowhere {
    fn send_envelope(&self, envelope: sentry::Envelope) {
        drop(envelope);
    }
}

fn sentry_client(attach_stacktrace: bool) -> sentry::ClientInitGuard {
    let options =
        sentry::ClientOptions::new().dsn("https://key@localhost/1").transport(Arc::new(Nowhere));
    sentry::init(options.attach_stacktrace(attach_stacktrace))
}

fn without_backtrace(criterion: &mut Criterion, tracker: &Tracker) {
    let mut group = criterion.benchmark_group("failure");
    let flush = || tracker.flush(Duration::from_secs(10)).expect("everything is stored");
    group.bench_function("error-tracker, equal failures, counted", |bencher| {
        bencher.iter(|| failing::import(black_box("x"), black_box(7)));
    });
    flush();
    let (stored, mut calls) = (tracker.health().stored, 0);
    distinct(&mut group, "error-tracker, distinct failures", &flush, &mut |number| {
        calls += 1;
        let _ = black_box(failing::import(black_box("x"), black_box(1_000_000 + number)));
    });
    flush();
    assert_eq!(
        tracker.health().stored - stored,
        calls,
        "each distinct failure is an event of its own"
    );
    let sentry = sentry_client(false);
    distinct(&mut group, "sentry::capture_error", &|| (), &mut |number| {
        if let Err(error) = plain::import(black_box("x"), black_box(number)) {
            black_box(sentry::capture_error(&error));
        }
    });
    drop(sentry);
    group.finish();
}

fn with_backtrace(criterion: &mut Criterion, tracker: &Tracker) {
    let mut group = criterion.benchmark_group("failure with backtrace");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(1))
        .measurement_time(Duration::from_millis(100));
    let flush = || tracker.flush(Duration::from_secs(10)).expect("everything is stored");
    paced(&mut group, "error-tracker, distinct failures", &flush, &mut |number| {
        let _ = failing::deep(DEPTH, &mut || black_box(failing::import(black_box("x"), number)));
    });
    flush();
    let issue = &tracker.issues(&IssueQuery::default()).expect("read").items[0];
    let event =
        tracker.issue(&issue.hash).expect("read").and_then(|(_, event)| event).expect("kept");
    assert!(event.backtrace.len() >= DEPTH as usize, "the last event has its backtrace");
    paced(&mut group, "anyhow", &|| (), &mut |number| {
        let _ = failing::deep(DEPTH, &mut || {
            black_box(plain::import(black_box("x"), number).map_err(anyhow::Error::from))
        });
    });
    let sentry = sentry_client(true);
    paced(&mut group, "sentry::capture_error", &|| (), &mut |number| {
        failing::deep(DEPTH, &mut || {
            if let Err(error) = plain::import(black_box("x"), black_box(number)) {
                black_box(sentry::capture_error(&error));
            }
        });
    });
    drop(sentry);
    group.finish();
}

fn failures(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("failure");
    group.bench_function("plain", |bencher| {
        bencher.iter(|| plain::import(black_box("x"), black_box(7)))
    });
    group.bench_function("error-tracker, nothing installed", |bencher| {
        bencher.iter(|| failing::import(black_box("x"), black_box(7)));
    });
    group.finish();
    // With a hook that may look at it, failures of different texts are events of their own.
    let builder = error_tracker::builder()
        .store(MemoryStore::new())
        .before_capture(Some)
        .backtrace(BacktraceMode::All);
    let tracker = builder.install().expect("the first");
    with_backtrace(criterion, &tracker);
    without_backtrace(criterion, &tracker);
}

criterion_group!(benches, failures);
criterion_main!(benches);
