//! Caregivers who check in at a fixed rate, as their phones do: over HTTP, each step with a key of its own.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use reqwest::header::ACCEPT_ENCODING;
use serde_json::json;
use tokio::task::JoinSet;

use super::admissions::Writer;
use super::http::sign_in;
use super::load::{self, Sample, Target};
use crate::access::seal::random;
use crate::access::{Grant, Place, Role, Scope, add_user};
use crate::app::App;
use crate::clock::Clock;
use crate::error::{Error, Result};

pub const CHECK_IN: Target = Target {
    name: "check-in, 20 a second",
    path: Cow::Borrowed("POST /api/v1/visits/{id}/steps"),
    p99_limit_ms: 200.0,
};
pub const CHECK_INS: usize = 200;
const RATE_PER_S: u32 = 20;
/// Phones that are signed in.
const PHONES: usize = 20;

/// Who checks in where.
pub struct Shift {
    phone: Writer,
    visits: Vec<i64>,
}

/// Adds users for one measurement, with passwords that nobody learns, and shares the visits out among them.
pub async fn add_phones(app: &App, visits: &[(i64, i64)]) -> Result<Vec<Shift>> {
    let password = hex::encode(random::<16>()?);
    let hash = app.passwords.hash(password.clone()).await?;
    let mut shifts = Vec::new();
    for part in visits.chunks(visits.len().div_ceil(PHONES).max(1)) {
        let login = format!("bench-{}", hex::encode(random::<6>()?));
        let mut people: Vec<i64> = part.iter().map(|(_, caregiver)| *caregiver).collect();
        people.sort_unstable();
        people.dedup();
        let grants: Vec<Grant> =
            people.into_iter().map(|id| Grant { role: Role::Caregiver, place: Place::Own(id) }).collect();
        let (name, hash) = (login.clone(), hash.clone());
        app.write(&Scope::system(), move |tx| add_user(tx, &name, &name, Some(&hash), &grants)).await?;
        let phone = Writer { login, password: password.clone() };
        shifts.push(Shift { phone, visits: part.iter().map(|(visit, _)| *visit).collect() });
    }
    Ok(shifts)
}

/// Arrives at every visit, the phones taking turns, each request timed from when it was due.
pub async fn run(base_url: &str, shifts: &[Shift]) -> Result<Vec<Sample>> {
    let mut waiting = Vec::new();
    for shift in shifts {
        let token = sign_in(base_url, &shift.phone.login, &shift.phone.password).await?;
        waiting.push((load::client(&token)?, shift.visits.clone()));
    }
    let mut tick = tokio::time::interval(Duration::from_secs(1) / RATE_PER_S);
    let mut running: JoinSet<Option<Duration>> = JoinSet::new();
    while waiting.iter().any(|(_, visits)| !visits.is_empty()) {
        for (client, visits) in &mut waiting {
            let Some(visit) = visits.pop() else { continue };
            let due = tick.tick().await.into_std();
            running.spawn(arrive(client.clone(), format!("{base_url}/api/v1/visits/{visit}/steps"), due));
        }
    }
    let mut samples = Vec::new();
    while let Some(taken) = running.join_next().await {
        let taken = taken.map_err(|error| Error::internal("a phone of the measurement").because(error))?;
        samples.push(Sample { target: 0, taken, size_bytes: 0 });
    }
    Ok(samples)
}

/// How long it took until the answer said that the step is on record.
async fn arrive(client: reqwest::Client, url: String, due: Instant) -> Option<Duration> {
    let at = Clock::system().now().and_utc().to_rfc3339();
    let body = json!({
        "kind": "arrive",
        "device_at": at,
        "sent_at": at,
        "device_ms": 1_000,
        "sent_ms": 1_200,
        "no_position": "timeout",
    });
    let request =
        client.post(&url).header("idempotency-key", url.clone()).header(ACCEPT_ENCODING, "identity");
    let response = request.json(&body).send().await.ok()?.error_for_status().ok()?;
    response.bytes().await.ok().map(|_| due.elapsed())
}
