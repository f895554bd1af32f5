//! Times on a machine that does other work as well.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Returns the median CPU time that this thread takes for `work`, of so many times. The work of
/// other programs does not count.
pub fn median(times: u32, mut work: impl FnMut()) -> Duration {
    let mut took: Vec<Duration> = (0..times)
        .map(|_| {
            let begun = cpu_time();
            work();
            cpu_time() - begun
        })
        .collect();
    took.sort();
    took[took.len() / 2]
}

fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}
