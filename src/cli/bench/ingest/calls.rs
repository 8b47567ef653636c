//! Calls for help, from the device to an open page.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::failed;
use crate::devices::simulator::load::{Caller, Login, Target};
use crate::error::{Error, Result};

/// Calls of one second: each is made and taken back in turn.
const CALLS_PER_S: u32 = 2;
/// A call that nobody saw by then was lost.
const SEEN_WAIT_MAX: Duration = Duration::from_secs(30);

/// Calls again and again while the rest of the load runs; gives how long each took to arrive on a page of the city's manager.
pub async fn run(
    base_url: &str,
    token: &str,
    target: Target,
    login: &Login,
    seconds: u32,
) -> Result<Vec<Duration>> {
    let mut page = open_page(base_url, token).await?;
    let mut caller = Caller::open(target, login).await.map_err(failed)?;
    let mut tick = tokio::time::interval(Duration::from_secs(1) / CALLS_PER_S);
    let mut taken = Vec::new();
    let mut raised = false;
    for _ in 0..seconds * CALLS_PER_S {
        tick.tick().await;
        raised = !raised;
        let started = Instant::now();
        let (stored, seen) =
            tokio::join!(caller.call(raised), tokio::time::timeout(SEEN_WAIT_MAX, page.recv()));
        stored.map_err(failed)?;
        let lost = || Error::internal("a call for help did not arrive on an open page");
        taken.push(seen.ok().flatten().ok_or_else(lost)?.saturating_duration_since(started));
    }
    Ok(taken)
}

/// An open stream of live events; gives the moment of each event of an alert.
async fn open_page(base_url: &str, token: &str) -> Result<mpsc::UnboundedReceiver<Instant>> {
    let fault = |error: reqwest::Error| Error::internal("the live stream").because(error);
    let client = reqwest::Client::builder().no_proxy().build().map_err(fault)?;
    let request = client.get(format!("{base_url}/live")).bearer_auth(token);
    let mut response = request.send().await.and_then(reqwest::Response::error_for_status).map_err(fault)?;
    let (tell, told) = mpsc::unbounded_channel();
    let (begin, begun) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut buffer, mut begin) = (String::new(), Some(begin));
        while let Ok(Some(chunk)) = response.chunk().await {
            buffer.push_str(&String::from_utf8_lossy(&chunk));
            while let Some(end) = buffer.find("\n\n") {
                // The stream begins with a beat: from then on nothing is missed.
                if let Some(begin) = begin.take() {
                    let _ = begin.send(());
                }
                let is_call = is_call(&buffer[..end]);
                buffer.drain(..end + 2);
                if is_call && tell.send(Instant::now()).is_err() {
                    return;
                }
            }
        }
    });
    begun.await.map_err(|gone| Error::internal("the live stream ended").because(gone))?;
    Ok(told)
}

/// Whether an event tells of a stored call for help; one that is told before it is stored comes again.
fn is_call(block: &str) -> bool {
    let of = |name: &str| {
        let prefix = format!("{name}:");
        block.lines().find_map(move |line| line.strip_prefix(&prefix).map(str::trim).map(str::to_owned))
    };
    let told: serde_json::Value =
        of("data").and_then(|data| serde_json::from_str(&data).ok()).unwrap_or_default();
    of("event").is_some_and(|name| name == "alert") && told["kind"] == "sos" && told["durable"].is_null()
}

#[cfg(test)]
mod tests {
    use super::is_call;

    #[test]
    fn a_call_is_told_from_other_alerts_and_from_one_that_is_not_stored() {
        assert!(is_call("id: 7\nevent: alert\ndata: {\"kind\":\"sos\",\"id\":3}"));
        assert!(is_call("event:alert\ndata:{\"kind\":\"sos\"}"));
        assert!(!is_call("event: alert\ndata: {\"kind\":\"offline\"}"));
        assert!(!is_call("event: alert\ndata: {\"kind\":\"sos\",\"durable\":false}"));
        assert!(!is_call("event: reading\ndata: {\"kind\":\"sos\"}"));
    }
}
