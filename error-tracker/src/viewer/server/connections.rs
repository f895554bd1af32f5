//! The connections that are open, and the thread that accepts them.

use std::collections::HashMap;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Site, exchange};

/// Connections at a time, each with a thread; more are answered with 503.
pub(super) const MAX_CONNECTIONS: usize = 32;
/// How long stopping waits for threads at most.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Connections {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// Those that only wait for their client have their stream here, to be cut off; those that are being answered do not.
    open: HashMap<u64, Option<Arc<TcpStream>>>,
    is_accepting: bool,
    is_stopped: bool,
}

impl Connections {
    pub(super) fn new() -> Self {
        let state = State { open: HashMap::new(), is_accepting: true, is_stopped: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Accepts connections until it is stopped.
    pub(super) fn accept(self: &Arc<Self>, listener: &TcpListener, site: &Arc<Site>) {
        let _accepting = Accepting(self);
        let busy = exchange::busy(site);
        for number in 0.. {
            let accepted = listener.accept();
            if self.state().is_stopped {
                return;
            }
            let Ok((stream, _)) = accepted else {
                // Out of file descriptors, most likely: some connection has to end first.
                thread::sleep(Duration::from_millis(50));
                continue;
            };
            let stream = Arc::new(stream);
            let started = self.enter(number, &stream).is_some_and(|place| {
                let site = Arc::clone(site);
                let page = thread::Builder::new().name("error-tracker page".into());
                page.spawn(move || exchange::run(&site, &place)).is_ok()
            });
            if !started {
                exchange::send_at_once(&stream, &busy);
            }
        }
    }

    /// Tells the accepting thread to end. It does so at the next connection, which `wake` makes; answers whether it did.
    pub(super) fn stop(&self, wake: impl FnOnce(Duration)) -> bool {
        self.state().is_stopped = true;
        wake(PATIENCE);
        let state = self.state();
        let waited = self.changed.wait_timeout_while(state, PATIENCE, |state| state.is_accepting);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let has_ended = !state.is_accepting;
        for stream in state.open.values().flatten() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // A page that takes longer is left alone: its thread ends with it.
        drop(self.changed.wait_timeout_while(state, PATIENCE, |state| !state.open.is_empty()));
        has_ended
    }

    fn enter(self: &Arc<Self>, number: u64, stream: &Arc<TcpStream>) -> Option<Place> {
        let mut state = self.state();
        if state.open.len() >= MAX_CONNECTIONS {
            return None;
        }
        state.open.insert(number, Some(Arc::clone(stream)));
        Some(Place { connections: Arc::clone(self), number, stream: Arc::clone(stream) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Accepting<'a>(&'a Connections);

impl Drop for Accepting<'_> {
    fn drop(&mut self) {
        self.0.state().is_accepting = false;
        self.0.changed.notify_all();
    }
}

/// One of the connections that may be open.
pub(super) struct Place {
    connections: Arc<Connections>,
    number: u64,
    stream: Arc<TcpStream>,
}

impl Place {
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// From here on stopping waits for it.
    pub(super) fn answering(&self) {
        self.connections.state().open.insert(self.number, None);
    }

    /// From here on stopping cuts it off again; answers whether the server is stopped.
    pub(super) fn answered(&self) -> bool {
        let mut state = self.connections.state();
        state.open.insert(self.number, Some(Arc::clone(&self.stream)));
        state.is_stopped
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.state().open.remove(&self.number);
        self.connections.changed.notify_all();
    }
}
