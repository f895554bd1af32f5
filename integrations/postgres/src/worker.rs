//! A thread with a connection, which runs the transactions of all callers one by one.
//!
//! The crate `postgres` panics if it is called within an asynchronous runtime, and waits for an
//! answer without end. On a thread of its own it does neither to a caller.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use error_tracker::store::StoreError;

use crate::connection::DatabaseConnection;
use crate::server::DatabaseServer;

/// How long a caller waits for an answer; longer than the timeouts of the server.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// After which time without work the connection is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

type Job = Box<dyn FnOnce(&mut DatabaseConnection) + Send>;

/// A thread with a connection, started when it is first used.
#[derive(Debug)]
pub(crate) struct DatabaseWorker {
    name: &'static str,
    running: Mutex<Option<RunningWorker>>,
}

#[derive(Debug)]
struct RunningWorker {
    jobs: Sender<Job>,
    /// Whether a caller has waited in vain.
    is_abandoned: Arc<AtomicBool>,
}

impl DatabaseWorker {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, running: Mutex::default() }
    }

    /// Runs work on the thread, and waits for what it returns.
    ///
    /// # Errors
    /// If there is no thread, or no answer.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        server: &Arc<DatabaseServer>,
        work: impl FnOnce(&mut DatabaseConnection) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |connection| {
            let _ = reply.send(work(connection));
        });
        let is_abandoned = self.send(server, job)?;
        answer.recv_timeout(CALL_TIMEOUT).map_err(|missing| match missing {
            RecvTimeoutError::Timeout => {
                // The thread may wait for ever. The next caller gets another one.
                is_abandoned.store(true, Ordering::Relaxed);
                let waited = CALL_TIMEOUT.as_secs();
                StoreError::Unavailable(format!("{server} has not answered for {waited} s"))
            }
            RecvTimeoutError::Disconnected => {
                StoreError::Unavailable(format!("the thread of {server} has failed"))
            }
        })
    }

    /// Closes the connection, if there is one.
    pub(crate) fn close(&self, server: &Arc<DatabaseServer>) -> Result<(), StoreError> {
        if self.running().is_none() {
            return Ok(());
        }
        self.call(server, DatabaseConnection::close)
    }

    fn send(&self, server: &Arc<DatabaseServer>, job: Job) -> Result<Arc<AtomicBool>, StoreError> {
        let mut running = self.running();
        let usable = running.take_if(|worker| !worker.is_abandoned.load(Ordering::Relaxed));
        let worker = match usable {
            Some(worker) => worker,
            None => start(self.name, Arc::clone(server)).map_err(|error| {
                StoreError::Unavailable(format!("no thread can be started: {error}"))
            })?,
        };
        let is_abandoned = Arc::clone(&worker.is_abandoned);
        // The thread ends only when the sender is dropped.
        let _ = worker.jobs.send(job);
        *running = Some(worker);
        Ok(is_abandoned)
    }

    fn running(&self) -> MutexGuard<'_, Option<RunningWorker>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start(name: &str, server: Arc<DatabaseServer>) -> std::io::Result<RunningWorker> {
    let (jobs, work) = mpsc::channel();
    let is_abandoned = Arc::new(AtomicBool::new(false));
    let abandoned = Arc::clone(&is_abandoned);
    let run = move || run(&work, DatabaseConnection::new(server), &abandoned);
    thread::Builder::new().name(name.to_owned()).spawn(run)?;
    Ok(RunningWorker { jobs, is_abandoned })
}

fn run(work: &Receiver<Job>, mut connection: DatabaseConnection, is_abandoned: &AtomicBool) {
    loop {
        let job = match work.recv_timeout(IDLE_TIMEOUT) {
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) => {
                connection.close();
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if is_abandoned.load(Ordering::Relaxed) {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| job(&mut connection))).is_err() {
            connection.close();
        }
    }
}
