//! The thread that writes.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use super::Setup;
use super::ledger::{STOPPED, Shared, Work};
use super::light::light;
use super::state::{Outcome, Taken};
use crate::fingerprint;
use crate::store::{Sighting, StoreError};

pub(super) const NO_THREAD: &str = "no writer thread";
pub(super) const PREPARING: &str = "panicked while it was prepared";
pub(super) const STORE_FAILS: &str = "store fails";
pub(super) const STORE_PANICS: &str = "store panicked";

const FIRST_RETRY: Duration = Duration::from_millis(20);
const LAST_RETRY: Duration = Duration::from_secs(2);
const PRUNING: Duration = Duration::from_secs(3600);

pub(super) fn spawn(shared: &Arc<Shared>, setup: &Arc<Setup>) {
    let (theirs, setup) = (Arc::clone(shared), Arc::clone(setup));
    let run = move || Writer { shared: &theirs, setup: &setup }.run();
    if let Err(error) = thread::Builder::new().name("error-tracker".to_owned()).spawn(run) {
        warn_once(&format!("no thread can be started: {error}"));
        shared.note_error(error.to_string());
        shared.end(NO_THREAD);
    }
}

struct Writer<'a> {
    shared: &'a Shared,
    setup: &'a Setup,
}

/// Why a batch was not recorded.
enum Failure {
    Later(String),
    /// One of the events may be the cause.
    Refused(String),
    Never(&'static str, String),
}

impl Writer<'_> {
    fn run(&self) {
        let mut pruned: Option<Instant> = None;
        loop {
            if pruned.is_none_or(|at| at.elapsed() >= PRUNING) && self.shared.is_quiet() {
                self.tidy(|| self.setup.store.prune(&self.setup.options.retention).map(drop));
                pruned = Some(Instant::now());
            }
            match self.shared.next(self.setup.options.batch.max(1)) {
                Work::Write(taken) => {
                    let outcomes = self.write(taken);
                    self.shared.settle(outcomes);
                }
                Work::Idle => self.tidy(|| self.setup.store.idle()),
                Work::End => return self.shared.end(STOPPED),
            }
        }
    }

    /// Runs what is of no consequence for any event.
    fn tidy(&self, run: impl FnOnce() -> Result<(), StoreError>) {
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.shared.note_error(error.to_string()),
            Err(_) => self.shared.note_error(STORE_PANICS.to_owned()),
        }
    }

    fn write(&self, mut all: Vec<Taken>) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(all.len());
        all.retain_mut(|taken| {
            let prepared = !taken.is_event || catch_unwind(AssertUnwindSafe(|| self.prepare(taken))).is_ok();
            if !prepared {
                outcomes.push(taken.outcome(Err(PREPARING)));
            }
            prepared
        });
        self.record(all, &mut outcomes);
        outcomes
    }

    fn prepare(&self, taken: &mut Taken) {
        let event = &mut taken.sighting.event;
        (self.setup.options.prepare)(event);
        event.grouping = fingerprint::group(event);
    }

    fn record(&self, all: Vec<Taken>, outcomes: &mut Vec<Outcome>) {
        if all.is_empty() {
            return;
        }
        let (batch, about): (Vec<_>, Vec<_>) =
            all.into_iter().map(|Taken { sighting, key, is_event }| (sighting, (key, is_event))).unzip();
        let mut outcome = |at: usize, result| {
            let (key, is_event) = about[at];
            outcomes.push(Outcome { key, is_event, count: batch[at].count, result });
        };
        let kept = |at: usize| {
            let (key, is_event) = about[at];
            (is_event && key.is_some()).then(|| light(&batch[at].event))
        };
        match self.try_until_final(&batch) {
            Ok(()) => (0..batch.len()).for_each(|at| outcome(at, Ok(kept(at)))),
            Err(Failure::Refused(error)) if batch.len() > 1 => {
                self.shared.note_error(error);
                for (at, one) in batch.iter().enumerate() {
                    let result = self.try_until_final(std::slice::from_ref(one));
                    outcome(at, result.map(|()| kept(at)).map_err(|failure| self.note(failure)));
                }
            }
            Err(failure) => {
                let reason = self.note(failure);
                (0..batch.len()).for_each(|at| outcome(at, Err(reason)));
            }
        }
    }

    /// Tries again while the trouble may pass and nobody wants to stop; the queue bounds what waits meanwhile.
    fn try_until_final(&self, batch: &[Sighting]) -> Result<(), Failure> {
        let mut delay = FIRST_RETRY;
        loop {
            match self.attempt(batch) {
                Err(Failure::Later(error)) => {
                    self.shared.note_error(error.clone());
                    if !self.shared.wait_to_retry(delay) {
                        return Err(Failure::Never(STORE_FAILS, error));
                    }
                    delay = (delay * 2).min(LAST_RETRY);
                }
                final_result => return final_result,
            }
        }
    }

    fn attempt(&self, batch: &[Sighting]) -> Result<(), Failure> {
        match catch_unwind(AssertUnwindSafe(|| self.setup.store.record(batch))) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_transient() => Err(Failure::Later(error.to_string())),
            Ok(Err(error @ StoreError::Other(_))) => Err(Failure::Refused(error.to_string())),
            Ok(Err(error)) => Err(Failure::Never(STORE_FAILS, error.to_string())),
            Err(_) => Err(Failure::Never(STORE_PANICS, STORE_PANICS.to_owned())),
        }
    }

    /// Says once that events are lost; gives the reason to count them under.
    fn note(&self, failure: Failure) -> &'static str {
        let (reason, error) = match failure {
            Failure::Later(error) | Failure::Refused(error) => (STORE_FAILS, error),
            Failure::Never(reason, error) => (reason, error),
        };
        warn_once(&error);
        self.shared.note_error(error);
        reason
    }
}

/// One warning in the life of a program: the counts tell the rest.
pub(crate) fn warn_once(error: &str) {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        let _ = writeln!(
            io::stderr(),
            "error-tracker: events cannot be stored: {error}. It will be tried again; until then they are counted as \
             dropped"
        );
    });
}
