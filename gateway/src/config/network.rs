//! Networks of IP addresses, as proxies are named.

use std::{
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

/// An address, or all that share its first bits. IPv4 is kept as IPv6-mapped, so that a peer which
/// arrives on a dual-stack socket is still recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: u128,
    bits: u32,
}

impl Network {
    /// Whether it holds that address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let shift = 128 - self.bits;
        // A shift by the full width is undefined for integers, and /0 holds everything.
        self.bits == 0 || (widen(address) >> shift) == (self.base >> shift)
    }
}

impl Default for Network {
    /// The one address `::`.
    fn default() -> Self {
        Self { base: 0, bits: 128 }
    }
}

/// The text is neither an address nor a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANetwork;

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| NotANetwork)?,
            None => width,
        };
        if prefix > width {
            return Err(NotANetwork);
        }
        Ok(Self { base: widen(address), bits: prefix + 128 - width })
    }
}

fn widen(address: IpAddr) -> u128 {
    let wide: Ipv6Addr = match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    };
    wide.to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, address: &str, expected: bool) {
        let network: Network = network.parse().unwrap();
        assert_eq!(network.contains(address.parse().unwrap()), expected);
    }

    #[test]
    fn networks_hold_their_addresses() {
        check("10.0.0.0/8", "10.200.3.4", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("127.0.0.1", "127.0.0.1", true);
        check("127.0.0.1", "127.0.0.2", false);
        check("127.0.0.0/8", "::ffff:127.0.0.5", true);
        check("::/0", "1.2.3.4", true);
        check("2001:db8::/32", "2001:db8:1::1", true);
        check("0.0.0.0/0", "2001:db8::1", false);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["10.0.0.0/33", "ten", "", "1.2.3.4/", "::/129"] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }
}
