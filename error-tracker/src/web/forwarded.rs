//! Finds the client, scheme and host of a request that came through trusted proxies.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The addresses of trusted proxies, whose forwarded headers are used: one address, or a network
/// such as `10.0.0.0/8`.
///
/// ```
/// use error_tracker::web::ProxyNetwork;
///
/// let network: ProxyNetwork = "10.0.0.0/8".parse()?;
/// assert!(network.contains("10.1.2.3".parse()?) && !network.contains("11.0.0.1".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyNetwork {
    address: u128,
    prefix: u32,
}

impl ProxyNetwork {
    /// Returns whether the network contains `address`. An IPv4-mapped IPv6 address is treated as
    /// the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let differing = bits(address) ^ self.address;
        differing.checked_shr(128 - self.prefix).is_none_or(|bits| bits == 0)
    }
}

/// Returns the bits of an address as IPv6; an IPv4 address is mapped to IPv6.
fn bits(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => Ipv6Addr::to_bits(address),
    }
}

impl From<IpAddr> for ProxyNetwork {
    fn from(address: IpAddr) -> Self {
        Self { address: bits(address), prefix: 128 }
    }
}

/// The error for a text that is neither an IP address nor a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseNetworkError(String);

impl fmt::Display for ParseNetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is neither an IP address nor a network such as \"10.0.0.0/8\"", self.0)
    }
}

impl Error for ParseNetworkError {}

impl FromStr for ProxyNetwork {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, ParseNetworkError> {
        let wrong = || ParseNetworkError(text.to_owned());
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().map_err(|_| wrong())?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        if prefix > longest {
            return Err(wrong());
        }
        Ok(Self { address: bits(address), prefix: 128 - longest + prefix })
    }
}

/// The client, scheme and host of a request, according to its trusted forwarded headers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ForwardedRequest {
    pub(super) client: Option<IpAddr>,
    pub(super) scheme: Option<String>,
    pub(super) host: Option<String>,
}

/// Reads the forwarded headers of a request that came from `peer`. `header` returns all values of a
/// header, joined by commas.
///
/// The headers are ignored unless `peer` is in `trusted`. Each proxy appends the address that it
/// received the request from, so the client is the last address that is not in `trusted`: those
/// before it may be forged. A proxy that sets only the header `forwarded` (RFC 7239), or only those
/// with `x-forwarded-`, hands the others on as the client sent them: if they name two clients, none
/// is used.
pub(super) fn forwarded(
    peer: Option<IpAddr>,
    trusted: &[ProxyNetwork],
    header: impl Fn(&str) -> Option<String>,
) -> ForwardedRequest {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let nothing = ForwardedRequest { client: peer, ..ForwardedRequest::default() };
    if !peer.is_some_and(is_trusted) {
        return nothing;
    }
    let client_of = |addresses: &[String]| {
        let mut client = peer;
        for text in addresses.iter().rev() {
            // The origin of anything before an entry that is not an address is unknown.
            let Some(address) = address_of(text) else { break };
            client = Some(address);
            if !is_trusted(address) {
                break;
            }
        }
        client
    };
    let part = |name: &str, line: &str| {
        let mut pairs = line.split(';').filter_map(|pair| pair.split_once('='));
        let value = pairs.find(|(known, _)| known.trim().eq_ignore_ascii_case(name))?.1;
        Some(value.trim().trim_matches('"').to_owned())
    };
    let standard = header("forwarded").map(|lines| {
        let all =
            |name: &str| lines.split(',').filter_map(|line| part(name, line)).collect::<Vec<_>>();
        (client_of(&all("for")), all("proto").pop(), all("host").pop())
    });
    let last = |name| Some(header(name)?.rsplit(',').next()?.trim().to_owned());
    let other = header("x-forwarded-for").map(|addresses| {
        let addresses: Vec<_> =
            addresses.split(',').map(|address| address.trim().to_owned()).collect();
        client_of(&addresses)
    });
    let (client, scheme, host) = match (standard, other) {
        (Some((client, ..)), Some(other)) if client != other => return nothing,
        (Some(standard), _) => standard,
        (None, other) => {
            (other.unwrap_or(peer), last("x-forwarded-proto"), last("x-forwarded-host"))
        }
    };
    let is_filled = |text: &String| !text.is_empty();
    ForwardedRequest { client, scheme: scheme.filter(is_filled), host: host.filter(is_filled) }
}

/// Returns the address of a node: `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:4711`.
fn address_of(node: &str) -> Option<IpAddr> {
    let bare = node.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| node.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::{ForwardedRequest, ProxyNetwork, forwarded};
    use std::net::IpAddr;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn seen(peer: &str, headers: &[(&str, &str)]) -> ForwardedRequest {
        let trusted: Vec<ProxyNetwork> =
            ["10.0.0.0/8", "::1"].iter().map(|text| text.parse().unwrap()).collect();
        forwarded(ip(peer), &trusted, |name| {
            headers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn forwarded_headers_are_used_only_from_a_trusted_proxy() {
        let headers = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-host", "shop.example")];
        assert_eq!(
            seen("198.51.100.7", &headers),
            ForwardedRequest { client: ip("198.51.100.7"), ..ForwardedRequest::default() }
        );
        let trusted = seen("10.0.0.1", &headers);
        assert_eq!(
            (trusted.client, trusted.host.as_deref()),
            (ip("192.0.2.1"), Some("shop.example"))
        );
        assert_eq!(
            forwarded(None, &["::/0".parse().unwrap()], |_| panic!("not asked")),
            ForwardedRequest::default()
        );
    }

    #[test]
    fn the_client_is_the_last_address_that_is_not_of_a_trusted_proxy() {
        let client = |chain| seen("::1", &[("x-forwarded-for", chain)]).client;
        assert_eq!(
            client("203.0.113.9, 192.0.2.1, 10.0.0.2"),
            ip("192.0.2.1"),
            "the first may be forged"
        );
        assert_eq!(client("10.0.0.3, 10.0.0.2"), ip("10.0.0.3"));
        assert_eq!(client("192.0.2.1:4711"), ip("192.0.2.1"));
        assert_eq!(client("192.0.2.1, unknown, 10.0.0.2"), ip("10.0.0.2"));
        assert_eq!(client(""), ip("::1"));
    }

    #[test]
    fn the_standard_header_is_read_and_headers_that_name_two_clients_are_not() {
        let header = "for=\"[2001:db8::1]:4711\";proto=https;host=shop.example, For=10.0.0.2";
        for other in [None, Some(("x-forwarded-for", "2001:db8::1, 10.0.0.2"))] {
            let headers: Vec<_> = std::iter::once(("forwarded", header)).chain(other).collect();
            let found = seen("10.0.0.1", &headers);
            assert_eq!(found.client, ip("2001:db8::1"));
            assert_eq!(
                (found.scheme.as_deref(), found.host.as_deref()),
                (Some("https"), Some("shop.example"))
            );
        }
        let forged = seen("10.0.0.1", &[("forwarded", header), ("x-forwarded-for", "192.0.2.1")]);
        let nothing = ForwardedRequest { client: ip("10.0.0.1"), ..ForwardedRequest::default() };
        assert_eq!(forged, nothing);
    }

    #[test]
    fn a_network_contains_the_addresses_of_its_prefix() {
        let has = |network: &str, address| {
            network.parse::<ProxyNetwork>().unwrap().contains(ip(address).unwrap())
        };
        assert!(has("10.0.0.0/8", "10.255.0.1") && !has("10.0.0.0/8", "11.0.0.0"));
        assert!(has("10.0.0.1", "::ffff:10.0.0.1") && !has("10.0.0.1", "10.0.0.2"));
        assert!(
            has("0.0.0.0/0", "8.8.8.8")
                && !has("0.0.0.0/0", "2001:db8::1")
                && has("::/0", "8.8.8.8")
        );
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "proxy", "10.0.0.0/x"] {
            assert!(wrong.parse::<ProxyNetwork>().is_err(), "{wrong}");
        }
    }
}
