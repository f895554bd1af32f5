//! Runs workloads: all of them once, to count instructions, or one for as long as it takes to time it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use error_tracker::store::MemoryStore;

/// How long a workload runs before it is measured. A program follows all calls at first, until its budget is spent; what is
/// measured is how it goes on.
const WARM_UP: Duration = Duration::from_millis(400);
/// The same under callgrind, where all is slower.
const WARM_UP_COUNTED: Duration = Duration::from_secs(3);
/// How long it is repeated to find its least time.
const LONG: Duration = Duration::from_millis(200);

/// What the benchmarks of published crates are handed. Named as `test::Bencher` is.
pub struct Bencher {
    pub bytes: u64,
    counts: bool,
    least: Duration,
}

impl Bencher {
    pub fn iter<T>(&mut self, mut work: impl FnMut() -> T) {
        let mut once = || {
            black_box(work());
        };
        let begun = Instant::now();
        while begun.elapsed() < if self.counts { WARM_UP_COUNTED } else { WARM_UP } {
            once();
        }
        if self.counts {
            return whole_measured(&mut once);
        }
        let begun = Instant::now();
        while begun.elapsed() < LONG {
            let now = Instant::now();
            once();
            self.least = self.least.min(now.elapsed());
        }
    }
}

/// callgrind counts what runs in here.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "Rust" fn whole_measured(work: &mut dyn FnMut()) {
    work();
}

pub type Workload = (&'static str, fn(&mut Bencher));

/// One failure, so that the plain program has all that records one as well, and the sizes tell what a function adds.
#[error_tracker::auto_track_exception]
fn refuse(number: u32) -> Result<u32, String> {
    let text = number.to_string();
    text.parse().map_err(|_| text)
}

/// With a name as argument, prints the least time of that workload in nanoseconds; with `--count` runs each once; else
/// prints their names.
pub fn main(workloads: &[Workload]) {
    let asked = std::env::args().nth(1);
    // Under callgrind a tick, in which the budget is renewed, comes after a fiftieth of the work. Without a tracker there is none.
    let tracker = (asked.as_deref() != Some("--count"))
        .then(|| error_tracker::builder().store(MemoryStore::new()).install().expect("the first"));
    assert!(refuse(black_box(1)).is_ok());
    for (name, workload) in workloads {
        let mut bencher = Bencher { bytes: 0, counts: false, least: Duration::MAX };
        match asked.as_deref() {
            None => println!("{name}"),
            Some("--count") => {
                bencher.counts = true;
                workload(&mut bencher);
            }
            Some(asked) if asked == *name => {
                workload(&mut bencher);
                println!("{}", bencher.least.as_nanos());
            }
            Some(_) => {}
        }
    }
    drop(tracker);
}
