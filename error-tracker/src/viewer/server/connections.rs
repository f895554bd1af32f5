//! The connections that are open.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The number of connections at a time, each with a thread. A further one cuts off the one that has waited longest
/// for its client; where none waits, it is answered with 503.
pub(super) const MAX_CONNECTIONS: usize = 32;
/// The longest wait for threads when the server is stopped.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct OpenConnections {
    state: Mutex<ConnectionState>,
    changed: Condvar,
}

#[derive(Debug)]
struct ConnectionState {
    /// By number, the oldest first.
    open: BTreeMap<u64, (ConnectionPhase, Arc<TcpStream>)>,
    is_accepting: bool,
    is_stopped: bool,
}

/// The state of a connection: what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConnectionPhase {
    /// The client: for its request, or until it closes its side.
    Client,
    /// The page that is being made.
    Page,
    /// The client, which takes its answer.
    Taking,
}

impl OpenConnections {
    pub(super) fn new() -> Self {
        let state =
            ConnectionState { open: BTreeMap::new(), is_accepting: true, is_stopped: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Waits until the accepting thread has ended.
    pub(super) fn wait(&self) {
        let state = self.state();
        drop(self.changed.wait_while(state, |state| state.is_accepting));
    }

    /// Asks the accepting thread to end, which it does at the next connection: `wake` makes one.
    pub(super) fn stop(&self, wake: impl FnOnce(Duration)) {
        self.state().is_stopped = true;
        wake(PATIENCE);
        let state = self.state();
        let waited = self.changed.wait_timeout_while(state, PATIENCE, |state| state.is_accepting);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        for (_, stream) in
            state.open.values().filter(|(phase, _)| *phase == ConnectionPhase::Client)
        {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // A page that takes longer is left alone: its thread ends with it.
        drop(self.changed.wait_timeout_while(state, PATIENCE, |state| !state.open.is_empty()));
    }

    /// Lets a connection in; `None` where each of the others waits for its page.
    pub(super) fn enter(
        self: &Arc<Self>,
        number: u64,
        stream: &Arc<TcpStream>,
    ) -> Option<ConnectionPermit> {
        let mut state = self.state();
        if state.open.len() >= MAX_CONNECTIONS {
            let oldest = state
                .open
                .iter()
                .find(|(_, (phase, _))| *phase != ConnectionPhase::Page)
                .map(|(number, _)| *number)?;
            // Its thread ends with it.
            if let Some((_, stream)) = state.open.remove(&oldest) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        state.open.insert(number, (ConnectionPhase::Client, Arc::clone(stream)));
        Some(ConnectionPermit { connections: Arc::clone(self), number, stream: Arc::clone(stream) })
    }

    /// Returns whether the accepting thread is to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.state().is_stopped
    }

    /// Notes that the accepting thread has ended.
    pub(super) fn accepts_no_more(&self) {
        self.state().is_accepting = false;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the open connections, which is free again when this is dropped.
pub(super) struct ConnectionPermit {
    connections: Arc<OpenConnections>,
    number: u64,
    stream: Arc<TcpStream>,
}

impl ConnectionPermit {
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Notes that the page is being made: from here on stopping waits for it.
    pub(super) fn asked(&self) {
        self.enter(ConnectionPhase::Page);
    }

    /// Notes that the client takes the answer.
    pub(super) fn answering(&self) {
        self.enter(ConnectionPhase::Taking);
    }

    /// Notes that the answer is sent: from here on stopping cuts it off again. Returns whether the server is stopped.
    pub(super) fn answered(&self) -> bool {
        self.enter(ConnectionPhase::Client);
        self.connections.state().is_stopped
    }

    fn enter(&self, next: ConnectionPhase) {
        // One that was cut off is not there any more.
        if let Some((phase, _)) = self.connections.state().open.get_mut(&self.number) {
            *phase = next;
        }
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.connections.state().open.remove(&self.number);
        self.connections.changed.notify_all();
    }
}
