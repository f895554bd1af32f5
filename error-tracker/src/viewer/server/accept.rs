//! The thread that accepts connections.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::connections::OpenConnections;
use super::{ServedViewer, exchange};
use crate::background;

/// The pause after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until they are stopped.
pub(super) fn run(
    connections: &Arc<OpenConnections>,
    listener: TcpListener,
    site: &Arc<ServedViewer>,
) {
    let _accepting = AcceptGuard(connections);
    // Dropped before the guard, so that the address is free when the server counts as stopped.
    let listener = listener;
    let busy = exchange::busy_response(site);
    for number in 0.. {
        let accepted = listener.accept();
        if connections.is_stopped() {
            return;
        }
        let Ok((stream, _)) = accepted else {
            // Most likely there are too many open files: a connection has to end first.
            thread::sleep(PAUSE);
            continue;
        };
        let stream = Arc::new(stream);
        let started = connections.enter(number, &stream).is_some_and(|permit| {
            let site = Arc::clone(site);
            background::start("error-tracker page", move || exchange::run(&site, &permit)).is_ok()
        });
        if !started {
            exchange::send_without_waiting(&stream, &busy);
        }
    }
}

/// Notes the end of the accepting thread, even if it panics.
struct AcceptGuard<'a>(&'a OpenConnections);

impl Drop for AcceptGuard<'_> {
    fn drop(&mut self) {
        self.0.stopped_accepting();
    }
}
