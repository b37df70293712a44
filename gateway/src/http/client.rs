//! Who the client says it is, and who it is as far as the network knows.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header};

use crate::config::Network;

/// What subgraphs and the log are told about a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInfo {
    /// Its address: the peer's, or what a trusted proxy says.
    pub address: IpAddr,
    /// Its `User-Agent`, cut.
    pub agent: Option<String>,
    /// The application's name for itself, for the log.
    pub name: Option<String>,
}

const LONGEST: usize = 256;
/// Headers by which applications name themselves; the second is what Apollo's clients send.
const NAME_HEADERS: [&str; 2] = ["graphql-client-name", "apollographql-client-name"];
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl ClientInfo {
    /// The client of a request with these headers that came from that peer.
    pub fn of_request(peer: SocketAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        Self {
            address: address(peer.ip().to_canonical(), headers, trusted),
            agent: text(headers, header::USER_AGENT.as_str()),
            name: NAME_HEADERS.iter().find_map(|name| text(headers, name)),
        }
    }
}

/// Each proxy appends the address that it was called from, so the list is read from its end for as long as
/// it was written by trusted ones; what is left of that is the client's invention.
fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = peer;
    let lines: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(address) {
            break;
        }
        match parse(entry.trim()) {
            Some(hop) => address = hop.to_canonical(),
            None => break,
        }
    }
    address
}

/// Some proxies append the port.
fn parse(entry: &str) -> Option<IpAddr> {
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

/// Printable ASCII only: it goes into headers and logs.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.as_bytes();
    let text: String =
        value.iter().filter(|b| (0x20..0x7f).contains(*b)).take(LONGEST).map(|b| *b as char).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(peer: &str, forwarded: &[&'static str], trusted: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let trusted: Vec<Network> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        assert_eq!(ClientInfo::of_request(peer, &headers, &trusted).address.to_string(), expected);
    }

    #[test]
    fn forwarded_for_is_believed_from_trusted_proxies_only() {
        check("9.9.9.9", &["1.1.1.1"], &[], "9.9.9.9");
        check("9.9.9.9", &["1.1.1.1"], &["10.0.0.0/8"], "9.9.9.9");
        check("10.0.0.1", &["1.1.1.1"], &["10.0.0.0/8"], "1.1.1.1");
        check("10.0.0.1", &["6.6.6.6, 1.1.1.1, 10.0.0.2"], &["10.0.0.0/8"], "1.1.1.1");
        check("10.0.0.1", &["6.6.6.6", "1.1.1.1:443"], &["10.0.0.0/8"], "1.1.1.1");
        check("10.0.0.1", &["rubbish"], &["10.0.0.0/8"], "10.0.0.1");
        check("10.0.0.1", &["[2001:db8::1]:80"], &["10.0.0.1"], "2001:db8::1");
        check("10.0.0.1", &[], &["10.0.0.1"], "10.0.0.1");
    }

    #[test]
    fn what_a_client_says_is_cut_to_printable_ascii() {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_bytes(b"agent\xc3\xa9\t1").unwrap());
        headers.insert("apollographql-client-name", HeaderValue::from_static("web"));
        let info = ClientInfo::of_request(([127, 0, 0, 1], 1).into(), &headers, &[]);
        assert_eq!((info.agent.as_deref(), info.name.as_deref()), (Some("agent1"), Some("web")));
    }
}
