//! Names for backtraces. Reading debug information can take seconds, so a thread of its own does it, and the writer
//! waits only so long: an event without names is better than none.

use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::event::Event;
use crate::trace::backtrace;

/// How long the writer waits for the names of one backtrace.
const WAIT: Duration = Duration::from_secs(10);
/// How long for all together when the program ends.
const WAIT_AT_END: Duration = Duration::from_secs(2);
/// How soon a wait sees that the program ends. A lock to wake it by might be held in a process that is forked.
const LOOK: Duration = Duration::from_millis(20);

/// Until when names are waited for, once the program ends.
static END: OnceLock<Instant> = OnceLock::new();

/// The program ends: names are only given when they are there soon.
pub(crate) fn end() {
    END.get_or_init(|| Instant::now() + WAIT_AT_END);
}

pub(crate) struct Names {
    worker: Option<Worker>,
}

struct Worker {
    asked: Sender<backtrace::Raw>,
    named: Receiver<(backtrace::Raw, Vec<crate::event::BacktraceFrame>)>,
}

impl Names {
    pub(crate) const fn new() -> Self {
        Self { worker: None }
    }

    /// Names the calls of an event's backtrace.
    pub(crate) fn add_to(&mut self, event: &mut Event) {
        let raw = std::mem::take(&mut event.addresses);
        if raw.is_empty() {
            return;
        }
        match self.resolve(raw, &END) {
            Some(calls) => event.backtrace = calls,
            None => event.cut.push("the backtrace: its names were not there in time".into()),
        }
    }

    fn resolve(
        &mut self,
        raw: backtrace::Raw,
        end: &OnceLock<Instant>,
    ) -> Option<Vec<crate::event::BacktraceFrame>> {
        let worker = match &self.worker {
            Some(worker) => worker,
            None => self.worker.insert(Worker::start()?),
        };
        worker.asked.send(raw.clone()).ok()?;
        let until = Instant::now() + WAIT;
        loop {
            let until = end.get().map_or(until, |end| until.min(*end));
            let left = until.saturating_duration_since(Instant::now());
            match worker.named.recv_timeout(left.min(LOOK)) {
                Ok((answered, calls)) if answered == raw => return Some(calls),
                // The answer to what was given up before.
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
                Err(_) => return None,
            }
        }
    }
}

impl Worker {
    /// `None` where the system refuses a thread.
    fn start() -> Option<Self> {
        let (asked, questions) = mpsc::channel::<backtrace::Raw>();
        let (answers, named) = mpsc::channel();
        let work = move || {
            let mut known = std::collections::HashMap::new();
            for raw in questions {
                let calls = backtrace::resolve(&raw, &mut known);
                if answers.send((raw, calls)).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("error-tracker-names".into()).spawn(work).ok()?;
        Some(Self { asked, named })
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, OnceLock, WAIT, Worker, backtrace, mpsc};
    use std::time::Instant;

    #[test]
    fn a_wait_that_has_begun_is_given_up_when_the_program_ends() {
        let (asked, questions) = mpsc::channel();
        let (_answers, named) = mpsc::channel();
        let mut names = Names { worker: Some(Worker { asked, named }) };
        let end = OnceLock::new();
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| names.resolve(backtrace::Raw::default(), &end));
            questions.recv().unwrap();
            end.set(Instant::now()).unwrap();
            assert!(waits.join().unwrap().is_none());
        });
        assert!(begun.elapsed() < WAIT);
    }
}
