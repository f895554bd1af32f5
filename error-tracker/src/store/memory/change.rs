//! Changes of issues.

use super::state::{MemoryState, StoredIssue};
use crate::event::Timestamp;
use crate::store::change::{MAX_NOTES, no_release, too_many_notes};
use crate::store::reopening::{MAX_RELEASES, ResolvedRelease, StatusTerm};
use crate::store::{IssueChange, StatusChange, StoreError};

impl MemoryState {
    /// Changes issues, all or none. Returns the number of those that changed.
    pub(super) fn change(
        &mut self,
        hashes: &[&str],
        change: &IssueChange,
    ) -> Result<u64, StoreError> {
        change.check()?;
        if let IssueChange::DeleteNote(id) = change {
            return Ok(self.delete_note(hashes, id));
        }
        let mut found = hashes.iter().filter_map(|hash| self.target(hash));
        found.try_for_each(|entry| entry.check(change))?;
        let latest_known = self.releases.values().copied().max().unwrap_or(0);
        let mut changed = 0;
        for hash in hashes {
            let Some(entry) = self.target(hash) else { continue };
            let (target, count) = (entry.issue.hash.clone(), self.total(entry).count);
            if let Some(entry) = self.entries.get_mut(&target) {
                let before = entry.issue.status;
                entry.change(change, count, latest_known);
                changed += 1;
                let after = entry.issue.status;
                if after != before {
                    let changed = StatusChange::new(target, after, Timestamp::now());
                    self.outbox.note_status(changed);
                }
            }
        }
        Ok(changed)
    }

    /// Deletes a note of issues or their parts. Returns the number of those that had it.
    fn delete_note(&mut self, hashes: &[&str], id: &str) -> u64 {
        let mut changed = 0;
        for hash in hashes {
            let members = self.target(hash).into_iter().flat_map(|entry| self.members(entry));
            let members: Vec<String> = members.map(|member| member.issue.hash.clone()).collect();
            for member in members {
                let Some(entry) = self.entries.get_mut(&member) else { continue };
                let before = entry.notes.len();
                entry.notes.retain(|note| note.id != id);
                changed += u64::from(entry.notes.len() < before);
            }
        }
        changed
    }

    /// Notes that there is a release. Returns its number.
    pub(super) fn number_of_release(&mut self, release: &str) -> u64 {
        if let Some(number) = self.releases.get(release) {
            return *number;
        }
        let number = self.releases.values().copied().max().unwrap_or(0) + 1;
        self.releases.retain(|_, known| *known + MAX_RELEASES > number);
        self.releases.insert(release.to_owned(), number);
        number
    }
}

impl StoredIssue {
    fn check(&self, change: &IssueChange) -> Result<(), StoreError> {
        match change {
            IssueChange::ResolveInNextRelease if self.issue.release.is_empty() => {
                Err(no_release(&self.issue.hash))
            }
            IssueChange::AddNote(_) if self.notes.len() >= MAX_NOTES => Err(too_many_notes()),
            _ => Ok(()),
        }
    }

    /// `count` is the number of its occurrences, with those of its parts.
    fn change(&mut self, change: &IssueChange, count: u64, latest_known: u64) {
        match change {
            IssueChange::SetStatus(status) => self.set_term(StatusTerm::of(*status)),
            IssueChange::ResolveInNextRelease => {
                let release = self.issue.release.clone();
                self.set_term(StatusTerm::resolved_in(ResolvedRelease { release, latest_known }));
            }
            IssueChange::MuteUntil(until) => self.set_term(StatusTerm::muted_until(*until)),
            IssueChange::MuteFor(times) => {
                self.set_term(StatusTerm::muted_until_count(count, *times));
            }
            IssueChange::Assign(name) => self.issue.assignee.clone_from(name),
            IssueChange::AddNote(note) => {
                self.notes.push(note.clone());
                self.notes.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
            }
            // It may be a note of a part.
            IssueChange::DeleteNote(_) => {}
        }
    }

    /// Sets the status, and what the issue shows of its condition.
    pub(super) fn set_term(&mut self, term: StatusTerm) {
        self.issue.status = term.status;
        self.issue.resolved_in = term.resolved_in.as_ref().map(|resolved| resolved.release.clone());
        (self.issue.muted_until, self.issue.muted_until_count) =
            (term.muted_until, term.muted_until_count);
        self.term = term;
    }
}
