//! Waiting for readiness, proven with a small program in the place of the real one.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use super::process::{Addresses, wait_ready};

/// Answers every request with the next status, the last one for ever.
fn serve(statuses: &'static [&'static str]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (index, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.read(&mut [0; 512]);
            let status = statuses[index.min(statuses.len() - 1)];
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        }
    });
    address
}

fn idle_program() -> Child {
    Command::new("sleep").arg("600").spawn().unwrap()
}

fn wait(mut child: Child, file: &Path, limit_ms: u64) -> Result<Addresses, String> {
    let outcome = wait_ready(&mut child, file, Duration::from_millis(limit_ms));
    let _ = child.kill();
    let _ = child.wait();
    outcome
}

#[test]
fn a_program_is_ready_once_its_health_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("addresses.json");
    let http = serve(&["503 Service Unavailable", "503 Service Unavailable", "200 OK"]);
    std::fs::write(&file, format!("{{\"http\": \"{http}\", \"mqtt\": null}}")).unwrap();
    assert_eq!(wait(idle_program(), &file, 10_000), Ok(Addresses { http, mqtt: None, fire: None }));
}

#[test]
fn a_program_that_never_gets_healthy_is_told_by_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("addresses.json");
    let http = serve(&["503 Service Unavailable"]);
    std::fs::write(&file, format!("{{\"http\": \"{http}\"}}")).unwrap();
    let reason = wait(idle_program(), &file, 100).unwrap_err();
    assert!(reason.contains("not ready within"), "{reason}");
}

#[test]
fn a_program_that_ends_early_is_told_with_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let child = Command::new("sh").args(["-c", "exit 3"]).spawn().unwrap();
    let reason = wait(child, &folder.path().join("addresses.json"), 10_000).unwrap_err();
    assert!(reason.contains("ended with exit status: 3"), "{reason}");
}
