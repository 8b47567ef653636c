//! Passwords: Argon2id with 46 MiB and one pass (OWASP's first choice of parameters), at most two at a time.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::text::Text;

const MEMORY_KIB: u32 = 47_104;
const LENGTH_MIN: usize = 12;
const LENGTH_MAX: usize = 128;
/// 2 x 46 MiB at the most, however many people sign in at once.
const AT_ONCE_MAX: usize = 2;

/// Compared against when the login is unknown, so that the answer takes the same time.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash("nobody has this password").ok());

/// Hashes and verifies off the async threads, two at a time.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    checks: Arc<AtomicU64>,
}

impl Default for Passwords {
    fn default() -> Self {
        Passwords { turns: Arc::new(Semaphore::new(AT_ONCE_MAX)), checks: Arc::default() }
    }
}

impl Passwords {
    /// A PHC string of the password; its length must have been checked.
    pub async fn hash(&self, password: String) -> Result<String> {
        let _turn =
            self.turns.acquire().await.map_err(|error| Error::internal("password turn").because(error))?;
        run(move || hash(&password)).await?
    }

    /// Whether `password` is the one of `stored`; without `stored` it takes as long and is never right.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool> {
        let _turn =
            self.turns.acquire().await.map_err(|error| Error::internal("password turn").because(error))?;
        let checks = Arc::clone(&self.checks);
        run(move || {
            let Some(compared) = stored.as_deref().or(NOBODY.as_deref()) else { return false };
            checks.fetch_add(1, Ordering::Relaxed);
            verify(&password, compared) && stored.is_some()
        })
        .await
    }

    /// How many comparisons were made so far, right or wrong.
    pub fn checks(&self) -> u64 {
        self.checks.load(Ordering::Relaxed)
    }
}

/// The rule of a new password: 12 to 128 characters.
pub fn check_length(password: &str) -> Result<()> {
    if (LENGTH_MIN..=LENGTH_MAX).contains(&password.chars().count()) {
        return Ok(());
    }
    Err(Error::field(
        "password",
        Text::new("rule.password_length").with("min", LENGTH_MIN).with("max", LENGTH_MAX),
    ))
}

pub(crate) fn hash(password: &str) -> Result<String> {
    let fault = |error: &dyn std::fmt::Display| Error::internal(format!("password hash: {error}"));
    let hashed: argon2::password_hash::phc::PasswordHash =
        argon()?.hash_password(password.as_bytes()).map_err(|error| fault(&error))?;
    Ok(hashed.to_string())
}

fn verify(password: &str, stored: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(stored) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok()
}

fn argon() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, 1, 1, None)
        .map_err(|error| Error::internal(format!("password parameters: {error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::internal("password task").because(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_names_its_parameters_and_verifies_only_its_password() {
        let stored = hash("correct horse battery").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{stored}");
        assert!(verify("correct horse battery", &stored));
        assert!(!verify("correct horse battery ", &stored));
        assert!(!verify("x", "not a hash"));
    }

    #[test]
    fn the_length_rule_counts_characters() {
        assert!(check_length("十二个字符的密码也够长了").is_ok());
        assert!(check_length("short").is_err());
        assert!(check_length(&"x".repeat(129)).is_err());
    }
}
