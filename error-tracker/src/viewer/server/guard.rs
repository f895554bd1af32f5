//! Who is let in by the viewer's own server.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

use crate::viewer::Token;
use crate::viewer::answer::see;

const COOKIE: &str = "error-tracker-token";

pub(super) struct Guard {
    pub(super) address: SocketAddr,
    pub(super) token: Option<Token>,
    pub(super) hosts: Vec<String>,
}

impl Guard {
    /// The answer that keeps a request out, if any.
    pub(super) fn check(
        &self,
        head: &Request<()>,
        refuse: &dyn Fn(StatusCode) -> Response<Vec<u8>>,
    ) -> Option<Response<Vec<u8>>> {
        if !self.is_known_host(head) {
            return Some(refuse(StatusCode::MISDIRECTED_REQUEST));
        }
        let token = self.token.as_ref()?;
        let in_cookie =
            cookies(head.headers()).any(|(name, value)| name == self.cookie() && token.matches(value));
        let asked = head.uri().query().unwrap_or_default();
        let given = form_urlencoded::parse(asked.as_bytes()).find(|(name, _)| name == "token");
        match given {
            Some((_, given)) if head.method() == Method::GET && token.matches(&given) => {
                Some(self.exchange(head, token, asked))
            }

            _ if in_cookie => None,
            _ => Some(refuse(StatusCode::UNAUTHORIZED)),
        }
    }

    /// Puts the token into a cookie and leads to the same page without it, so that it stays in no history.
    fn exchange(&self, head: &Request<()>, token: &Token, asked: &str) -> Response<Vec<u8>> {
        let rest = form_urlencoded::parse(asked.as_bytes()).filter(|(name, _)| name != "token");
        let rest = form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).finish();
        let page = head.uri().path().rsplit('/').next().unwrap_or_default();
        let mark = if rest.is_empty() { "" } else { "?" };
        let mut answer = see(StatusCode::SEE_OTHER, &format!("./{page}{mark}{rest}"));
        let cookie = format!("{}={}; HttpOnly; SameSite=Strict; Path=/", self.cookie(), token.as_str());
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        answer
    }

    /// Cookies are shared between the ports of a host, so the port is part of the name.
    fn cookie(&self) -> String {
        format!("{COOKIE}-{}", self.address.port())
    }

    /// A foreign page can let its own name point here, but cannot make the browser send one of ours.
    fn is_known_host(&self, head: &Request<()>) -> bool {
        let mut named = head.headers().get_all(header::HOST).iter();
        let (host, second) = (named.next().and_then(|host| host.to_str().ok()), named.next());
        let Some(host) = host.filter(|_| second.is_none()) else { return false };
        let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
        if authority.as_str().contains('@') {
            return false;
        }
        let name = authority.host().to_ascii_lowercase();
        let ip = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let bound = self.address.ip().to_canonical();
        match ip.map(|ip| ip.to_canonical()) {
            Ok(_) if bound.is_unspecified() => true,
            Ok(ip) => ip == bound || (bound.is_loopback() && ip.is_loopback()) || self.hosts.contains(&name),
            Err(_) => name == "localhost" || self.hosts.contains(&name),
        }
    }
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
}
