//! Answers requests one after the other, and counts.

use std::thread;
use std::time::Duration;

use crate::{allocations, order};

pub enum Task {
    Answer { outcome: Outcome, count: u32 },
    Serve,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Outcome {
    Succeeding,
    Failing,
}

/// Requests that are answered before the measured ones, so that what is made once is not counted.
pub const WARM_UP: u32 = 20;
/// The interval of failing requests. Without it, a function's budget for variables would be spent
/// under callgrind, where all is slower.
const INTERVAL: Duration = Duration::from_millis(10);

impl Outcome {
    /// Returns the target of a request. Each has a different order.
    pub fn target(self, number: u32) -> String {
        let first = if self == Self::Failing { order::FIRST_UNKNOWN } else { 1 };
        format!("/orders/{}?page=2", first + number)
    }

    fn status(self) -> u16 {
        if self == Self::Failing { 500 } else { 200 }
    }
}

/// Answers requests, and prints the allocations of one on this thread. `prepare` makes a request,
/// and `answer` returns the status.
pub fn run<R>(
    outcome: Outcome,
    count: u32,
    prepare: impl Fn(&str) -> R,
    mut answer: impl FnMut(R) -> u16,
) {
    let mut all = 0;
    for number in 0..WARM_UP + count {
        if outcome == Outcome::Failing {
            thread::sleep(INTERVAL);
        }
        let mut request = Some(prepare(&outcome.target(number)));
        let mut once = || request.take().map(&mut answer);
        let status = if number < WARM_UP {
            once()
        } else {
            let before = allocations::of_this_thread();
            let status = web_request_measured(&mut once);
            all += allocations::of_this_thread() - before;
            status
        };
        assert_eq!(status, Some(outcome.status()));
    }
    println!("{:.1}", all as f64 / f64::from(count.max(1)));
}

/// callgrind counts what runs in here.
#[unsafe(no_mangle)]
#[inline(never)]
extern "Rust" fn web_request_measured(once: &mut dyn FnMut() -> Option<u16>) -> Option<u16> {
    once()
}
