//! TLS in front of the broker: handshakes here, and the broker behind sees the device's own address.
//!
//! The broker's library could do TLS itself, but would read the certificate once and bring a second cryptographic library. It takes
//! connections from here on a listener of its own on the loopback interface, each preceded by a PROXY header.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, copy_bidirectional_with_sizes};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::devices::tls::{self, TlsError, TlsFiles};

/// How often the files are looked at.
const READ_EVERY: Duration = Duration::from_secs(5);
const HANDSHAKE_WAIT_MAX: Duration = Duration::from_secs(10);
/// Handshakes at the same time; more wait for their turn in the system's queue.
const HANDSHAKES_MAX: usize = 200;
const BACKLOG: u32 = 1024;
/// Of each direction of a connection: messages of devices are small, and connections many.
const BUFFER_BYTES: usize = 2 * 1024;
/// After a failed accept, such as for want of file handles.
const PAUSE: Duration = Duration::from_millis(100);

/// What is shown to devices. New connections are shown the newest.
pub(super) struct Certificate {
    files: TlsFiles,
    bytes: RwLock<(Vec<u8>, Vec<u8>)>,
    config: RwLock<Arc<ServerConfig>>,
}

impl Certificate {
    pub fn read(files: TlsFiles) -> Result<Certificate, TlsError> {
        let bytes = tls::contents(&files)?;
        let config = tls::server(&files, &bytes)?;
        Ok(Certificate { files, bytes: RwLock::new(bytes), config: RwLock::new(config) })
    }

    /// Takes new files where there are some that go together; the old ones hold until then.
    fn read_again(&self) {
        let fresh = match tls::contents(&self.files) {
            Ok(fresh) => fresh,
            Err(error) => return tracing::warn!(%error, "the certificate of the MQTT port stays as it was"),
        };
        if *self.bytes.read().unwrap_or_else(PoisonError::into_inner) == fresh {
            return;
        }
        match tls::server(&self.files, &fresh) {
            Ok(config) => {
                *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
                *self.bytes.write().unwrap_or_else(PoisonError::into_inner) = fresh;
                tracing::info!("the MQTT port has a new certificate");
            }
            // One of the two may have been written and the other not yet.
            Err(error) => tracing::warn!(%error, "the certificate of the MQTT port stays as it was"),
        }
    }

    fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Listens where devices connect by TLS.
pub(super) fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
        SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Takes connections until it is dropped. Those that were taken live on.
pub(super) async fn serve(listener: TcpListener, certificate: Arc<Certificate>, broker: SocketAddr) {
    let turns = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let mut looking = tokio::time::interval(READ_EVERY);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = looking.tick() => {
                // Two small files: read here, so that the next connection is shown what they say.
                certificate.read_again();
                continue;
            }
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection by TLS was not taken");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
        let acceptor = certificate.acceptor();
        tokio::spawn(async move {
            let _ = socket.set_nodelay(true);
            let shaken = tokio::time::timeout(HANDSHAKE_WAIT_MAX, acceptor.accept(socket)).await;
            drop(turn);
            let mut device = match shaken {
                Ok(Ok(device)) => device,
                Ok(Err(error)) => return tracing::warn!(%peer, %error, "no TLS with a device"),
                Err(_) => return tracing::warn!(%peer, "no TLS with a device in time"),
            };
            match reach(broker, peer).await {
                Ok(mut inner) => {
                    let copied =
                        copy_bidirectional_with_sizes(&mut device, &mut inner, BUFFER_BYTES, BUFFER_BYTES);
                    if let Err(error) = copied.await {
                        tracing::debug!(%peer, %error, "a connection by TLS broke");
                    }
                }
                Err(error) => tracing::warn!(%peer, %error, "the broker took no connection"),
            }
        });
    }
}

/// A connection to the broker in the name of a device's address.
async fn reach(broker: SocketAddr, peer: SocketAddr) -> std::io::Result<TcpStream> {
    let mut inner = TcpStream::connect(broker).await?;
    inner.set_nodelay(true)?;
    inner.write_all(header(peer, broker).as_bytes()).await?;
    Ok(inner)
}

/// The first version of the PROXY protocol names both ends in the same family.
fn header(peer: SocketAddr, broker: SocketAddr) -> String {
    match peer {
        SocketAddr::V4(peer) => {
            format!("PROXY TCP4 {} 127.0.0.1 {} {}\r\n", peer.ip(), peer.port(), broker.port())
        }
        SocketAddr::V6(peer) => format!("PROXY TCP6 {} ::1 {} {}\r\n", peer.ip(), peer.port(), broker.port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_the_device() {
        let broker: SocketAddr = "127.0.0.1:4000".parse().unwrap();
        let of = |peer: &str| header(peer.parse().unwrap(), broker);
        assert_eq!(of("10.1.2.3:50000"), "PROXY TCP4 10.1.2.3 127.0.0.1 50000 4000\r\n");
        assert_eq!(of("[2001:db8::1]:50000"), "PROXY TCP6 2001:db8::1 ::1 50000 4000\r\n");
    }
}
