//! The viewer's own server.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, mpsc};

use super::{MAX_BODY, Token, Viewer};

mod guard;

use guard::Guard;

/// Connections at a time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 64;
/// All header lines of a request together, in bytes.
const MAX_HEADERS: usize = 16 * 1024;
/// How long the headers, and after them the body, of a request may take; also how long a connection may idle.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection lives before it is asked to end.
const LIFETIME: Duration = Duration::from_secs(300);

/// A server for the pages, on a thread of its own. Dropping it stops it.
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
    commands: mpsc::UnboundedSender<Command>,
    thread: Option<JoinHandle<()>>,
}

/// Settings of a [`Server`].
#[derive(Debug)]
pub struct ServerBuilder {
    viewer: Viewer,
    token: Option<Token>,
    hosts: Vec<String>,
}

/// Why a server did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// The address means nothing, or the system refuses it.
    Address {
        /// As it was given or resolved.
        address: String,
        /// What the system says.
        error: io::Error,
    },
    /// Another program listens there.
    InUse(SocketAddr),
    /// The address can be reached from other machines, and no token was set.
    TokenNeeded(SocketAddr),
    /// The system gave no thread or no event queue.
    Start(io::Error),
}

enum Command {
    Stop,
    /// Ctrl-C stops it from now on.
    StopOnSignal,
}

impl Server {
    /// Serves `viewer` at a loopback address such as `127.0.0.1:8765`; port 0 takes a free one.
    ///
    /// Whoever can reach the address may look, unless the viewer has a [`ViewPermission`](super::ViewPermission) of its
    /// own: on a machine with several users set a [token](ServerBuilder::token).
    ///
    /// # Errors
    /// The address is not a loopback one, is in use, or cannot be bound.
    pub fn bind(viewer: Viewer, address: impl ToSocketAddrs + fmt::Debug) -> Result<Self, ServerError> {
        Self::builder(viewer).bind(address)
    }

    /// A server with settings.
    #[must_use]
    pub fn builder(viewer: Viewer) -> ServerBuilder {
        ServerBuilder { viewer, token: None, hosts: Vec::new() }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to open in a browser. With a token it holds the token: show it to nobody else.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until Ctrl-C is pressed; from here on Ctrl-C does not end the program by itself any more.
    pub fn wait(mut self) {
        let _ = self.commands.send(Command::StopOnSignal);
        self.join();
    }

    /// Stops it: the address is free when this returns. Requests that are being answered are cut off.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.commands.send(Command::Stop);
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

impl ServerBuilder {
    /// Lets only those in who have this token: in the link once, then in a cookie.
    #[must_use]
    pub fn token(mut self, token: Token) -> Self {
        self.token = Some(token);
        self
    }

    /// A further name, without port, under which the server is reached. IP addresses that it listens on and
    /// `localhost` are known; requests for other names are refused (421), since a foreign page could have sent them.
    #[must_use]
    pub fn allow_host(mut self, name: &str) -> Self {
        self.hosts.push(name.to_ascii_lowercase());
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// The address is in use or cannot be bound, or it is not a loopback one and no token is set.
    pub fn bind(self, address: impl ToSocketAddrs + fmt::Debug) -> Result<Server, ServerError> {
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
        listener.set_nonblocking(true).map_err(ServerError::Start)?;
        let address = listener.local_addr().map_err(ServerError::Start)?;
        let mut viewer = self.viewer;
        if viewer.permission.is_none() {
            // The guard has let them in.
            viewer = viewer.permission(|_: &Request<()>| true);
        }
        let base = format!("http://{}{}/", shown(address), viewer.prefix);
        let url =
            self.token.as_ref().map_or(base.clone(), |token| format!("{base}?token={}", token.as_str()));
        let guard = Guard { address, token: self.token, hosts: self.hosts };
        let (commands, received) = mpsc::unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(4)
            .thread_name("error-tracker page")
            .build()
            .map_err(ServerError::Start)?;
        let site = Arc::new(Site { viewer, guard });
        let again = commands.clone();
        let thread = std::thread::Builder::new()
            .name("error-tracker viewer".into())
            .spawn(move || {
                runtime.block_on(run(listener, site, received, again));
                runtime.shutdown_timeout(Duration::from_secs(1));
            })
            .map_err(ServerError::Start)?;
        Ok(Server { address, url, commands, thread: Some(thread) })
    }
}

/// An unspecified address cannot be opened in a browser; this machine's loopback one can.
fn shown(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), address.port())
        }
        _ => address,
    }
}

struct Site {
    viewer: Viewer,
    guard: Guard,
}

async fn run(
    listener: TcpListener,
    site: Arc<Site>,
    mut commands: mpsc::UnboundedReceiver<Command>,
    again: mpsc::UnboundedSender<Command>,
) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    tokio::spawn(accept(listener, site));
    while let Some(Command::StopOnSignal) = commands.recv().await {
        let again = again.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                let _ = again.send(Command::Stop);
            }
        });
    }
}

async fn accept(listener: tokio::net::TcpListener, site: Arc<Site>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: some connection has to end first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let site = Arc::clone(&site);
        tokio::spawn(async move {
            let service = service_fn(move |request| serve(Arc::clone(&site), request));
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(64 * 1024);
            let connection = http.serve_connection(TokioIo::new(stream), service);
            let mut connection = std::pin::pin!(connection);
            if tokio::time::timeout(LIFETIME, connection.as_mut()).await.is_err() {
                connection.as_mut().graceful_shutdown();
                let _ = tokio::time::timeout(PATIENCE, connection).await;
            }
            drop(place);
        });
    }
}

async fn serve(site: Arc<Site>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let head = Request::from_parts(head, ());
    let answer = match read(&site, &head, body).await {
        Ok(body) => {
            let (head, _) = head.into_parts();
            let request = Request::from_parts(head, body);
            let answering = Arc::clone(&site);
            tokio::task::spawn_blocking(move || answering.viewer.handle(&request))
                .await
                .unwrap_or_else(|_| site.viewer.refuse(&Request::new(()), StatusCode::INTERNAL_SERVER_ERROR))
        }
        Err(refused) => refused,
    };
    Ok(answer.map(|body| Full::new(Bytes::from(body))))
}

/// The request's body, when the guard lets it in.
async fn read(site: &Site, head: &Request<()>, body: Incoming) -> Result<Bytes, Response<Vec<u8>>> {
    let refuse = |status| {
        let mut answer = site.viewer.refuse(head, status);
        // What is left of the body is not read.
        answer.headers_mut().insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
        answer
    };
    let lines = head.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    if lines.sum::<usize>() > MAX_HEADERS {
        return Err(refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    if let Some(answer) = site.guard.check(head, &refuse) {
        return Err(answer);
    }
    match tokio::time::timeout(PATIENCE, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(refuse(StatusCode::PAYLOAD_TOO_LARGE)),
        Ok(Err(_)) => Err(refuse(StatusCode::BAD_REQUEST)),
        Err(_) => Err(refuse(StatusCode::REQUEST_TIMEOUT)),
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { address, error } => write!(f, "the viewer cannot listen on {address}: {error}"),
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
                 Server::builder(viewer).token(Token::random()), or listen on 127.0.0.1"
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
