//! The thread that writes events to the store.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::Setup;
use super::event_observer::StoredEvent;
use super::observer_queue::ObserverQueues;
use super::queue_state::{FIRST_RETRY, LAST_RETRY};
use super::queued_event::{SightingFate, SightingInFlight, SightingOutcome};
use super::reduced_event::{reduced, weight};
use super::shared_queue::{STOPPED, SharedQueue};
use super::writer_task::WriterTask;
use crate::background;
use crate::event::Event;
use crate::fingerprint;
use crate::store::{Recorded, Sighting, Store, StoreError};
use crate::warning::warn;

pub(super) const NO_THREAD: &str = "no writer thread";
pub(super) const PREPARE_PANICKED: &str = "panicked while it was prepared";
pub(super) const STORE_FAILS: &str = "store fails";
pub(super) const STORE_PANICS: &str = "store panicked";

const PRUNE_INTERVAL: Duration = Duration::from_secs(3600);

pub(super) fn spawn(
    shared: &Arc<SharedQueue>,
    observers: &Arc<ObserverQueues>,
    setup: &Arc<Setup>,
) {
    let (shared_clone, setup) = (Arc::clone(shared), Arc::clone(setup));
    let observers = Arc::clone(observers);
    let run = move || {
        let store = Arc::clone(&setup.store) as _;
        StoreWriter { shared: &shared_clone, observers: &observers, setup: &setup, store }.run();
    };
    if let Err(error) = background::start("error-tracker", run) {
        warn_once(&format!("no thread can be started: {error}"));
        shared.note_error(error.to_string());
        shared.end(NO_THREAD);
    }
}

pub(super) struct StoreWriter<'a> {
    shared: &'a SharedQueue,
    observers: &'a ObserverQueues,
    pub(super) setup: &'a Setup,
    store: Arc<dyn Store>,
}

/// Why a batch was not recorded.
enum BatchError {
    Later(String),
    /// There is not enough room; a part of the batch may fit.
    Full(String),
    /// The store refused it; one of the events may be the cause.
    Refused(String),
    Never(&'static str, String),
}

#[derive(Clone, Copy)]
enum BatchFate {
    Stored,
    Dropped(&'static str),
    Deferred,
}

impl StoreWriter<'_> {
    fn run(&self) {
        let mut pruned: Option<Instant> = None;
        // The store is not used before the first event, so that a program without events creates no
        // file.
        let mut wrote = false;
        loop {
            if wrote
                && pruned.is_none_or(|at| at.elapsed() >= PRUNE_INTERVAL)
                && self.shared.has_no_work()
            {
                self.run_maintenance(|| self.store.prune(&self.setup.options.retention).map(drop));
                pruned = Some(Instant::now());
            }
            match self.shared.next(self.setup.options.batch.max(1)) {
                WriterTask::Write(taken) => {
                    let outcomes = self.write(taken);
                    self.shared.settle(outcomes);
                    self.setup.options.hooks.wrote(&self.store);
                    wrote = true;
                }
                WriterTask::Correct(corrections) => {
                    self.correct(corrections);
                    self.shared.corrected();
                }
                WriterTask::CheckStore => self.check_store(),
                WriterTask::Idle => {
                    self.check_store();
                    self.run_maintenance(|| self.store.idle());
                    self.setup.options.hooks.idle(&self.store);
                }
                WriterTask::Close => {
                    self.close();
                    self.shared.store_closed();
                }
                WriterTask::End => {
                    self.close();
                    return self.shared.end(STOPPED);
                }
            }
        }
    }

    fn close(&self) {
        self.setup.options.hooks.end();
        if self.setup.store.is_used() {
            self.run_maintenance(|| self.store.close());
        }
    }

    /// Checks whether all stored events are still there.
    fn check_store(&self) {
        let asked = self.shared.checks_requested();
        let found = catch_unwind(AssertUnwindSafe(|| self.setup.store.restore_missing()));
        let is_lost = matches!(found, Ok(Err(StoreError::Damaged(_))));
        let is_there = matches!(found, Ok(Ok(_)));
        let found = match found {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(STORE_PANICS.to_owned()),
        };
        if let Some(found) = found {
            self.shared.note_error(found);
        }
        self.shared.checks_done(asked, is_there, is_lost);
    }

    /// Runs work that no event depends on; its failures are only remembered.
    pub(super) fn run_maintenance(&self, run: impl FnOnce() -> Result<(), StoreError>) {
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.shared.note_error(error.to_string()),
            Err(_) => self.shared.note_error(STORE_PANICS.to_owned()),
        }
    }

    fn write(&self, mut all: Vec<SightingInFlight>) -> Vec<SightingOutcome> {
        let mut outcomes = Vec::with_capacity(all.len());
        all.retain_mut(|taken| {
            let Some(position) = taken.position.as_mut().filter(|position| !position.is_prepared)
            else {
                return true;
            };
            position.is_prepared = true;
            let prepared =
                catch_unwind(AssertUnwindSafe(|| self.prepare(&mut taken.sighting.event))).is_ok();
            if !prepared {
                outcomes.push(taken.outcome(SightingFate::Dropped(PREPARE_PANICKED)));
            }
            prepared
        });
        self.record(all, &mut outcomes);
        outcomes
    }

    pub(super) fn prepare(&self, event: &mut Event) {
        (self.setup.options.prepare)(event);
        event.grouping = fingerprint::group(event);
    }

    fn record(&self, all: Vec<SightingInFlight>, outcomes: &mut Vec<SightingOutcome>) {
        let (batch, about): (Vec<_>, Vec<_>) = all
            .into_iter()
            .map(|SightingInFlight { sighting, key, position }| (sighting, (key, position)))
            .unzip();
        let weights: Vec<_> = batch
            .iter()
            .zip(&about)
            .map(|(sighting, (_, position))| {
                position.map_or_else(|| weight(&sighting.event), |position| position.weight)
            })
            .collect();
        let mut fates = vec![BatchFate::Deferred; batch.len()];
        let mut answers = vec![Recorded::default(); batch.len()];
        let mut parts = Vec::from_iter(Some(0..batch.len()));
        // Events that are not smaller than one that did not fit are not tried.
        let mut too_large = usize::MAX;
        while let Some(part) = parts.pop() {
            if weights[part.clone()].iter().all(|weight| *weight >= too_large) {
                continue;
            }
            match self.try_until_final(&batch[part.clone()]) {
                Ok(recorded) => {
                    for (answer, recorded) in answers[part.clone()].iter_mut().zip(recorded) {
                        *answer = recorded;
                    }
                    fates[part].fill(BatchFate::Stored);
                }
                Err(BatchError::Full(error)) => {
                    if part.len() > 1 {
                        let middle = part.start + part.len() / 2;
                        parts.extend([middle..part.end, part.start..middle]);
                    } else {
                        too_large = weights[part.start];
                        self.shared.note_error(error);
                    }
                }
                Err(BatchError::Refused(error)) if part.len() > 1 => {
                    self.shared.note_error(error);
                    parts.extend(part.rev().map(|at| at..at + 1));
                }
                Err(failure) => fates[part].fill(BatchFate::Dropped(self.note(failure))),
            }
        }
        let is_last_try = self.shared.is_stopped();
        let all = batch.into_iter().zip(about).zip(fates.into_iter().zip(answers));
        for ((sighting, (key, position)), (fate, answer)) in all {
            let count = sighting.count;
            let became = match fate {
                BatchFate::Stored => {
                    SightingFate::Stored(self.stored(sighting, answer, key, position.is_some()))
                }
                BatchFate::Dropped(reason) => SightingFate::Dropped(reason),
                BatchFate::Deferred if is_last_try => SightingFate::Dropped(STORE_FAILS),
                BatchFate::Deferred => SightingFate::Deferred(Box::new(sighting)),
            };
            outcomes.push(SightingOutcome { key, position, count, became });
        }
    }

    /// Runs the hooks, queues the event for the observers, and returns the event to which repeats
    /// will be added.
    fn stored(
        &self,
        sighting: Sighting,
        recorded: Recorded,
        key: Option<u64>,
        is_event: bool,
    ) -> Option<Box<Event>> {
        let Sighting { event, count: occurrences, again, .. } = sighting;
        if is_event {
            self.setup.options.hooks.stored(&event);
        }
        let counts_on = (is_event && key.is_some()).then(|| Box::new(reduced(&event)));
        if !self.observers.is_empty() {
            let store = Arc::clone(&self.store);
            self.observers.push(StoredEvent { event, recorded, occurrences, again, store });
        }
        counts_on
    }

    /// Retries while the failure is transient and the pipeline is not stopped. The queue bounds the
    /// events that wait meanwhile.
    fn try_until_final(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, BatchError> {
        let mut delay = FIRST_RETRY;
        loop {
            match self.attempt(batch) {
                Err(BatchError::Later(error)) => {
                    self.shared.note_error(error.clone());
                    if !self.shared.wait_to_retry(delay) {
                        return Err(BatchError::Never(STORE_FAILS, error));
                    }
                    delay = (delay * 2).min(LAST_RETRY);
                }
                final_result => return final_result,
            }
        }
    }

    fn attempt(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, BatchError> {
        match catch_unwind(AssertUnwindSafe(|| self.store.record(batch))) {
            Ok(Ok(recorded)) => Ok(recorded),
            Ok(Err(error @ StoreError::Full(_))) => Err(BatchError::Full(error.to_string())),
            Ok(Err(error)) if error.is_transient() => Err(BatchError::Later(error.to_string())),
            Ok(Err(error @ StoreError::Other(_))) => Err(BatchError::Refused(error.to_string())),
            Ok(Err(error)) => Err(BatchError::Never(STORE_FAILS, error.to_string())),
            Err(_) => Err(BatchError::Never(STORE_PANICS, STORE_PANICS.to_owned())),
        }
    }

    /// Warns once that events are lost, and returns the reason under which they are counted.
    fn note(&self, failure: BatchError) -> &'static str {
        let (reason, error) = match failure {
            BatchError::Later(error) | BatchError::Full(error) | BatchError::Refused(error) => {
                (STORE_FAILS, error)
            }
            BatchError::Never(reason, error) => (reason, error),
        };
        warn_once(&error);
        self.shared.note_error(error);
        reason
    }
}

/// Warns once per process; [`Health`](super::Health) has the counters.
fn warn_once(error: &str) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !WARNED.swap(true, Relaxed) {
        warn(format_args!(
            "events cannot be stored: {error}. Storing is retried; until it succeeds events are counted as dropped"
        ));
    }
}
