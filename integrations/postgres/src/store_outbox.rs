//! The outbox of the store.

use error_tracker::event::Timestamp;
use error_tracker::store::{
    ClaimedMessage, Enqueued, Outbox, OutboxClaim, OutboxCounts, OutboxLimits, OutboxMessage,
    OutboxRecord, SendOutcome, StatusChange, StoreError,
};

use crate::PostgresStore;
use crate::connection::TransactionKind::Write;
use crate::outbox;

impl Outbox for PostgresStore {
    fn enqueue(
        &self,
        message: &OutboxMessage,
        limits: &OutboxLimits,
    ) -> Result<Enqueued, StoreError> {
        // What is known is found without waiting for a batch that is being written.
        let (message, limits) = (message.clone(), *limits);
        let known = message.clone();
        if self.read(move |session| outbox::is_known(session, &known))? {
            return Ok(Enqueued::Known);
        }
        self.write(Write, move |session| outbox::enqueue(session, &message, &limits))
    }

    fn claim(&self, claim: &OutboxClaim) -> Result<Option<ClaimedMessage>, StoreError> {
        // Most often there is nothing.
        let (due, claim) = (claim.clone(), claim.clone());
        if !self.read(move |session| outbox::has_due(session, &due))? {
            return Ok(None);
        }
        self.write(Write, move |session| outbox::claim(session, &claim))
    }

    fn finish(&self, id: u64, owner: &str, outcome: &SendOutcome) -> Result<bool, StoreError> {
        let (owner, outcome) = (owner.to_owned(), outcome.clone());
        self.write(Write, move |session| outbox::finish(session, id, &owner, &outcome))
    }

    fn collapse(&self, digest: &OutboxMessage) -> Result<u64, StoreError> {
        let digest = digest.clone();
        self.write(Write, move |session| outbox::collapse(session, &digest))
    }

    fn channel(&self, channel: &str) -> Result<OutboxCounts, StoreError> {
        let channel = channel.to_owned();
        self.read(move |session| outbox::counts(session, &channel))
    }

    fn history(&self, hash: &str) -> Result<Vec<OutboxRecord>, StoreError> {
        let hash = hash.to_owned();
        self.read(move |session| outbox::history(session, &hash))
    }

    fn recent(&self) -> Result<Vec<OutboxRecord>, StoreError> {
        self.read(outbox::recent)
    }

    fn channels(&self) -> Result<Vec<String>, StoreError> {
        self.read(outbox::channels)
    }

    fn status_changes(&self, since: Timestamp) -> Result<Vec<StatusChange>, StoreError> {
        self.read(move |session| outbox::status_changes(session, since))
    }

    fn delete_finished(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(Write, move |session| outbox::delete_finished(session, before))
    }
}
