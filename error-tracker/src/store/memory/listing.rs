//! Lists of issues.

use std::borrow::Cow;

use super::state::{MemoryState, StoredIssue};
use crate::event::Issue;
use crate::store::cursor::{IssueCursor, PageStart, page_limit};
use crate::store::facets::FacetList;
use crate::store::text::contains;
use crate::store::{IssueQuery, Page, StoreError};

impl MemoryState {
    /// Returns a page of the list of a query.
    pub(super) fn page(&self, query: &IssueQuery) -> Result<Page<Issue>, StoreError> {
        let from = PageStart::of(query)?;
        let listed = self.entries.values().filter(|entry| entry.merged_into.is_none());
        let matching = listed
            .map(|entry| (entry, self.total(entry)))
            .filter(|(entry, issue)| self.matches(entry, issue, query))
            .map(|(_, issue)| issue);
        let mut ordered: Vec<_> =
            matching.map(|issue| (IssueCursor::of(&issue, query.sort), issue)).collect();
        ordered.sort_by(|(a, _), (b, _)| if query.ascending { a.cmp(b) } else { b.cmp(a) });
        let precedes =
            |a: &IssueCursor, b: &IssueCursor| if query.ascending { a < b } else { a > b };
        let limit = page_limit(query);
        let (start, end) = match &from {
            PageStart::Start => (0, limit),
            PageStart::After(cursor) => {
                let start = ordered.partition_point(|(other, _)| !precedes(cursor, other));
                (start, start + limit)
            }
            PageStart::Before(cursor) => {
                let end = ordered.partition_point(|(other, _)| precedes(other, cursor));
                (end.saturating_sub(limit), end)
            }
        };
        let end = end.min(ordered.len());
        let page = &ordered[start.min(end)..end];
        let cursor = |entry: Option<&(IssueCursor, Cow<'_, Issue>)>| {
            entry.map(|(cursor, _)| cursor.write(query.sort))
        };
        let next = cursor(page.last().filter(|_| end < ordered.len()));
        let previous = cursor(page.first().filter(|_| start > 0));
        Ok(Page::new(
            page.iter().map(|(_, issue)| issue.clone().into_owned()).collect(),
            next,
            previous,
        ))
    }

    /// Returns whether an entry, with the numbers of its parts in `issue`, matches a query.
    fn matches(&self, entry: &StoredIssue, issue: &Issue, query: &IssueQuery) -> bool {
        let occurred = |value: &str, list: fn(&StoredIssue) -> &FacetList| {
            value.is_empty() || self.members(entry).any(|member| list(member).contains(value))
        };
        let part = |needle: &str, text: &str| needle.is_empty() || contains(text, needle);
        let has_text = |issue: &Issue| {
            let texts = [&issue.type_name, &issue.message, &issue.function, &issue.file];
            texts.iter().any(|text| part(&query.text, text))
        };
        self.members(entry).any(|member| has_text(&member.issue))
            && query.kind.is_none_or(|kind| issue.kind == kind)
            && query.status.is_none_or(|status| issue.status == status)
            && query.handled.is_none_or(|handled| issue.handled == handled)
            && part(&query.type_name, &issue.type_name)
            && part(&query.host, &issue.host)
            && (query.method.is_empty() || query.method.eq_ignore_ascii_case(&issue.method))
            && part(&query.path, &issue.path)
            && part(&query.function, &issue.function)
            && (query.assignee.is_empty() || query.assignee.eq_ignore_ascii_case(&issue.assignee))
            && query.since.is_none_or(|since| issue.last_seen >= since)
            && query.until.is_none_or(|until| issue.last_seen < until)
            && occurred(&query.release, |entry| &entry.releases)
            && occurred(&query.route, |entry| &entry.routes)
    }
}
