//! A small demo city in the real program.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::page::Browser;
use crate::support::client::Client;
use crate::support::process::Songhe;

pub struct City {
    pub songhe: Songhe,
    logins: Logins,
}

/// `DIR/demo-logins.json`.
#[derive(Deserialize)]
struct Logins {
    password: String,
    logins: Vec<Login>,
}

#[derive(Deserialize)]
struct Login {
    login: String,
    role: String,
}

impl City {
    pub fn start() -> City {
        City::of("0.05")
    }

    /// A city of another size.
    pub fn of(scale: &str) -> City {
        let songhe = Songhe::start(&["demo", "--scale", scale, "--seed", "1"], &[]);
        let file = std::fs::read(songhe.data_dir().join("demo-logins.json")).unwrap();
        City { logins: serde_json::from_slice(&file).unwrap(), songhe }
    }

    pub fn roles(&self) -> Vec<String> {
        self.logins.logins.iter().map(|login| login.role.clone()).collect()
    }

    /// Signs the browser in as whoever has the role, after whoever was signed in before.
    pub async fn enter(&self, browser: &Browser, role: &str) {
        let login = self.login(role);
        browser.open("/login").await;
        browser.driver.delete_all_cookies().await.unwrap();
        browser.log_in(&login.login, &self.logins.password).await;
    }

    /// Another session of the role, without a window.
    pub async fn client(&self, role: &str) -> Client {
        let client = Client::new(&self.songhe.url(""));
        let fields = [("name", self.login(role).login.as_str()), ("password", &self.logins.password)];
        assert_eq!(client.post_form("/login", &fields).await.status(), 303);
        client
    }

    fn login(&self, role: &str) -> &Login {
        self.logins.logins.iter().find(|login| login.role == role).unwrap()
    }
}

/// Gives the institution another operator.
pub async fn change_operator(client: &Client, id: i64, operator: &str) {
    let path = format!("/api/v1/institutions/{id}");
    let version = client.get_json(&path).await["version"].clone();
    let body = json!({ "version": version, "operator": operator });
    assert_eq!(client.send_json(Method::PATCH, &path, &body).await.status(), 200);
}

/// The number of an institution that the asker sees.
pub async fn any_institution(client: &Client) -> i64 {
    client.get_json("/api/v1/institutions").await["items"][0]["id"].as_i64().unwrap()
}
