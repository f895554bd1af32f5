//! The schema of the database and its migrations.

use error_tracker::store::StoreError;
use postgres::Client;
use postgres::types::Type;

use crate::connection::{TransactionKind, run_once};
use crate::convert::integer;
use crate::server::DatabaseServer;
use crate::session::Session;

/// The migration to version n is at index n - 1. Never change one that was released; add another.
const MIGRATIONS: &[&str] = &[include_str!("schema/1.sql")];

const NEWEST_VERSION: u32 = MIGRATIONS.len() as u32;

/// The advisory lock of migrations: `etrk` and 1.
const MIGRATION_LOCK: i64 = 0x6574_726b_0000_0001;

/// Brings the schema up to date, all or nothing.
///
/// # Errors
/// If the user may not do so, or a newer version has written it. If the store is only read, also if
/// the schema is missing or older.
pub(crate) fn prepare(client: &mut Client, server: &DatabaseServer) -> Result<(), StoreError> {
    let is_read_only = server.is_read_only;
    let found = run_once(client, TransactionKind::Read, is_read_only, version)?;
    if found == NEWEST_VERSION {
        return Ok(());
    }
    check_known(found)?;
    if is_read_only {
        return Err(StoreError::Open(format!(
            "{server} has no events of this version of error-tracker: a program that stores events there prepares it"
        )));
    }
    run_once(client, TransactionKind::Long, false, |session| {
        session.execute("SELECT pg_advisory_xact_lock($1)", &[(&MIGRATION_LOCK, Type::INT8)])?;
        // Another process may have done it while this one waited.
        let found = version(session)?;
        check_known(found)?;
        if found == 0 {
            create(session, server)?;
        }
        for migration in MIGRATIONS.iter().skip(found as usize) {
            session.execute_all(migration)?;
        }
        let sql = "INSERT INTO meta VALUES ('version', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        session.execute(sql, &[(&integer(u64::from(NEWEST_VERSION)), Type::INT8)]).map(drop)
    })?;
    // Without it searches read all issues; `search_finding` says so.
    let _ = index_texts(client);
    Ok(())
}

/// Returns the version of the schema; 0 if there is none.
fn version(session: &mut Session<'_>) -> Result<u32, StoreError> {
    // Not by `to_regclass`, which may remember from before a lock was waited for that there is none.
    let sql = "SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
        WHERE nspname = 'error_tracker' AND relname = 'meta')";
    if !session.value::<bool>(sql, &[])? {
        return Ok(0);
    }
    let version: i64 = session.value("SELECT value FROM meta WHERE key = 'version'", &[])?;
    Ok(u32::try_from(version).unwrap_or(u32::MAX))
}

fn check_known(found: u32) -> Result<(), StoreError> {
    if found > NEWEST_VERSION {
        return Err(StoreError::Newer { found, known: NEWEST_VERSION });
    }
    Ok(())
}

fn create(session: &mut Session<'_>, server: &DatabaseServer) -> Result<(), StoreError> {
    let encoding: String = session.value("SELECT current_setting('server_encoding')", &[])?;
    if encoding != "UTF8" {
        return Err(StoreError::Open(format!(
            "{server} has the encoding {encoding}, in which not all texts can be stored: use a database with UTF8"
        )));
    }
    // An administrator may have created it for a user who may not.
    let sql = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'error_tracker')";
    let exists: bool = session.value(sql, &[])?;
    if exists { Ok(()) } else { session.execute_all("CREATE SCHEMA error_tracker") }
}

/// The schemas in which the extension is created, the first where the user may.
const EXTENSION_HOMES: [&str; 2] = ["public", "error_tracker"];

/// Creates the index of texts, and the extension that it needs if it is missing.
fn index_texts(client: &mut Client) -> Result<(), StoreError> {
    let mut run = |sql: &str| {
        run_once(client, TransactionKind::Long, false, |session| session.execute_all(sql))
    };
    // Fails if it exists already, which is as good.
    let create = |home| run(&format!("CREATE EXTENSION pg_trgm SCHEMA {home}")).is_ok();
    let _ = EXTENSION_HOMES.into_iter().any(create);
    run_once(client, TransactionKind::Long, false, |session| {
        let sql = "SELECT nspname::text FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace \
            WHERE extname = 'pg_trgm'";
        let home: String = session.value(sql, &[])?;
        let home = home.replace('"', "\"\"");
        session.execute_all(&format!(
            "CREATE INDEX IF NOT EXISTS issue_text_failure ON issue_text USING gin (failure \"{home}\".gin_trgm_ops)"
        ))
    })
}

/// Returns what a person should know about searches, if there is anything.
pub(crate) fn search_finding(session: &mut Session<'_>) -> Result<Option<String>, StoreError> {
    let sql = "SELECT to_regclass('error_tracker.issue_text_failure') IS NOT NULL";
    let is_indexed: bool = session.value(sql, &[])?;
    let finding = "the extension pg_trgm is missing in the database and could not be created, so that searches read \
        all issues: an administrator can run CREATE EXTENSION pg_trgm";
    Ok((!is_indexed).then(|| finding.to_owned()))
}
