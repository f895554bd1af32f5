//! The writer's part that corrects stored events.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::correction::{Correction, EventChange};
use super::writer::StoreWriter;
use crate::event::Event;
use crate::store::{EventSelector, Store as _, StoreError};

impl StoreWriter<'_> {
    /// Corrects stored events, which stay as they are if this fails.
    ///
    /// They are written together: one transaction after the other would hardly let other processes
    /// write to the same file, since SQLite gives its lock to whoever asks in the right moment.
    pub(super) fn correct(&self, corrections: Vec<Correction>) {
        let mut events: Vec<Event> = Vec::new();
        for correction in corrections {
            self.run_maintenance(|| {
                match correction {
                    Correction::Replace(mut event) => {
                        self.prepare(&mut event);
                        events.retain(|earlier| earlier.id != event.id);
                        events.push(*event);
                    }
                    Correction::Change { id, issue, change } => {
                        self.change(&mut events, id, issue, change)?;
                    }
                }
                Ok(())
            });
        }
        if events.is_empty() {
            return;
        }
        let store = &self.setup.store;
        let together = catch_unwind(AssertUnwindSafe(|| store.rewrite(&events)));
        if together.is_ok_and(|written| written.is_ok()) {
            return;
        }
        for event in events {
            self.run_maintenance(|| store.rewrite(&[event]).map(drop));
        }
    }

    /// Changes the event with this id, which is one of `events` or stored, and then added to them.
    /// `issue` is the hash of its issue if that is known.
    fn change(
        &self,
        events: &mut Vec<Event>,
        id: String,
        issue: Option<String>,
        change: EventChange,
    ) -> Result<(), StoreError> {
        let store = &self.setup.store;
        let mut event = if let Some(at) = events.iter().position(|event| event.id == id) {
            events.swap_remove(at)
        } else {
            let issue = match issue {
                Some(issue) => Some(issue),
                None => store.issue_of_event(&id)?,
            };
            let Some(issue) = issue else { return Ok(()) };
            let Some(event) = store.event(&issue, &EventSelector::Id(id))? else { return Ok(()) };
            event
        };
        change(&mut event);
        // It stays in its issue.
        (self.setup.options.prepare)(&mut event);
        events.push(event);
        Ok(())
    }
}
