//! What can be set, one struct per concern.
//!
//! The doc comments here are for the programmer; `config/songhe.toml` explains every key to the operator,
//! and a test keeps both equal in keys and defaults.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::secret::SecretUrl;
use super::time_zone;
use crate::networks::Networks;

/// Everything the program can be told before it starts. Valid by construction when it came from
/// [`Config::load`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of everything the program writes, relative to the working directory.
    pub data_dir: PathBuf,
    pub http: Http,
    pub database: Database,
    pub bus: Bus,
    pub mqtt: Mqtt,
    pub fire: Fire,
    pub retention: Retention,
    pub disk: DiskLimits,
    pub city: City,
    pub sessions: Sessions,
    pub log: Log,
    pub security: Security,
    pub map: Map,
    pub assessments: Assessments,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub listen: SocketAddr,
    /// 0 means one for each core; see [`Http::worker_count`].
    pub workers: u32,
    /// Scheme and host only, without a slash at the end.
    pub public_url: Option<String>,
    /// Whose word on where a request comes from is taken.
    pub trusted_proxies: Networks,
    pub request_timeout_s: u32,
    pub body_max_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// As written; [`Config::database_target`] resolves it.
    pub url: SecretUrl,
    /// SQLite only.
    pub read_connections: u32,
    pub write_timeout_ms: u32,
    /// PostgreSQL only.
    pub pool_size: u32,
}

/// The database a [`Database::url`] names, with a file's path resolved against the data folder.
#[derive(Debug, Clone, PartialEq)]
pub enum DatabaseTarget {
    Sqlite(PathBuf),
    Postgres(SecretUrl),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BusKind {
    InProcess,
    Redis,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bus {
    pub kind: BusKind,
    /// Present whenever `kind` is [`BusKind::Redis`].
    pub redis_url: Option<SecretUrl>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MqttMode {
    Embedded,
    External,
    Off,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mqtt {
    pub mode: MqttMode,
    /// Of the embedded broker, without encryption: loopback unless `plain_anywhere`.
    pub listen: SocketAddr,
    pub plain_anywhere: bool,
    /// Of the embedded broker by TLS; certificate and key are present with it.
    pub tls_listen: Option<SocketAddr>,
    /// Relative to the data folder unless it is absolute; so is the key.
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// Of one device; it is held back and nothing is lost.
    pub messages_per_s: u32,
    pub bytes_per_s: u32,
    /// Present whenever `mode` is [`MqttMode::External`].
    pub external_url: Option<SecretUrl>,
    /// Whom to trust with `mqtts://`; those that the system trusts without it.
    pub external_ca: Option<PathBuf>,
}

/// The gateway of fire panels (GB/T 26875.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fire {
    /// Off without one.
    pub listen: Option<SocketAddr>,
    /// Of panels that name none themselves.
    pub profile: String,
    /// Relative to the data folder unless it is absolute.
    pub profiles_file: Option<PathBuf>,
    pub connections_max: u32,
    /// Of one panel.
    pub frames_per_s: u32,
    pub idle_s: u32,
}

/// How long readings and frames of fire panels are kept, in days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    pub readings_days: u32,
    pub quarter_hours_days: u32,
    pub hours_days: u32,
    pub quarantine_days: u32,
    pub fire_frames_days: u32,
}

/// How much of the data folder's file system must be free; the larger of the two counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskLimits {
    pub free_min_percent: u32,
    pub free_min_mb: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct City {
    pub name_zh: String,
    pub name_en: String,
    /// Six digits, GB/T 2260.
    pub code: String,
    #[serde(with = "time_zone")]
    pub time_zone: Tz,
    /// Whom anybody may call who finds a card of ours.
    pub help_phone: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    pub idle_min: u32,
    pub duty_idle_h: u32,
    /// Not shorter than either idle limit.
    pub lifetime_h: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    Human,
    Json,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    /// In the syntax of `tracing_subscriber::EnvFilter`.
    pub filter: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// As written; [`Config::key_file`] resolves it.
    pub key_file: PathBuf,
    pub metrics_public: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// With the places `{z}`, `{x}` and `{y}`. May carry the provider's key.
    pub tile_url: Option<SecretUrl>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessments {
    /// Relative to the data folder unless it is absolute.
    pub scales_dir: Option<PathBuf>,
    pub worsening_steps_max: u32,
    pub repeat_days: u32,
    pub renewal_months: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            http: Http {
                listen: loopback(8080),
                workers: 0,
                public_url: None,
                trusted_proxies: Networks::default(),
                request_timeout_s: 30,
                body_max_bytes: 1024 * 1024,
            },
            database: Database {
                url: SecretUrl::new("sqlite:songhe.db"),
                read_connections: 4,
                write_timeout_ms: 5000,
                pool_size: 16,
            },
            bus: Bus { kind: BusKind::InProcess, redis_url: None },
            mqtt: Mqtt {
                mode: MqttMode::Embedded,
                listen: loopback(1883),
                plain_anywhere: false,
                tls_listen: None,
                tls_certificate: None,
                tls_key: None,
                messages_per_s: 500,
                bytes_per_s: 2_000_000,
                external_url: None,
                external_ca: None,
            },
            fire: Fire {
                listen: None,
                profile: "standard".to_owned(),
                profiles_file: None,
                connections_max: 200,
                frames_per_s: 50,
                idle_s: 90,
            },
            retention: Retention {
                readings_days: 400,
                quarter_hours_days: 40,
                hours_days: 3_660,
                quarantine_days: 90,
                fire_frames_days: 1_825,
            },
            disk: DiskLimits { free_min_percent: 5, free_min_mb: 1_000 },
            city: City {
                name_zh: "晋江市".to_owned(),
                name_en: "Jinjiang".to_owned(),
                code: "350582".to_owned(),
                time_zone: Tz::Asia__Shanghai,
                help_phone: "12345".to_owned(),
            },
            sessions: Sessions { idle_min: 30, duty_idle_h: 12, lifetime_h: 24 },
            log: Log { format: LogFormat::Human, filter: "info".to_owned() },
            security: Security { key_file: PathBuf::from("keys.json"), metrics_public: false },
            map: Map { tile_url: None },
            assessments: Assessments {
                scales_dir: None,
                worsening_steps_max: 1,
                repeat_days: 30,
                renewal_months: 12,
            },
        }
    }
}

impl Config {
    /// The database to open, a SQLite file's path resolved against the data folder.
    pub fn database_target(&self) -> DatabaseTarget {
        match self.database.url.expose().strip_prefix("sqlite:") {
            Some(file) => DatabaseTarget::Sqlite(self.in_data_dir(Path::new(file))),
            None => DatabaseTarget::Postgres(self.database.url.clone()),
        }
    }

    /// The key file's path, resolved against the data folder.
    pub fn key_file(&self) -> PathBuf {
        self.in_data_dir(&self.security.key_file)
    }

    /// Where the chosen addresses are written for scripts.
    pub fn addresses_file(&self) -> PathBuf {
        self.data_dir.join("addresses.json")
    }

    fn in_data_dir(&self, path: &Path) -> PathBuf {
        // `join` keeps an absolute path as it is.
        self.data_dir.join(path)
    }
}

impl Http {
    /// Threads to start: the setting, or one for each core.
    pub fn worker_count(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            count => count as usize,
        }
    }

    /// Whether browsers reach the program over TLS, so that cookies must be `Secure` and `__Host-`.
    pub fn is_public_over_tls(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
