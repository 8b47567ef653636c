//! A Mosquitto of a test's own: the configuration, access list and limits that are shipped, and a password file.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::poll::until;
use super::services::mosquitto_address;

const LIMIT: Duration = Duration::from_secs(20);
const SHIPPED: &str = include_str!("../../config/mosquitto/mosquitto.conf");
const SHIPPED_ACL: &str = include_str!("../../config/mosquitto/acl");
/// Where Debian keeps servers, outside the PATH of ordinary users.
const SERVERS: &str = "/usr/sbin:/sbin";

/// A running broker; ended when dropped.
pub struct Mosquitto {
    folder: tempfile::TempDir,
    pub address: SocketAddr,
    child: Option<Child>,
}

impl Mosquitto {
    /// Admits `songhe` with the password `secret`, and these devices with their common token; none where no Mosquitto is.
    pub fn start(devices: &[String], token: &str) -> Option<Mosquitto> {
        mosquitto_address()?;
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut users = "songhe:secret\n".to_owned();
        for device in devices {
            writeln!(users, "{device}:{token}").unwrap();
        }
        std::fs::write(path("passwd"), users).unwrap();
        let sealed = command("mosquitto_passwd").args(["-U", &path("passwd")]).status().unwrap();
        assert!(sealed.success());
        std::fs::write(path("acl"), SHIPPED_ACL).unwrap();
        let mut config = String::new();
        for line in SHIPPED.lines() {
            let (name, _) = line.split_once(' ').unwrap_or((line, ""));
            match name {
                "listener" => writeln!(config, "listener {} 127.0.0.1", address.port()),
                "password_file" => writeln!(config, "password_file {}", path("passwd")),
                "acl_file" => writeln!(config, "acl_file {}", path("acl")),
                "persistence_location" => writeln!(config, "persistence_location {}/", path("")),
                _ => writeln!(config, "{line}"),
            }
            .unwrap();
        }
        // Started by root it would become a user who may not write here.
        config.push_str("user root\n");
        std::fs::write(path("mosquitto.conf"), config).unwrap();
        let mut broker = Mosquitto { folder, address, child: None };
        broker.run();
        Some(broker)
    }

    /// As the program is told it.
    pub fn url(&self) -> String {
        format!("mqtt://songhe:secret@{}", self.address)
    }

    /// Ends it as an operator does; what it holds is written down.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
            assert!(asked.success());
            child.wait().unwrap();
        }
    }

    /// kill -9: it writes nothing down.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// On the same port and folder.
    pub fn run(&mut self) {
        let log =
            std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let config = self.folder.path().join("mosquitto.conf");
        let mut server = command("mosquitto");
        server.arg("-c").arg(config).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = self.child.insert(server.spawn().unwrap());
        let folder = self.folder.path();
        until(LIMIT, "Mosquitto listens", || {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "{}", log_of(folder));
            TcpStream::connect(self.address).is_ok()
        });
    }

    /// What it has written since the first start.
    pub fn log(&self) -> String {
        log_of(self.folder.path())
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}

fn log_of(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", format!("{}:{SERVERS}", std::env::var("PATH").unwrap_or_default()));
    command
}
