//! How many failures are recorded while no tracker is installed: then only `print_exception!` and the like can show
//! them, and a program that fails a million times on purpose shall not spend minutes on it.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::record::SINK;

const WINDOW: Duration = Duration::from_secs(1);

/// So many meetings with an error are recorded on a thread within a window.
const MOST: u32 = 1000;

#[derive(Clone, Copy, Debug)]
struct Share {
    since: Instant,
    met: u32,
}

impl Share {
    fn new(since: Instant) -> Self {
        Self { since, met: 0 }
    }

    /// Counts one more at `now`.
    fn next(self, now: Instant) -> Self {
        let share = if now.duration_since(self.since) < WINDOW { self } else { Self::new(now) };
        Self { met: share.met.saturating_add(1), ..share }
    }
}

thread_local! {
    static SHARE: Cell<Option<Share>> = const { Cell::new(None) };
}

/// Whether an error that is met now is recorded.
pub(super) fn lets_in() -> bool {
    if SINK.get().is_some() {
        return true;
    }
    let now = Instant::now();
    let share = SHARE.get().unwrap_or(Share::new(now)).next(now);
    SHARE.set(Some(share));
    share.met <= MOST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_let_in_up_to_its_share_of_each_second() {
        let start = Instant::now();
        let storm = |share: Share, at: Duration| (0..MOST + 5).fold(share, |share, _| share.next(start + at));
        let share = storm(Share::new(start), Duration::from_millis(10));
        assert!(share.met > MOST && share.next(start + Duration::from_millis(999)).met > MOST);
        assert_eq!(share.next(start + WINDOW).met, 1);
    }
}
