//! TLS to a broker elsewhere: the client library speaks in clear to a port of this program on the loopback interface, and from there
//! on the connection is encrypted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::error::{Error, Result};

const CONNECT_WAIT_MAX: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// Ends with its connections when it is dropped.
pub(super) struct Bridge {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) fn start(host: &str, port: u16, config: Arc<ClientConfig>) -> Result<Bridge> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| {
        Error::internal(format!("mqtt.external_url: {host} is no name of a server")).because(error)
    })?;
    let fault =
        |error: std::io::Error| Error::internal("no port for the connection to the broker").because(error);
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(fault)?;
    listener.set_nonblocking(true).map_err(fault)?;
    let listener = TcpListener::from_std(listener).map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    let remote = Arc::new((host.to_owned(), port, name, TlsConnector::from(config)));
    Ok(Bridge { address, task: tokio::spawn(serve(listener, remote)) })
}

/// Host, port, its name, and what to trust.
type Remote = (String, u16, ServerName<'static>, TlsConnector);

async fn serve(listener: TcpListener, remote: Arc<Remote>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((mut near, _)) => {
                let remote = Arc::clone(&remote);
                connections.spawn(async move {
                    let _ = near.set_nodelay(true);
                    let connected = tokio::time::timeout(CONNECT_WAIT_MAX, connect(&remote)).await;
                    match connected {
                        Ok(Ok(mut far)) => {
                            if let Err(error) = copy_bidirectional(&mut near, &mut far).await {
                                tracing::debug!(%error, "the connection to the broker broke");
                            }
                        }
                        // The library sees its connection end, and comes again.
                        Ok(Err(error)) => tracing::warn!(host = remote.0, %error, "no TLS with the broker"),
                        Err(_) => tracing::warn!(host = remote.0, "no TLS with the broker in time"),
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the way to the broker was not taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn connect(remote: &Remote) -> std::io::Result<TlsStream<TcpStream>> {
    let (host, port, name, connector) = remote;
    let socket = TcpStream::connect((host.as_str(), *port)).await?;
    socket.set_nodelay(true)?;
    connector.connect(name.clone(), socket).await
}
