//! Time of a failure on the caller's thread.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use error_tracker::store::MemoryStore;
use error_tracker_benches::failing;

fn failures(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("failure");
    group.bench_function("plain", |bencher| bencher.iter(|| failing::plain::import(black_box("x"))));
    group.bench_function("anyhow with context", |bencher| {
        bencher.iter(|| {
            use anyhow::Context;
            failing::plain::import(black_box("x")).context("order").context("import")
        });
    });
    group.bench_function("3 frames, 10 variables, nothing installed", |bencher| {
        bencher.iter(|| failing::import(black_box("x"), black_box(7)));
    });

    let tracker =
        error_tracker::builder().store(MemoryStore::new()).queue(1_000_000).install().expect("the first");
    group.bench_function("3 frames, 10 variables, installed, equal failures", |bencher| {
        bencher.iter(|| failing::import(black_box("x"), black_box(7)));
    });
    group.bench_function("the same, depth 20", |bencher| {
        bencher.iter(|| failing::deep(black_box(20), black_box("x")));
    });
    group.finish();
    drop(tracker);
}

criterion_group!(benches, failures);
criterion_main!(benches);
