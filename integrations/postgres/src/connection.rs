//! A connection to the database, opened when it is needed.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use error_tracker::store::StoreError;
use postgres::Client;

use crate::failure::failure;
use crate::schema;
use crate::server::DatabaseServer;
use crate::session::Session;

/// How often a transaction is tried again after a deadlock.
const MAX_CONFLICTS: u32 = 5;

/// Begins a transaction. All settings end with it, because pgbouncer may give the connection to
/// others then. The parts between braces are `READ ONLY` or `READ WRITE`, and milliseconds.
macro_rules! begin {
    ($access:literal, $statement:literal) => {
        concat!(
            "BEGIN ISOLATION LEVEL READ COMMITTED ",
            $access,
            "; SET LOCAL search_path TO error_tracker; SET LOCAL statement_timeout = ",
            $statement,
            "; SET LOCAL lock_timeout = 3000; SET LOCAL idle_in_transaction_session_timeout = 30000; ",
            "SET LOCAL client_min_messages = error"
        )
    };
}

/// What a transaction may do, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransactionKind {
    Read,
    Write,
    /// Migrations, maintenance and checks.
    Long,
}

impl TransactionKind {
    fn begin(self, is_read_only: bool) -> &'static str {
        match (self, is_read_only) {
            (Self::Read, _) => begin!("READ ONLY", "10000"),
            (Self::Write, false) => begin!("READ WRITE", "10000"),
            (Self::Long, false) => begin!("READ WRITE", "50000"),
            (Self::Write | Self::Long, true) => begin!("READ ONLY", "50000"),
        }
    }
}

/// How a transaction ended.
pub(crate) enum TransactionEnd<T> {
    Committed(T),
    /// The connection was lost while it was committed.
    Uncertain(T, StoreError),
    /// Nothing was changed.
    Failed(StoreError),
}

/// A connection to the database.
pub(crate) struct DatabaseConnection {
    server: Arc<DatabaseServer>,
    client: Option<Client>,
}

impl DatabaseConnection {
    pub(crate) fn new(server: Arc<DatabaseServer>) -> Self {
        Self { server, client: None }
    }

    /// Closes the connection until it is needed again.
    pub(crate) fn close(&mut self) {
        self.client = None;
    }

    /// Runs a transaction.
    pub(crate) fn run<T>(
        &mut self,
        kind: TransactionKind,
        work: impl Fn(&mut Session<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.run_to_end(kind, work) {
            TransactionEnd::Committed(value) => Ok(value),
            TransactionEnd::Uncertain(_, error) | TransactionEnd::Failed(error) => Err(error),
        }
    }

    /// Runs a transaction, again if others were in its way.
    pub(crate) fn run_to_end<T>(
        &mut self,
        kind: TransactionKind,
        work: impl Fn(&mut Session<'_>) -> Result<T, StoreError>,
    ) -> TransactionEnd<T> {
        let mut conflicts = 0;
        loop {
            let client = match self.begin(kind) {
                Ok(client) => client,
                Err(error) => return TransactionEnd::Failed(error),
            };
            let mut session = Session::new(client);
            let (worked, is_conflict) = (work(&mut session), session.is_conflict);
            match worked {
                Ok(value) => {
                    return match client.batch_execute("COMMIT") {
                        Ok(()) => TransactionEnd::Committed(value),
                        Err(error) => {
                            self.client = None;
                            TransactionEnd::Uncertain(value, failure(error))
                        }
                    };
                }
                Err(error) => {
                    if client.batch_execute("ROLLBACK").is_err() {
                        self.client = None;
                    }
                    conflicts += 1;
                    if !is_conflict || conflicts > MAX_CONFLICTS {
                        return TransactionEnd::Failed(error);
                    }
                }
            }
        }
    }

    /// Begins a transaction on a connection with an up-to-date schema.
    fn begin(&mut self, kind: TransactionKind) -> Result<&mut Client, StoreError> {
        let begin = kind.begin(self.server.is_read_only);
        // A connection that was idle may have been closed meanwhile: nothing was done on it yet.
        if let Some(mut client) = self.client.take()
            && client.batch_execute(begin).is_ok()
        {
            return Ok(self.client.insert(client));
        }
        let mut client = self.server.connect()?;
        if !self.server.has_schema.load(Ordering::Relaxed) {
            schema::prepare(&mut client, &self.server)?;
            self.server.has_schema.store(true, Ordering::Relaxed);
        }
        client.batch_execute(begin).map_err(failure)?;
        Ok(self.client.insert(client))
    }
}

/// Runs a transaction that only migrations need: on a connection of which nothing is known yet.
pub(crate) fn run_once<T>(
    client: &mut Client,
    kind: TransactionKind,
    is_read_only: bool,
    work: impl FnOnce(&mut Session<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    client.batch_execute(kind.begin(is_read_only)).map_err(failure)?;
    let worked = work(&mut Session::new(client));
    let end = if worked.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = client.batch_execute(end).map_err(failure);
    let value = worked?;
    ended?;
    Ok(value)
}
