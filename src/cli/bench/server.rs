//! The program as a child process, measured from outside.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use crate::config::{Config, DatabaseTarget};
use crate::error::{Error, Result};

const READY_MAX: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(2);
const STOP_MAX: Duration = Duration::from_secs(15);

/// A running server; it ends with this value.
pub struct Server {
    child: Child,
    pub base_url: String,
    /// Where devices connect; absent where the broker is elsewhere.
    pub mqtt: Option<SocketAddr>,
    pub ready: Duration,
}

impl Server {
    /// Starts this binary on the configuration's database and waits until it is ready.
    pub async fn start(config: &Config, log_file: &Path) -> Result<Server> {
        Server::start_with(config, log_file, &[]).await
    }

    /// The same with further settings, as environment variables.
    pub async fn start_with(config: &Config, log_file: &Path, settings: &[(&str, &str)]) -> Result<Server> {
        let fault = |what: &str| Error::internal(format!("{what} of the server"));
        let addresses = config.addresses_file();
        // An address left from an earlier start would be taken for the new one.
        let _ = std::fs::remove_file(&addresses);
        let program = std::env::current_exe().map_err(|error| fault("the program").because(error))?;
        let log = std::fs::File::create(log_file).map_err(|error| fault("the log").because(error))?;
        let mut command = Command::new(program);
        command.arg("serve").arg("--data").arg(&config.data_dir);
        command.args(["--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--log", "warn"]);
        if let DatabaseTarget::Postgres(url) = config.database_target() {
            // Not on the command line, where everybody on the machine could read the password.
            command.env("SONGHE_DATABASE__URL", url.expose());
        }
        command.envs(settings.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        let started = Instant::now();
        let mut child = command.spawn().map_err(|error| fault("the start").because(error))?;
        let base_url = wait_ready(&mut child, &addresses, started, log_file).await?;
        let ready = started.elapsed();
        let mqtt = read_address(&addresses, "mqtt").and_then(|address| address.parse().ok());
        Ok(Server { child, base_url, mqtt, ready })
    }

    /// Resident memory now, in megabytes (10^6 bytes).
    pub fn memory_mb(&self) -> Result<f64> {
        let fault = || Error::internal("the memory of the server is told by Linux only");
        memory_mb(&self.child.id().ok_or_else(fault)?.to_string(), "VmRSS:").ok_or_else(fault)
    }

    /// Asks the server to end and waits for it.
    pub async fn stop(mut self) -> Result<()> {
        if let Some(id) = self.child.id() {
            let told = Command::new("kill").args(["-TERM", &id.to_string()]).status().await;
            if !told.is_ok_and(|status| status.success()) {
                let _ = self.child.start_kill();
            }
        }
        let ended = tokio::time::timeout(STOP_MAX, self.child.wait()).await;
        if ended.is_err() {
            let _ = self.child.kill().await;
            return Err(Error::internal("the server did not end in time"));
        }
        Ok(())
    }
}

async fn wait_ready(
    child: &mut Child,
    addresses: &Path,
    started: Instant,
    log_file: &Path,
) -> Result<String> {
    let client = super::load::client("none")?;
    let mut base_url = None;
    while started.elapsed() < READY_MAX {
        if let Ok(Some(status)) = child.try_wait() {
            let log = std::fs::read_to_string(log_file).unwrap_or_default();
            return Err(Error::internal(format!("the server ended with {status}: {}", log.trim())));
        }
        if base_url.is_none() {
            base_url = read_address(addresses, "http").map(|address| format!("http://{address}"));
        }
        if let Some(url) = &base_url {
            let answer = client.get(format!("{url}/health/ready")).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(url.clone());
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(Error::internal("the server was not ready in time"))
}

fn read_address(path: &Path, of: &str) -> Option<String> {
    let text = std::fs::read(path).ok()?;
    let addresses: serde_json::Value = serde_json::from_slice(&text).ok()?;
    addresses[of].as_str().map(str::to_owned)
}

/// What the kernel tells of the memory of a process (its number or `self`), in megabytes (10^6 bytes); Linux only.
pub fn memory_mb(process: &str, field: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix("kB"))?;
    let kib: f64 = kib.trim().parse().ok()?;
    Some((kib * 1.024 / 100.0).round() / 10.0)
}
