//! The rules a value must obey beyond its type.

use std::ops::RangeInclusive;

use tracing_subscriber::EnvFilter;

use super::error::Problem;
use super::layers::Entry;
use super::load::{origin_of, shown};
use super::settings::{BusKind, Config, MqttMode};

/// A rule that a key breaks; the text reads on after the key's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub key: &'static str,
    pub rule: String,
}

impl Refusal {
    fn new(key: &'static str, rule: impl Into<String>) -> Self {
        Self { key, rule: rule.into() }
    }

    pub(super) fn into_problem(self, entries: &[Entry]) -> Problem {
        let entry = entries.iter().rfind(|entry| entry.path == self.key);
        let found = entry.map_or_else(|| "nothing".to_owned(), |entry| shown(&entry.value));
        Problem::RuleBroken {
            key: self.key.to_owned(),
            origin: origin_of(entries, self.key),
            rule: self.rule,
            found,
        }
    }
}

/// Key, value and the numbers allowed for it.
type Range = (&'static str, u64, RangeInclusive<u64>);

fn ranges(config: &Config) -> [Range; 25] {
    let Config { http, database, mqtt, fire, retention, disk, sessions, assessments, .. } = config;
    let wide = u64::from;
    [
        ("http.workers", wide(http.workers), 0..=256),
        ("http.request_timeout_s", wide(http.request_timeout_s), 1..=600),
        ("http.body_max_bytes", http.body_max_bytes, 1024..=64 * 1024 * 1024),
        ("database.read_connections", wide(database.read_connections), 1..=64),
        ("database.write_timeout_ms", wide(database.write_timeout_ms), 100..=60_000),
        ("database.pool_size", wide(database.pool_size), 1..=64),
        ("mqtt.messages_per_s", wide(mqtt.messages_per_s), 1..=100_000),
        ("mqtt.bytes_per_s", wide(mqtt.bytes_per_s), 32_768..=1_000_000_000),
        ("fire.connections_max", wide(fire.connections_max), 1..=10_000),
        ("fire.frames_per_s", wide(fire.frames_per_s), 1..=1_000),
        ("fire.idle_s", wide(fire.idle_s), 5..=3_600),
        ("retention.readings_days", wide(retention.readings_days), 1..=36_600),
        ("retention.quarter_hours_days", wide(retention.quarter_hours_days), 2..=36_600),
        ("retention.hours_days", wide(retention.hours_days), 31..=36_600),
        ("retention.quarantine_days", wide(retention.quarantine_days), 1..=3_660),
        ("retention.fire_frames_days", wide(retention.fire_frames_days), 366..=36_600),
        ("disk.free_min_percent", wide(disk.free_min_percent), 0..=50),
        ("disk.free_min_mb", wide(disk.free_min_mb), 0..=1_000_000_000),
        ("sessions.idle_min", wide(sessions.idle_min), 1..=1440),
        ("sessions.duty_idle_h", wide(sessions.duty_idle_h), 1..=24),
        ("sessions.lifetime_h", wide(sessions.lifetime_h), 1..=720),
        ("assessments.worsening_steps_max", wide(assessments.worsening_steps_max), 1..=3),
        ("assessments.repeat_days", wide(assessments.repeat_days), 0..=365),
        ("assessments.renewal_months", wide(assessments.renewal_months), 0..=120),
        ("http.listen", wide(u32::from(http.listen.port())), 0..=65_535),
    ]
}

/// The rule of a key that has a range, for a number that does not even fit its type.
pub(super) fn range_rule(key: &str) -> Option<String> {
    ranges(&Config::default())
        .into_iter()
        .find(|(name, ..)| *name == key)
        .map(|(_, _, range)| between(&range))
}

fn between(range: &RangeInclusive<u64>) -> String {
    format!("must be between {} and {}", range.start(), range.end())
}

impl Config {
    /// Every rule that is broken; empty for a configuration the program can start with.
    pub fn check(&self) -> Vec<Refusal> {
        let mut refusals: Vec<Refusal> = ranges(self)
            .into_iter()
            .filter(|(_, value, range)| !range.contains(value))
            .map(|(key, _, range)| Refusal::new(key, between(&range)))
            .collect();
        refusals.extend(self.check_places());
        refusals.extend(self.check_urls());
        refusals.extend(self.check_listeners());
        refusals.extend(self.check_city());
        refusals.extend(self.check_sessions());
        if let Err(error) = EnvFilter::try_new(&self.log.filter) {
            refusals
                .push(Refusal::new("log.filter", format!("must be a log filter such as \"info\" ({error})")));
        }
        refusals
    }

    fn check_places(&self) -> Vec<Refusal> {
        let empty = |key, path: &std::path::Path| {
            path.as_os_str().is_empty().then(|| Refusal::new(key, "must not be empty"))
        };
        let key_file = &self.security.key_file;
        [empty("data_dir", &self.data_dir), empty("security.key_file", key_file)]
            .into_iter()
            .flatten()
            .collect()
    }

    fn check_urls(&self) -> Vec<Refusal> {
        let redis_url = self.bus.redis_url.as_ref().map(super::SecretUrl::expose);
        let external_url = self.mqtt.external_url.as_ref().map(super::SecretUrl::expose);
        let tile_url = self.map.tile_url.as_ref().map(super::SecretUrl::expose);
        let redis_is_needed = self.bus.kind == BusKind::Redis;
        let broker_is_needed = self.mqtt.mode == MqttMode::External;
        let found = [
            (!is_database_url(self.database.url.expose())).then(|| {
                Refusal::new(
                    "database.url",
                    "must be sqlite:FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE",
                )
            }),
            (redis_is_needed && redis_url.is_none())
                .then(|| Refusal::new("bus.redis_url", "is needed when bus.kind is \"redis\"")),
            redis_url.filter(|url| !has_host(url, &["redis"])).map(|_| {
                Refusal::new("bus.redis_url", "must be redis://[[USER]:PASSWORD@]HOST[:PORT][/NUMBER]")
            }),
            (broker_is_needed && external_url.is_none())
                .then(|| Refusal::new("mqtt.external_url", "is needed when mqtt.mode is \"external\"")),
            external_url
                .filter(|url| !has_host(url, &["mqtt", "mqtts"]))
                .map(|_| Refusal::new("mqtt.external_url", "must be mqtt[s]://[USER:PASSWORD@]HOST[:PORT]")),
            self.http.public_url.as_deref().filter(|url| !is_origin(url)).map(|_| {
                Refusal::new(
                    "http.public_url",
                    "must be https://HOST[:PORT] or http://HOST[:PORT] with nothing after it",
                )
            }),
            tile_url.filter(|url| !is_tile_url(url)).map(|_| {
                Refusal::new("map.tile_url", "must start with https:// or http:// and hold {z}, {x} and {y}")
            }),
        ];
        found.into_iter().flatten().collect()
    }

    fn check_listeners(&self) -> Vec<Refusal> {
        let mqtt = &self.mqtt;
        let is_served = mqtt.mode == MqttMode::Embedded;
        let is_open = is_served && !mqtt.listen.ip().is_loopback() && !mqtt.plain_anywhere;
        let with_tls = mqtt.tls_listen.is_some();
        let missing = |key, file: &Option<std::path::PathBuf>| {
            let is_missing = with_tls && file.as_ref().is_none_or(|file| file.as_os_str().is_empty());
            is_missing.then(|| Refusal::new(key, "is needed when mqtt.tls_listen is set"))
        };
        let found = [
            is_open.then(|| {
                Refusal::new(
                    "mqtt.listen",
                    "must be a loopback address, since it is not encrypted: use mqtt.tls_listen for devices elsewhere, or set \
                     mqtt.plain_anywhere = true",
                )
            }),
            missing("mqtt.tls_certificate", &mqtt.tls_certificate),
            missing("mqtt.tls_key", &mqtt.tls_key),
        ];
        found.into_iter().flatten().collect()
    }

    fn check_city(&self) -> Vec<Refusal> {
        let code = &self.city.code;
        let is_code = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
        let is_empty = |name: &str| name.trim().is_empty();
        let phone = &self.city.help_phone;
        let is_phone = phone.chars().all(|letter| letter.is_ascii_digit() || "+- ".contains(letter));
        let is_dialled = is_phone && (3..=20).contains(&phone.len());
        let found = [
            (!is_code).then(|| Refusal::new("city.code", "must be six digits")),
            (!is_dialled)
                .then(|| Refusal::new("city.help_phone", "must be a phone number of 3 to 20 characters")),
            is_empty(&self.city.name_zh).then(|| Refusal::new("city.name_zh", "must not be empty")),
            is_empty(&self.city.name_en).then(|| Refusal::new("city.name_en", "must not be empty")),
        ];
        found.into_iter().flatten().collect()
    }

    fn check_sessions(&self) -> Option<Refusal> {
        let lifetime_min = u64::from(self.sessions.lifetime_h) * 60;
        let idle_min = u64::from(self.sessions.idle_min).max(u64::from(self.sessions.duty_idle_h) * 60);
        (lifetime_min < idle_min).then(|| {
            Refusal::new(
                "sessions.lifetime_h",
                "must not be shorter than sessions.idle_min and sessions.duty_idle_h",
            )
        })
    }
}

fn is_database_url(url: &str) -> bool {
    match url.strip_prefix("sqlite:") {
        // A double slash is how other programs write it; taken as a path it would name a network share.
        Some(file) => !file.is_empty() && !file.starts_with("//") && !file.contains('?'),
        None => has_host(url, &["postgres", "postgresql"]),
    }
}

fn has_host(url: &str, schemes: &[&str]) -> bool {
    url.split_once("://").is_some_and(|(scheme, rest)| {
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        schemes.contains(&scheme) && !host.is_empty() && !rest.contains(char::is_whitespace)
    })
}

fn is_origin(url: &str) -> bool {
    has_host(url, &["http", "https"])
        && url.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?', '#', '@', '\\']))
}

fn is_tile_url(url: &str) -> bool {
    has_host(url, &["http", "https"]) && ["{z}", "{x}", "{y}"].iter().all(|place| url.contains(place))
}
