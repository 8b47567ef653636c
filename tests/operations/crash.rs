//! Killed at any moment, the program keeps every write that it acknowledged.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use songhe::db::Kind;

use super::{Place, said};
use crate::support::client::{Client, expect, location};
use crate::support::process::Songhe;

const PASSWORD: &str = "a password of my own";
const KILLS: usize = 3;

/// Signs the system administrator in, choosing a password the first time.
async fn sign_in(songhe: &Songhe, password: &str) -> Client {
    let client = Client::new(&songhe.url(""));
    let response = client.post_form("/login", &[("name", "admin"), ("password", password)]).await;
    assert_eq!(location(&response), "/");
    client
}

async fn keeps_what_it_acknowledged(kind: Kind) {
    let Some(place) = Place::new(kind) else { return };
    let variables = [("SONGHE_DATABASE__URL", place.database.url.as_str()), ("SONGHE_MQTT__MODE", "off")];
    let mut songhe = Songhe::start(&["serve"], &variables);
    let data = songhe.data_dir().display().to_string();
    let mut command = crate::support::process::songhe_command();
    let arguments = ["user", "add", "admin", "--name", "系统管理员", "--grant", "system_administrator"];
    let output = command.args(arguments).args(["--data", &data, "--database", &place.database.url]).output();
    let first = said(&output.unwrap(), 0).trim().rsplit(' ').next().unwrap().to_owned();
    let client = sign_in(&songhe, &first).await;
    let fields = [("current_password", first.as_str()), ("password", PASSWORD), ("password_again", PASSWORD)];
    assert_eq!(location(&client.post_form("/account/password", &fields).await), "/");

    let mut acknowledged = BTreeSet::new();
    for round in 0..KILLS {
        let client = sign_in(&songhe, PASSWORD).await;
        for number in 0..6 {
            let login = format!("user-{round}-{number}");
            let response = client.post_form("/users", &[("login", &login), ("name", "护理员")]).await;
            expect(response, StatusCode::OK).await;
            acknowledged.insert(login);
        }
        // One more is under way when the program dies: it is stored whole or not at all.
        let late = client.clone();
        let under_way = tokio::spawn(async move {
            let request =
                late.request(reqwest::Method::POST, "/users").header("sec-fetch-site", "same-origin");
            let _ = request.form(&[("login", "late"), ("name", "晚到")]).send().await;
        });
        tokio::task::yield_now().await;
        songhe.kill();
        under_way.await.unwrap();
        songhe.restart();
    }
    let mut command = crate::support::process::songhe_command();
    let listed = command.args(["user", "list", "--data", &data, "--database", &place.database.url]).output();
    let listed = said(&listed.unwrap(), 0);
    let stored: BTreeSet<&str> = listed.lines().filter_map(|line| line.split('\t').next()).collect();
    let lost: Vec<&String> = acknowledged.iter().filter(|login| !stored.contains(login.as_str())).collect();
    assert_eq!(lost, Vec::<&String>::new());
    assert_eq!(acknowledged.len(), KILLS * 6);
    let mut command = crate::support::process::songhe_command();
    let verified =
        command.args(["audit", "verify", "--data", &data, "--database", &place.database.url]).output();
    assert!(said(&verified.unwrap(), 0).contains("whole"));
    assert!(songhe.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sqlite_keeps_what_it_acknowledged() {
    keeps_what_it_acknowledged(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn postgres_keeps_what_it_acknowledged() {
    keeps_what_it_acknowledged(Kind::Postgres).await;
}
