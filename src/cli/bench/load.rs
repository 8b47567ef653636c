//! Requests at a fixed rate, whether or not earlier ones were answered, as people send them.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::error::{Error, Result};

/// Requests without an answer at most; one more counts as failed and is not sent.
const OPEN_MAX: usize = 512;
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// What is asked for in turn.
#[derive(Clone, Debug)]
pub struct Target {
    pub name: &'static str,
    pub path: Cow<'static, str>,
    /// What 99 of 100 answers must not exceed.
    pub p99_limit_ms: f64,
}

/// Where, how often and how long.
#[derive(Clone, Debug)]
pub struct Plan {
    pub base_url: String,
    pub token: String,
    /// Requests per second, over all targets.
    pub rate: u32,
    pub seconds: u32,
}

/// One request: which target, and how long from the moment it was due; none where it failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub target: usize,
    pub taken: Option<Duration>,
    pub size_bytes: usize,
}

/// A client that carries the token and follows nothing.
pub fn client(token: &str) -> Result<Client> {
    let fault = |error| Error::internal("the client of the measurement").because(error);
    let mut headers = reqwest::header::HeaderMap::new();
    let bearer =
        format!("Bearer {token}").parse().map_err(|error| Error::internal("the token").because(error));
    headers.insert(reqwest::header::AUTHORIZATION, bearer?);
    // As a browser asks; the bytes are counted and not unpacked.
    headers.insert(reqwest::header::ACCEPT_ENCODING, reqwest::header::HeaderValue::from_static("gzip"));
    Client::builder()
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(ANSWER_MAX)
        .build()
        .map_err(fault)
}

/// Asks for each target once, so that a wrong address or a missing right is told and not measured.
pub async fn probe(plan: &Plan, targets: &[Target]) -> Result<()> {
    let client = client(&plan.token)?;
    for target in targets {
        let url = format!("{}{}", plan.base_url, target.path);
        let response =
            client.get(&url).send().await.map_err(|error| Error::internal(url.clone()).because(error))?;
        if !response.status().is_success() {
            return Err(Error::internal(format!("{url} answers {}", response.status())));
        }
    }
    Ok(())
}

/// Runs the plan. A request is timed from when it was due, so that a slow answer counts for all who wait behind it.
pub async fn run(plan: &Plan, targets: &[Target]) -> Result<Vec<Sample>> {
    let client = client(&plan.token)?;
    let open = Arc::new(Semaphore::new(OPEN_MAX));
    let count = plan.rate as usize * plan.seconds as usize;
    let mut samples = Vec::with_capacity(count);
    let mut running: JoinSet<Sample> = JoinSet::new();
    let mut tick = tokio::time::interval(Duration::from_secs(1) / plan.rate);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0..count {
        let due = tick.tick().await.into_std();
        let target = number % targets.len();
        let Ok(permit) = Arc::clone(&open).try_acquire_owned() else {
            samples.push(Sample { target, taken: None, size_bytes: 0 });
            continue;
        };
        let request = client.get(format!("{}{}", plan.base_url, targets[target].path));
        running.spawn(async move {
            let answer = ask(request).await;
            drop(permit);
            Sample { target, taken: answer.map(|_| due.elapsed()), size_bytes: answer.unwrap_or_default() }
        });
    }
    let end = Instant::now();
    while let Some(sample) = running.join_next().await {
        samples.push(sample.map_err(|error| Error::internal("a request of the measurement").because(error))?);
    }
    tracing::debug!(waited_ms = end.elapsed().as_millis() as u64, "the last answers came");
    Ok(samples)
}

/// The size of a good answer, read to its end.
async fn ask(request: reqwest::RequestBuilder) -> Option<usize> {
    let response = request.send().await.ok().filter(|response| response.status().is_success())?;
    response.bytes().await.ok().map(|body| body.len())
}
