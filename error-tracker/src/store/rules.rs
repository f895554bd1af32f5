//! The rules that all stores follow, for a [`Store`](super::Store) that keeps issues elsewhere: how
//! pages of a list begin, when an issue opens again, and what is deleted first.
//!
//! A store that uses them behaves like [`SqliteStore`](super::SqliteStore) where the
//! [conformance suite](super::conformance) cannot look, and stays so when a rule changes.

pub use super::change::{MAX_NOTES, no_release, too_many_notes};
pub use super::clock::StoreClock;
pub use super::cursor::{IssueCursor, PageStart, SortKey, page_limit, read_page};
pub use super::facets::{FacetList, ListedFacet};
pub use super::issue_sum::{FacetSums, IssueSum, sum_by_issue};
pub use super::memory_outbox::{MAX_HISTORY, MAX_STATUS_CHANGES};
pub use super::reopening::{MAX_RELEASES, Reopening, ResolvedRelease, StatusTerm};
pub use super::retention::{PruneCandidate, family, surplus_issues, surplus_occurrences};
pub use super::text::fold_case;
