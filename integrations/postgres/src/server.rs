//! The server and database of a store, and how to connect to it.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use error_tracker::store::StoreError;
use postgres::config::Host;
use postgres::tls::{MakeTlsConnect, TlsConnect};
use postgres::{Client, Config, Socket};

use crate::failure::describe;

/// How long a connection may take to each address of the server, unless the address says so.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long sent data may stay without an answer of the machine, unless the address says so.
const USER_TIMEOUT: Duration = Duration::from_secs(15);
/// When an idle connection is probed, how often, and how many probes may fail.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

type Connect = Box<dyn Fn(&Config) -> Result<Client, postgres::Error> + Send + Sync>;

/// A database, as its address names it.
pub(crate) struct DatabaseServer {
    config: Config,
    /// Host, port and database, without user and password.
    shown: String,
    connect: Connect,
    /// Whether nothing is ever changed.
    pub(crate) is_read_only: bool,
    /// Whether this process has found the schema up to date.
    pub(crate) has_schema: AtomicBool,
    /// The random bytes of the database, once they were read.
    pub(crate) secret: OnceLock<[u8; 32]>,
}

impl DatabaseServer {
    /// Reads an address.
    pub(crate) fn new<T>(address: &str, tls: T, is_read_only: bool) -> Result<Self, StoreError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        // The parser's message may have a part of the password.
        let mut config: Config = address.parse().map_err(|_| {
            StoreError::Open(
                "the address of the database cannot be read: write postgres://USER:PASSWORD@HOST:PORT/DATABASE, and \
                 special characters of the password as %40 for @ or %2F for /"
                    .to_owned(),
            )
        })?;
        complete(&mut config);
        let shown = shown(&config);
        let connect = Box::new(move |config: &Config| config.connect(tls.clone()));
        let (has_schema, secret) = (AtomicBool::new(false), OnceLock::new());
        Ok(Self { config, shown, connect, is_read_only, has_schema, secret })
    }

    /// Connects to the server.
    pub(crate) fn connect(&self) -> Result<Client, StoreError> {
        check_descriptors()?;
        (self.connect)(&self.config).map_err(|error| {
            let mut text = format!("cannot connect to {}: {}", self.shown, describe(&error));
            if text.contains("TLS") || text.contains("no pg_hba.conf entry") {
                text.push_str("; PostgresStore::connect_with_tls connects with TLS");
            }
            StoreError::Unavailable(text)
        })
    }
}

impl fmt::Display for DatabaseServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Sets the timeouts that the address does not set.
fn complete(config: &mut Config) {
    // What the crate assumes where nothing is set.
    const DEFAULT_IDLE: Duration = Duration::from_secs(2 * 60 * 60);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(USER_TIMEOUT);
    }
    if config.get_keepalives_idle() == DEFAULT_IDLE {
        config.keepalives_idle(KEEPALIVE_IDLE);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(KEEPALIVE_INTERVAL);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(KEEPALIVE_RETRIES);
    }
    if config.get_application_name().is_none() {
        config.application_name("error-tracker");
    }
    config.notice_callback(|_| {});
}

/// Returns host, port and database.
fn shown(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        // A password with an unescaped @ ends up here.
        Some(Host::Tcp(host)) => host.rsplit('@').next().unwrap_or_default().to_owned(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("{host}:{port}/{database}")
}

/// Fails if the process has no room for a connection: the crate `postgres` panics then.
fn check_descriptors() -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::net::UnixStream;
        let needed = [(); 4].map(|()| UnixStream::pair());
        if let Some(error) = needed.into_iter().find_map(Result::err) {
            return Err(StoreError::Unavailable(format!("no connection can be opened: {error}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use error_tracker::store::StoreError;
    use postgres::NoTls;

    use super::DatabaseServer;

    #[test]
    fn no_text_of_a_store_or_an_error_has_the_password() {
        for address in [
            "postgres://bo:hunter22@[::1/shop",
            "postgres://bo:hunter22@db:port/shop",
            "postgres://bo@db/shop?hunter22=1",
            "host=db password='hunter22",
            "hunter22",
        ] {
            let error = DatabaseServer::new(address, NoTls, false).unwrap_err();
            let texts = format!("{error} {error:?}");
            assert!(matches!(error, StoreError::Open(_)), "{address}");
            assert!(!texts.contains("hunter22"), "{address}: {texts}");
        }
        for address in [
            "postgres://bo:hunter22@localhost:1/shop",
            "postgres://bo:x@hunter22@localhost:1/shop",
            "host=localhost port=1 user=bo password=hunter22 dbname=shop",
        ] {
            let server = DatabaseServer::new(address, NoTls, false).unwrap();
            assert_eq!(format!("{server} {server:?}"), "localhost:1/shop localhost:1/shop");
            let error = server.connect().map(drop).unwrap_err();
            assert!(error.is_transient(), "{error}");
            let texts = format!("{error} {error:?}");
            assert!(!texts.contains("hunter22") && texts.contains("localhost:1"), "{texts}");
        }
    }
}
