//! Imports a thousand orders from a file with the defects that real files have, and shows what went wrong.
//!
//!     cargo run --example quickstart            prints the tracebacks, then serves the page until Ctrl-C
//!     cargo run --example quickstart -- --exit  ends instead
//!
//! What is worth a look: `#[auto_track_exception]` above the functions, and nothing else in them.

mod order;
mod payment;
mod report;
mod shipping;

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;

use anyhow::Context;
use csv::ByteRecord;
use error_tracker::{auto_track_exception, capture_message};

use order::{Order, OrderError};
use payment::Gateway;

const ORDERS: &[u8] = include_bytes!("orders.csv");

/// What the import needs and learns.
struct Import {
    gateway: Gateway,
    known_ids: HashSet<u64>,
    labels: Vec<String>,
    postage_cents: u64,
}

impl Import {
    /// One order from the file to the parcel.
    #[auto_track_exception(context(file = "orders.csv", line = line))]
    async fn order(&mut self, line: u64, record: &ByteRecord) -> anyhow::Result<()> {
        let order = Order::parse(record)?;
        self.know(order.id)?;
        if !order.email.contains('@') || order.email.contains(';') {
            capture_message!("order {} has no usable e-mail address", order.id);
        }
        if order.note.contains('\n') {
            capture_message!(
                "the note of order {} goes over several lines: is a quote left open?",
                order.id
            );
        }
        let receipt =
            self.gateway.charge(&order).with_context(|| format!("charging order {}", order.id))?;
        let parcel = shipping::book(&order).await.with_context(|| format!("shipping {receipt}"))?;
        self.postage_cents += u64::from(parcel.cents);
        self.labels.push(parcel.label);
        Ok(())
    }

    #[auto_track_exception]
    fn know(&mut self, id: u64) -> Result<(), OrderError> {
        if self.known_ids.insert(id) { Ok(()) } else { Err(OrderError::Duplicate { id }) }
    }
}

fn main() -> anyhow::Result<()> {
    // Panics are recorded; their usual lines on standard error would only drown the tracebacks below.
    std::panic::set_hook(Box::new(|_| ()));
    let tracker = error_tracker::builder()
        .settings(error_tracker::Settings::from_env()?)
        .release(concat!("quickstart@", env!("CARGO_PKG_VERSION")))
        .install()?;

    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut import = Import {
        gateway: Gateway::new(
            "https://pay.example",
            "tok_live_8d1f7c2ab94e",
            "correct horse battery",
        ),
        known_ids: HashSet::new(),
        labels: Vec::new(),
        postage_cents: 0,
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(ORDERS);
    let mut failed = 0;
    for record in reader.byte_records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        // A row that makes our code panic must not end the import.
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(import.order(line, &record))
        }));
        if !matches!(outcome, Ok(Ok(()))) {
            failed += 1;
        }
    }

    report::print(&tracker)?;
    let (imported, postage) = (import.labels.len(), import.postage_cents / 100);
    println!("\n{imported} orders imported for {postage} EUR of postage, {failed} failed.");
    if std::env::args().any(|argument| argument == "--exit") {
        return Ok(());
    }
    let server = tracker.serve("127.0.0.1:8765").or_else(|_| tracker.serve("127.0.0.1:0"))?;
    println!("The page: {}   (Ctrl-C ends it; later: error-tracker view errors.db)", server.url());
    server.wait();
    Ok(())
}
