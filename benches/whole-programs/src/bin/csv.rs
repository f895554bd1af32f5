//! The csv crate's own benchmarks.

/// The crate's `benches/bench.rs`, which `benches/whole` puts there.
#[path = "../csv_benches.rs"]
mod benches;

fn main() {
    whole_programs::main(benches::ALL);
}
