//! Creates ids of events.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::{ContextV7, Timestamp, Uuid};

use crate::fork::PerProcess;

/// Counts the ids of one millisecond. A thread holds it while it makes one: uuid's own counter stays locked in a
/// child that is forked meanwhile.
static COUNTER: PerProcess<Mutex<ContextV7>> =
    PerProcess::new(Mutex::new(ContextV7::new()), || Mutex::new(ContextV7::new()));

/// Returns a new id of an event. Later ids are greater.
pub(crate) fn new_id() -> String {
    static BEFORE_1970: AtomicU64 = AtomicU64::new(0);
    // uuid panics with a clock before 1970.
    if SystemTime::now() >= UNIX_EPOCH {
        return Uuid::new_v7(Timestamp::now(COUNTER.get())).to_string();
    }
    let mut random = [0; 10];
    let _ = getrandom::fill(&mut random);
    let nth = BEFORE_1970.fetch_add(1, Relaxed);
    uuid::Builder::from_unix_timestamp_millis(nth, &random).into_uuid().to_string()
}

#[cfg(test)]
#[allow(unsafe_code, reason = "forks")]
mod tests {
    use super::*;

    #[test]
    fn later_ids_are_greater() {
        let ids: Vec<String> = (0..1_000).map(|_| new_id()).collect();
        assert!(ids.is_sorted_by(|earlier, later| earlier < later));
    }

    #[cfg(unix)]
    #[test]
    fn a_child_that_is_forked_while_another_thread_makes_an_id_makes_its_own() {
        crate::fork::count();
        let at_fork = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _held = COUNTER.get().lock();
                at_fork.wait();
                at_fork.wait();
            });
            at_fork.wait();
            // SAFETY: the child makes an id, and ends.
            let child = unsafe { libc::fork() };
            if child == 0 {
                // SAFETY: ends a child that hangs, and one that does not.
                unsafe {
                    libc::alarm(300);
                    libc::_exit(i32::from(new_id().len() != 36));
                }
            }
            let mut status = 0;
            // SAFETY: waits for the child just made.
            let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
            // First, since the scope waits for that thread.
            at_fork.wait();
            assert_eq!((ended, status), (child, 0));
        });
    }
}
