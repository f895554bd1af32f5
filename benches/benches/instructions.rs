//! Instructions of a thousand calls that succeed, counted by callgrind.

use std::hint::black_box;
use std::num::ParseIntError;

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

/// So many strings that the budget is spent.
fn spent() {
    idle();
    for number in 0..400_000 {
        let _ = black_box(functions::tracked_strings(black_box(number)));
    }
}

fn registry() {
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
}

/// A reporter and a span that records.
fn recording() {
    fastrace::set_reporter(fastrace::collector::ConsoleReporter, fastrace::collector::Config::default());
    let root = fastrace::Span::root("root", fastrace::collector::SpanContext::random());
    std::mem::forget(root.set_local_parent());
    std::mem::forget(root);
}

fn calls(function: fn(u32) -> Result<u32, ParseIntError>) {
    for number in 0..1000 {
        let _ = black_box(black_box(function)(black_box(number)));
    }
}

#[library_benchmark]
#[bench::plain_five(nothing(), functions::plain_five)]
#[bench::tracked_five_nothing_installed(nothing(), functions::tracked_five)]
#[bench::tracked_five(idle(), functions::tracked_five)]
#[bench::tracing_five_nothing_installed(nothing(), functions::tracing_five)]
#[bench::tracing_five(registry(), functions::tracing_five)]
#[bench::fastrace_five_nothing_installed(nothing(), functions::fastrace_five)]
#[bench::fastrace_five(recording(), functions::fastrace_five)]
#[bench::plain_fiveinlibrary(nothing(), in_library::plain_five)]
#[bench::tracked_fiveinlibrary(idle(), in_library::tracked_five)]
#[bench::plain_six(nothing(), functions::plain_six)]
#[bench::tracked_six_nothing_installed(nothing(), functions::tracked_six)]
#[bench::tracked_six(idle(), functions::tracked_six)]
#[bench::tracing_six(registry(), functions::tracing_six)]
#[bench::plain_strings(nothing(), functions::plain_strings)]
#[bench::tracked_strings_nothing_installed(nothing(), functions::tracked_strings)]
#[bench::tracked_strings(idle(), functions::tracked_strings)]
#[bench::tracked_strings_budget_spent(spent(), functions::tracked_strings)]
#[bench::tracing_strings(registry(), functions::tracing_strings)]
fn thousand_calls(_: (), function: fn(u32) -> Result<u32, ParseIntError>) {
    calls(function);
}

library_benchmark_group!(name = success; benchmarks = thousand_calls);
main!(library_benchmark_groups = success);
