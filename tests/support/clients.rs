//! MQTT clients that are not ours: Mosquitto's programs, and Python's paho.

use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use super::services::{mosquitto_address, paho};

/// How one of Mosquitto's programs is told its version of the protocol.
pub const MOSQUITTO_VERSIONS: [&str; 2] = ["mqttv311", "mqttv5"];

/// A run that takes longer is ended, and counts as failed.
const LIMIT_S: &str = "40";

/// Whether Mosquitto's programs are there; without them the caller leaves its test out.
pub fn mosquitto_is_there() -> bool {
    mosquitto_address().is_some()
}

/// `mosquitto_pub` or `mosquitto_sub` as a device with this code and token.
pub fn mosquitto(program: &str, address: SocketAddr, version: &str, (code, token): (&str, &str)) -> Command {
    let mut command = Command::new("timeout");
    command.args([LIMIT_S, program, "-V", version]);
    command.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string()]);
    command.args(["-i", code, "-u", code, "-P", token]);
    command
}

/// Runs it to its end, off the async threads.
pub async fn ended(mut command: Command) -> Output {
    let run = move || command.stdin(Stdio::null()).output().unwrap();
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// What it wrote, of both streams.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// A program that goes on until it is dropped.
pub struct Lasting(Child);

impl Lasting {
    pub fn start(mut command: Command) -> Lasting {
        Lasting(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Its own process, not that of the `timeout` around it, gets this signal.
    pub fn signal(&self, name: &str) {
        let parent = self.0.id().to_string();
        let sent = Command::new("pkill").args([&format!("-{name}"), "-P", &parent]).status().unwrap();
        assert!(sent.success(), "the program is there");
    }

    /// Ends it and gives what it wrote.
    pub fn stop(mut self) -> String {
        let _ = self.0.kill();
        self.signal_quietly();
        let mut text = String::new();
        if let Some(mut stdout) = self.0.stdout.take() {
            let _ = std::io::Read::read_to_string(&mut stdout, &mut text);
        }
        text
    }

    fn signal_quietly(&self) {
        let parent = self.0.id().to_string();
        let _ = Command::new("pkill").args(["-KILL", "-P", &parent]).status();
    }
}

impl Drop for Lasting {
    fn drop(&mut self) {
        self.signal_quietly();
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a Python script with paho; none where there is no paho.
pub async fn python(script: &str, arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new("timeout");
    command.args([LIMIT_S, &paho()?, "-c", script]).args(arguments);
    Some(ended(command).await)
}

/// Long enough for something that should not happen to happen.
pub const QUIET: Duration = Duration::from_millis(300);
