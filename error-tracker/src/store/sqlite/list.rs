//! Pages of a list of issues.
//!
//! A list is read along the index of its order until it is long enough. If few issues match, that
//! reads the whole table. Then another index finds the issues that may match, the *candidates* of
//! one filter, and they are sorted. Which way is shorter depends on how many issues match, and
//! where they are, which is not known before. So both are tried, with limits that grow.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use super::candidates::Candidates;
use super::convert::failure;
use super::list_filter::{ListFilter, ListOrder, SqlConditions};
use super::read::{COLUMNS, to_issue};
use crate::event::Issue;
use crate::store::cursor::{IssueCursor, read_page};
use crate::store::{IssueQuery, Page, StoreError};

/// How much is read before the other way is tried.
pub(super) struct SearchEffort {
    /// The number of issues that are read in order at first, and if there are too many candidates.
    pub(super) walks: [u32; 2],
    /// The maximum number of candidates that are sorted between these.
    pub(super) candidates: u32,
}

impl SearchEffort {
    /// About a millisecond, ten, and forty.
    pub(super) const DEFAULT: Self = Self { walks: [400, 20_000], candidates: 4_000 };
}

/// Returns a page of the list of a query.
pub(super) fn issues(
    connection: &Connection,
    query: &IssueQuery,
    effort: &SearchEffort,
) -> Result<Page<Issue>, StoreError> {
    let list = ListSearch { connection, query, effort };
    read_page(query, |cursor, backwards, limit| list.beyond(cursor.as_ref(), backwards, limit))
}

struct ListSearch<'a> {
    connection: &'a Connection,
    query: &'a IssueQuery,
    effort: &'a SearchEffort,
}

impl ListSearch<'_> {
    /// Returns the issues beyond a cursor, in the order of the query or backwards.
    fn beyond(
        &self,
        cursor: Option<&IssueCursor>,
        backwards: bool,
        limit: usize,
    ) -> Result<Vec<Issue>, StoreError> {
        let order = ListOrder::of(self.query, backwards);
        let filter = ListFilter::of(self.query, &order, cursor);
        if filter.is_indexed {
            return self.along_index(&order, &filter.all, limit);
        }
        let [short, long] = self.effort.walks;
        if let Some(found) = self.walk(&order, &filter, short, limit)? {
            return Ok(found);
        }
        let mut few = Candidates::few(self.connection, self.query, self.effort.candidates)?;
        if few.is_none() {
            if let Some(found) = self.walk(&order, &filter, long, limit)? {
                return Ok(found);
            }
            few = Candidates::of_text(self.query);
        }
        match few {
            Some(candidates) => self.among(candidates, &order, filter.all, limit),
            None => self.along_index(&order, &filter.all, limit),
        }
    }

    /// Returns the matching issues if they are found among the next `length` ones in order, or if
    /// there are no more.
    fn walk(
        &self,
        order: &ListOrder,
        filter: &ListFilter,
        length: u32,
        limit: usize,
    ) -> Result<Option<Vec<Issue>>, StoreError> {
        let Some(end) = self.end_of_walk(order, &filter.indexed, length)? else {
            return self.along_index(order, &filter.all, limit).map(Some);
        };
        let condition = format!("{} {} (?, ?)", order.key(), order.is_not_beyond);
        let found = self.along_index(order, &filter.all.clone().with(&condition, end), limit)?;
        Ok((found.len() == limit).then_some(found))
    }

    /// Returns the key of the last issue of a walk, or `None` if there are not so many.
    fn end_of_walk(
        &self,
        order: &ListOrder,
        indexed: &SqlConditions,
        length: u32,
    ) -> Result<Option<[Value; 2]>, StoreError> {
        let ListOrder { column, index, direction, .. } = order;
        let sql = format!(
            "SELECT {column}, hash FROM issue INDEXED BY {index}{} \
                ORDER BY {column} {direction}, hash {direction} LIMIT 1 OFFSET {}",
            indexed.sql,
            length - 1
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(failure)?;
        let key = statement
            .query_row(params_from_iter(&indexed.values), |row| Ok([row.get(0)?, row.get(1)?]));
        key.optional().map_err(failure)
    }

    /// Returns the first matching issues, along the index of the order.
    fn along_index(
        &self,
        order: &ListOrder,
        filter: &SqlConditions,
        limit: usize,
    ) -> Result<Vec<Issue>, StoreError> {
        self.read(&format!("INDEXED BY {}", order.index), order, filter, limit)
    }

    /// Returns the first matching issues of some.
    fn among(
        &self,
        candidates: Candidates,
        order: &ListOrder,
        filter: SqlConditions,
        limit: usize,
    ) -> Result<Vec<Issue>, StoreError> {
        let (condition, values) = candidates.condition();
        // Found by their ids.
        self.read("NOT INDEXED", order, &filter.with(&condition, values), limit)
    }

    fn read(
        &self,
        index: &str,
        order: &ListOrder,
        filter: &SqlConditions,
        limit: usize,
    ) -> Result<Vec<Issue>, StoreError> {
        let sql = selection(index, order, filter, limit);
        let mut statement = self.connection.prepare_cached(&sql).map_err(failure)?;
        let rows =
            statement.query_map(params_from_iter(&filter.values), to_issue).map_err(failure)?;
        rows.collect::<Result<_, _>>().map_err(failure)
    }
}

fn selection(index: &str, order: &ListOrder, filter: &SqlConditions, limit: usize) -> String {
    let ListOrder { column, direction, .. } = order;
    format!(
        "SELECT {COLUMNS} FROM issue {index}{} ORDER BY {column} {direction}, hash {direction} LIMIT {limit}",
        filter.sql
    )
}

#[cfg(test)]
mod tests;
