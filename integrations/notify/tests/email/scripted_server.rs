//! Servers that do one thing.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Starts a server that handles each connection with `handle`, and lives as long as the test.
pub(crate) fn serve(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        thread::scope(|scope| {
            for stream in listener.incoming() {
                let handle = &handle;
                scope.spawn(move || handle(stream.unwrap()));
            }
        });
    });
    address
}

/// Speaks SMTP: `answer` gets each line of the client, and whether it is within the message. What
/// it returns is sent; without an answer to a command the server says nothing more.
pub(crate) fn speak(stream: TcpStream, mut answer: impl FnMut(&str) -> Option<&'static str>) {
    let mut to = stream.try_clone().unwrap();
    let mut within_message = false;
    if to.write_all(b"220 mail.example ESMTP\r\n").is_err() {
        return;
    }
    for line in BufReader::new(stream).lines() {
        let Ok(line) = line else { return };
        if within_message && line != "." {
            continue;
        }
        let said = answer(&line);
        within_message = line == "DATA" && said.is_some_and(|said| said.starts_with('3'));
        let Some(said) = said else { continue };
        if said.is_empty() || to.write_all(said.as_bytes()).is_err() {
            return;
        }
    }
}

/// Returns what a server answers that accepts everything.
pub(crate) fn accept(line: &str) -> Option<&'static str> {
    Some(match line.split([' ', ':']).next().unwrap_or_default() {
        "EHLO" => "250-mail.example\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n",
        "DATA" => "354 go on\r\n",
        "." => "250 2.0.0 queued as 4711\r\n",
        "QUIT" => "221 bye\r\n",
        _ => "250 fine\r\n",
    })
}
