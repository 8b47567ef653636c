//! What the program refuses to start with, what it says then, and its exit statuses.

use diesel::connection::SimpleConnection;
use songhe::db::{Db, Kind, Options};

use super::{Place, said};
use crate::support::app::TestApp;
use crate::support::process::songhe_command;

const SERVE: [&str; 5] = ["serve", "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"];

/// A place whose database holds a user.
fn used() -> Place {
    let place = Place::new(Kind::Sqlite).unwrap();
    drop(Db::open(place.database.source(), &Options::default()).unwrap());
    said(&place.songhe(&["user", "add", "lin", "--name", "林晓"]), 0);
    place
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = Place::new(Kind::Sqlite).unwrap();
    let refusal = said(&place.songhe(&["serve", "--http", &address, "--mqtt", "127.0.0.1:0"]), 1);
    assert!(refusal.contains(&format!("cannot listen on {address}")), "{refusal}");
}

#[test]
fn a_missing_key_file_is_never_replaced() {
    let place = used();
    let file = std::path::PathBuf::from(place.data()).join("keys.json");
    std::fs::rename(&file, file.with_extension("away")).unwrap();
    let refusal = said(&place.songhe(&SERVE), 1);
    assert!(refusal.contains("keys.json is missing"), "{refusal}");
    assert!(!file.exists());
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let place = used();
    let db = Db::open_migrated(place.database.source(), &Options::default()).unwrap();
    let later = "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('9998', '2030-01-01')";
    db.write_now(|connection| Ok(connection.batch_execute(later)?)).unwrap();
    drop(db);
    let refusal = said(&place.songhe(&SERVE), 1);
    assert!(refusal.contains("newer songhe") && refusal.contains("9998"), "{refusal}");
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    let place = Place::new(Kind::Sqlite).unwrap();
    let file = place.folder.path().join("songhe.toml");
    std::fs::write(&file, "[http]\nlisten_on = \"127.0.0.1:0\"\n").unwrap();
    let refusal = said(&place.songhe(&["serve", "--config", &file.display().to_string()]), 1);
    assert!(refusal.contains("http.listen_on"), "{refusal}");
    assert!(refusal.contains("listen"), "{refusal}");
}

#[test]
fn a_broken_audit_log_ends_with_status_1_and_its_row() {
    let app = TestApp::start(Kind::Sqlite).unwrap();
    for number in 0..3 {
        app.add_user(
            &format!("user{number}"),
            songhe::access::Role::CityManager,
            songhe::access::Place::City,
        );
    }
    let data = app.data_dir().display().to_string();
    let url = app.app.config.database.url.expose();
    let verify =
        || songhe_command().args(["audit", "verify", "--data", &data, "--database", url]).output().unwrap();
    assert!(said(&verify(), 0).contains("whole: 3 rows"));
    let tampered = "DROP TRIGGER audit_log_no_update; UPDATE audit_log SET actor = 'nobody' WHERE id = 2";
    app.app.db.write_now(|connection| Ok(connection.batch_execute(tampered)?)).unwrap();
    let found = said(&verify(), 1);
    assert!(found.contains("broken at row 2"), "{found}");
}

#[test]
fn users_are_managed_from_the_command_line() {
    let place = used();
    assert!(said(&place.songhe(&["user", "list"]), 0).contains("lin\t林晓\tactive\t"));
    said(&place.songhe(&["user", "grant", "lin", "audit_administrator"]), 0);
    let second = said(&place.songhe(&["user", "grant", "lin", "system_administrator"]), 1);
    assert!(second.contains("different people"), "{second}");
    said(&place.songhe(&["user", "disable", "lin"]), 0);
    assert!(
        said(&place.songhe(&["user", "list"]), 0).contains("lin\t林晓\tdisabled\taudit_administrator@city")
    );
    said(&place.songhe(&["user", "enable", "lin"]), 0);
    assert!(said(&place.songhe(&["user", "password", "lin"]), 0).contains("first password: "));
    let unknown = said(&place.songhe(&["user", "password", "nobody"]), 1);
    assert!(unknown.contains("nobody"), "{unknown}");
    let again = said(&place.songhe(&["user", "add", "LIN", "--name", "x"]), 1);
    assert!(again.contains("in use"), "{again}");
}

#[test]
fn a_command_on_data_that_is_not_there_makes_none() {
    let place = Place::new(Kind::Sqlite).unwrap();
    for arguments in [&["user", "list"][..], &["audit", "verify"], &["backup", "copy"]] {
        let refusal = said(&place.songhe(arguments), 1);
        assert!(refusal.contains("there is no database"), "{refusal}");
    }
    assert_eq!(std::fs::read_dir(place.data()).unwrap().count(), 0);
}

#[test]
fn wrong_usage_ends_with_status_2_and_help_with_0() {
    let status = |arguments: &[&str]| songhe_command().args(arguments).output().unwrap().status.code();
    assert_eq!(status(&["fly"]), Some(2));
    assert_eq!(status(&["user", "add"]), Some(2));
    assert_eq!(status(&["--http", "nowhere", "serve"]), Some(2));
    for command in ["serve", "user", "audit", "backup", "restore", "config", "completions", "simulate"] {
        let help = said(&songhe_command().args([command, "--help"]).output().unwrap(), 0);
        assert!(help.contains("Examples:"), "{command} --help shows no example");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            said(&songhe_command().args(["completions", shell]).output().unwrap(), 0).contains("restore")
        );
    }
}
