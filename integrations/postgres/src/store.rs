//! The store.

use std::fmt;
#[cfg(feature = "spool")]
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

#[cfg(feature = "spool")]
use error_tracker::store::{Recorded, Sighting};
use error_tracker::store::{Retention, StoreError};
use postgres::tls::{MakeTlsConnect, TlsConnect};
use postgres::{NoTls, Socket};

use crate::connection::{DatabaseConnection, TransactionKind};
use crate::convert::hash_bytes;
use crate::process::ProcessState;
use crate::server::DatabaseServer;
use crate::session::Session;
#[cfg(feature = "spool")]
use crate::{batch_mark::BatchWriter, drain, record, spool::Spool};

/// Stores events in a PostgreSQL database that many programs and machines share.
///
/// Events are committed when [`Store::record`](error_tracker::store::Store::record) returns, and each is counted once, also if the
/// connection is lost in the middle. While the server cannot be reached, methods fail with
/// [`StoreError::Unavailable`], after 60 seconds at the latest; the tracker retries.
///
/// A process has up to two connections, which are closed after a minute without use. Each has its
/// own thread, so that the store can be used within asynchronous code, which it blocks meanwhile.
/// Everything is in the schema `error_tracker`, which the user of the address creates and migrates.
///
/// ```no_run
/// use error_tracker_postgres::PostgresStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PostgresStore::connect("postgres://shop:secret@db.example/errors")?;
/// let _tracker = error_tracker::builder().store(store).install()?;
/// # Ok(())
/// # }
/// ```
pub struct PostgresStore {
    pub(crate) server: Arc<DatabaseServer>,
    pub(crate) retention: Retention,
    pub(crate) process: ProcessState,
    #[cfg(feature = "spool")]
    pub(crate) spool: Option<Spool>,
    /// Whether a missing index of texts was mentioned.
    pub(crate) mentioned_search: AtomicBool,
}

impl PostgresStore {
    /// Connects to a database without TLS, and creates or migrates its schema.
    ///
    /// The address is a [URL or a list of settings](postgres::Config), such as
    /// `postgres://shop:secret@db.example:5432/errors?application_name=shop`. `sslmode=require`
    /// fails: that is for [`PostgresStore::connect_with_tls`].
    ///
    /// # Errors
    /// If the address cannot be read, the server cannot be reached or refuses, the user may not
    /// create the schema, or a newer version has written it. No message has the password.
    pub fn connect(address: &str) -> Result<Self, StoreError> {
        Self::connect_with_tls(address, NoTls)
    }

    /// Connects like [`PostgresStore::connect`], with TLS: by `postgres-native-tls`,
    /// `postgres-openssl`, `tokio-postgres-rustls` or another implementation.
    ///
    /// # Errors
    /// Like [`PostgresStore::connect`].
    pub fn connect_with_tls<T>(address: &str, tls: T) -> Result<Self, StoreError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Self::lazy_with_tls(address, tls)?.connected()
    }

    /// Connects to a database that a program has written, and changes nothing in it: methods that
    /// would fail.
    ///
    /// # Errors
    /// Like [`PostgresStore::connect`], and if the schema is missing or older.
    pub fn connect_read_only(address: &str) -> Result<Self, StoreError> {
        Self::new(DatabaseServer::new(address, NoTls, true)?).connected()
    }

    /// Returns a store that connects when it is first used, so that a program starts while the
    /// server is away.
    ///
    /// # Errors
    /// If the address cannot be read.
    pub fn lazy(address: &str) -> Result<Self, StoreError> {
        Self::lazy_with_tls(address, NoTls)
    }

    /// Returns a store like [`PostgresStore::lazy`], with TLS.
    ///
    /// # Errors
    /// If the address cannot be read.
    pub fn lazy_with_tls<T>(address: &str, tls: T) -> Result<Self, StoreError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Ok(Self::new(DatabaseServer::new(address, tls, false)?))
    }

    fn new(server: DatabaseServer) -> Self {
        Self {
            server: Arc::new(server),
            retention: Retention::default(),
            process: ProcessState::new(),
            #[cfg(feature = "spool")]
            spool: None,
            mentioned_search: AtomicBool::new(false),
        }
    }

    fn connected(self) -> Result<Self, StoreError> {
        match self.read(|_| Ok(())) {
            Ok(()) => Ok(self),
            // A retry by the caller is no help to a program that starts.
            Err(StoreError::Unavailable(text)) => Err(StoreError::Open(text)),
            Err(error) => Err(error),
        }
    }

    /// Sets the limits, instead of [`Retention::default`]. The numbers are enforced at every batch,
    /// the age by [`Store::prune`](error_tracker::store::Store::prune). The size is not limited: see `max_megabytes`.
    #[must_use]
    pub fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Keeps events in this file while the server is away, and stores them when it is back: each
    /// once, also if the program is killed meanwhile. Programs on one machine may share it.
    ///
    /// Until then they are not on the pages, and observers do not hear whether their issues are new.
    /// The file takes 256 MiB; then events wait in the queue of the tracker, which counts those that
    /// it drops. After seven days events are dropped from the file. `Tracker::health` says in `store`
    /// how many wait and how many were dropped, and in `last_error` what happened.
    ///
    /// With [`PostgresStore::lazy`] a program starts without the server.
    #[cfg(feature = "spool")]
    #[must_use]
    pub fn with_spool(mut self, path: impl AsRef<Path>) -> Self {
        self.spool = Some(Spool::new(path.as_ref()));
        self
    }

    /// Records a batch, or keeps it in the file if the server is away or others wait there already.
    #[cfg(feature = "spool")]
    pub(crate) fn record_or_spool(
        &self,
        process: &ProcessState,
        state: &mut BatchWriter,
        spool: &Spool,
        batch: &[Sighting],
    ) -> Result<Vec<Recorded>, StoreError> {
        let is_empty = !state.absence.is_away() && self.drain(process, state, spool);
        if is_empty {
            match record::record(&self.server, process, &self.retention, state, batch) {
                Err(error @ StoreError::Unavailable(_)) => state.absence.note_away(spool, &error),
                other => return other,
            }
        }
        drain::append(&self.server, spool, state, batch)
    }

    /// Records what waits in the file. Returns whether nothing is left.
    #[cfg(feature = "spool")]
    pub(crate) fn drain(
        &self,
        process: &ProcessState,
        state: &mut BatchWriter,
        spool: &Spool,
    ) -> bool {
        if !spool.may_have_batches() {
            return true;
        }
        let absence = &mut state.absence;
        match drain::drain(&self.server, process, &self.retention, spool, absence) {
            Ok(is_empty) => is_empty,
            Err(error) => {
                absence.note_away(spool, &error);
                false
            }
        }
    }

    /// Runs a transaction that reads.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&mut Session<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let run =
            move |connection: &mut DatabaseConnection| connection.run(TransactionKind::Read, read);
        self.process.current().reader.call(&self.server, run)?
    }

    /// Runs a transaction that writes.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        kind: TransactionKind,
        write: impl Fn(&mut Session<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let run = move |connection: &mut DatabaseConnection| connection.run(kind, write);
        self.process.current().writer.call(&self.server, run)?
    }

    pub(crate) fn read_of<T: Send + 'static>(
        &self,
        hash: &str,
        read: impl Fn(&mut Session<'_>, &[u8]) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let hash = hash_bytes(hash);
        self.read(move |session| read(session, &hash))
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PostgresStore");
        shown.field("server", &self.server);
        #[cfg(feature = "spool")]
        if let Some(spool) = &self.spool {
            shown.field("spool", &spool.path()).field("waiting", &spool.waiting());
            shown.field("dropped", &spool.dropped());
        }
        shown.finish_non_exhaustive()
    }
}
