//! Tests of the server over real connections.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::viewer;
use crate::viewer::{AccessToken, Server, ServerError};

pub(super) fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(300))).unwrap();
    // The server may answer and close before everything is sent.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

pub(super) fn get(address: SocketAddr, path: &str, host: &str, more: &str) -> String {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n"))
}

pub(super) fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or(answer)
}

#[test]
fn the_server_shows_the_pages_until_it_is_stopped() {
    let server = Server::bind(viewer().0, "127.0.0.1:0").unwrap();
    let address = server.address();
    assert_eq!(server.url(), format!("http://{address}/"));
    let answer = get(address, "/", &address.to_string(), "");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("ParseIntError"));
    server.stop();
    TcpListener::bind(address).unwrap();
}

#[test]
fn only_known_hosts_are_answered() {
    let server =
        Server::builder(viewer().0).allow_host("tracker.test").bind("127.0.0.1:0").unwrap();
    let address = server.address();
    for host in ["localhost", "LOCALHOST:80", "127.0.0.1:9999", "[::1]:1", "tracker.test:1"] {
        assert_eq!(status(&get(address, "/", host, "")), "200", "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "x@localhost",
        "",
        "127.0.0.1.nip.io",
        "[::1",
        "localhost:x",
    ] {
        assert_eq!(status(&get(address, "/", host, "")), "421", "{host}");
    }
}

#[test]
fn a_token_is_exchanged_for_a_cookie() {
    let token = AccessToken::random();
    let server = Server::builder(viewer().0).token(token.clone()).bind("127.0.0.1:0").unwrap();
    let address = server.address();
    assert!(server.url().ends_with(&format!("/?token={}", token.as_str())));
    assert_eq!(status(&get(address, "/", "localhost", "")), "401");
    assert_eq!(status(&get(address, "/?token=0", "localhost", "")), "401");
    let answer = get(address, &format!("/?kind=panic&token={}", token.as_str()), "localhost", "");
    assert_eq!(status(&answer), "303");
    assert!(answer.contains("location: ./?kind=panic\r\n"), "{answer}");
    let cookie = answer.split("set-cookie: ").nth(1).unwrap().split("\r\n").next().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(
        status(&get(address, "/", "localhost", &format!("Cookie: a=b; {cookie}\r\n"))),
        "200"
    );
    assert_eq!(status(&get(address, "/", "localhost", "Cookie: error-tracker-token=x\r\n")), "401");
}

#[test]
fn other_machines_need_a_token_and_a_port_in_use_is_named() {
    let refused = Server::bind(viewer().0, "0.0.0.0:0").unwrap_err();
    assert!(
        matches!(refused, ServerError::TokenNeeded(_))
            && refused.to_string().contains("Token::random()")
    );
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let refused = Server::bind(viewer().0, address).unwrap_err().to_string();
    assert!(
        refused.starts_with(&format!("port {} of 127.0.0.1 is in use", address.port())),
        "{refused}"
    );
    assert!(Server::bind(viewer().0, "nonsense").unwrap_err().to_string().contains("\"nonsense\""));
}

#[test]
fn too_large_requests_are_refused_with_the_common_headers() {
    let server = Server::bind(viewer().0, "127.0.0.1:0").unwrap();
    let address = server.address();
    let large = "x".repeat(70_000);
    let posted = format!(
        "POST /action HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 70000\r\n\r\n{large}"
    );
    let answers = [
        (ask(address, &posted), "413"),
        (get(address, &format!("/?text={}", &large[..9_000]), "localhost", ""), "414"),
        (get(address, "/", "localhost", &format!("X-Long: {}\r\n", &large[..20_000])), "431"),
    ];
    for (answer, expected) in answers {
        assert_eq!(status(&answer), expected);
        assert!(answer.contains("content-security-policy: default-src 'none'"), "{expected}");
    }
}
