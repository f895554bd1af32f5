//! A connection that is cut in the middle of a commit.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// When a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before the server hears of the commit.
    BeforeCommit,
    /// After it has committed, before the client hears of it.
    AfterCommit,
}

/// Passes on connections to a server, and cuts those that commit, as often as it is told to.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    left: Arc<AtomicUsize>,
    is_closed: Arc<AtomicBool>,
}

impl Proxy {
    pub(crate) fn start(server: u16, cut: Cut) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = Arc::new(AtomicUsize::new(0));
        let cuts = Arc::clone(&left);
        let is_closed = Arc::new(AtomicBool::new(false));
        let refuses = Arc::clone(&is_closed);
        thread::spawn(move || {
            for client in listener.incoming() {
                if refuses.load(Ordering::SeqCst) {
                    continue;
                }
                let (client, server) = (client.unwrap(), TcpStream::connect(("127.0.0.1", server)));
                let cuts = Arc::clone(&cuts);
                thread::spawn(move || pass_on(client, server.unwrap(), cut, &cuts));
            }
        });
        Self { port, left, is_closed }
    }

    /// Cuts the next `times` commits.
    pub(crate) fn cut(&self, times: usize) {
        self.left.store(times, Ordering::SeqCst);
    }

    /// Refuses further connections, or accepts them again.
    pub(crate) fn close(&self, is_closed: bool) {
        self.is_closed.store(is_closed, Ordering::SeqCst);
    }

    /// Returns how many commits are still to be cut.
    pub(crate) fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }
}

/// Passes on what both say, one after the other, as the protocol is.
fn pass_on(mut client: TcpStream, mut server: TcpStream, cut: Cut, left: &AtomicUsize) {
    let (mut answers, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let is_cut = Arc::new(AtomicUsize::new(0));
    let stops = Arc::clone(&is_cut);
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = answers.read(&mut buffer) {
            if stops.load(Ordering::SeqCst) > 0 {
                break;
            }
            if to_client.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let said = &buffer[..length];
        // A message of the simple protocol: its kind, its length, the text.
        let commits = said.windows(8).any(|bytes| bytes == b"\x0bCOMMIT\0");
        let take = |left: usize| left.checked_sub(1);
        if commits && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
            is_cut.store(1, Ordering::SeqCst);
            if cut == Cut::BeforeCommit {
                break;
            }
        }
        if server.write_all(said).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
    let _ = client.shutdown(Shutdown::Both);
}
