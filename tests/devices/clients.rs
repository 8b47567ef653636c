//! MQTT as others speak it: Mosquitto's programs in both versions of the protocol, and Python's paho.

use std::net::SocketAddr;
use std::time::Duration;

use songhe::devices::broker::{Broker, Departure, Presence};
use songhe_firmware_protocol::{Topic, TopicKind};

use super::gate::{Mode, RecordingGate, TOKEN, start};
use crate::support::clients::{
    Lasting, MOSQUITTO_VERSIONS, QUIET, ended, mosquitto, mosquitto_is_there, python, said,
};
use crate::support::poll::until_async;

const LIMIT: Duration = Duration::from_secs(30);
const OWN: &str = "songhe/v1/ST-1/up";

fn publish(broker: &Broker, version: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = mosquitto("mosquitto_pub", broker.address(), version, ("ST-1", TOKEN));
    command.args(arguments);
    command
}

fn subscribe(address: SocketAddr, version: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = mosquitto("mosquitto_sub", address, version, ("ST-1", TOKEN));
    command.args(arguments);
    command
}

/// A device that listens on its own downward topic until it is dropped.
async fn listener((broker, gate): (&Broker, &RecordingGate), version: &str, arguments: &[&str]) -> Lasting {
    let before = gate.presence_until(|_| true).await.len();
    let mut command = subscribe(broker.address(), version, &["-t", "songhe/v1/ST-1/ack", "-q", "1"]);
    command.args(arguments);
    let running = Lasting::start(command);
    let is_there = |events: &Vec<Presence>| {
        events[before.min(events.len())..].iter().any(|event| matches!(event, Presence::Connected { .. }))
    };
    gate.presence_until(is_there).await;
    running
}

#[tokio::test]
async fn what_mosquitto_publishes_is_taken_or_refused_by_the_same_rules() {
    if !mosquitto_is_there() {
        return;
    }
    for version in MOSQUITTO_VERSIONS {
        let gate = RecordingGate::new(Mode::Open);
        let broker = start(&gate).await;
        let run = async |arguments: &[&str]| {
            let output = ended(publish(&broker, version, arguments)).await;
            (output.status.success(), said(&output))
        };
        // Both qualities of service, an empty payload, and a retained message: taken like any other.
        for arguments in [
            &["-t", OWN, "-q", "1", "-m", "one"][..],
            &["-t", OWN, "-q", "0", "-m", "two"],
            &["-t", OWN, "-q", "1", "-n"],
            &["-t", OWN, "-q", "1", "-r", "-m", "three"],
        ] {
            let (well, text) = run(arguments).await;
            assert!(well, "{version} {arguments:?}: {text}");
        }
        until_async(LIMIT, "four messages", || async { gate.taken().len() == 4 }).await;
        // What is not the device's own, and what promises more than is kept.
        for arguments in [
            &["-t", "songhe/v1/ST-2/up", "-q", "1", "-m", "x"][..],
            &["-t", "songhe/v1/ST-1/ack", "-q", "1", "-m", "x"],
            &["-t", "other", "-q", "1", "-m", "x"],
            &["-t", "$SYS/broker", "-q", "1", "-m", "x"],
            &["-t", OWN, "-q", "2", "-m", "x"],
        ] {
            let before = broker.counters().forbidden;
            let (_, text) = run(arguments).await;
            let counted = broker.counters().forbidden - before;
            // A client of MQTT 5 knows beforehand that there is no QoS 2.
            assert!(
                counted == 1 || text.contains("QoS") || text.contains("qos"),
                "{version} {arguments:?}: {text}"
            );
        }
        tokio::time::sleep(QUIET).await;
        assert_eq!(gate.taken().len(), 4, "{version}");
        broker.stop().await;
    }
}

#[tokio::test]
async fn mosquitto_is_let_in_as_itself_only() {
    if !mosquitto_is_there() {
        return;
    }
    for version in MOSQUITTO_VERSIONS {
        let gate = RecordingGate::new(Mode::Open);
        let broker = start(&gate).await;
        let will = ["--will-topic", "songhe/v1/ST-2/state", "--will-payload", "gone"];
        let as_another = ["-i", "ST-2", "-t", OWN, "-q", "1", "-m", "x"];
        let mut refused = 0;
        for (who, arguments) in [
            (("ST-1", "another token"), &["-t", OWN, "-q", "1", "-m", "x"][..]),
            (("XX-1", TOKEN), &["-t", OWN, "-q", "1", "-m", "x"]),
            (("ST-1", TOKEN), &as_another),
            (("ST-1", TOKEN), &["-t", OWN, "-q", "1", "-m", "x", will[0], will[1], will[2], will[3]]),
        ] {
            let mut command = mosquitto("mosquitto_pub", broker.address(), version, who);
            command.args(arguments);
            let output = ended(command).await;
            assert!(!output.status.success(), "{version} {who:?}: {}", said(&output));
            refused += 1;
            assert_eq!(broker.counters().connects_refused, refused);
        }
        assert!(gate.taken().is_empty());
        broker.stop().await;
    }
}

#[tokio::test]
async fn mosquitto_hears_its_own_topics_and_no_wildcard() {
    if !mosquitto_is_there() {
        return;
    }
    for version in MOSQUITTO_VERSIONS {
        let gate = RecordingGate::new(Mode::Open);
        let broker = start(&gate).await;
        for filter in ["#", "songhe/v1/+/ack", "songhe/v1/ST-1/#", "songhe/v1/ST-2/ack", "$SYS/#"] {
            let command = subscribe(broker.address(), version, &["-t", filter, "-W", "5"]);
            let output = ended(command).await;
            assert!(
                said(&output).contains("denied") || !output.status.success(),
                "{version} {filter}: {}",
                said(&output)
            );
        }
        let own = listener((&broker, &gate), version, &["-C", "1"]).await;
        // Until the subscription stands nobody hears a message.
        let topic = Topic::new("ST-1", TopicKind::Ack).unwrap();
        for _ in 0..20 {
            broker.send(&topic, "stored".into());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(own.stop().contains("stored"), "{version}");
        broker.stop().await;
    }
}

#[tokio::test]
async fn a_session_that_was_asked_for_outlives_its_connection() {
    if !mosquitto_is_there() {
        return;
    }
    for version in MOSQUITTO_VERSIONS {
        let gate = RecordingGate::new(Mode::Open);
        let broker = start(&gate).await;
        let keeping: &[&str] = if version == "mqttv5" { &["-c", "-x", "600"] } else { &["-c"] };
        let mut command =
            subscribe(broker.address(), version, &["-t", "songhe/v1/ST-1/ack", "-q", "1", "-E"]);
        command.args(keeping);
        assert!(ended(command).await.status.success());
        let gone = |events: &Vec<Presence>| matches!(events.last(), Some(Presence::Disconnected { .. }));
        gate.presence_until(gone).await;
        broker.send(&Topic::new("ST-1", TopicKind::Ack).unwrap(), "while it was away".into());
        tokio::time::sleep(QUIET).await;
        let mut command = subscribe(
            broker.address(),
            version,
            &["-t", "songhe/v1/ST-1/ack", "-q", "1", "-C", "1", "-W", "10"],
        );
        command.args(keeping);
        let output = ended(command).await;
        assert!(said(&output).contains("while it was away"), "{version}: {}", said(&output));
        // A clean one does not.
        let mut command =
            subscribe(broker.address(), version, &["-t", "songhe/v1/ST-1/ack", "-q", "1", "-E"]);
        command.args(["-W", "10"]);
        assert!(ended(command).await.status.success());
        gate.presence_until(gone).await;
        broker.send(&Topic::new("ST-1", TopicKind::Ack).unwrap(), "to nobody".into());
        tokio::time::sleep(QUIET).await;
        let command =
            subscribe(broker.address(), version, &["-t", "songhe/v1/ST-1/ack", "-q", "1", "-W", "2"]);
        assert!(!said(&ended(command).await).contains("to nobody"), "{version}");
        broker.stop().await;
    }
}

#[tokio::test]
async fn a_client_that_hangs_is_lost_and_one_that_is_replaced_is_not() {
    if !mosquitto_is_there() {
        return;
    }
    for version in MOSQUITTO_VERSIONS {
        let gate = RecordingGate::new(Mode::Open);
        let broker = start(&gate).await;
        // Its will is its own state topic.
        let will = ["-k", "5", "--will-topic", "songhe/v1/ST-1/state", "--will-payload", "gone"];
        let hanging = listener((&broker, &gate), version, &will).await;
        hanging.signal("STOP");
        let is_lost =
            |event: &Presence| matches!(event, Presence::Disconnected { departure: Departure::Lost, .. });
        let ended = tokio::time::timeout(LIMIT, async {
            let mut seen = gate.presence_until(|events| events.iter().any(is_lost)).await;
            seen.pop()
        });
        assert!(ended.await.is_ok(), "{version}: the keep-alive was watched");
        drop(hanging);

        // The same client id twice: the second one is the device.
        let first = listener((&broker, &gate), version, &[]).await;
        first.signal("STOP");
        let _second = listener((&broker, &gate), version, &[]).await;
        let events = gate.presence_until(|_| true).await;
        assert!(matches!(events.last(), Some(Presence::Connected { .. })), "{version}: {events:?}");
        // One whose credential is taken away is put out and not let in again.
        broker.drop_device("ST-1").await;
        let is_out =
            |event: &Presence| matches!(event, Presence::Disconnected { departure: Departure::Ended, .. });
        gate.presence_until(|events| events.iter().any(is_out)).await;
        broker.stop().await;
    }
}

const PAHO: &str = r#"
import sys, time, threading
import paho.mqtt.client as mqtt
host, port, token, version = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
arguments = {"client_id": "ST-1", "protocol": version}
if hasattr(mqtt, "CallbackAPIVersion"):
    arguments["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION1
client = mqtt.Client(**arguments)
client.username_pw_set("ST-1", token)
client.will_set("songhe/v1/ST-1/state", b"gone", qos=1)
heard, connected, code = threading.Event(), threading.Event(), []
client.on_connect = lambda c, u, f, rc, *more: (code.append(rc), connected.set())
client.on_message = lambda c, u, m: (print("heard", m.payload.decode()), heard.set())
client.connect(host, port, keepalive=30)
client.loop_start()
connected.wait(10)
number = getattr(code[0], "value", code[0])
print("connected" if number == 0 else "refused")
if number == 0:
    client.subscribe("songhe/v1/ST-1/ack", qos=1)
    for qos in (0, 1):
        client.publish("songhe/v1/ST-1/up", b"paho", qos=qos).wait_for_publish(10)
    print("published", flush=True)
    heard.wait(10)
client.disconnect()
client.loop_stop()
"#;

#[tokio::test]
async fn paho_connects_publishes_and_hears() {
    for version in ["4", "5"] {
        let gate = RecordingGate::new(Mode::Open);
        let broker = start(&gate).await;
        let (host, port) = (broker.address().ip().to_string(), broker.address().port().to_string());
        let arguments = [host.as_str(), &port, TOKEN, version];
        let talking = python(PAHO, &arguments);
        let answering = async {
            let topic = Topic::new("ST-1", TopicKind::Ack).unwrap();
            loop {
                tokio::time::sleep(Duration::from_millis(100)).await;
                if gate.taken().len() == 2 {
                    broker.send(&topic, "stored".into());
                }
            }
        };
        let output = tokio::select! {
            output = talking => output,
            _ = answering => None,
        };
        let Some(output) = output else { return };
        let text = said(&output);
        for line in ["connected", "published", "heard stored"] {
            assert!(text.contains(line), "{version}: {text}");
        }
        let payloads: Vec<_> = gate.taken().into_iter().map(|message| message.2).collect();
        assert_eq!(payloads, [b"paho", b"paho"]);
        let said_goodbye =
            |event: &Presence| matches!(event, Presence::Disconnected { departure: Departure::Said, .. });
        gate.presence_until(|events| events.iter().any(said_goodbye)).await;
        let refused = python(PAHO, &[&host, &port, "another token", version]).await.unwrap();
        assert!(said(&refused).contains("refused"), "{version}: {}", said(&refused));
        broker.stop().await;
    }
}
