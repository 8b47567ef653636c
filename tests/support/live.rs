//! A live stream read event by event.

use std::time::Duration;

use super::client::Client;

/// An open stream.
pub struct Live {
    response: reqwest::Response,
    buffer: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveEvent {
    pub name: String,
    pub data: String,
    pub id: Option<i64>,
}

impl Live {
    /// Opens `path`, such as `/live?after=3`; panics unless the answer is a stream.
    pub async fn open(client: &Client, path: &str) -> Live {
        let response = client.get(path).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream", "{path}");
        Live { response, buffer: String::new() }
    }

    /// The next event that is no beat; none when the stream has ended or `limit` has passed.
    pub async fn next(&mut self, limit: Duration) -> Option<LiveEvent> {
        tokio::time::timeout(limit, self.read()).await.ok().flatten()
    }

    async fn read(&mut self) -> Option<LiveEvent> {
        loop {
            while let Some(end) = self.buffer.find("\n\n") {
                let event = parse(&self.buffer[..end]);
                self.buffer.drain(..end + 2);
                if let Some(event) = event.filter(|event| event.name != "beat") {
                    return Some(event);
                }
            }
            let chunk = self.response.chunk().await.ok().flatten()?;
            self.buffer.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}

fn parse(block: &str) -> Option<LiveEvent> {
    let field = |name: &str| {
        let lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        lines.map(str::trim).next().map(str::to_owned)
    };
    let id = field("id").and_then(|id| id.parse().ok());
    Some(LiveEvent { name: field("event")?, data: field("data").unwrap_or_default(), id })
}

#[test]
fn an_event_is_read_whatever_the_order_of_its_lines() {
    let event = parse("id: 7\nevent: visit\ndata: {}").unwrap();
    assert_eq!(event, LiveEvent { name: "visit".into(), data: "{}".into(), id: Some(7) });
    assert_eq!(parse("event:beat\ndata:{}\n").unwrap().id, None);
    assert_eq!(parse(": comment"), None);
}
