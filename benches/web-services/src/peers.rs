//! The trackers that are compared, set up so that nothing is sent.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use error_tracker::store::MemoryStore;

use crate::Peer;

/// The error of the shop.
#[derive(Debug)]
pub struct OutOfStock(pub u32);

impl fmt::Display for OutOfStock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "product {} is out of stock", self.0)
    }
}

impl std::error::Error for OutOfStock {}

/// Fails, in a function with the attribute: with the trace and its variables.
#[error_tracker::auto_track_exception]
pub fn take_tracked(id: u32) -> Result<u32, OutOfStock> {
    let pieces = id % 7;
    let shelf = String::from("A 17");
    let found = look_up(id, pieces, &shelf)?;
    Ok(found)
}

/// The same without the attribute, for the others.
pub fn take(id: u32) -> Result<u32, OutOfStock> {
    let pieces = id % 7;
    let shelf = String::from("A 17");
    let found = look_up(id, pieces, &shelf)?;
    Ok(found)
}

fn look_up(id: u32, pieces: u32, shelf: &str) -> Result<u32, OutOfStock> {
    if std::hint::black_box(shelf).is_empty() { Ok(pieces) } else { Err(OutOfStock(id)) }
}

struct Nowhere;

impl sentry::Transport for Nowhere {
    fn send_envelope(&self, envelope: sentry::Envelope) {
        std::hint::black_box(&envelope);
    }
}

/// Sets a tracker up; it lives as long as what is returned.
pub fn set_up(peer: Peer) -> Box<dyn Any> {
    match peer {
        Peer::None => Box::new(()),
        Peer::ErrorTracker => {
            let builder = error_tracker::builder().store(MemoryStore::new());
            Box::new(builder.install().expect("right settings"))
        }
        Peer::Sentry => {
            let options = sentry::ClientOptions {
                dsn: "https://key@shop.example/1".parse().ok(),
                transport: Some(Arc::new(|_: &sentry::ClientOptions| -> Arc<dyn sentry::Transport> { Arc::new(Nowhere) })),
                send_default_pii: true,
                ..Default::default()
            };
            Box::new(sentry::init(options))
        }
        Peer::Trace => {
            use tracing_subscriber::util::SubscriberInitExt as _;
            tracing_subscriber::registry().init();
            Box::new(())
        }
    }
}
