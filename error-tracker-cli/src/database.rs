//! Addresses of databases, in place of files.

use std::path::Path;
use std::sync::Arc;

use error_tracker::store::{Store, StoreError};

/// Returns the address of a database, if it is none of a file.
pub(crate) fn address(file: &Path) -> Option<&str> {
    let text = file.to_str()?;
    ["postgres://", "postgresql://"].iter().any(|start| text.starts_with(start)).then_some(text)
}

#[cfg(feature = "postgres")]
pub(crate) fn to_read(address: &str) -> Result<Arc<dyn Store>, StoreError> {
    let store = error_tracker_postgres::PostgresStore::connect_read_only(&complete(address))?;
    Ok(Arc::new(store))
}

#[cfg(feature = "postgres")]
pub(crate) fn to_change(address: &str) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(error_tracker_postgres::PostgresStore::connect(&complete(address))?))
}

/// Returns the address without user and password.
pub(crate) fn name(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    format!("{scheme}://{rest}")
}

/// Adds the password of the environment.
#[cfg(feature = "postgres")]
fn complete(address: &str) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let Ok(password) = std::env::var("PGPASSWORD") else { return address.to_owned() };
    let user = address.rsplit_once('@').map_or("", |(user, _)| user);
    let has_password = user.split_once("://").is_some_and(|(_, user)| user.contains(':'));
    if password.is_empty() || has_password || address.contains("password=") {
        return address.to_owned();
    }
    let sign = if address.contains('?') { '&' } else { '?' };
    format!("{address}{sign}password={}", utf8_percent_encode(&password, NON_ALPHANUMERIC))
}

#[cfg(not(feature = "postgres"))]
pub(crate) fn to_read(_: &str) -> Result<Arc<dyn Store>, StoreError> {
    Err(StoreError::Open(
        "this error-tracker was built without PostgreSQL: install it with the feature postgres"
            .to_owned(),
    ))
}

#[cfg(not(feature = "postgres"))]
pub(crate) fn to_change(address: &str) -> Result<Arc<dyn Store>, StoreError> {
    to_read(address)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{address, name};

    #[test]
    fn an_address_is_told_from_a_file_and_named_without_its_password() {
        assert_eq!(address(Path::new("postgres.db")), None);
        assert_eq!(address(Path::new("./postgresql://x")), None);
        for (text, expected) in [
            ("postgres://bo:hunter22@db:5432/shop", "postgres://db:5432/shop"),
            ("postgresql://bo:p@hunter22@db/shop?password=hunter22", "postgresql://db/shop"),
            ("postgres://db/shop", "postgres://db/shop"),
        ] {
            assert_eq!(address(Path::new(text)).map(name).as_deref(), Some(expected));
        }
    }
}
