//! The store.

use std::fmt;
#[cfg(feature = "spool")]
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use error_tracker::event::{Event, Issue, Note, Timestamp};
use error_tracker::store::{
    EventSelector, IssueChange, IssueFacets, IssueQuery, Outbox, Page, Pruned, Recorded, Retention,
    Sighting, Store, StoreError,
};
use postgres::tls::{MakeTlsConnect, TlsConnect};
use postgres::{NoTls, Socket};

use crate::connection::{DatabaseConnection, TransactionKind};
use crate::convert::hash_bytes;
use crate::process::ProcessState;
use crate::server::DatabaseServer;
use crate::session::Session;
#[cfg(feature = "spool")]
use crate::spool::Spool;
#[cfg(feature = "spool")]
use crate::{batch_mark::BatchWriter, drain};
use crate::{
    change, check, delete, facets, merge, occurrences, prune, read, record, schema, weeks,
};

/// Stores events in a PostgreSQL database that many programs and machines share.
///
/// Events are committed when [`Store::record`] returns, and each is counted once, also if the
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
    server: Arc<DatabaseServer>,
    retention: Retention,
    process: ProcessState,
    #[cfg(feature = "spool")]
    spool: Option<Spool>,
    /// Whether a missing index of texts was mentioned.
    mentioned_search: AtomicBool,
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
        Self::new(DatabaseServer::new(address, tls, false)?).connected()
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
        Ok(Self::new(DatabaseServer::new(address, NoTls, false)?))
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
    /// the age by [`Store::prune`]. The size is not limited: see `max_megabytes`.
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
    fn record_or_spool(
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
    fn drain(&self, process: &ProcessState, state: &mut BatchWriter, spool: &Spool) -> bool {
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

    fn read_of<T: Send + 'static>(
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

fn all_hash_bytes(hashes: &[&str]) -> Vec<Vec<u8>> {
    hashes.iter().map(|hash| hash_bytes(hash)).collect()
}

impl Store for PostgresStore {
    fn record(&self, batch: &[Sighting]) -> Result<Vec<Recorded>, StoreError> {
        let process = self.process.current();
        let mut state = process.recording();
        #[cfg(feature = "spool")]
        if let Some(spool) = &self.spool {
            return self.record_or_spool(process, &mut state, spool, batch);
        }
        record::record(&self.server, process, &self.retention, &mut state, batch)
    }

    fn issues(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        let query = query.clone();
        self.read(move |session| read::issues(session, &query))
    }

    fn issue(&self, hash: &str) -> Result<Option<Issue>, StoreError> {
        self.read_of(hash, read::issue)
    }

    fn event(&self, hash: &str, which: &EventSelector) -> Result<Option<Event>, StoreError> {
        let which = which.clone();
        self.read_of(hash, move |session, hash| occurrences::event(session, hash, &which))
    }

    fn rewrite(&self, events: &[Event]) -> Result<u64, StoreError> {
        let mut events =
            events.iter().map(occurrences::RewrittenEvent::new).collect::<Result<Vec<_>, _>>()?;
        events.sort();
        self.write(TransactionKind::Write, move |session| occurrences::rewrite(session, &events))
    }

    fn change(&self, hashes: &[&str], change: &IssueChange) -> Result<u64, StoreError> {
        change.check()?;
        let (hashes, change) = (all_hash_bytes(hashes), change.clone());
        self.write(TransactionKind::Write, move |session| change::change(session, &hashes, &change))
    }

    fn notes(&self, hash: &str) -> Result<Vec<Note>, StoreError> {
        self.read_of(hash, change::notes)
    }

    fn issue_of_event(&self, id: &str) -> Result<Option<String>, StoreError> {
        let id = id.to_owned();
        self.read(move |session| occurrences::issue_of_event(session, &id))
    }

    fn delete(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        let hashes = all_hash_bytes(hashes);
        self.write(TransactionKind::Long, move |session| delete::delete(session, &hashes))
    }

    fn merge(&self, hashes: &[&str], into: &str) -> Result<u64, StoreError> {
        let (hashes, into) = (all_hash_bytes(hashes), hash_bytes(into));
        self.write(TransactionKind::Write, move |session| merge::merge(session, &hashes, &into))
    }

    fn unmerge(&self, hashes: &[&str]) -> Result<u64, StoreError> {
        let hashes = all_hash_bytes(hashes);
        self.write(TransactionKind::Write, move |session| merge::unmerge(session, &hashes))
    }

    fn parts(&self, hash: &str) -> Result<Vec<Issue>, StoreError> {
        self.read_of(hash, read::parts)
    }

    fn hourly_counts(&self, hash: &str, since: Timestamp) -> Result<Vec<(u64, u64)>, StoreError> {
        self.read_of(hash, move |session, hash| occurrences::hourly_counts(session, hash, since))
    }

    fn facets(&self, hash: &str) -> Result<IssueFacets, StoreError> {
        self.read_of(hash, facets::facets)
    }

    fn prune(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let has_recorded = self.process.current().has_recorded();
        let max_age = retention.max_age;
        let oldest = self.write(TransactionKind::Long, move |session| {
            // Another week begins while this program may run.
            let next_week = weeks::week_of(prune::server_now(session)?) + 1;
            weeks::create(session, next_week)?;
            // A command that only prunes trusts the clock.
            if has_recorded {
                prune::observe_clock(session, max_age)
            } else {
                Ok(prune::server_now(session)?.minus(max_age))
            }
        })?;
        let mut all = Pruned::default();
        loop {
            let retention = retention.clone();
            let some = self.write(TransactionKind::Long, move |session| {
                prune::prune_step(session, &retention, oldest)
            })?;
            if some == Pruned::default() {
                break;
            }
            all.issues += some.issues;
            all.occurrences += some.occurrences;
        }
        all.occurrences +=
            self.write(TransactionKind::Long, move |session| prune::prune_rest(session, oldest))?;
        Ok(all)
    }

    fn restore_missing(&self) -> Result<Option<String>, StoreError> {
        #[cfg(feature = "spool")]
        if let Some(finding) = self.process.current().recording().absence.take_finding() {
            return Ok(Some(finding));
        }
        // Only after the first batch, so that a program without events does not connect.
        if !self.process.current().has_recorded()
            || self.mentioned_search.swap(true, Ordering::Relaxed)
        {
            return Ok(None);
        }
        let found = self.read(schema::search_finding);
        self.mentioned_search.fetch_and(found.is_ok(), Ordering::Relaxed);
        found
    }

    fn idle(&self) -> Result<(), StoreError> {
        #[cfg(feature = "spool")]
        if let Some(spool) = &self.spool {
            let process = self.process.current();
            let mut state = process.recording();
            if !state.absence.is_away() {
                self.drain(process, &mut state, spool);
            }
        }
        Ok(())
    }

    fn secret(&self) -> Result<Option<[u8; 32]>, StoreError> {
        if let Some(secret) = self.server.secret.get() {
            return Ok(Some(*secret));
        }
        let secret = self.read(read::secret)?;
        Ok(Some(*self.server.secret.get_or_init(|| secret)))
    }

    fn outbox(&self) -> Option<&dyn Outbox> {
        Some(self)
    }

    fn close(&self) -> Result<(), StoreError> {
        let process = self.process.current();
        process.writer.close(&self.server)?;
        process.reader.close(&self.server)
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        let mut all = self.read(check::findings)?;
        let mut place = Some((-1, String::new()));
        while let Some(from) = place {
            let (findings, next) = self.read(move |session| check::events(session, &from))?;
            all.extend(findings);
            place = next;
        }
        Ok(all)
    }
}
