//! A standalone server for the viewer.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use super::{AccessToken, Viewer, ViewerRequest};
use crate::{background, fork};

mod accept;
mod connections;
mod exchange;
mod guard;
mod head;

use connections::OpenConnections;
use guard::RequestGuard;

/// The most time for a request to arrive, and for its answer to be sent.
const DEADLINE: Duration = Duration::from_secs(10);

/// A server for the pages, on its own thread. Dropping it stops it.
///
/// ```no_run
/// # fn serve(store: std::sync::Arc<dyn error_tracker::store::Store>) -> Result<(), Box<dyn std::error::Error>> {
/// use error_tracker::viewer::{Server, Viewer};
///
/// let server = Server::bind(Viewer::new(store), "127.0.0.1:0")?;
/// println!("{}", server.url());
/// server.wait();
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    url: String,
    connections: Arc<OpenConnections>,
    /// The number of forks between the program's start and the process that serves.
    generation: u32,
}

/// Settings of a [`Server`].
#[derive(Debug)]
pub struct ServerBuilder {
    viewer: Viewer,
    token: Option<AccessToken>,
    hosts: Vec<String>,
    pub(crate) deadline: Duration,
}

/// The reason why a server did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// The address is invalid, or the system refuses it.
    Address {
        /// The address as given or resolved.
        address: String,
        /// The error of the system.
        error: io::Error,
    },
    /// Another program listens at this address.
    InUse(SocketAddr),
    /// The address can be reached from other machines, and no token was set.
    TokenNeeded(SocketAddr),
    /// The system could not start a thread.
    Start(io::Error),
}

impl Server {
    /// Serves `viewer` at a loopback address such as `127.0.0.1:8765`; port 0 takes a free port.
    ///
    /// Everybody who can reach the address may view the pages, unless the viewer has a
    /// [`ViewPermission`](super::ViewPermission). On a machine with several users, set a
    /// [token](ServerBuilder::token).
    ///
    /// # Errors
    /// If the address is not a loopback address, is in use, or cannot be bound.
    pub fn bind(
        viewer: Viewer,
        address: impl ToSocketAddrs + fmt::Debug,
    ) -> Result<Self, ServerError> {
        Self::builder(viewer).bind(address)
    }

    /// Returns a builder for a server with other settings.
    #[must_use]
    pub fn builder(viewer: Viewer) -> ServerBuilder {
        ServerBuilder { viewer, token: None, hosts: Vec::new(), deadline: DEADLINE }
    }

    /// Returns the address at which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL to open in a browser. It contains the token, if one is set: do not share it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Blocks for as long as the program runs; returns at once in a forked child. Ctrl-C ends the
    /// program as it does without a server.
    pub fn wait(self) {
        if self.generation == fork::generation() {
            self.connections.wait();
        }
    }

    /// Stops the server: the address is free when this returns. Requests that are being answered
    /// have one second to complete.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // In a forked child the server belongs to the parent.
        if self.generation == fork::generation() {
            let address = shown(self.address);
            self.connections.stop(|patience| drop(TcpStream::connect_timeout(&address, patience)));
        }
    }
}

impl ServerBuilder {
    /// Requires this token: once in the link, then in a cookie.
    #[must_use]
    pub fn token(mut self, token: AccessToken) -> Self {
        self.token = Some(token);
        self
    }

    /// Allows a host name by which the server is reached, such as that of a proxy; a port in it is
    /// ignored. The IP addresses on which the server listens and `localhost` are always allowed.
    /// Requests for other hosts are refused (421), because another site could have sent them.
    #[must_use]
    pub fn allow_host(mut self, name: &str) -> Self {
        self.hosts.extend(guard::host(name));
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// If the address is in use or cannot be bound, or is not a loopback address and no token is
    /// set.
    pub fn bind(self, address: impl ToSocketAddrs + fmt::Debug) -> Result<Server, ServerError> {
        fork::count();
        let given = format!("{address:?}");
        let wrong = |error| ServerError::Address { address: given.clone(), error };
        let mut addresses = address.to_socket_addrs().map_err(wrong)?;
        let asked = addresses.next().ok_or_else(|| wrong(io::ErrorKind::NotFound.into()))?;
        if !asked.ip().to_canonical().is_loopback() && self.token.is_none() {
            return Err(ServerError::TokenNeeded(asked));
        }
        let listener = TcpListener::bind(asked).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ServerError::InUse(asked),
            _ => ServerError::Address { address: asked.to_string(), error },
        })?;
        let address = listener.local_addr().map_err(ServerError::Start)?;
        let mut viewer = self.viewer;
        if viewer.permission.is_none() {
            // The guard has checked the request.
            viewer = viewer.permission(|_: &ViewerRequest| true);
        }
        let base = format!("http://{}{}/", shown(address), viewer.prefix);
        let url = self
            .token
            .as_ref()
            .map_or(base.clone(), |token| format!("{base}?token={}", token.as_str()));
        let guard = RequestGuard { address, token: self.token, hosts: self.hosts };
        let site = Arc::new(ServedViewer { viewer, guard, deadline: self.deadline });
        let connections = Arc::new(OpenConnections::new());
        let accepting = Arc::clone(&connections);
        let run = move || accept::run(&accepting, listener, &site);
        background::start("error-tracker viewer", run).map_err(ServerError::Start)?;
        Ok(Server { address, url, connections, generation: fork::generation() })
    }
}

/// Returns the address to show. For an unspecified address, which a browser cannot open, it is the
/// loopback address.
fn shown(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), address.port())
        }
        _ => address,
    }
}

struct ServedViewer {
    viewer: Viewer,
    guard: RequestGuard,
    deadline: Duration,
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { address, error } => {
                write!(f, "the viewer cannot listen on {address}: {error}")
            }
            Self::InUse(address) => write!(
                f,
                "port {} of {} is in use by another program: stop that program, or choose another port (0 takes a \
                 free one)",
                address.port(),
                address.ip()
            ),
            Self::TokenNeeded(address) => write!(
                f,
                "{address} can be reached from other machines, so the viewer needs a token: \
                 Server::builder(viewer).token(AccessToken::random()), or listen on 127.0.0.1"
            ),
            Self::Start(error) => write!(f, "the viewer's server cannot start: {error}"),
        }
    }
}

impl std::error::Error for ServerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Address { error, .. } | Self::Start(error) => Some(error),
            Self::InUse(_) | Self::TokenNeeded(_) => None,
        }
    }
}
