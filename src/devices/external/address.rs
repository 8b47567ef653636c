//! Where the broker is and as whom to connect.

use std::net::SocketAddr;
use std::time::Duration;

use rumqttc::v5::MqttOptions;
use rumqttc::v5::mqttbytes::v5::ConnectProperties;
use rumqttc::{NetworkOptions, Outgoing};
use songhe_firmware_protocol::limits::PACKET_BYTES_MAX;

const PORT: u16 = 1883;
const TLS_PORT: u16 = 8883;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const CONNECT_WAIT_S: u64 = 10;
/// Messages the broker may send before the first of them is acknowledged.
pub(super) const RECEIVE_MAX: u16 = 1_000;
/// How long the broker keeps messages for a replica that is away.
const SESSION_EXPIRY_S: u32 = 3_600;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub host: String,
    pub port: u16,
    /// Whether the connection is to be encrypted.
    pub tls: bool,
    login: Option<(String, String)>,
}

impl Address {
    /// `mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT]`, user and password percent-encoded.
    pub fn parse(url: &str) -> Option<Address> {
        let (scheme, rest) = url.split_once("://")?;
        let tls = scheme == "mqtts";
        if !tls && scheme != "mqtt" {
            return None;
        }
        let rest = rest.trim_end_matches('/');
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        let (host, port) = match place.rsplit_once(':') {
            // A bare IPv6 address stands in brackets.
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
            _ => (place, if tls { TLS_PORT } else { PORT }),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let login = login.map(|login| {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            (decoded(user), decoded(password))
        });
        (!host.is_empty()).then(|| Address { host: host.to_owned(), port, tls, login })
    }

    /// `through` is where an encrypted connection begins.
    pub fn options(&self, client_id: &str, through: Option<SocketAddr>) -> MqttOptions {
        let mut options = match through {
            Some(near) => MqttOptions::new(client_id, near.ip().to_string(), near.port()),
            None => MqttOptions::new(client_id, &self.host, self.port),
        };
        if let Some((user, password)) = &self.login {
            options.set_credentials(user, password);
        }
        options.set_keep_alive(KEEP_ALIVE);
        options.set_connection_timeout(CONNECT_WAIT_S);
        let mut properties = ConnectProperties::new();
        properties.receive_maximum = Some(RECEIVE_MAX);
        properties.session_expiry_interval = Some(SESSION_EXPIRY_S);
        // Above every device's limit: one message beyond ours would come again with every reconnect.
        properties.max_packet_size = Some(2 * PACKET_BYTES_MAX);
        options.set_connect_properties(properties);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options.set_network_options(network);
        options
    }
}

/// Whether the client said goodbye.
pub(super) fn is_goodbye(outgoing: &Outgoing) -> bool {
    matches!(outgoing, Outgoing::Disconnect)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let coded = after.get(..2).filter(|_| *first == b'%').and_then(|digits| hex::decode(digits).ok());
        if let Some(byte) = coded {
            bytes.extend(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_whole() {
        let read = |url: &str| {
            let address = Address::parse(url)?;
            assert_eq!(address.tls, url.starts_with("mqtts"));
            Some((address.host, address.port, address.login))
        };
        let login = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(read("mqtt://h"), Some(("h".into(), 1883, None)));
        assert_eq!(read("mqtt://u:p%40%3A@h:18830/"), Some(("h".into(), 18830, login("u", "p@:"))));
        assert_eq!(read("mqtt://u@[::1]:7"), Some(("::1".into(), 7, login("u", ""))));
        assert_eq!(read("mqtt://[::1]"), Some(("::1".into(), 1883, None)));
        assert_eq!(read("mqtts://h"), Some(("h".into(), 8883, None)));
        assert_eq!(read("mqtts://u@h:1"), Some(("h".into(), 1, login("u", ""))));
        for wrong in ["tcp://h", "mqtt://", "mqtt://h:x", "mqtt://h:99999"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
