//! Many clients who admit at once, as programs do: over HTTP, each admission with a key of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::load::{self, Sample, Target};
use crate::access::seal::random;
use crate::access::{Grant, Place, Role, Scope, add_user};
use crate::app::App;
use crate::beds::store::operating_institutions;
use crate::error::{Error, Result};

pub const ADMISSION: Target =
    Target { name: "admission, 20 at once", path: "POST /api/v1/stays", p99_limit_ms: 50.0 };
pub const ADMISSIONS: usize = 1_000;
const WRITERS: usize = 20;

/// Who admits: to every house of the measured city.
pub struct Writer {
    pub login: String,
    pub password: String,
}

/// Adds a user for one measurement, with a password that nobody learns.
pub async fn add_writer(app: &App) -> Result<Writer> {
    let (login, password) = (format!("bench-{}", hex::encode(random::<6>()?)), hex::encode(random::<16>()?));
    let hash = app.passwords.hash(password.clone()).await?;
    let name = login.clone();
    let houses = app.db.read(operating_institutions).await?;
    let homes = houses.into_iter().map(|(id, _)| (Role::InstitutionManager, Place::Institution(id)));
    // To be seen by the writer, an elder has to be within reach.
    let all = std::iter::once((Role::CityManager, Place::City)).chain(homes);
    let grants: Vec<Grant> = all.map(|(role, place)| Grant { role, place }).collect();
    app.write(&Scope::system(), move |tx| add_user(tx, &name, &name, Some(&hash), &grants)).await?;
    Ok(Writer { login, password })
}

/// Admits each elder to the bed beside them, as fast as the writers can.
pub async fn run(base_url: &str, token: &str, pairs: Vec<(i64, i64)>) -> Result<Vec<Sample>> {
    let client = load::client(token)?;
    let (pairs, next) = (Arc::new(pairs), Arc::new(AtomicUsize::new(0)));
    let url = format!("{base_url}/api/v1/stays");
    let writers = (0..WRITERS).map(|_| {
        let (client, url) = (client.clone(), url.clone());
        let (pairs, next) = (Arc::clone(&pairs), Arc::clone(&next));
        tokio::spawn(async move {
            let mut taken: Vec<Option<Duration>> = Vec::new();
            while let Some((bed, elder)) = pairs.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
                let request = client.post(&url).header("idempotency-key", format!("{bed}-{elder}"));
                let request = request.json(&json!({ "bed_id": bed, "elder_id": elder }));
                let started = Instant::now();
                taken.push(is_made(request).await.then(|| started.elapsed()));
            }
            taken
        })
    });
    let mut samples = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        let taken =
            writer.await.map_err(|error| Error::internal("a writer of the measurement").because(error))?;
        samples.extend(taken.into_iter().map(|taken| Sample { target: 0, taken, size_bytes: 0 }));
    }
    Ok(samples)
}

/// Whether the admission was answered as made, read to its end.
async fn is_made(request: reqwest::RequestBuilder) -> bool {
    match request.send().await {
        Ok(response) if response.status() == reqwest::StatusCode::CREATED => response.bytes().await.is_ok(),
        _ => false,
    }
}
