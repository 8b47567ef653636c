//! Where a request comes from: whose word is taken on it, and what counts as one address.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What one household or one office has of IPv6: whoever has one address of it has them all.
const COUNTED_PREFIX: u8 = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// An address, or an address and the length of its prefix, with nothing set behind that.
    fn parse(text: &str) -> Option<Network> {
        let (address, prefix) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.parse().ok()?;
        let whole = bits(address);
        let is_number = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = match text.contains('/') {
            true if is_number => prefix.parse().ok().filter(|prefix| *prefix <= whole)?,
            true => return None,
            false => whole,
        };
        let is_bare = masked(address, prefix) == address;
        // Whoever trusts everybody believes what anybody makes up.
        (is_bare && prefix > 0).then_some(Network { address, prefix })
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && masked(address, self.prefix) == self.address
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix == bits(self.address) {
            write!(f, "{}", self.address)
        } else {
            write!(f, "{}/{}", self.address, self.prefix)
        }
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address with everything behind its prefix cleared.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    let cleared = u32::from(bits(address) - prefix.min(bits(address)));
    match address {
        IpAddr::V4(address) => {
            IpAddr::V4((address.to_bits() & u32::MAX.checked_shl(cleared).unwrap_or(0)).into())
        }
        IpAddr::V6(address) => {
            IpAddr::V6((address.to_bits() & u128::MAX.checked_shl(cleared).unwrap_or(0)).into())
        }
    }
}

/// Addresses and networks, written with commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl Networks {
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The client of a request that `peer` sent: from the nearest hop outwards the first one that is not trusted. What nobody
    /// trusted says, and what lies beyond a hop that is no address (`None`), counts for nothing.
    pub fn client(&self, peer: IpAddr, hops: &[Option<IpAddr>]) -> IpAddr {
        let mut client = peer.to_canonical();
        for hop in hops.iter().rev() {
            match hop {
                Some(hop) if self.contains(client) => client = hop.to_canonical(),
                _ => break,
            }
        }
        client
    }
}

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Networks, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let networks = parts.map(|part| {
            Network::parse(part).ok_or_else(|| {
                format!(
                    "must be addresses and networks such as \"127.0.0.1, 10.0.8.0/24\", which {part:?} is not"
                )
            })
        });
        networks.collect::<Result<_, _>>().map(Networks)
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.0.iter().map(Network::to_string).collect();
        f.write_str(&all.join(", "))
    }
}

impl Serialize for Networks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Networks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Networks, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One entry of `X-Forwarded-For`: an address, some proxies write the port behind it.
pub fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    text.parse().ok().or_else(bracketed).or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()))
}

/// An address as limits count it: of IPv6 its network.
pub fn counted(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => match address.to_canonical() {
            canonical @ IpAddr::V6(_) => {
                Network { address: masked(canonical, COUNTED_PREFIX), prefix: COUNTED_PREFIX }.to_string()
            }
            mapped => mapped.to_string(),
        },
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &str, peer: &str, hops: &str) -> String {
        let hops: Vec<Option<IpAddr>> = hops.split(',').filter(|one| !one.is_empty()).map(hop).collect();
        trusted.parse::<Networks>().unwrap().client(peer.parse().unwrap(), &hops).to_string()
    }

    #[test]
    fn the_client_is_the_last_hop_that_is_no_trusted_proxy() {
        for (trusted, peer, hops, expected) in [
            // Nobody is trusted: whatever is claimed counts for nothing.
            ("", "127.0.0.1", "203.0.113.9", "127.0.0.1"),
            ("10.0.8.0/24", "198.51.100.7", "203.0.113.9", "198.51.100.7"),
            ("127.0.0.1", "127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "127.0.0.1", "203.0.113.9", "203.0.113.9"),
            // What the client itself put in front is not looked at.
            ("127.0.0.1", "127.0.0.1", "10.1.1.1,203.0.113.9", "203.0.113.9"),
            ("127.0.0.1, 10.0.8.0/24", "127.0.0.1", "1.2.3.4, 203.0.113.9, 10.0.8.7", "203.0.113.9"),
            ("127.0.0.1, 10.0.8.0/24", "127.0.0.1", "10.0.8.9, 10.0.8.7", "10.0.8.9"),
            // No address: it goes no further than the proxy that said so.
            ("127.0.0.1, 10.0.8.0/24", "127.0.0.1", "203.0.113.9, unknown, 10.0.8.7", "10.0.8.7"),
            ("127.0.0.1", "127.0.0.1", "203.0.113.9,", "203.0.113.9"),
            ("127.0.0.1", "127.0.0.1", "203.0.113.9, ", "127.0.0.1"),
            ("127.0.0.1", "127.0.0.1", "203.0.113.999", "127.0.0.1"),
            ("127.0.0.1", "127.0.0.1", "203.0.113.9:50000", "203.0.113.9"),
            ("::1", "::1", "[2001:db8::5]:443", "2001:db8::5"),
            ("::1", "::1", "[2001:db8::5]", "2001:db8::5"),
            ("2001:db8::/32", "2001:db8::1", "2001:db9::1", "2001:db9::1"),
            // The same address in the other family's clothes.
            ("127.0.0.1", "::ffff:127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(client(trusted, peer, hops), expected, "{trusted} | {peer} | {hops}");
        }
    }

    #[test]
    fn networks_are_read_strictly_and_written_as_they_are_read() {
        for text in ["", "127.0.0.1", "127.0.0.1, 10.0.8.0/24, 2001:db8::/32, ::1"] {
            assert_eq!(text.parse::<Networks>().unwrap().to_string(), text);
        }
        for wrong in [
            "proxy",
            "10.0.8.1/24",
            "10.0.8.0/33",
            "10.0.8.0/",
            "10.0.8.0/+8",
            "0.0.0.0/0",
            "::/0",
            "::/129",
            "127.0.0.1 ::1",
        ] {
            assert!(wrong.parse::<Networks>().unwrap_err().contains("such as"), "{wrong}");
        }
    }

    #[test]
    fn of_ipv6_a_network_counts_and_of_ipv4_an_address() {
        for (address, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("", ""),
        ] {
            assert_eq!(counted(address), expected);
        }
    }
}
