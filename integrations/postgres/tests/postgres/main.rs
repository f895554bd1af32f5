//! Tests on a PostgreSQL server of the machine.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod cluster;
mod commits;
mod conformance;
mod database;
mod processes;
mod proxy;
mod spool;
