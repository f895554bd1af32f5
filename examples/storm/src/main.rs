//! Raises many errors at once, to load a store from outside.
//!
//!     cargo run --release -p error-tracker-storm -- --database postgres://postgres@localhost/errors \
//!         --threads 8 --events 2000 --issues 20
//!
//! Each thread raises so many errors, of which so many are unlike. The program waits until all are stored, prints its
//! health as one line of JSON, and ends with code 1 if not all were stored. Several of them may share a database.

use std::error::Error;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Parser;
use error_tracker::{TrackerBuilder, auto_track_exception, json};
use error_tracker_postgres::PostgresStore;

#[derive(Parser)]
struct Arguments {
    /// A file, or the postgres:// address of a database
    #[arg(long, default_value = "errors.db")]
    database: String,
    /// The number of threads
    #[arg(long, default_value_t = 8)]
    threads: u64,
    /// How many errors each thread raises
    #[arg(long, default_value_t = 1_000)]
    events: u64,
    /// How many unlike errors there are
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    issues: u64,
    /// How long to wait until all are stored
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    wait: u64,
}

#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("order {order} of customer {customer} has no items")]
    Empty { order: u64, customer: u64 },
}

#[auto_track_exception]
fn total(order: u64, customer: u64) -> Result<u64, OrderError> {
    let items = order.checked_rem(1).filter(|items| *items > 0);
    let items = items.ok_or(OrderError::Empty { order, customer })?;
    Ok(items * 3)
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let tracker = store(error_tracker::builder(), &arguments.database)?.install()?;
    thread::scope(|scope| {
        for customer in 0..arguments.threads {
            let arguments = &arguments;
            scope.spawn(move || {
                for order in 0..arguments.events {
                    let issue = order % arguments.issues;
                    error_tracker::with_scope(
                        |scope| scope.set_fingerprint([format!("storm {issue}")]),
                        || total(order, customer).is_ok(),
                    );
                }
            });
        }
    });
    let flushed = tracker.flush(Duration::from_secs(arguments.wait));
    println!("{}", json::to_string(&tracker.health())?);
    let is_complete = flushed.is_ok() && tracker.health().dropped.is_empty();
    Ok(if is_complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sets the store of a tracker.
fn store(builder: TrackerBuilder, database: &str) -> Result<TrackerBuilder, Box<dyn Error>> {
    if database.starts_with("postgres://") || database.starts_with("postgresql://") {
        return Ok(builder.store(PostgresStore::connect(database)?));
    }
    Ok(builder.database(database))
}
