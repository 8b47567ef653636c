//! The promises of the module, tried from outside its files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::load::{Loaded, load_from};
use super::*;

fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

struct Given {
    folder: tempfile::TempDir,
    variables: Vec<(OsString, OsString)>,
    overrides: Overrides,
}

impl Given {
    fn new(toml: &str, pairs: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("songhe.toml"), toml).unwrap();
        Self { folder, variables: variables(pairs), overrides: Overrides::default() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("songhe.toml")
    }

    fn load(&self) -> Result<Loaded, ConfigError> {
        load_from(Some(&self.file()), self.variables.clone(), &self.overrides)
    }

    fn config(&self) -> Config {
        self.load().unwrap().config
    }

    /// The only problem, as text.
    fn problem(&self) -> String {
        let error = self.load().unwrap_err();
        assert_eq!(error.problems.len(), 1, "{error}");
        error.problems[0].to_string().replace(&self.file().display().to_string(), "FILE")
    }
}

#[test]
fn the_explained_file_loads_to_exactly_the_defaults() {
    assert_eq!(Given::new(keys::TEMPLATE, &[]).config(), Config::default());
    assert_eq!(Config::default().check(), vec![]);
}

#[test]
fn the_explained_file_holds_every_key_of_the_program_and_no_other() {
    let mut wanted = Vec::new();
    let values = serde_json::to_value(Config::default()).unwrap();
    for (name, value) in values.as_object().unwrap() {
        match value.as_object() {
            Some(section) => wanted.extend(section.keys().map(|key| format!("{name}.{key}"))),
            None => wanted.push(name.clone()),
        }
    }
    let mut listed: Vec<String> = keys::all().into_iter().map(|key| key.path).collect();
    wanted.sort();
    listed.sort();
    assert_eq!(listed, wanted);
}

#[test]
fn the_examples_of_keys_without_a_default_are_good_values() {
    let uncommented: String = keys::template_lines()
        .into_iter()
        .map(|line| match line {
            keys::Line::Assignment { line, .. } => format!("{}\n", line.trim_start_matches("# ")),
            keys::Line::Prose(line) | keys::Line::Section(line) => format!("{line}\n"),
        })
        .collect();
    let config = Given::new(&uncommented, &[]).config();
    assert!(config.http.public_url.is_some() && config.map.tile_url.is_some());
    assert!(config.bus.redis_url.is_some() && config.mqtt.external_url.is_some());
}

#[test]
fn the_cluster_file_is_good() {
    let config = Given::new(include_str!("../../config/cluster.toml"), &[]).config();
    assert!(matches!(config.database_target(), DatabaseTarget::Postgres(_)));
    assert_eq!((config.bus.kind, config.mqtt.mode), (BusKind::Redis, MqttMode::External));
    assert!(config.http.is_public_over_tls());
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file() {
    let mut given = Given::new(
        "[http]\nlisten = \"127.0.0.1:1\"\nworkers = 3\n[log]\nfilter = \"warn\"",
        &[("SONGHE_HTTP__LISTEN", "127.0.0.1:2"), ("SONGHE_LOG__FILTER", "debug")],
    );
    given.overrides.http_listen = Some("127.0.0.1:3".parse().unwrap());
    let loaded = given.load().unwrap();
    assert_eq!(loaded.config.http.listen.port(), 3);
    assert_eq!(loaded.config.log.filter, "debug");
    assert_eq!(loaded.config.http.workers, 3);
    assert_eq!(loaded.origin("http.listen"), Origin::Flag("--http"));
    assert_eq!(loaded.origin("log.filter"), Origin::Environment("SONGHE_LOG__FILTER".to_owned()));
    assert_eq!(loaded.origin("http.workers"), Origin::File(given.file()));
    assert_eq!(loaded.origin("mqtt.mode"), Origin::Default);
}

#[test]
fn every_flag_reaches_its_key() {
    let mut given = Given::new("", &[]);
    given.overrides = Overrides {
        data_dir: Some(PathBuf::from("/elsewhere")),
        http_listen: Some("127.0.0.1:0".parse().unwrap()),
        mqtt_listen: Some("[::1]:0".parse().unwrap()),
        database_url: Some(SecretUrl::new("postgres://ana:s3cret@db/songhe")),
        log_format: Some(LogFormat::Json),
        log_filter: Some("songhe=trace".to_owned()),
    };
    let config = given.config();
    assert_eq!(config.data_dir, Path::new("/elsewhere"));
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:0");
    assert_eq!(config.mqtt.listen.to_string(), "[::1]:0");
    assert_eq!(config.database.url.expose(), "postgres://ana:s3cret@db/songhe");
    assert_eq!((config.log.format, config.log.filter.as_str()), (LogFormat::Json, "songhe=trace"));
}

#[test]
fn text_of_digits_in_the_environment_stays_text_and_an_empty_variable_is_not_set() {
    let given = Given::new(
        "",
        &[
            ("SONGHE_CITY__CODE", "350583"),
            ("SONGHE_HTTP__WORKERS", "2"),
            ("SONGHE_SECURITY__METRICS_PUBLIC", "true"),
            ("SONGHE_HTTP__PUBLIC_URL", ""),
            ("SONGHE_TEST_REDIS_URL", "redis://127.0.0.1"),
            ("SONGHE_CONFIG", "ignored when a file is named"),
            ("PATH", "/bin"),
        ],
    );
    let config = given.config();
    assert_eq!((config.city.code.as_str(), config.http.workers), ("350583", 2));
    assert!(config.security.metrics_public && config.http.public_url.is_none());
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest_right_one() {
    assert_eq!(
        Given::new("[http]\nlisen = \"127.0.0.1:1\"", &[]).problem(),
        "http.lisen: unknown key in the file FILE; did you mean http.listen?"
    );
    assert_eq!(
        Given::new("", &[("SONGHE_DATABASE__POOLSIZE", "3")]).problem(),
        "database.poolsize: unknown key in the environment variable SONGHE_DATABASE__POOLSIZE; \
         did you mean database.pool_size?"
    );
    assert_eq!(
        Given::new("[qqqq]\nzzzz = 1", &[]).problem(),
        "qqqq.zzzz: unknown key in the file FILE; `songhe config print` lists every key"
    );
}

#[test]
fn an_ill_typed_value_is_named_with_what_was_expected_and_found() {
    for (toml, problem) in [
        (
            "[http]\nworkers = \"two\"",
            "http.workers: expected a whole number, found \"two\", from the file FILE",
        ),
        ("[http]\nlisten = 80", "http.listen: expected text in quotes, found 80, from the file FILE"),
        (
            "[security]\nmetrics_public = \"yes\"",
            "security.metrics_public: expected true or false, found \"yes\", from the file FILE",
        ),
        ("http = 80", "http: expected a section [http] with keys in it, found 80, from the file FILE"),
        ("[city]\nname_en = [1]", "city.name_en: expected text in quotes, found a list, from the file FILE"),
    ] {
        assert_eq!(Given::new(toml, &[]).problem(), problem);
    }
    assert_eq!(
        Given::new("", &[("SONGHE_HTTP__WORKERS", "two")]).problem(),
        "http.workers: expected a whole number, found \"two\", from the environment variable SONGHE_HTTP__WORKERS"
    );
}

#[test]
fn a_broken_rule_is_told_in_words() {
    for (toml, start) in [
        (
            "[database]\npool_size = 65",
            "database.pool_size: must be between 1 and 64; found 65, from the file FILE",
        ),
        ("[database]\npool_size = 0", "database.pool_size: must be between 1 and 64; found 0,"),
        ("[database]\npool_size = -1", "database.pool_size: must be between 1 and 64; found -1,"),
        ("[http]\nbody_max_bytes = 99999999999", "http.body_max_bytes: must be between 1024 and 67108864;"),
        ("[http]\nlisten = \"localhost\"", "http.listen: must be an IP address and a port such as"),
        ("[http]\npublic_url = \"https://a/b\"", "http.public_url: must be https://HOST[:PORT] or"),
        (
            "[bus]\nkind = \"redi\"",
            "bus.kind: must be one of \"in-process\", \"redis\" (did you mean \"redis\"?);",
        ),
        ("[bus]\nkind = \"redis\"", "bus.redis_url: is needed when bus.kind is \"redis\"; found nothing,"),
        ("[bus]\nredis_url = \"http://x\"", "bus.redis_url: must be redis://"),
        ("[mqtt]\nmode = \"external\"", "mqtt.external_url: is needed when mqtt.mode is \"external\";"),
        ("[mqtt]\nexternal_url = \"tcp://x\"", "mqtt.external_url: must be mqtt[s]://"),
        ("[mqtt]\nlisten = \"0.0.0.0:1883\"", "mqtt.listen: must be a loopback address,"),
        ("[mqtt]\nlisten = \"[::]:1883\"", "mqtt.listen: must be a loopback address,"),
        (
            "[mqtt]\ntls_listen = \"0.0.0.0:8883\"\ntls_certificate = \"a\"",
            "mqtt.tls_key: is needed when mqtt.tls_listen is set;",
        ),
        (
            "[mqtt]\ntls_listen = \"0.0.0.0:8883\"\ntls_key = \"a\"",
            "mqtt.tls_certificate: is needed when mqtt.tls_listen is set;",
        ),
        ("[mqtt]\nmessages_per_s = 0", "mqtt.messages_per_s: must be between 1 and 100000; found 0,"),
        ("[mqtt]\nbytes_per_s = 32767", "mqtt.bytes_per_s: must be between 32768 and 1000000000;"),
        ("[database]\nurl = \"songhe.db\"", "database.url: must be sqlite:FILE or postgres://"),
        ("[database]\nurl = \"sqlite:\"", "database.url: must be sqlite:FILE or postgres://"),
        ("[database]\nurl = \"sqlite://songhe.db\"", "database.url: must be sqlite:FILE or postgres://"),
        ("[city]\ncode = \"35058\"", "city.code: must be six digits;"),
        ("[city]\nname_zh = \" \"", "city.name_zh: must not be empty;"),
        ("[http]\ntrusted_proxies = \"10.0.8.1/24\"", "http.trusted_proxies: must be addresses and networks"),
        ("[city]\nhelp_phone = \"ask\"", "city.help_phone: must be a phone number of 3 to 20 characters;"),
        (
            "[city]\ntime_zone = \"Asia/Shangai\"",
            "city.time_zone: must be the IANA name of a time zone; did you mean \"Asia/Shanghai\"?;",
        ),
        ("[sessions]\nlifetime_h = 4", "sessions.lifetime_h: must not be shorter than"),
        ("[log]\nfilter = \"songhe=loud\"", "log.filter: must be a log filter such as"),
        (
            "[map]\ntile_url = \"https://t/{z}/{x}\"",
            "map.tile_url: must start with https:// or http:// and hold",
        ),
        ("[security]\nkey_file = \"\"", "security.key_file: must not be empty;"),
    ] {
        let problem = Given::new(toml, &[]).problem();
        assert!(problem.starts_with(start), "{toml}\n{problem}\n{start}");
    }
}

#[test]
fn devices_elsewhere_come_in_clear_only_where_somebody_said_so() {
    for toml in [
        "[mqtt]\nlisten = \"0.0.0.0:1883\"\nplain_anywhere = true",
        "[mqtt]\nmode = \"off\"\nlisten = \"0.0.0.0:1883\"",
        "[mqtt]\nlisten = \"[::1]:1883\"",
        "[mqtt]\ntls_listen = \"0.0.0.0:8883\"\ntls_certificate = \"a\"\ntls_key = \"b\"",
        "[mqtt]\nexternal_url = \"mqtts://x\"",
    ] {
        assert_eq!(Given::new(toml, &[]).config().check(), vec![], "{toml}");
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let given = Given::new(
        "[http]\nlisen = 1\nworkers = \"two\"",
        &[("SONGHE_MQTT__MODE", "on"), ("SONGHE_LOG__FORMT", "json")],
    );
    let text = given.load().unwrap_err().to_string();
    assert!(text.starts_with("the configuration is refused for 4 reasons:\n  "), "{text}");
    for key in ["http.lisen:", "http.workers:", "mqtt.mode:", "log.formt:"] {
        assert!(text.contains(&format!("\n  {key}")), "{text}");
    }
}

#[test]
fn a_file_that_is_missing_or_not_toml_is_refused() {
    let missing =
        load_from(Some(Path::new("/nonexistent/songhe.toml")), vec![], &Overrides::default()).unwrap_err();
    assert!(missing.to_string().contains("the file /nonexistent/songhe.toml cannot be read"), "{missing}");
    let problem = Given::new("[http]\n\nlisten = s3cret\n", &[]).problem();
    assert!(problem.starts_with("the file FILE is not valid TOML in line 3:"), "{problem}");
    assert!(!problem.contains("s3cret"), "{problem}");
}

#[test]
fn no_message_and_no_print_shows_a_password() {
    let toml =
        "[database]\nurl = \"postgre://ana:s3cret@db/songhe\"\n[bus]\nredis_url = \"http://:s3cret@x\"";
    let error = Given::new(toml, &[]).load().unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    for misplaced in ["database", "http.workers", "city.code"] {
        let problem =
            Given::new(&format!("{misplaced} = \"postgres://ana:s3cret@db/songhe\""), &[]).problem();
        assert!(problem.contains("ana:***@db") && !problem.contains("s3cret"), "{problem}");
    }

    let loaded =
        Given::new("", &[("SONGHE_DATABASE__URL", "postgres://ana:s3cret@db/songhe")]).load().unwrap();
    let text = annotated(&loaded);
    assert!(!text.contains("s3cret") && !format!("{loaded:?}").contains("s3cret"));
    let line = "url = \"postgres://ana:***@db/songhe\"  # from the environment variable SONGHE_DATABASE__URL";
    assert!(text.lines().any(|shown| shown == line), "{text}");
}

#[test]
fn what_is_printed_loads_to_the_same_configuration() {
    let loaded =
        Given::new(include_str!("../../config/cluster.toml"), &[("SONGHE_CITY__NAME_EN", "A \"B\" \\ C")]);
    let loaded = loaded.load().unwrap();
    assert_eq!(Given::new(&annotated(&loaded), &[]).config(), loaded.config);
    let untouched = Given::new("", &[]).load().unwrap();
    assert_eq!(annotated(&untouched), keys::TEMPLATE);
}

#[test]
fn files_are_resolved_against_the_data_folder() {
    let mut config = Config { data_dir: PathBuf::from("/var/lib/songhe"), ..Config::default() };
    assert_eq!(config.database_target(), DatabaseTarget::Sqlite(PathBuf::from("/var/lib/songhe/songhe.db")));
    assert_eq!(config.key_file(), Path::new("/var/lib/songhe/keys.json"));
    config.database.url = SecretUrl::new("sqlite:/srv/city.db");
    assert_eq!(config.database_target(), DatabaseTarget::Sqlite(PathBuf::from("/srv/city.db")));
}
