//! A client that writes its own packets, to do what a client library refuses to.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::Version;
use super::gate::{TOKEN, eventually, within};

const CONNECT: u8 = 0x10;
const CONNACK: u8 = 0x20;
const PUBACK: u8 = 0x40;
const PUBLISH_QOS1: u8 = 0x32;

pub struct RawClient {
    socket: TcpStream,
    version: Version,
}

impl RawClient {
    pub async fn connect(version: Version, address: SocketAddr, code: &str) -> Self {
        Self::connect_with(version, address, (code, TOKEN)).await
    }

    pub async fn connect_with(version: Version, address: SocketAddr, who: (&str, &str)) -> Self {
        Self::connect_keeping(version, address, who, 30).await
    }

    /// With a keep-alive of so many seconds.
    pub async fn connect_keeping(
        version: Version,
        address: SocketAddr,
        who: (&str, &str),
        keep_alive_s: u16,
    ) -> Self {
        let body = introduction(version, who, keep_alive_s);
        let attempt = || async {
            let socket = TcpStream::connect(address).await.unwrap();
            let mut client = Self { socket, version };
            client.write(CONNECT, &body).await;
            let (kind, answer) = client.read().await?;
            assert_eq!(kind, CONNACK);
            assert!(answer[1] == 0 || answer[1] == unavailable(version), "refused: {answer:?}");
            (answer[1] == 0).then_some(client)
        };
        eventually(attempt).await
    }

    /// The answer to one who asks for a keep-alive of so many seconds, if there is one.
    pub async fn answer_to(
        version: Version,
        address: SocketAddr,
        who: (&str, &str),
        keep_alive_s: u16,
    ) -> Option<Vec<u8>> {
        let socket = TcpStream::connect(address).await.unwrap();
        let mut client = Self { socket, version };
        client.write(CONNECT, &introduction(version, who, keep_alive_s)).await;
        client.read().await.map(|(_, answer)| answer)
    }

    /// Sends a publish whose packet has `length` bytes after its fixed header.
    pub async fn publish(&mut self, topic: &str, length: u32) {
        let mut body = text(topic);
        body.extend([0, 1]);
        body.extend(no_properties(self.version));
        body.resize(length as usize, 7);
        self.write(PUBLISH_QOS1, &body).await;
    }

    /// Whether the next answer is a positive acknowledgement; any other answer, or the end, is not.
    pub async fn is_acked(&mut self) -> bool {
        match self.read().await {
            Some((PUBACK, body)) => body.get(2).is_none_or(|reason| *reason == 0),
            _ => false,
        }
    }

    async fn write(&mut self, kind: u8, body: &[u8]) {
        let mut packet = vec![kind];
        let mut left = body.len();
        loop {
            let digit = u8::try_from(left % 128).unwrap();
            left /= 128;
            packet.push(if left > 0 { digit | 0x80 } else { digit });
            if left == 0 {
                break;
            }
        }
        packet.extend(body);
        // The broker may close while a packet it does not want is still being written.
        let _ = within(self.socket.write_all(&packet)).await;
    }

    async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let kind = within(self.socket.read_u8()).await.ok()?;
        let length = within(self.socket.read_u8()).await.ok()?;
        assert!(length < 128, "the broker's answers are short");
        let mut body = vec![0; usize::from(length)];
        within(self.socket.read_exact(&mut body)).await.ok()?;
        Some((kind, body))
    }
}

/// Protocol name and level, flags (user name, password, clean), keep-alive, empty properties in MQTT 5, and who it is.
fn introduction(version: Version, (code, token): (&str, &str), keep_alive_s: u16) -> Vec<u8> {
    let level = if version == Version::V3 { 4 } else { 5 };
    let mut body = text("MQTT");
    body.extend([level, 0xc2]);
    body.extend(keep_alive_s.to_be_bytes());
    body.extend(no_properties(version));
    for part in [code, code, token] {
        body.extend(text(part));
    }
    body
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

/// The answer to a device whose last connection is just ending.
fn unavailable(version: Version) -> u8 {
    if version == Version::V3 { 3 } else { 0x88 }
}

fn no_properties(version: Version) -> &'static [u8] {
    if version == Version::V3 { &[] } else { &[0] }
}
