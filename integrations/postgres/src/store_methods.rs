//! The methods of the store.

use std::sync::atomic::Ordering;

use error_tracker::event::{Event, Issue, Note, Timestamp};
use error_tracker::store::{
    EventSelector, IssueChange, IssueFacets, IssueQuery, Outbox, Page, Pruned, Recorded, Retention,
    Sighting, Store, StoreError,
};

use crate::connection::TransactionKind;
use crate::convert::hash_bytes;
use crate::{
    PostgresStore, change, check, delete, facets, merge, occurrences, prune, read, record, schema,
    weeks,
};

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
        // A server that is away now has the events all the same.
        let Ok(found) = self.read(schema::search_finding) else {
            self.mentioned_search.store(false, Ordering::Relaxed);
            return Ok(None);
        };
        Ok(found)
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
