//! Finds new issues that nobody was told of, because the process that recorded them ended before.

use std::time::Duration;

use error_tracker::event::{Status, Timestamp};
use error_tracker::store::{
    EventSelector, IssueQuery, Outbox, OutboxCounts, OutboxMessage, Sort, Store, StoreError,
};

use crate::clock::{NotifyClock, until};
use crate::notify::limits;
use crate::{NotifyChannel, Reason};

/// How often they are looked for.
const INTERVAL: Duration = Duration::from_secs(30);
/// How long before the last look an issue may have been recorded.
const OVERLAP: Duration = Duration::from_secs(120);
/// The earliest time to look for after a start.
const MAX_AGE: Duration = Duration::from_secs(24 * 3_600);
/// The number of issues that are read at once, and the number of times.
const PAGE: usize = 200;
const MAX_PAGES: usize = 50;

/// Remembers up to when issues were looked for.
pub(crate) struct MissedIssues {
    started: Timestamp,
    looked: Option<Timestamp>,
}

impl MissedIssues {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { started: now, looked: None }
    }

    /// Adds messages about new issues that have none, if it is time to look for them.
    pub(crate) fn look(
        &mut self,
        channel: &NotifyChannel,
        store: &dyn Store,
        outbox: &dyn Outbox,
        clock: &NotifyClock,
        counts: &OutboxCounts,
    ) -> Result<(), StoreError> {
        let now = clock.now();
        if self.looked.is_some_and(|looked| until(looked, now) < INTERVAL) {
            return Ok(());
        }
        // Issues that are older than the channel are not told.
        let known = self.looked.or(counts.latest).unwrap_or(self.started);
        let since = known.minus(OVERLAP).max(now.minus(MAX_AGE));
        let since = if counts.latest.is_none() { since.max(self.started) } else { since };
        self.looked = Some(now);
        if !channel.rules.new && !channel.rules.every {
            return Ok(());
        }
        let mut query = IssueQuery::default();
        (query.sort, query.limit) = (Sort::FirstSeen, PAGE);
        for _ in 0..MAX_PAGES {
            let page = store.issues(&query)?;
            let mut messages = Vec::new();
            let mut is_last = page.next.is_none();
            for issue in page.items {
                if issue.first_seen < since {
                    is_last = true;
                    break;
                }
                if issue.status == Status::Muted {
                    continue;
                }
                let reason = Reason::New.key("");
                let message = OutboxMessage::new(&channel.name, &issue.hash, reason, now);
                // Most are known, and their events are not read.
                if outbox.is_known(&message)? {
                    continue;
                }
                let first = store.event(&issue.hash, &EventSelector::Oldest)?;
                if let Some(event) = first.filter(|event| channel.filter.matches(event)) {
                    messages.push(message.event(&event.id).once(true));
                }
            }
            let limits = limits(channel, clock);
            let messages: Vec<_> = messages.iter().map(|message| (message, &limits)).collect();
            outbox.enqueue_all(&messages)?;
            if is_last {
                return Ok(());
            }
            query.after = page.next;
        }
        Ok(())
    }
}
