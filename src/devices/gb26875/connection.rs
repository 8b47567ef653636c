//! One connection: bytes in, frames to the session, answers out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::model::Reader;
use super::session::Session;
use super::shared::Shared;

const READ_BYTES: usize = 4_096;
/// A frame that has begun and does not go on for so long is given up: its length may be wrong, and others wait behind it.
const STALLED_AFTER: Duration = Duration::from_secs(5);
const WRITE_WAIT_MAX: Duration = Duration::from_secs(10);
/// Questions that wait for one connection.
const QUESTIONS_MAX: usize = 16;

/// Serves until the panel goes, is silent for too long, or the gateway stops; then its panels count as gone.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    shared: &Arc<Shared>,
    stopped: watch::Receiver<bool>,
) {
    let number = shared.next_connection();
    tracing::debug!(%peer, connection = number, "a panel connects");
    converse(stream, peer, (shared, number), stopped).await;
    let gone = shared.unlink(number);
    super::attend::note_gone(&shared.app, gone).await;
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    (shared, number): (&Arc<Shared>, u64),
    mut stopped: watch::Receiver<bool>,
) {
    let (mut read, mut write) = stream.into_split();
    let (questions, mut asked) = mpsc::channel(QUESTIONS_MAX);
    let mut session = Session::new(Arc::clone(shared), peer, number, questions);
    let (mut reader, mut bytes) = (Reader::default(), vec![0; READ_BYTES]);
    let idle = Duration::from_secs(u64::from(shared.app.config.fire.idle_s));
    let mut heard_at = Instant::now();
    loop {
        while let Some(piece) = reader.next_piece() {
            let turn = session.take(piece).await;
            if !send(&mut write, &turn.answers).await || turn.ends || *stopped.borrow() {
                return;
            }
        }
        let wake_at = heard_at + if reader.pending() > 0 { STALLED_AFTER.min(idle) } else { idle };
        tokio::select! {
            length = read.read(&mut bytes) => match length {
                Ok(length) if length > 0 => {
                    heard_at = Instant::now();
                    reader.push(&bytes[..length]);
                }
                _ => return,
            },
            Some(question) = asked.recv() => {
                let frames = session.ask(question).await;
                if !send(&mut write, &frames).await {
                    session.unsent(question).await;
                    return;
                }
            }
            () = sleep_until(wake_at.max(Instant::now())) => {
                if heard_at.elapsed() >= idle {
                    return;
                }
                reader.give_up();
            }
            () = told(&mut stopped) => return,
        }
    }
}

/// Returns when the gateway stops.
async fn told(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// False where the panel does not take it.
async fn send(write: &mut OwnedWriteHalf, frames: &[Vec<u8>]) -> bool {
    for frame in frames {
        match timeout(WRITE_WAIT_MAX, write.write_all(frame)).await {
            Ok(Ok(())) => {}
            _ => return false,
        }
    }
    true
}
