//! The command `view`, asked as a browser asks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};

use error_tracker_tests::process::{BoundedChild, BoundedCommand as _, LIMIT};

use super::Files;

/// The program with `view`, until it is dropped.
struct View {
    _program: BoundedChild,
    _said: BufReader<ChildStdout>,
    address: String,
}

impl View {
    fn start(file: &Path, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_error-tracker"));
        command.arg("view").arg(file).args(["--port", "0"]).args(options);
        let mut program = command.stdout(Stdio::piped()).start();
        let (mut said, mut url) = (BufReader::new(program.stdout()), String::new());
        said.read_line(&mut url).unwrap();
        let address = url.trim().strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
        Self { _program: program, _said: said, address }
    }

    /// The list, asked for under this host.
    fn get(&self, host: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        page
    }
}

#[test]
fn view_answers_for_allowed_hosts() {
    let files = Files::with_three_issues();
    let options = ["--allow-host", "Errors.example.org", "--allow-host", "proxy:8443"];
    let view = View::start(&files.db, &options);
    let status = |host: &str| view.get(host).split(' ').nth(1).unwrap().to_owned();
    for host in
        ["errors.example.org", "ERRORS.example.org:80", "errors.example.org.", "proxy", "proxy:9"]
    {
        assert_eq!(status(host), "200", "{host}");
    }
    for host in ["evil.example", "example.org", "errors.example.org.evil.example"] {
        assert_eq!(status(host), "421", "{host}");
    }
    assert!(view.get("evil.example").contains("--allow-host"));
}

#[test]
fn view_serves_the_page_at_the_printed_address() {
    let files = Files::with_three_issues();
    let view = View::start(&files.db, &[]);
    let page = view.get(&view.address);
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("OrderError"), "{page}");
}
