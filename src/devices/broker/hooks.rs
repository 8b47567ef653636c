//! The broker library's hooks, and nothing but the translation between it and the gate.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rmqtt::codec::types::{MQTT_LEVEL_5, QoS};
use rmqtt::codec::v5::{PublishAckReason, SubscribeAckReason};
use rmqtt::hook::{Handler, HookResult, Parameter, Register, ReturnType, Type};
use rmqtt::session::Session;
use rmqtt::types::{
    AuthResult, ConnectInfo, Disconnect, LastWill, Publish, PublishAclResult, PublishResult, Reason,
    Subscribe, SubscribeAclResult,
};
use songhe_firmware_protocol::{Topic, TopicKind};

use super::counters::{Counters, count};
use super::gate::{Credentials, Departure, Device, Gate, Message, Presence, Refused};
use super::pace::Pace;
use super::roster::Roster;
use super::server::{KEEP_ALIVE_S_MAX, end_session};
use crate::clock::Clock;

/// What all hooks share.
pub(super) struct Shared<G> {
    pub gate: Arc<G>,
    pub counters: Arc<Counters>,
    pub roster: Roster,
    pub clock: Clock,
    pub receive_wait_max: Duration,
}

struct Hooks<G>(Arc<Shared<G>>);

const TYPES: [Type; 6] = [
    Type::ClientAuthenticate,
    Type::ClientConnected,
    Type::ClientDisconnected,
    Type::ClientSubscribeCheckAcl,
    Type::MessagePublish,
    Type::MessagePublishCheckAcl,
];

pub(super) async fn install<G: Gate>(register: &dyn Register, shared: &Arc<Shared<G>>) {
    for hook_type in TYPES {
        register.add(hook_type, Box::new(Hooks(Arc::clone(shared)))).await;
    }
    register.start().await;
}

// The trait is declared with a macro that boxes futures; this is its expansion, without the macro as a dependency.
impl<G: Gate> Handler for Hooks<G> {
    fn hook<'s, 'p, 'f>(
        &'s self,
        parameter: &'p Parameter<'_>,
        earlier: Option<HookResult>,
    ) -> Pin<Box<dyn Future<Output = ReturnType> + Send + 'f>>
    where
        's: 'f,
        'p: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let shared = &*self.0;
            let result = match parameter {
                Parameter::ClientAuthenticate(connect) => {
                    HookResult::AuthResult(shared.authenticate(connect).await)
                }
                Parameter::ClientSubscribeCheckAcl(session, subscribe) => {
                    HookResult::SubscribeAclResult(may_subscribe(session, subscribe))
                }
                Parameter::MessagePublishCheckAcl(session, publish) => {
                    HookResult::PublishAclResult(PublishAclResult(shared.publish(session, publish).await))
                }
                Parameter::MessagePublish(_, from, _) => {
                    // A will passes here too, with another origin: it is not acknowledged to anybody.
                    if from.is_custom() {
                        count(&shared.counters.publishes);
                    }
                    return (true, earlier);
                }
                Parameter::ClientConnected(session) => {
                    shared.connected(session).await;
                    return (true, earlier);
                }
                Parameter::ClientDisconnected(session, reason) => {
                    shared.disconnected(session, reason).await;
                    return (true, earlier);
                }
                _ => return (true, earlier),
            };
            (false, Some(result))
        })
    }
}

impl<G: Gate> Shared<G> {
    async fn authenticate(&self, connect: &ConnectInfo) -> AuthResult {
        let expulsions = self.roster.expulsions(connect.client_id());
        let checked = self.check_connect(connect).await.and_then(|device| {
            let admitted = self.roster.admit(device, expulsions);
            admitted.then_some(()).ok_or("it was put out in this moment")
        });
        match checked {
            Ok(()) => AuthResult::Allow(false, None),
            Err(reason) => {
                count(&self.counters.connects_refused);
                tracing::warn!(client_id = %connect.client_id(), peer = ?connect.ipaddress(), reason, "device refused");
                AuthResult::BadUsernameOrPassword
            }
        }
    }

    async fn check_connect(&self, connect: &ConnectInfo) -> Result<Device, &'static str> {
        let client_id: &str = connect.client_id();
        let username: &str = connect.username().ok_or("no user name")?;
        let password: &[u8] = connect.password().ok_or("no password")?;
        let device = self
            .gate
            .authenticate(Credentials { client_id, username, password })
            .await
            .ok_or("unknown device or wrong token")?;
        // A second name would let one device take over another's session.
        if client_id != &*device.code || username != &*device.code {
            return Err("client id or user name is not the device's code");
        }
        let will_topic = connect.last_will().map(|will| match will {
            LastWill::V3(will) => &*will.topic,
            LastWill::V5(will) => &*will.topic,
        });
        match will_topic.map(|topic| Topic::parse_own(topic, &device.code)) {
            None => Ok(device),
            Some(Ok(topic)) if topic.kind() == TopicKind::State => Ok(device),
            Some(_) => Err("the will is not for the device's own state topic"),
        }
    }

    async fn publish(&self, session: &Session, publish: &Publish) -> PublishResult {
        let client_id: &str = &session.id.client_id;
        // 3.1.1 has no negative acknowledgement: only the end of the connection says no.
        let disconnect = session.protocol().await.is_ok_and(|level| level != MQTT_LEVEL_5);
        let Some((device, kind, pace)) = self.own_topic(client_id, publish) else {
            count(&self.counters.forbidden);
            tracing::warn!(client_id, topic = %publish.topic, "publish refused");
            let disconnect = disconnect || self.roster.is_expelled(client_id);
            return PublishResult::reason_code(PublishAckReason::NotAuthorized, None, disconnect);
        };
        // While this waits the connection is not read: the device is held back by its own socket.
        if pace.wait(publish.payload.len()).await {
            count(&self.counters.held_back);
            if pace.is_news(&self.clock) {
                tracing::warn!(client_id, "a device that sends too fast is held back");
            }
        }
        let payload = publish.payload.clone();
        let message = Message { device, kind, payload, received_at: self.clock.now() };
        let received = tokio::time::timeout(self.receive_wait_max, self.gate.receive(message)).await;
        match received.unwrap_or_else(|_| Err(Refused { reason: "no commit in time".to_owned() })) {
            Ok(()) => {
                count(&self.counters.committed);
                PublishResult::success()
            }
            Err(refused) => {
                count(&self.counters.refused);
                tracing::warn!(client_id, reason = %refused, "message not taken");
                PublishResult::reason_code(PublishAckReason::QuotaExceeded, None, disconnect)
            }
        }
    }

    /// The device and topic of a publish that may go on: own, upward, at most QoS 1.
    fn own_topic(&self, client_id: &str, publish: &Publish) -> Option<(Device, TopicKind, Arc<Pace>)> {
        let (device, pace) = self.roster.find(client_id)?;
        let topic = Topic::parse_own(&publish.topic, &device.code).ok()?;
        let kind = topic.kind();
        (kind.is_upward() && publish.qos != QoS::ExactlyOnce).then_some((device, kind, pace))
    }

    async fn connected(&self, session: &Session) {
        let client_id: &str = &session.id.client_id;
        let connected = self.roster.connect(client_id, session.id.remote_addr);
        if self.roster.is_expelled(client_id) {
            // Put out after it was let in, and before there was a session that could be ended.
            let (context, id) = (session.scx.clone(), session.id.clone());
            tokio::spawn(async move { end_session(&context, id).await });
        }
        if let Some((device, connection)) = connected {
            self.gate.presence(Presence::Connected { device, connection }).await;
        }
    }

    async fn disconnected(&self, session: &Session, reason: &Reason) {
        let said = matches!(session.disconnect().await, Ok(Some(goodbye)) if is_plain(&goodbye));
        let departure = match kicked_by_server(reason) {
            Some(true) => Departure::Ended,
            Some(false) => Departure::Replaced,
            None if said => Departure::Said,
            None => Departure::Lost,
        };
        let ended = self.roster.disconnect(&session.id.client_id, session.id.remote_addr);
        if let Some((device, connection)) = ended {
            let silence = silence_before(session, reason).await;
            self.gate.presence(Presence::Disconnected { device, connection, departure, silence }).await;
        }
    }
}

/// A device may subscribe to its own downward topics.
fn may_subscribe(session: &Session, subscribe: &Subscribe) -> SubscribeAclResult {
    let client_id: &str = &session.id.client_id;
    match Topic::parse_own(&subscribe.topic_filter, client_id) {
        Ok(topic) if !topic.kind().is_upward() => SubscribeAclResult::new_success(subscribe.opts.qos(), None),
        _ => {
            tracing::warn!(client_id, filter = %subscribe.topic_filter, "subscription refused");
            SubscribeAclResult::new_failure(SubscribeAckReason::NotAuthorized)
        }
    }
}

/// Whether the connection was pushed out, and if so by the server or else by a newer connection.
fn kicked_by_server(reason: &Reason) -> Option<bool> {
    match reason {
        Reason::ConnectKicked(by_server) => Some(*by_server),
        Reason::Reasons(reasons) => reasons.iter().find_map(kicked_by_server),
        _ => None,
    }
}

/// How long nothing was heard before a connection ended. The library waits for one and a half times the keep-alive, and three seconds
/// longer than a very short one.
async fn silence_before(session: &Session, reason: &Reason) -> Duration {
    if !is_silence(reason) {
        return Duration::ZERO;
    }
    let Ok(connect) = session.connect_info().await else { return Duration::ZERO };
    match u64::from(connect.keep_alive().min(KEEP_ALIVE_S_MAX)) {
        seconds @ 0..6 => Duration::from_secs(seconds + 3),
        seconds => Duration::from_millis(seconds * 1_500),
    }
}

fn is_silence(reason: &Reason) -> bool {
    match reason {
        Reason::ConnectKeepaliveTimeout => true,
        Reason::Reasons(reasons) => reasons.iter().any(is_silence),
        _ => false,
    }
}

/// A goodbye, not the MQTT 5 request to send the will all the same.
fn is_plain(goodbye: &Disconnect) -> bool {
    match goodbye {
        Disconnect::V5(packet) => {
            packet.reason_code == rmqtt::codec::v5::DisconnectReasonCode::NormalDisconnection
        }
        _ => true,
    }
}
