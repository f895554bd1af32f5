//! Instructions of a thousand calls that succeed, counted by callgrind.

use std::hint::black_box;
use std::num::ParseIntError;
use std::time::Duration;

use error_tracker::store::MemoryStore;
use error_tracker_benches::success as in_library;
use gungraun::{library_benchmark, library_benchmark_group, main};

/// The same functions as a part of the program: thread-locals are dearer in a library.
#[path = "../src/success.rs"]
mod functions;

fn idle() {
    let tracker = error_tracker::builder().store(MemoryStore::new()).install().expect("the first");
    std::mem::forget(tracker);
}

fn nothing() {}

type Function = fn(u32) -> Result<u32, ParseIntError>;

/// The function has been called so often that its calls are not followed any more, as those of any function that is called all the
/// time. For the next tenth of a second.
fn hot(function: Function) {
    idle();
    for calls in [400_000, 10_000] {
        for number in 0..calls {
            let _ = black_box(function(black_box(number)));
        }
        if calls > 10_000 {
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

fn registry() {
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
}

/// A reporter and a span that records.
fn recording() {
    fastrace::set_reporter(
        fastrace::collector::ConsoleReporter,
        fastrace::collector::Config::default(),
    );
    let root = fastrace::Span::root("root", fastrace::collector::SpanContext::random());
    std::mem::forget(root.set_local_parent());
    std::mem::forget(root);
}

fn calls(function: Function) {
    for number in 0..1000 {
        let _ = black_box(black_box(function)(black_box(number)));
    }
}

#[library_benchmark]
#[bench::plain_five(nothing(), functions::plain_five)]
#[bench::tracked_five_first_nothing_installed(nothing(), functions::tracked_five)]
#[bench::tracked_five_first(idle(), functions::tracked_five)]
#[bench::tracked_five(hot(functions::tracked_five), functions::tracked_five)]
#[bench::tracing_five_nothing_installed(nothing(), functions::tracing_five)]
#[bench::tracing_five(registry(), functions::tracing_five)]
#[bench::fastrace_five_nothing_installed(nothing(), functions::fastrace_five)]
#[bench::fastrace_five(recording(), functions::fastrace_five)]
#[bench::plain_fiveinlibrary(nothing(), in_library::plain_five)]
#[bench::tracked_fiveinlibrary_first(idle(), in_library::tracked_five)]
#[bench::tracked_fiveinlibrary(hot(in_library::tracked_five), in_library::tracked_five)]
#[bench::plain_six(nothing(), functions::plain_six)]
#[bench::tracked_six_first(idle(), functions::tracked_six)]
#[bench::tracked_six(hot(functions::tracked_six), functions::tracked_six)]
#[bench::tracing_six(registry(), functions::tracing_six)]
#[bench::plain_strings(nothing(), functions::plain_strings)]
#[bench::tracked_strings_first_nothing_installed(nothing(), functions::tracked_strings)]
#[bench::tracked_strings_first(idle(), functions::tracked_strings)]
#[bench::tracked_strings(hot(functions::tracked_strings), functions::tracked_strings)]
#[bench::tracing_strings(registry(), functions::tracing_strings)]
fn thousand_calls(_: (), function: Function) {
    calls(function);
}

library_benchmark_group!(name = success; benchmarks = thousand_calls);
main!(library_benchmark_groups = success);
