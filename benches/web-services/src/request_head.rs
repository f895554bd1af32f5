//! The head of the requests.

use bytes::Bytes;

/// Headers that a browser sends.
const HEADERS: [(&str, &str); 9] = [
    ("host", "shop.example"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "de-CH,de;q=0.8,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br"),
    ("referer", "https://shop.example/orders"),
    ("cookie", "session=0123456789abcdef; theme=dark"),
    ("priority", "u=0, i"),
    ("x-request-id", "0198c2f0-7a1b-7c3d-8e4f-5a6b7c8d9e0f"),
];

/// Returns the target and the headers as a server reads them: all share the memory of the buffer
/// that the request was received in.
pub fn of_request(target: &str) -> (Bytes, Vec<(&'static str, Bytes)>) {
    let mut buffer = target.to_owned();
    HEADERS.iter().for_each(|(_, value)| buffer.push_str(value));
    let buffer = Bytes::from(buffer);
    let mut end = target.len();
    let headers = HEADERS.map(|(name, value)| {
        let start = end;
        end += value.len();
        (name, buffer.slice(start..end))
    });
    (buffer.slice(..target.len()), headers.to_vec())
}
