//! An address that may carry a password: shown, logged and serialised with the password masked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

const MASK: &str = "***";
/// Query parameters whose value is a secret: libpq's password, and the keys of tile providers.
const SECRET_PARAMETERS: [&str; 8] =
    ["password", "sslpassword", "passwd", "tk", "key", "token", "access_token", "api_key"];

/// A URL whose `Display`, `Debug` and `Serialize` never show a password; only [`SecretUrl::expose`] does.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(String);

impl SecretUrl {
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL as given, for opening the connection; never for a log or a page.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for SecretUrl {
    type Err = std::convert::Infallible;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(url))
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", masked(&self.0))
    }
}

impl Serialize for SecretUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&masked(&self.0))
    }
}

/// The text with the password of its authority and the secret parameters of its query replaced.
pub fn masked(url: &str) -> String {
    // The query first: an @ in a query's password must not be taken for the end of the authority.
    match url.split_once('?') {
        Some((before, query)) => {
            let parameters: Vec<String> = query.split('&').map(mask_parameter).collect();
            mask_authority(&format!("{before}?{}", parameters.join("&")))
        }
        None => mask_authority(url),
    }
}

fn mask_authority(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // A password with a bare slash or @ in it is not a valid URL, yet must not be shown: the last @ counts.
    let Some((user, host)) = rest.rsplit_once('@') else { return url.to_owned() };
    match user.split_once(':') {
        Some((name, _)) => format!("{scheme}://{name}:{MASK}@{host}"),
        None => url.to_owned(),
    }
}

fn mask_parameter(parameter: &str) -> String {
    match parameter.split_once('=') {
        Some((name, _)) if SECRET_PARAMETERS.contains(&name.to_lowercase().as_str()) => {
            format!("{name}={MASK}")
        }
        _ => parameter.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked_wherever_they_stand() {
        for (url, shown) in [
            ("postgres://ana:s3cret@db/songhe", "postgres://ana:***@db/songhe"),
            ("redis://:s3cret@cache:6379/0", "redis://:***@cache:6379/0"),
            ("mqtt://ana:a/b@c:d@host:1883", "mqtt://ana:***@host:1883"),
            (
                "postgres://db/songhe?password=s3cret&sslmode=require",
                "postgres://db/songhe?password=***&sslmode=require",
            ),
            ("postgres://ana:a?b@db/songhe", "postgres://ana:***@db/songhe"),
            ("postgres://db:5432/songhe?password=a@b", "postgres://db:5432/songhe?password=***"),
            ("https://t/{z}/{x}/{y}?TK=s3cret", "https://t/{z}/{x}/{y}?TK=***"),
            ("sqlite:songhe.db", "sqlite:songhe.db"),
            ("postgres://ana@db/songhe", "postgres://ana@db/songhe"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }

    #[test]
    fn no_way_of_printing_shows_the_password() {
        let url = SecretUrl::new("postgres://ana:s3cret@db/songhe");
        let json = serde_json::to_string(&url).unwrap_or_default();
        for text in [format!("{url}"), format!("{url:?}"), json] {
            assert!(!text.contains("s3cret") && text.contains("***"), "{text}");
        }
        assert!(url.expose().contains("s3cret"));
    }
}
