//! Issues and the parts that were merged into them.
//!
//! A part keeps its own entry, which goes on as if it were alone. Totals are computed when they are
//! asked for.

use std::borrow::Cow;

use super::state::{MemoryState, StoredIssue};
use crate::event::{Event, Issue, Timestamp};

impl MemoryState {
    /// Returns the entry that a hash stands for: that of the issue that it is a part of, or its own.
    pub(super) fn target(&self, hash: &str) -> Option<&StoredIssue> {
        let entry = self.entries.get(hash)?;
        entry.merged_into.as_ref().map_or(Some(entry), |target| self.entries.get(target))
    }

    /// Returns the hash of the issue that a hash stands for.
    pub(super) fn target_hash(&self, hash: &str) -> Option<String> {
        self.target(hash).map(|entry| entry.issue.hash.clone())
    }

    /// Returns an entry and those of its parts.
    pub(super) fn members<'a>(
        &'a self,
        entry: &'a StoredIssue,
    ) -> impl Iterator<Item = &'a StoredIssue> {
        std::iter::once(entry).chain(entry.parts.iter().filter_map(|part| self.entries.get(part)))
    }

    /// Returns the issue of an entry with the numbers of its parts.
    pub(super) fn total<'a>(&'a self, entry: &'a StoredIssue) -> Cow<'a, Issue> {
        if entry.parts.is_empty() {
            return Cow::Borrowed(&entry.issue);
        }
        let mut total = entry.issue.clone();
        let mut users = entry.users.clone();
        for part in self.members(entry).skip(1) {
            total.count = total.count.saturating_add(part.issue.count);
            total.first_seen = total.first_seen.min(part.issue.first_seen);
            total.last_seen = total.last_seen.max(part.issue.last_seen);
            total.handled &= part.issue.handled;
            total.parts += 1;
            users.unite(&part.users);
        }
        total.users = users.count();
        Cow::Owned(total)
    }

    /// Returns the stored events of an issue and its parts, in the order in which they were
    /// recorded.
    pub(super) fn events(&self, hash: &str) -> Vec<&Event> {
        let members = self.target(hash).into_iter().flat_map(|entry| self.members(entry));
        let mut events: Vec<_> = members.flat_map(|member| &member.events).collect();
        events.sort_by_key(|numbered| numbered.number);
        events.into_iter().map(|numbered| &numbered.event).collect()
    }

    /// Merges issues into another one. Returns their number.
    pub(super) fn merge(&mut self, hashes: &[&str], into: &str) -> u64 {
        let Some(target) = self.target_hash(into) else { return 0 };
        let mut merged = 0;
        self.unlist(&target);
        for hash in hashes {
            let Some(source) = self.target_hash(hash).filter(|source| *source != target) else {
                continue;
            };
            self.unlist(&source);
            let Some(entry) = self.entries.get_mut(&source) else { continue };
            let mut parts = std::mem::take(&mut entry.parts);
            parts.push(source);
            for part in &parts {
                if let Some(part) = self.entries.get_mut(part) {
                    part.merged_into = Some(target.clone());
                }
            }
            if let Some(entry) = self.entries.get_mut(&target) {
                entry.parts.append(&mut parts);
            }
            merged += 1;
        }
        self.list(&target);
        merged
    }

    /// Makes parts issues of their own. Returns their number.
    pub(super) fn unmerge(&mut self, hashes: &[&str]) -> u64 {
        let mut unmerged = 0;
        for hash in hashes {
            let Some(entry) = self.entries.get(*hash) else { continue };
            let Some(target) = entry.merged_into.clone() else { continue };
            self.unlist(&target);
            if let Some(entry) = self.entries.get_mut(&target) {
                entry.parts.retain(|part| part != hash);
            }
            if let Some(entry) = self.entries.get_mut(*hash) {
                entry.merged_into = None;
            }
            self.list(&target);
            self.list(hash);
            unmerged += 1;
        }
        unmerged
    }

    /// Adds an issue that is no part to the order in which issues were last seen.
    pub(super) fn list(&mut self, hash: &str) {
        if let Some(at) = self.last_seen(hash) {
            self.order.insert((at, hash.to_owned()));
        }
    }

    /// Removes an issue from the order, before the time when it was last seen changes.
    pub(super) fn unlist(&mut self, hash: &str) {
        if let Some(at) = self.last_seen(hash) {
            self.order.remove(&(at, hash.to_owned()));
        }
    }

    fn last_seen(&self, hash: &str) -> Option<Timestamp> {
        let entry = self.entries.get(hash)?;
        self.members(entry).map(|member| member.issue.last_seen).max()
    }
}
