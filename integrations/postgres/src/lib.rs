#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail"))]

mod batch;
mod batch_mark;
mod change;
mod check;
mod connection;
mod convert;
mod delete;
#[cfg(feature = "spool")]
mod drain;
mod facets;
mod failure;
mod merge;
mod occurrences;
mod outbox;
mod outbox_read;
mod process;
mod prune;
mod read;
mod record;
mod schema;
mod server;
mod session;
#[cfg(feature = "spool")]
mod spool;
mod store;
mod store_methods;
mod store_outbox;
mod text;
mod upsert;
mod weeks;
mod worker;
mod write;

pub use postgres;
pub use store::PostgresStore;
