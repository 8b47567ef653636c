//! A connection of a device that costs next to nothing: MQTT 3.1.1 by its bytes, one message under way. For load, where a client
//! library would be measured and not the server.

use std::net::SocketAddr;
use std::time::Duration;

use songhe_firmware_protocol::downlink::Ack;
use songhe_firmware_protocol::{Topic, TopicKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

const KEEP_ALIVE_S: u16 = 60;
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);
/// After this long without a word a message to a broker elsewhere is sent once more.
const AGAIN_AFTER: Duration = Duration::from_secs(3);
const PACKET_ID: u16 = 1;
const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;
const SUBACK: u8 = 9;
/// Larger than anything that the server sends.
const BODY_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("the connection: {0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Protocol(&'static str),
}

/// Who a device is.
#[derive(Clone, Debug)]
pub struct Login {
    pub code: String,
    pub token: String,
}

/// What a device takes for the word that a message is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The broker's acknowledgement, where the broker is the server.
    Broker,
    /// The server's own, where the broker only transports.
    Server,
}

pub(super) struct Wire {
    code: String,
    word: Word,
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Wire {
    pub async fn connect(address: SocketAddr, login: &Login, word: Word) -> Result<Wire, WireError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let mut wire = Wire { code: login.code.clone(), word, reader: BufReader::new(reader), writer };
        let mut body = b"\x00\x04MQTT\x04\xC2".to_vec();
        body.extend(KEEP_ALIVE_S.to_be_bytes());
        for text in [&login.code, &login.code, &login.token] {
            push_text(&mut body, text);
        }
        wire.write(0x10, &body).await?;
        let (kind, answer) = wire.read().await?;
        if kind != CONNACK || answer.get(1) != Some(&0) {
            return Err(WireError::Protocol("the connection was refused"));
        }
        if word == Word::Server {
            wire.subscribe(TopicKind::Ack).await?;
        }
        Ok(wire)
    }

    async fn subscribe(&mut self, kind: TopicKind) -> Result<(), WireError> {
        let mut body = PACKET_ID.to_be_bytes().to_vec();
        push_text(&mut body, &self.topic(kind)?);
        // Not acknowledged back: a lost word is asked for by sending the message again.
        body.push(0);
        self.write(0x82, &body).await?;
        loop {
            let (kind, answer) = self.read().await?;
            match (kind, answer.last()) {
                (SUBACK, Some(0)) => return Ok(()),
                (SUBACK, _) => return Err(WireError::Protocol("the subscription was refused")),
                _ => {}
            }
        }
    }

    /// Sends a message and waits until it is stored.
    pub async fn publish(&mut self, kind: TopicKind, seq: u64, payload: &[u8]) -> Result<(), WireError> {
        let mut body = Vec::with_capacity(payload.len() + 64);
        push_text(&mut body, &self.topic(kind)?);
        body.extend(PACKET_ID.to_be_bytes());
        body.extend(payload);
        if self.word == Word::Broker {
            self.write(0x32, &body).await?;
            return timeout(ANSWER_WAIT_MAX, self.stored(seq)).await.map_err(|_| slow())?;
        }
        let sending = async {
            loop {
                self.write(0x32, &body).await?;
                if let Ok(answer) = timeout(AGAIN_AFTER, self.stored(seq)).await {
                    return answer;
                }
            }
        };
        timeout(ANSWER_WAIT_MAX, sending).await.map_err(|_| slow())?
    }

    /// So that the connection lives on. The answer is read with the next message's.
    pub async fn ping(&mut self) -> Result<(), WireError> {
        self.write(0xC0, &[]).await
    }

    async fn stored(&mut self, seq: u64) -> Result<(), WireError> {
        loop {
            let (kind, body) = self.read().await?;
            match (self.word, kind) {
                (Word::Broker, PUBACK) => return Ok(()),
                (Word::Server, PUBLISH) => {
                    // A text with its length, then the payload: it came without a packet number.
                    let length =
                        body.first_chunk().map_or(0, |bytes| usize::from(u16::from_be_bytes(*bytes)));
                    let ack = body.get(2 + length..).and_then(|payload| Ack::decode(payload).ok());
                    if ack.is_some_and(|ack| ack.seq >= seq) {
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
    }

    fn topic(&self, kind: TopicKind) -> Result<String, WireError> {
        let topic = Topic::new(&self.code, kind).map_err(|_| WireError::Protocol("not a device's code"))?;
        Ok(topic.to_string())
    }

    async fn write(&mut self, head: u8, body: &[u8]) -> Result<(), WireError> {
        let mut packet = Vec::with_capacity(body.len() + 5);
        packet.push(head);
        let mut left = body.len();
        loop {
            let low = (left % 128) as u8;
            left /= 128;
            packet.push(if left > 0 { low | 0x80 } else { low });
            if left == 0 {
                break;
            }
        }
        packet.extend(body);
        Ok(self.writer.write_all(&packet).await?)
    }

    /// Kind and body of the next packet.
    async fn read(&mut self) -> Result<(u8, Vec<u8>), WireError> {
        let head = self.reader.read_u8().await?;
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let byte = self.reader.read_u8().await?;
            length |= usize::from(byte & 0x7F) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
            if shift > 21 {
                return Err(WireError::Protocol("a packet without an end"));
            }
        }
        if length > BODY_BYTES_MAX {
            return Err(WireError::Protocol("a packet larger than any the server sends"));
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).await?;
        Ok((head >> 4, body))
    }
}

fn slow() -> WireError {
    WireError::Protocol("a message was not stored in time")
}

fn push_text(body: &mut Vec<u8>, text: &str) {
    body.extend((text.len() as u16).to_be_bytes());
    body.extend(text.as_bytes());
}
