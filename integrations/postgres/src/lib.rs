#![doc = include_str!("../README.md")]

mod batch;
mod batch_mark;
mod change;
mod check;
mod connection;
mod convert;
mod delete;
mod facets;
mod failure;
mod merge;
mod occurrences;
mod outbox;
mod process;
mod prune;
mod read;
mod record;
mod schema;
mod server;
mod session;
mod store;
mod store_outbox;
mod text;
mod upsert;
mod weeks;
mod worker;
mod write;

pub use postgres;
pub use store::PostgresStore;
