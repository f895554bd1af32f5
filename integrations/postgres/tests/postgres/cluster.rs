//! A PostgreSQL server of the machine's own packages, for the tests of one process.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use error_tracker_postgres::postgres::{Client, NoTls};

/// What bounds the wait for a server.
const LIMIT: Duration = Duration::from_secs(300);

/// The user who runs the server if the tests run as root, which PostgreSQL refuses.
const NOBODY: u32 = 65_534;

/// Runs a server, and ends it when the test's process ends, however that is: then the pipe closes.
const KEEP_RUNNING: &str = r#"
    folder=$1; shift
    "$@" >> "$folder/log" 2>&1 &
    read -r _
    kill -QUIT $! 2> /dev/null
    wait $!
"#;

pub(crate) struct Cluster {
    folder: PathBuf,
    port: u16,
    server: Mutex<Option<Child>>,
    databases: AtomicU32,
}

impl Cluster {
    /// Returns the server of this process.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Creates and starts a server.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("error-tracker-pg").tempdir().unwrap().keep();
        if is_root() {
            chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let data = folder.join("data");
        let made = as_user(&binary("initdb"))
            .args([
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--username=postgres",
            ])
            .arg(&data)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let cluster = Self {
            folder,
            port: free_port(),
            server: Mutex::default(),
            databases: AtomicU32::new(0),
        };
        cluster.start_server();
        cluster
    }

    /// Starts the server, and waits until it accepts connections.
    pub(crate) fn start_server(&self) {
        let server = self.keep_running(
            Command::new(binary("postgres"))
                .arg("-D")
                .arg(self.folder.join("data"))
                .arg("-k")
                .arg(&self.folder)
                .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
                .args(["-p", &self.port.to_string()]),
        );
        *self.server.lock().unwrap() = Some(server);
        let begun = Instant::now();
        while let Err(error) = Client::connect(&self.address("postgres"), NoTls) {
            assert!(begun.elapsed() < LIMIT, "{error}\n{}", self.log());
            sleep(Duration::from_millis(20));
        }
    }

    /// Ends the server as a crash does, and waits until it has ended.
    pub(crate) fn stop_server(&self) {
        let mut server = self.server.lock().unwrap().take().unwrap();
        drop(server.stdin.take());
        server.wait().unwrap();
    }

    /// Starts pgbouncer in transaction mode in front of the server. Returns its port and what ends
    /// it when it is dropped.
    pub(crate) fn start_pgbouncer(&self) -> (u16, Child) {
        let port = free_port();
        let users = self.folder.join("users.txt");
        fs::write(&users, "\"postgres\" \"\"\n").unwrap();
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\npool_mode = transaction\ndefault_pool_size = 2\n\
                listen_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = trust\nauth_file = {}\nunix_socket_dir =\n",
            self.port,
            users.display()
        );
        let file = self.folder.join("pgbouncer.ini");
        fs::write(&file, settings).unwrap();
        let pgbouncer = self.keep_running(Command::new("/usr/sbin/pgbouncer").arg(file));
        let begun = Instant::now();
        while let Err(error) = Client::connect(&address(port, "postgres"), NoTls) {
            assert!(begun.elapsed() < LIMIT, "{error}\n{}", self.log());
            sleep(Duration::from_millis(20));
        }
        (port, pgbouncer)
    }

    fn keep_running(&self, server: &Command) -> Child {
        File::create(self.folder.join("log")).unwrap();
        if is_root() {
            chown(self.folder.join("log"), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        as_user(Path::new("/bin/sh"))
            .args(["-c", KEEP_RUNNING, "sh"])
            .arg(&self.folder)
            .arg(server.get_program())
            .args(server.get_args())
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the address of a database.
    pub(crate) fn address(&self, database: &str) -> String {
        address(self.port, database)
    }

    /// Creates an empty database. Returns its name.
    pub(crate) fn create_database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.client("postgres").batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        name
    }

    /// Connects to a database past the store.
    pub(crate) fn client(&self, database: &str) -> Client {
        Client::connect(&self.address(database), NoTls).unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop_server();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn address(port: u16, database: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/{database}")
}

fn is_root() -> bool {
    // The owner of what this process creates.
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn as_user(program: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.gid(NOBODY).uid(NOBODY);
    }
    command
}

/// Returns the path of a program of the newest PostgreSQL that is installed.
fn binary(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| {
            let version = version.ok()?;
            let number = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin").join(name)))
        })
        .filter(|(_, path)| path.exists())
        .collect();
    found.sort();
    found.pop().expect("PostgreSQL is installed").1
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
