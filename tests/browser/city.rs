//! A small demo city in the real program.

use chrono::Timelike;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use songhe::clock::Clock;

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

    /// A city of another size; there it is morning, so that visits of today are done, running and still to come at
    /// whatever hour the test runs.
    pub fn of(scale: &str) -> City {
        let time_zone = morning_zone(Clock::system().now().hour());
        let variables = [("SONGHE_CITY__TIME_ZONE", time_zone.as_str())];
        let songhe = Songhe::start(&["demo", "--scale", scale, "--seed", "1"], &variables);
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

/// The time zone in which it is some minutes past ten; names of this kind count hours west of Greenwich.
fn morning_zone(utc_hour: u32) -> String {
    let east = 10 - i64::from(utc_hour);
    let west = if east < -12 { -(east + 24) } else { -east };
    format!("Etc/GMT{west:+}")
}

#[test]
fn a_city_is_found_where_it_is_past_ten() {
    for hour in 0..24 {
        let zone: chrono_tz::Tz = morning_zone(hour).parse().unwrap();
        let now = Clock::system().now().with_hour(hour).unwrap().and_utc().with_timezone(&zone);
        assert_eq!(now.hour(), 10, "{zone}");
    }
}
