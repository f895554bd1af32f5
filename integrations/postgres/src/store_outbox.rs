//! The outbox of the store.

use error_tracker::event::Timestamp;
use error_tracker::store::{
    ClaimedMessage, Enqueued, Outbox, OutboxClaim, OutboxCounts, OutboxLimits, OutboxMessage,
    OutboxRecord, SendOutcome, StatusChange, StoreError,
};

use crate::PostgresStore;
use crate::connection::TransactionKind::Write;
use crate::{outbox, outbox_read};

impl Outbox for PostgresStore {
    fn enqueue(
        &self,
        message: &OutboxMessage,
        limits: &OutboxLimits,
    ) -> Result<Enqueued, StoreError> {
        let added = self.enqueue_all(&[(message, limits)])?;
        Ok(added.into_iter().next().unwrap_or(Enqueued::Known))
    }

    fn enqueue_all(
        &self,
        messages: &[(&OutboxMessage, &OutboxLimits)],
    ) -> Result<Vec<Enqueued>, StoreError> {
        let messages: Vec<(OutboxMessage, OutboxLimits)> =
            messages.iter().map(|(message, limits)| ((*message).clone(), **limits)).collect();
        // What is known is found without waiting for a batch that is being written.
        let known = messages.clone();
        let are_known = self.read(move |session| {
            for (message, _) in &known {
                if !outbox::is_known(session, message)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        if are_known {
            return Ok(vec![Enqueued::Known; messages.len()]);
        }
        self.write(Write, move |session| {
            let each = messages.iter();
            each.map(|(message, limits)| outbox::enqueue(session, message, limits)).collect()
        })
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
        self.read(move |session| outbox_read::counts(session, &channel))
    }

    fn history(&self, hash: &str) -> Result<Vec<OutboxRecord>, StoreError> {
        self.history_of_all(&[hash])
    }

    fn history_of_all(&self, hashes: &[&str]) -> Result<Vec<OutboxRecord>, StoreError> {
        let hashes: Vec<String> = hashes.iter().map(|hash| (*hash).to_owned()).collect();
        self.read(move |session| outbox_read::history(session, &hashes))
    }

    fn recent(&self) -> Result<Vec<OutboxRecord>, StoreError> {
        self.read(outbox_read::recent)
    }

    fn channels(&self) -> Result<Vec<String>, StoreError> {
        self.read(outbox_read::channels)
    }

    fn status_changes(&self, since: Timestamp) -> Result<Vec<StatusChange>, StoreError> {
        self.read(move |session| outbox_read::status_changes(session, since))
    }

    fn delete_finished(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(Write, move |session| outbox_read::delete_finished(session, before))
    }
}
