//! MQTT by TLS: devices from elsewhere with the clients that others have written, and a broker elsewhere.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use songhe::config::{MqttMode, SecretUrl};
use songhe::devices::broker::{Broker, BrokerError, BrokerSettings, Departure, Presence};
use songhe::devices::tls::{TlsFiles, client, contents, server};
use songhe::devices::{DeviceKind, DeviceService};
use songhe_firmware_protocol::{Channel, Header, Lane, Sample};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::gate::{Mode, RecordingGate, TOKEN, settings, start};
use super::live::rig::{Device, add_device, samples, stored, with};
use super::live::turn_at_mosquitto;
use crate::support::app::both;
use crate::support::clients::{Lasting, MOSQUITTO_VERSIONS, ended, mosquitto, mosquitto_is_there, said};
use crate::support::poll::until_async;
use crate::support::process::songhe_command;
use crate::support::services::mosquitto_address;

const LIMIT: Duration = Duration::from_secs(40);

/// Writes a certificate for this machine that vouches for itself, and its key.
fn write_pair(folder: &Path) -> TlsFiles {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let files = TlsFiles { certificate: folder.join("mqtt.crt"), key: folder.join("mqtt.key") };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    files
}

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn start_with(gate: &Arc<RecordingGate>, files: &TlsFiles) -> (Broker, SocketAddr) {
    let secured = BrokerSettings { tls: Some((anywhere(), files.clone())), ..settings(anywhere()) };
    let broker = Broker::start(Arc::clone(gate), secured).await.unwrap();
    let address = broker.tls_address().unwrap();
    (broker, address)
}

fn reading(seq: u64) -> Vec<u8> {
    let header = Header { boot_id: 1, lane: Lane::Live, seq, monotonic_ms: seq, wall_ms: None, flags: 0 };
    samples(&header, &[Sample::new(Channel::Pulse, 70)])
}

#[tokio::test]
async fn other_peoples_clients_reach_the_broker_by_tls() {
    if !mosquitto_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let files = write_pair(folder.path());
    let gate = RecordingGate::new(Mode::Open);
    let (broker, address) = start_with(&gate, &files).await;
    let payload = folder.path().join("payload");
    std::fs::write(&payload, reading(0)).unwrap();
    for version in MOSQUITTO_VERSIONS {
        let publish = |ca: Option<&Path>| {
            let mut command = mosquitto("mosquitto_pub", address, version, ("ST-1", TOKEN));
            command.args(["-t", "songhe/v1/ST-1/up", "-q", "1", "-f"]).arg(&payload);
            if let Some(ca) = ca {
                command.arg("--cafile").arg(ca);
            }
            command
        };
        let before = gate.taken().len();
        let output = ended(publish(Some(&files.certificate))).await;
        assert!(output.status.success(), "{version}: {}", said(&output));
        assert_eq!(gate.taken().len(), before + 1);
        assert_eq!(gate.taken().pop().unwrap(), ("ST-1".to_owned(), "up", reading(0)));
        // Whom it was not told to trust it does not talk to; and in clear nobody gets in here.
        let stranger = tempfile::tempdir().unwrap();
        let other = write_pair(stranger.path());
        for ca in [Some(other.certificate.as_path()), None] {
            assert!(!ended(publish(ca)).await.status.success(), "{version} {ca:?}");
        }
        assert_eq!(gate.taken().len(), before + 1);
    }
    assert_eq!(broker.counters().connects_refused, 0);
    broker.stop().await;
    let again = BrokerSettings { tls: Some((address, files)), ..settings(anywhere()) };
    let again = Broker::start(Arc::clone(&gate), again).await.expect("the port is free at once");
    again.stop().await;
}

#[tokio::test]
async fn a_device_by_tls_is_put_out_like_any_other() {
    if !mosquitto_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let files = write_pair(folder.path());
    let gate = RecordingGate::new(Mode::Open);
    let (broker, address) = start_with(&gate, &files).await;
    let mut command = mosquitto("mosquitto_sub", address, "mqttv5", ("ST-1", TOKEN));
    command.args(["-t", "songhe/v1/ST-1/ack", "--cafile"]).arg(&files.certificate);
    let running = Lasting::start(command);
    gate.presence_until(|events| !events.is_empty()).await;
    broker.drop_device("ST-1").await;
    let is_out =
        |event: &Presence| matches!(event, Presence::Disconnected { departure: Departure::Ended, .. });
    gate.presence_until(|events| events.iter().any(is_out)).await;
    drop(running);
    broker.stop().await;
}

/// Whether a connection that trusts this certificate alone can be made.
async fn is_shown(address: SocketAddr, certificate: &Path) -> bool {
    let connector = TlsConnector::from(client(Some(certificate)).unwrap());
    let socket = TcpStream::connect(address).await.unwrap();
    connector.connect(ServerName::try_from("localhost").unwrap(), socket).await.is_ok()
}

#[tokio::test]
async fn a_new_certificate_counts_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let files = write_pair(folder.path());
    let gate = RecordingGate::new(Mode::Open);
    let (broker, address) = start_with(&gate, &files).await;
    let kept = folder.path().join("first.crt");
    std::fs::copy(&files.certificate, &kept).unwrap();
    assert!(is_shown(address, &kept).await);
    // Half of a change changes nothing.
    let fresh = tempfile::tempdir().unwrap();
    let new = write_pair(fresh.path());
    std::fs::copy(&new.key, &files.key).unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(is_shown(address, &kept).await, "a key of another certificate is not taken");
    std::fs::copy(&new.certificate, &files.certificate).unwrap();
    until_async(LIMIT, "the new certificate is shown", || async {
        is_shown(address, &files.certificate).await
    })
    .await;
    assert!(!is_shown(address, &kept).await);
    broker.stop().await;
}

#[tokio::test]
async fn files_that_cannot_be_used_stop_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let files = write_pair(folder.path());
    let other_folder = tempfile::tempdir().unwrap();
    let other = write_pair(other_folder.path());
    let nothing = folder.path().join("nothing");
    let text = folder.path().join("text");
    std::fs::write(&text, "no certificate").unwrap();
    for (certificate, key, named) in [
        (&nothing, &files.key, &nothing),
        (&files.certificate, &nothing, &nothing),
        (&text, &files.key, &text),
        (&files.certificate, &text, &text),
        (&files.certificate, &other.key, &files.certificate),
    ] {
        let wrong = TlsFiles { certificate: certificate.clone(), key: key.clone() };
        let secured = BrokerSettings { tls: Some((anywhere(), wrong)), ..settings(anywhere()) };
        let refused = Broker::start(RecordingGate::new(Mode::Open), secured).await;
        let Err(BrokerError::Tls(error)) = refused else { panic!("{}", named.display()) };
        let text = error.to_string();
        assert!(text.matches(&named.display().to_string()).count() == 2, "in both languages: {text}");
    }
}

#[test]
fn the_program_says_which_file_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("songhe.toml");
    std::fs::write(
        &file,
        "[mqtt]\ntls_listen = \"127.0.0.1:0\"\ntls_certificate = \"missing.crt\"\ntls_key = \"missing.key\"\n",
    )
    .unwrap();
    let mut command = songhe_command();
    command.args(["serve", "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"]);
    command.arg("--config").arg(&file).arg("--data").arg(folder.path().join("data"));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("missing.crt cannot be read") && text.contains("无法读取"), "{text}");
}

#[tokio::test]
async fn in_clear_the_broker_listens_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let files = write_pair(folder.path());
    let gate = RecordingGate::new(Mode::Open);
    let (broker, _) = start_with(&gate, &files).await;
    let mut plain =
        super::raw::RawClient::connect(super::client::Version::V5, broker.address(), "ST-1").await;
    plain.publish("songhe/v1/ST-1/up", 100).await;
    assert!(plain.is_acked().await);
    broker.stop().await;
    assert!(start(&gate).await.tls_address().is_none());
}

/// A broker's port with TLS in front of it, for as long as the task lives.
async fn secured(broker: SocketAddr, files: &TlsFiles) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let acceptor = TlsAcceptor::from(server(files, &contents(files).unwrap()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut far) = acceptor.accept(socket).await else { return };
                let mut near = TcpStream::connect(broker).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut far, &mut near).await;
            });
        }
    });
    (address, task)
}

both!(a_broker_elsewhere_is_reached_by_tls, |app| async {
    let Some(address) = mosquitto_address() else { return };
    let _turn = turn_at_mosquitto().await;
    let address: SocketAddr = address.parse().unwrap();
    let files = write_pair(app.data_dir());
    let (tls, serving) = secured(address, &files).await;
    app.add_towns();
    let code = format!("TLS-{}-{:?}", std::process::id(), app.kind());
    let id = add_device(app, &code, DeviceKind::SmartStation, 1);
    let service = async |ca: Option<&str>| {
        let app = with(app, |config| {
            config.mqtt.mode = MqttMode::External;
            let url = format!("mqtts://songhe:secret@localhost:{}", tls.port());
            config.mqtt.external_url = Some(SecretUrl::new(url));
            config.mqtt.external_ca = ca.map(Into::into);
        });
        DeviceService::start(&app).await
    };
    // Nobody whom the system trusts vouches for it: then there is no connection, and the health answer says so.
    let strict = service(None).await.unwrap_or_else(|error| panic!("{}", error.for_log()));
    until_async(LIMIT, "no connection", || async { app.app.parts.report("devices")["ready"] == false }).await;
    strict.stop().await;
    assert!(service(Some("no-such-file")).await.is_err());

    let running = service(Some("mqtt.crt")).await.unwrap_or_else(|error| panic!("{}", error.for_log()));
    let mut device = Device::connect(app, address, &code).await;
    let mut seq = 0;
    until_async(LIMIT, "a message arrives", || {
        seq += 1;
        let payload = samples(&device.header(Lane::Live, seq), &[Sample::new(Channel::Pulse, 70)]);
        let device = &device;
        async move {
            device.send_only("up", &payload).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            !stored(app, id).is_empty()
        }
    })
    .await;
    device.say_goodbye().await;
    running.stop().await;
    serving.abort();
});
