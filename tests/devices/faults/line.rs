//! A line between devices and the program: it leads to wherever the program is now, and can be made to lose answers.

use std::net::SocketAddr;

use tokio::io::copy;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the line does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Whole,
    /// What devices send arrives; no answer comes back.
    Deaf,
    /// No connection, and those that there were are cut.
    Cut,
}

/// An address that stays while the program behind it moves, and the hand on the line.
pub async fn forwarder(target: watch::Receiver<SocketAddr>) -> (SocketAddr, watch::Sender<Line>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (hand, line) = watch::channel(Line::Whole);
    tokio::spawn(async move {
        while let Ok((device, _)) = listener.accept().await {
            let server = *target.borrow();
            if *line.borrow() != Line::Cut {
                tokio::spawn(forward(device, server, line.clone()));
            }
        }
    });
    (address, hand)
}

async fn forward(mut device: TcpStream, server: SocketAddr, mut line: watch::Receiver<Line>) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let (mut from_device, mut to_device) = device.split();
    let (mut from_server, mut to_server) = server.split();
    let up = copy(&mut from_device, &mut to_server);
    tokio::pin!(up);
    loop {
        let now = *line.borrow_and_update();
        if now == Line::Cut {
            return;
        }
        tokio::select! {
            _ = &mut up => return,
            _ = copy(&mut from_server, &mut to_device), if now == Line::Whole => return,
            _ = line.changed() => {}
        }
    }
}
