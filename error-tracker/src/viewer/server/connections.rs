//! The open connections.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The maximum number of connections, each with a thread. A further one closes the connection that
/// has waited longest for its client; if none waits, it is answered with 503.
pub(super) const MAX_CONNECTIONS: usize = 32;
/// The most time that stopping the server waits for threads.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct OpenConnections {
    state: Mutex<ConnectionState>,
    changed: Condvar,
}

#[derive(Debug)]
struct ConnectionState {
    /// Connections by number, the oldest first.
    open: BTreeMap<u64, (ConnectionPhase, Arc<TcpStream>)>,
    is_accepting: bool,
    is_stopped: bool,
}

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConnectionPhase {
    /// For the client to send its request, or to close its side.
    Client,
    /// For the page to be rendered.
    Page,
    /// For the client to receive the answer.
    Answer,
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

    /// Tells the accepting thread to end, which it does at the next connection; `wake` has to open
    /// one.
    pub(super) fn stop(&self, wake: impl FnOnce(Duration)) {
        self.state().is_stopped = true;
        wake(STOP_TIMEOUT);
        let state = self.state();
        let waited =
            self.changed.wait_timeout_while(state, STOP_TIMEOUT, |state| state.is_accepting);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        for (_, stream) in
            state.open.values().filter(|(phase, _)| *phase == ConnectionPhase::Client)
        {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // A page that takes longer is not waited for; its thread ends by itself.
        drop(self.changed.wait_timeout_while(state, STOP_TIMEOUT, |state| !state.open.is_empty()));
    }

    /// Adds a connection; returns `None` if there are too many and all of them are rendering a
    /// page.
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
            // Its thread ends when the stream is closed.
            if let Some((_, stream)) = state.open.remove(&oldest) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        state.open.insert(number, (ConnectionPhase::Client, Arc::clone(stream)));
        Some(ConnectionPermit { connections: Arc::clone(self), number, stream: Arc::clone(stream) })
    }

    /// Returns whether the accepting thread has to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.state().is_stopped
    }

    /// Notes that the accepting thread has ended.
    pub(super) fn stopped_accepting(&self) {
        self.state().is_accepting = false;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the open connections, which is freed when it is dropped.
pub(super) struct ConnectionPermit {
    connections: Arc<OpenConnections>,
    number: u64,
    stream: Arc<TcpStream>,
}

impl ConnectionPermit {
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Notes that the page is being rendered: from now on stopping waits for it.
    pub(super) fn rendering_page(&self) {
        self.enter(ConnectionPhase::Page);
    }

    /// Notes that the answer is being sent.
    pub(super) fn sending_answer(&self) {
        self.enter(ConnectionPhase::Answer);
    }

    /// Notes that the answer was sent: from now on stopping closes the connection. Returns whether
    /// the server is stopped.
    pub(super) fn answer_sent(&self) -> bool {
        self.enter(ConnectionPhase::Client);
        self.connections.state().is_stopped
    }

    fn enter(&self, next: ConnectionPhase) {
        // A connection that was closed for another one is not in the map any more.
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
