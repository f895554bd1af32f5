//! A mail server that stalls until it recovers, and a server that takes webhooks.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::Failure;

/// A message that arrived.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) is_digest: bool,
    /// The number of messages that a digest tells of.
    pub(crate) held_back: u64,
}

pub(crate) struct MailServer {
    port: u16,
    shared: Arc<SharedMail>,
}

#[derive(Default)]
struct SharedMail {
    answers: AtomicBool,
    attempts: AtomicU64,
    told: Mutex<Vec<Told>>,
}

impl MailServer {
    pub(crate) fn start() -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (port, shared) = (listener.local_addr()?.port(), Arc::<SharedMail>::default());
        let ours = Arc::clone(&shared);
        thread::spawn(move || {
            let mut stalled = Vec::new();
            for stream in listener.incoming().flatten() {
                if ours.answers.load(Relaxed) {
                    if let Ok(Some(told)) = take_mail(&stream) {
                        ours.told.lock().unwrap_or_else(PoisonError::into_inner).push(told);
                    }
                } else {
                    ours.attempts.fetch_add(1, Relaxed);
                    stalled.push(stream);
                }
            }
        });
        Ok(Self { port, shared })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Lets further connections be answered.
    pub(crate) fn recover(&self) {
        self.shared.answers.store(true, Relaxed);
    }

    /// Returns the number of connections that were not answered.
    pub(crate) fn attempts(&self) -> u64 {
        self.shared.attempts.load(Relaxed)
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.shared.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Takes one message.
fn take_mail(stream: &TcpStream) -> Result<Option<Told>, Failure> {
    let mut answer = stream;
    answer.write_all(b"220 test\r\n")?;
    let (mut told, mut in_data, mut subject, mut is_digest) = (None, false, String::new(), false);
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let reply = if in_data {
            if let Some(text) = line.strip_prefix("Subject: ") {
                text.clone_into(&mut subject);
            }
            is_digest |= line == "X-Error-Tracker-Reason: digest";
            if line != "." {
                continue;
            }
            in_data = false;
            told = Some(Told { is_digest, held_back: first_number(&subject) });
            "250 kept"
        } else {
            match line.get(..4).unwrap_or_default() {
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                "QUIT" => "221 bye",
                _ => "250 ok",
            }
        };
        answer.write_all(format!("{reply}\r\n").as_bytes())?;
        if reply.starts_with("221") {
            break;
        }
    }
    Ok(told)
}

/// Returns the number at the start of a subject such as `9,999 messages held back`.
fn first_number(subject: &str) -> u64 {
    let digits: String =
        subject.chars().take_while(|c| *c != ' ').filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

pub(crate) struct WebhookServer {
    port: u16,
    told: Arc<Mutex<Vec<Told>>>,
}

impl WebhookServer {
    pub(crate) fn start() -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (port, told) = (listener.local_addr()?.port(), Arc::<Mutex<Vec<Told>>>::default());
        let ours = Arc::clone(&told);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let ours = Arc::clone(&ours);
                // The client keeps its connection.
                thread::spawn(move || {
                    let mut reader = BufReader::new(&stream);
                    while let Ok(told) = take_request(&mut reader, &stream) {
                        ours.lock().unwrap_or_else(PoisonError::into_inner).push(told);
                    }
                });
            }
        });
        Ok(Self { port, told })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn take_request(
    reader: &mut BufReader<&TcpStream>,
    mut stream: &TcpStream,
) -> Result<Told, Failure> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err("closed".into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let message: serde_json::Value = serde_json::from_slice(&body)?;
    let message = message.get("data").unwrap_or(&message);
    let told = Told {
        is_digest: message["reason"] == "digest",
        held_back: message["held_back"].as_u64().unwrap_or(0),
    };
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
    Ok(told)
}
