//! Names for backtraces. Reading debug information can take seconds, so a thread of its own does it, and the writer
//! waits only so long: an event without names is better than none.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use crate::event::Event;
use crate::trace::backtrace;

/// How long the writer waits for the names of one backtrace.
const WAIT: Duration = Duration::from_secs(10);
/// The same when the program ends.
const WAIT_AT_END: Duration = Duration::from_millis(700);
static ENDS: AtomicBool = AtomicBool::new(false);

/// The program ends: names are only given when they are there soon.
pub(crate) fn end() {
    ENDS.store(true, Ordering::Relaxed);
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
        match self.resolve(raw) {
            Some(calls) => event.backtrace = calls,
            None => event.cut.push("the backtrace: its names were not there in time".into()),
        }
    }

    fn resolve(&mut self, raw: backtrace::Raw) -> Option<Vec<crate::event::BacktraceFrame>> {
        let worker = match &self.worker {
            Some(worker) => worker,
            None => self.worker.insert(Worker::start()?),
        };
        worker.asked.send(raw.clone()).ok()?;
        let wait = if ENDS.load(Ordering::Relaxed) { WAIT_AT_END } else { WAIT };
        loop {
            // Answers to what was given up before come first.
            let (answered, calls) = worker.named.recv_timeout(wait).ok()?;
            if answered == raw {
                return Some(calls);
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
