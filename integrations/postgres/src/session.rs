//! The statements of one transaction.

use error_tracker::store::StoreError;
use postgres::types::{FromSqlOwned, ToSql, Type};
use postgres::{Client, Row};

use crate::failure::{failure, is_conflict};

/// A parameter with its type.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// A transaction. Statements have no name, because pgbouncer gives each transaction another
/// connection.
pub(crate) struct Session<'a> {
    client: &'a mut Client,
    /// Whether a statement failed because of another transaction.
    pub(crate) is_conflict: bool,
}

impl<'a> Session<'a> {
    pub(crate) fn new(client: &'a mut Client) -> Self {
        Self { client, is_conflict: false }
    }

    /// Returns the rows of a query.
    pub(crate) fn rows(
        &mut self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let result = self.client.query_typed(sql, parameters);
        self.noted(result)
    }

    /// Returns the only row of a query, if there is one.
    pub(crate) fn row(
        &mut self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Row>, StoreError> {
        self.rows(sql, parameters).map(|rows| rows.into_iter().next())
    }

    /// Returns the only value of a query.
    pub(crate) fn value<T: FromSqlOwned>(
        &mut self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<T, StoreError> {
        let row = self.row(sql, parameters)?;
        get(&row.ok_or_else(|| StoreError::Damaged(format!("nothing answers {sql}")))?, 0)
    }

    /// Runs a statement. Returns the number of rows.
    pub(crate) fn execute(
        &mut self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<u64, StoreError> {
        let result = self.client.execute_typed(sql, parameters);
        self.noted(result)
    }

    /// Runs several statements without parameters.
    pub(crate) fn execute_all(&mut self, sql: &str) -> Result<(), StoreError> {
        let result = self.client.batch_execute(sql);
        self.noted(result)
    }

    fn noted<T>(&mut self, result: Result<T, postgres::Error>) -> Result<T, StoreError> {
        result.map_err(|error| {
            self.is_conflict |= is_conflict(&error);
            failure(error)
        })
    }
}

/// Returns a column of a row.
pub(crate) fn get<T: FromSqlOwned>(row: &Row, at: usize) -> Result<T, StoreError> {
    row.try_get(at).map_err(|error| StoreError::Damaged(format!("a row cannot be read: {error}")))
}
