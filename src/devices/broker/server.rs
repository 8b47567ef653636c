//! Starting and stopping the broker, and sending to devices.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use rmqtt::codec::types::{Publish as CodecPublish, QoS};
use rmqtt::context::ServerContext;
use rmqtt::net::Builder;
use rmqtt::server::MqttServer;
use rmqtt::session::SessionState;
use rmqtt::types::{From as Origin, Id, Publish};
use songhe_firmware_protocol::Topic;
use songhe_firmware_protocol::limits::PACKET_BYTES_MAX;
use tokio::runtime::{Builder as RuntimeBuilder, Handle, Runtime};
use tokio::sync::oneshot;

use super::counters::{CounterSnapshot, Counters};
use super::front::{self, Certificate};
use super::gate::Gate;
use super::hooks::{Shared, install};
use super::pace::Rates;
use super::roster::Roster;
use crate::clock::Clock;
use crate::devices::tls::{TlsError, TlsFiles};

const HANDSHAKE_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long connections may take to end their last message when the broker stops.
const DRAIN_WAIT_MAX: Duration = Duration::from_secs(5);
const DRAIN_POLL: Duration = Duration::from_millis(5);
/// How long a session that is to end may be locked: connecting takes no longer.
const END_WAIT_MAX: Duration = Duration::from_secs(15);
const END_POLL: Duration = Duration::from_millis(20);
/// Longest silence a device may ask for. A connection without a word lives for one and a half times that: no longer than the shortest
/// silence after which a device is offline.
pub(super) const KEEP_ALIVE_S_MAX: u16 = 60;
/// Downlink messages kept for a device that is away; the oldest are dropped.
const DOWNLINK_QUEUE_MAX: usize = 100;
const LISTENER: u16 = 1;
/// For what has come in by TLS.
const INNER_LISTENER: u16 = 2;

/// How the broker runs.
#[derive(Clone)]
pub struct BrokerSettings {
    /// Port 0 takes a free one: see [`Broker::address`].
    pub listen: SocketAddr,
    pub worker_threads: usize,
    /// A message that the gate has not committed by then is refused.
    pub receive_wait_max: Duration,
    pub connections_max: usize,
    /// Where devices connect by TLS, and what they are shown.
    pub tls: Option<(SocketAddr, TlsFiles)>,
    pub rates: Rates,
    /// Stamps messages with their time of receipt.
    pub clock: Clock,
}

impl BrokerSettings {
    pub fn new(listen: SocketAddr, clock: Clock) -> Self {
        Self {
            listen,
            worker_threads: 2,
            receive_wait_max: Duration::from_secs(20),
            connections_max: 20_000,
            tls: None,
            rates: Rates::DEFAULT,
            clock,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error("the broker's threads could not be started: {0}")]
    Threads(#[from] std::io::Error),
    #[error("the broker cannot listen on {address}: {reason}")]
    Listen { address: SocketAddr, reason: String },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the broker ended while it was starting")]
    Ended,
}

/// A running broker. Dropping it stops it without waiting.
pub struct Broker {
    address: SocketAddr,
    tls_address: Option<SocketAddr>,
    counters: Arc<Counters>,
    /// Notes that nothing that was admitted under a code counts any more.
    expel: Box<dyn Fn(&str) + Send + Sync>,
    context: ServerContext,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    stopped: Option<oneshot::Receiver<()>>,
}

struct Ready {
    address: SocketAddr,
    tls_address: Option<SocketAddr>,
    context: ServerContext,
    runtime: Handle,
}

impl Broker {
    /// Listens before it returns.
    pub async fn start<G: Gate>(gate: Arc<G>, settings: BrokerSettings) -> Result<Self, BrokerError> {
        let runtime = RuntimeBuilder::new_multi_thread()
            .worker_threads(settings.worker_threads)
            .thread_name("mqtt-broker")
            .enable_all()
            .build()?;
        let counters = Arc::new(Counters::default());
        let shared = Arc::new(Shared {
            gate,
            counters: Arc::clone(&counters),
            roster: Roster::new(settings.rates),
            clock: settings.clock.clone(),
            receive_wait_max: settings.receive_wait_max,
        });
        let roster = Arc::clone(&shared);
        let expel = Box::new(move |code: &str| roster.roster.expel(code));
        let (stop, stop_asked) = oneshot::channel();
        let (stopping_done, stopped) = oneshot::channel();
        let (ready, started) = oneshot::channel();
        // A runtime may not be dropped inside another one, so a plain thread owns it.
        thread::Builder::new().name("mqtt-broker-main".to_owned()).spawn(move || {
            serve(runtime, &shared, &settings, ready, stop_asked);
            let _ = stopping_done.send(());
        })?;
        let Ready { address, tls_address, context, runtime } =
            started.await.map_err(|_| BrokerError::Ended)??;
        let (stop, stopped) = (Some(stop), Some(stopped));
        Ok(Self { address, tls_address, counters, expel, context, runtime, stop, stopped })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens by TLS.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls_address
    }

    pub fn counters(&self) -> CounterSnapshot {
        self.counters.snapshot()
    }

    /// Sends to a device that subscribed to the topic; QoS 1, and kept for a while if the device's session outlives its
    /// connection.
    pub fn send(&self, topic: &Topic<'_>, payload: Bytes) {
        let publish = Publish::from(CodecPublish {
            dup: false,
            retain: false,
            qos: QoS::AtLeastOnce,
            topic: topic.to_string().into(),
            packet_id: None,
            payload,
            properties: None,
        });
        let context = self.context.clone();
        self.runtime.spawn(async move {
            let server = Id::new(context.node.id(), LISTENER, None, None, "songhe".into(), None);
            let sent =
                SessionState::forwards(&context, Origin::from_system(server), publish, false, None).await;
            if let Err(error) = sent {
                tracing::warn!(%error, "message to a device was not sent");
            }
        });
    }

    /// Puts a device out, for instance when its credential was revoked: what it sends from now on is refused, its connection is
    /// ended and its session forgotten. Whoever is connecting in this moment with what counted before is put out as well. The
    /// work goes on by itself; the future tells when it is done.
    pub fn drop_device(&self, code: &str) -> impl Future<Output = ()> + Send + use<> {
        (self.expel)(code);
        let id = Id::new(self.context.node.id(), LISTENER, None, None, code.into(), None);
        let context = self.context.clone();
        let dropped = self.runtime.spawn(async move { end_session(&context, id).await });
        async move {
            if dropped.await.is_err() {
                tracing::warn!("the broker stopped while a device was being dropped");
            }
        }
    }

    /// Accepts nobody new, lets every connection finish the message it is sending, and ends them.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(stopped) = self.stopped.take() {
            let _ = stopped.await;
        }
    }
}

fn serve<G: Gate>(
    runtime: Runtime,
    shared: &Arc<Shared<G>>,
    settings: &BrokerSettings,
    ready: oneshot::Sender<Result<Ready, BrokerError>>,
    stop_asked: oneshot::Receiver<()>,
) {
    let handle = runtime.handle().clone();
    runtime.block_on(async {
        let Opened { server, address, context, front } = match open(shared, settings).await {
            Ok(opened) => opened,
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        let accepting = tokio::spawn(server.run());
        let tls_address = front.as_ref().map(|front| front.address);
        let front =
            front.map(|front| tokio::spawn(front::serve(front.listener, front.certificate, front.inner)));
        let _ = ready.send(Ok(Ready { address, tls_address, context: context.clone(), runtime: handle }));
        // An error means that the `Broker` was dropped: then nobody waits for a drain.
        let graceful = stop_asked.await.is_ok();
        if let Some(front) = front {
            front.abort();
            let _ = front.await;
        }
        accepting.abort();
        let _ = accepting.await;
        if graceful {
            drain(shared, &context).await;
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
}

/// What listens before anybody is told that it does.
struct Opened {
    server: MqttServer,
    address: SocketAddr,
    context: ServerContext,
    front: Option<Front>,
}

struct Front {
    listener: tokio::net::TcpListener,
    address: SocketAddr,
    certificate: Arc<Certificate>,
    /// Where the broker takes what has come in by TLS.
    inner: SocketAddr,
}

async fn open<G: Gate>(shared: &Arc<Shared<G>>, settings: &BrokerSettings) -> Result<Opened, BrokerError> {
    let refused =
        |error: rmqtt::Error| BrokerError::Listen { address: settings.listen, reason: error.to_string() };
    // The library's own idea of "busy" looks at the whole machine's load and would turn devices away.
    let context = ServerContext::new().busy_check_enable(false).build().await;
    install(&*context.extends.hook_mgr().register(), shared).await;
    let listener = builder(settings, settings.listen).bind().and_then(rmqtt::net::Listener::tcp);
    let listener = listener.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let mut server = MqttServer::new(context.clone()).listener_by_id(listener, LISTENER);
    let mut front = None;
    if let Some((address, files)) = &settings.tls {
        let certificate = Arc::new(Certificate::read(files.clone())?);
        let here = SocketAddr::from(([127, 0, 0, 1], 0));
        let inner = builder(settings, here).proxy_protocol(true);
        let inner = inner.bind().and_then(rmqtt::net::Listener::tcp).map_err(refused)?;
        let inner_address = inner.local_addr().map_err(refused)?;
        server = server.listener_by_id(inner, INNER_LISTENER);
        let refused =
            |error: std::io::Error| BrokerError::Listen { address: *address, reason: error.to_string() };
        let listener = front::bind(*address).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        front = Some(Front { listener, address, certificate, inner: inner_address });
    }
    Ok(Opened { server: server.build(), address, context, front })
}

fn builder(settings: &BrokerSettings, address: SocketAddr) -> Builder {
    let mut builder = Builder::new()
        .name("devices")
        .laddr(address)
        .backlog(1024)
        .nodelay(true)
        .reuseaddr(Some(true))
        .allow_anonymous(false)
        .max_connections(settings.connections_max)
        .max_packet_size(PACKET_BYTES_MAX)
        .max_qos_allowed(QoS::AtLeastOnce)
        .max_keepalive(KEEP_ALIVE_S_MAX)
        .allow_zero_keepalive(false)
        .max_mqueue_len(DOWNLINK_QUEUE_MAX)
        .max_subscriptions(8)
        .max_topic_levels(8)
        .max_clientid_len(songhe_firmware_protocol::limits::DEVICE_ID_BYTES_MAX);
    builder.handshake_timeout = HANDSHAKE_WAIT_MAX;
    builder
}

async fn drain<G: Gate>(shared: &Arc<Shared<G>>, context: &ServerContext) {
    let sessions: Vec<Id> = context.extends.shared().await.iter().map(|entry| entry.id()).collect();
    let ended = join_all(sessions.into_iter().map(|id| end_session(context, id)));
    let quiet = async {
        ended.await;
        while shared.roster.connected() > 0 {
            tokio::time::sleep(DRAIN_POLL).await;
        }
    };
    if tokio::time::timeout(DRAIN_WAIT_MAX, quiet).await.is_err() {
        tracing::warn!(connections = shared.roster.connected(), "connections cut while they were busy");
    }
}

/// A session is locked while its device connects: then it is tried again until it can be ended.
pub(super) async fn end_session(context: &ServerContext, id: Id) {
    let entry = context.extends.shared().await.entry(id);
    let until = Instant::now() + END_WAIT_MAX;
    loop {
        let ended = match entry.try_lock().await {
            Ok(mut entry) => entry.kick(true, true, true).await.map(|_| ()),
            Err(error) => Err(error),
        };
        match ended {
            Ok(()) => return,
            Err(_) if Instant::now() < until => tokio::time::sleep(END_POLL).await,
            Err(error) => return tracing::warn!(%error, "a session did not end in time"),
        }
    }
}
