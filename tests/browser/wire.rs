//! The network between a browser and the program, which a test cuts, slows to nothing, or lets answers get lost in.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Whole,
    /// Nothing goes through; what was open is closed.
    Cut,
    /// Requests arrive; instead of an answer the connection ends.
    AnswersLost,
    /// Something in between says that the program is busy.
    Busy,
}

struct Shared {
    program: SocketAddr,
    state: Mutex<Wire>,
    open: Mutex<Vec<TcpStream>>,
    reports: AtomicUsize,
}

/// One wire; it is there until the process ends.
pub struct Network {
    shared: Arc<Shared>,
    address: SocketAddr,
}

impl Network {
    /// A wire to the program at `http://ADDRESS`.
    pub fn to(base_url: &str) -> Network {
        let program = base_url.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            program,
            state: Mutex::new(Wire::Whole),
            open: Mutex::new(Vec::new()),
            reports: AtomicUsize::new(0),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                serving.serve(client);
            }
        });
        Network { shared, address }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn set(&self, state: Wire) {
        *self.shared.state.lock().unwrap() = state;
        if state != Wire::Whole {
            for stream in self.shared.open.lock().unwrap().drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }

    /// Steps that a browser has sent through.
    pub fn reports(&self) -> usize {
        self.shared.reports.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn state(&self) -> Wire {
        *self.state.lock().unwrap()
    }

    fn serve(self: &Arc<Self>, mut client: TcpStream) {
        match self.state() {
            Wire::Cut => {
                let _ = client.shutdown(Shutdown::Both);
                return;
            }
            Wire::Busy => {
                std::thread::spawn(move || {
                    let _ = client.read(&mut [0; 4096]);
                    let _ = client.write_all(
                        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                    );
                });
                return;
            }
            Wire::Whole | Wire::AnswersLost => {}
        }
        let Ok(program) = TcpStream::connect(self.program) else { return };
        let pair =
            |one: &TcpStream, other: &TcpStream| Some((one.try_clone().ok()?, other.try_clone().ok()?));
        let (Some(there), Some(back)) = (pair(&client, &program), pair(&program, &client)) else { return };
        self.open.lock().unwrap().extend([client, program]);
        let (asking, answering) = (Arc::clone(self), Arc::clone(self));
        std::thread::spawn(move || asking.pass(there, true));
        std::thread::spawn(move || answering.pass(back, false));
    }

    fn pass(&self, (mut from, mut to): (TcpStream, TcpStream), is_request: bool) {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count) = from.read(&mut bytes) {
            if count == 0 {
                break;
            }
            if is_request && is_report(&bytes[..count]) {
                self.reports.fetch_add(1, Ordering::SeqCst);
            }
            if !is_request && self.state() == Wire::AnswersLost {
                break;
            }
            if to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}

/// The head of a request that sends a step.
fn is_report(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    line.starts_with(b"POST /api/v1/visits/") && line.ends_with(b"/steps HTTP/1.1")
}

#[test]
fn a_report_is_known_by_its_first_line() {
    assert!(is_report(b"POST /api/v1/visits/7/steps HTTP/1.1\r\nHost: a\r\n\r\n{}"));
    for other in ["GET /api/v1/visits/7/steps HTTP/1.1\r\n", "POST /api/v1/visits/7/phone HTTP/1.1\r\n", ""] {
        assert!(!is_report(other.as_bytes()), "{other}");
    }
}
