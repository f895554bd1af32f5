//! The schema of the file and its migrations.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::convert::failure;
use crate::store::StoreError;

/// `etrk`, which distinguishes our files from those of other programs.
const APPLICATION_ID: i32 = 0x6574_726b;

/// The migration to version n is at index n - 1. Never change one that was released; add another.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
    include_str!("schema/7.sql"),
    include_str!("schema/8.sql"),
    include_str!("schema/9.sql"),
];

const NEWEST_VERSION: u32 = MIGRATIONS.len() as u32;

/// The kind of a file.
pub(super) enum SchemaState {
    /// The file has no tables.
    Empty,
    /// Ours, of this version.
    Ours(u32),
    /// Another program's database.
    Foreign,
}

/// Returns the kind of a file without changing it.
pub(super) fn state(connection: &Connection) -> rusqlite::Result<SchemaState> {
    // One transaction for all queries: another process may be creating the file.
    let _moment =
        if connection.is_autocommit() { Some(connection.unchecked_transaction()?) } else { None };
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i32>(0));
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    if application == APPLICATION_ID {
        return Ok(SchemaState::Ours(u32::try_from(version).unwrap_or(u32::MAX)));
    }
    let is_empty =
        application == 0 && version == 0 && number("SELECT count(*) FROM sqlite_schema")? == 0;
    Ok(if is_empty { SchemaState::Empty } else { SchemaState::Foreign })
}

/// Returns whether the header of a file has our application id, even if SQLite cannot read the
/// file.
pub(super) fn is_marked(path: &Path) -> bool {
    const AT: u64 = 68;
    let mut mark = [0; 4];
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(AT))?;
        file.read_exact(&mut mark)
    });
    read.is_ok() && mark == APPLICATION_ID.to_be_bytes()
}

/// Fails if a newer version wrote the file.
pub(super) fn check_known(found: u32) -> Result<(), StoreError> {
    if found > NEWEST_VERSION {
        Err(StoreError::Newer { found, known: NEWEST_VERSION })
    } else {
        Ok(())
    }
}

/// Returns whether a file of version `found` must be brought up to date before it is used.
pub(super) fn is_old(found: u32) -> bool {
    found < NEWEST_VERSION
}

/// Brings the schema up to date, all or nothing.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    migrate_to(connection, MIGRATIONS)
}

fn migrate_to(connection: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failure)?;
    // Another process may have done it while this one waited.
    let SchemaState::Ours(version) = state(&transaction).map_err(failure)? else {
        return apply(transaction, migrations, 0);
    };
    check_known(version)?;
    apply(transaction, migrations, version)
}

fn apply(
    transaction: rusqlite::Transaction<'_>,
    migrations: &[&str],
    version: u32,
) -> Result<(), StoreError> {
    for migration in migrations.iter().skip(version as usize) {
        transaction.execute_batch(migration).map_err(failure)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failure)?;
    transaction.pragma_update(None, "user_version", migrations.len() as u32).map_err(failure)?;
    transaction.commit().map_err(failure)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{MIGRATIONS, NEWEST_VERSION, migrate, migrate_to};

    fn schema(connection: &Connection) -> Vec<String> {
        let mut statement = connection
            .prepare("SELECT name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1")
            .unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn every_older_version_is_brought_to_the_schema_of_a_new_file() {
        let mut fresh = Connection::open_in_memory().unwrap();
        migrate(&mut fresh).unwrap();
        for version in 0..=NEWEST_VERSION as usize {
            let mut old = Connection::open_in_memory().unwrap();
            if version > 0 {
                migrate_to(&mut old, &MIGRATIONS[..version]).unwrap();
            }
            migrate(&mut old).unwrap();
            assert_eq!(schema(&old), schema(&fresh), "from version {version}");
        }
    }

    #[test]
    fn the_releases_of_an_older_file_are_known_in_their_order() {
        let mut old = Connection::open_in_memory().unwrap();
        migrate_to(&mut old, &MIGRATIONS[..5]).unwrap();
        old.execute_batch(
            "WITH named (id, release) AS (VALUES (1, '9fceb02'), (2, ''), (3, '0a1b2c3'))
                INSERT INTO issue (id, hash, kind, level, type, message, count, first_seen, last_seen, handled, function,
                    module, file, line, host, method, path, release, environment, components)
                SELECT id, id, 'error', 'error', '', '', 1, 1, 1, 0, '', '', '', 1, '', '', '', release, '', '[]' FROM named;
            WITH named (id, release) AS (VALUES (1, 'd6cd1e2'), (2, '9fceb02'), (3, 'd6cd1e2'), (4, ''))
                INSERT INTO occurrence (id, issue, at, payload, release) SELECT id, 1, 1, '{}', release FROM named",
        )
        .unwrap();
        migrate(&mut old).unwrap();
        let mut statement = old.prepare("SELECT name FROM release ORDER BY number").unwrap();
        let names: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(names, ["d6cd1e2", "9fceb02", "0a1b2c3"]);
    }

    #[test]
    fn a_failed_migration_leaves_the_file_unchanged() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let before = schema(&connection);
        let mut migrations = MIGRATIONS.to_vec();
        migrations.push("CREATE TABLE half (x); SELECT * FROM nowhere;");
        assert!(migrate_to(&mut connection, &migrations).is_err());
        assert_eq!(schema(&connection), before);
    }
}
