//! Begins transactions that write.

use rusqlite::{Connection, Statement, Transaction, TransactionBehavior};

use super::convert::failure;
use super::journal;
use crate::store::StoreError;

/// Begins a transaction that writes.
pub(super) fn begin(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    // A transaction that reads first and writes later would fail at once if another one wrote
    // meanwhile.
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failure)?;
    journal::check(&transaction)?;
    Ok(transaction)
}

/// Runs a statement for each hash in one transaction, and returns the number of rows.
pub(super) fn each(
    connection: &mut Connection,
    sql: &str,
    hashes: &[&str],
    run: impl Fn(&mut Statement<'_>, &str) -> rusqlite::Result<usize>,
) -> Result<u64, StoreError> {
    let transaction = begin(connection)?;
    let mut changed = 0;
    for hash in hashes {
        let mut statement = transaction.prepare_cached(sql).map_err(failure)?;
        changed += run(&mut statement, hash).map_err(failure)? as u64;
    }
    transaction.commit().map_err(failure)?;
    Ok(changed)
}
