//! A real mail server, and what arrived there as another parser reads it.

use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};

use error_tracker_notify::SmtpServer;
use error_tracker_tests::process::{BoundedChild, BoundedCommand as _};
use serde::Deserialize;

/// The server `server.py`.
pub(crate) struct MailServer {
    _process: BoundedChild,
    lines: Lines<BufReader<ChildStdout>>,
    folder: tempfile::TempDir,
    port: u16,
}

/// A message as it arrived.
#[derive(Debug, Deserialize)]
pub(crate) struct Received {
    pub(crate) sender: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) user: Option<String>,
    pub(crate) encrypted: bool,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) parts: Vec<Part>,
    #[serde(rename = "type")]
    pub(crate) content_type: String,
    pub(crate) defects: Vec<String>,
    pub(crate) longest_line: usize,
    pub(crate) bare_line_ends: usize,
    pub(crate) is_ascii: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Part {
    #[serde(rename = "type")]
    pub(crate) content_type: String,
    pub(crate) charset: String,
    pub(crate) encoding: String,
    pub(crate) text: String,
    pub(crate) defects: Vec<String>,
}

/// Returns the folder of what `tests/fetch` has installed.
pub(crate) fn test_files() -> PathBuf {
    let files = std::env::var_os("NOTIFY_TEST_FILES");
    PathBuf::from(files.expect("NOTIFY_TEST_FILES is set: ./run-tests"))
}

impl MailServer {
    /// Starts one, with encryption as `mode` says (`plain`, `starttls`, `tls`) and a login.
    pub(crate) fn start(mode: &str, login: &[&str]) -> Self {
        let files = test_files();
        let folder = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/email/server.py");
        let mut command = Command::new(files.join("venv/bin/python"));
        command.arg(script).arg(folder.path()).arg(mode).args(login).stdout(Stdio::piped());
        let mut process = command.start();
        let mut lines = BufReader::new(process.stdout()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        Self { _process: process, lines, folder, port }
    }

    /// Returns the settings of a client, which trusts the server.
    pub(crate) fn settings(&self) -> SmtpServer {
        self.trusted(SmtpServer::new("localhost").port(self.port))
    }

    /// Adds this server's certificate to settings.
    pub(crate) fn trusted(&self, settings: SmtpServer) -> SmtpServer {
        let pem = std::fs::read(self.folder.path().join("ca.pem")).unwrap();
        settings.root_certificate(&pem).unwrap()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the folder with its certificate.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the next message that arrives.
    pub(crate) fn next(&mut self) -> Received {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }
}

impl Received {
    /// Returns the value of the only header of this name.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let is_it = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        let mut all = self.headers.iter().filter(is_it);
        let found = all.next().unwrap_or_else(|| panic!("no {name} in {:#?}", self.headers));
        assert!(all.next().is_none(), "more than one {name}");
        &found.1
    }
}
