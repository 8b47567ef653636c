//! Many clients who admit at once, as programs do: over HTTP, each admission with a key of its own.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::http::sign_in;
use super::load::{self, Sample, Target};
use crate::access::seal::random;
use crate::access::{Grant, Place, Role, Scope, add_user};
use crate::app::App;
use crate::demo::Pair;
use crate::error::{Error, Result};

pub const ADMISSION: Target =
    Target { name: "admission, 20 at once", path: Cow::Borrowed("POST /api/v1/stays"), p99_limit_ms: 50.0 };
pub const ADMISSIONS: usize = 1_000;
const WRITERS: usize = 20;

/// Who signs in, for one measurement.
pub struct Writer {
    pub login: String,
    pub password: String,
}

/// The managers who admit, by institution.
pub type Managers = HashMap<i64, Writer>;

/// Adds a manager for each institution of the pairs, with a password that nobody learns.
pub async fn add_managers(app: &App, pairs: &[Pair]) -> Result<Managers> {
    let password = hex::encode(random::<16>()?);
    let hash = app.passwords.hash(password.clone()).await?;
    let mut managers = Managers::new();
    for pair in pairs {
        if managers.contains_key(&pair.institution_id) {
            continue;
        }
        let login = format!("bench-{}", hex::encode(random::<6>()?));
        // To be seen by the manager, an elder has to be within reach.
        let grants = [
            Grant { role: Role::CityManager, place: Place::City },
            Grant { role: Role::InstitutionManager, place: Place::Institution(pair.institution_id) },
        ];
        let (name, hash) = (login.clone(), hash.clone());
        app.write(&Scope::system(), move |tx| add_user(tx, &name, &name, Some(&hash), &grants)).await?;
        managers.insert(pair.institution_id, Writer { login, password: password.clone() });
    }
    Ok(managers)
}

/// Admits each elder to the bed beside them, as fast as twenty clients at a time can, each admission by its institution's manager.
pub async fn run(base_url: &str, managers: &Managers, pairs: Vec<Pair>) -> Result<Vec<Sample>> {
    let mut clients = HashMap::new();
    for (institution, writer) in managers {
        let token = sign_in(base_url, &writer.login, &writer.password).await?;
        clients.insert(*institution, load::client(&token)?);
    }
    let clients = Arc::new(clients);
    let (pairs, next) = (Arc::new(pairs), Arc::new(AtomicUsize::new(0)));
    let url = format!("{base_url}/api/v1/stays");
    let writers = (0..WRITERS).map(|_| {
        let (clients, url) = (Arc::clone(&clients), url.clone());
        let (pairs, next) = (Arc::clone(&pairs), Arc::clone(&next));
        tokio::spawn(async move {
            let mut taken: Vec<Option<Duration>> = Vec::new();
            while let Some(pair) = pairs.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
                let Some(client) = clients.get(&pair.institution_id) else { continue };
                let Pair { bed_id, elder_id, .. } = pair;
                let request = client.post(&url).header("idempotency-key", format!("{bed_id}-{elder_id}"));
                let request = request.json(&json!({ "bed_id": bed_id, "elder_id": elder_id }));
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
