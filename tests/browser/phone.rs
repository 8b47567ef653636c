//! A caregiver with a phone, in a program whose clock the test moves, behind a network that the test cuts.

use chrono::TimeDelta;
use serde_json::{Value, json};
use songhe::access::{Permission, Place, Role, Scope};
use songhe::db::Kind;
use songhe::visits::store::{VisitRow, get_visit};
use songhe::visits::{Plan, assign, plan};
use thirtyfour::By;

use super::page::Browser;
use super::wire::{Network, Wire};
use crate::support::app::TestApp;
use crate::support::people::IDENTITY;
use crate::support::seed::{PASSWORD, town};

/// Lets a test move the clock that the page sees: `songheShift(ms)`; it stays moved when the page is loaded anew.
const MOVABLE_CLOCK: &str = "(() => {
    const Real = Date;
    const shift = () => Number(localStorage.getItem('test-shift') ?? 0);
    window.Date = class extends Real {
        constructor(...given) {
            if (given.length === 0) { super(Real.now() + shift()); } else { super(...given); }
        }
        static now() { return Real.now() + shift(); }
    };
    window.songheShift = (ms) => localStorage.setItem('test-shift', ms);
})();";

pub struct Phone {
    pub app: TestApp,
    pub network: Network,
    pub visit: i64,
    pub elder: i64,
    pub caregiver: i64,
}

impl Phone {
    /// Ten o'clock on Monday, and a visit that begins. None where the database is not there.
    pub fn ready() -> Option<Phone> {
        let app = TestApp::start(Kind::Sqlite)?;
        app.add_towns();
        let caregiver = app.add_caregiver(1, app.add_provider(1));
        let elder = app.add_sealed_elder(1, IDENTITY);
        let visit = add_visit(&app, elder, caregiver, (600, 720));
        app.add_user("chen", Role::Caregiver, Place::Own(caregiver));
        app.add_user("lin", Role::Coordinator, town(1));
        app.hand.advance(TimeDelta::minutes(60));
        let network = Network::to(&app.base_url);
        Some(Phone { app, network, visit, elder, caregiver })
    }

    /// Signs in and waits until the phone has kept the page.
    pub async fn enter(&self, browser: &Browser, login: &str) {
        self.prepare(browser).await;
        browser.log_in(login, PASSWORD).await;
        browser.open("/today").await;
        browser.wait("document.getElementById('today').dataset.kept === 'yes'").await;
    }

    /// A phone that knows where it is, with a clock that the test can move.
    pub async fn prepare(&self, browser: &Browser) {
        browser.as_phone().await;
        let origin = json!({ "origin": self.network.url(), "permissions": ["geolocation"] });
        browser.cdp("Browser.grantPermissions", origin).await;
        self.place(browser, 24.82).await;
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": MOVABLE_CLOCK })).await;
    }

    pub async fn place(&self, browser: &Browser, latitude: f64) {
        let place = json!({ "latitude": latitude, "longitude": 118.55, "accuracy": 15 });
        browser.cdp("Emulation.setGeolocationOverride", place).await;
    }

    /// No network, and the browser knows.
    pub async fn cut(&self, browser: &Browser) {
        self.network.set(Wire::Cut);
        browser.cdp("Network.enable", json!({})).await;
        self.emulate(browser, true).await;
    }

    /// There is a network again, and the browser knows.
    pub async fn mend(&self, browser: &Browser) {
        self.network.set(Wire::Whole);
        self.emulate(browser, false).await;
        browser.eval("window.dispatchEvent(new Event('online'))").await;
    }

    async fn emulate(&self, browser: &Browser, offline: bool) {
        let conditions =
            json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        browser.cdp("Network.emulateNetworkConditions", conditions).await;
    }

    /// Presses the button of a step, and the one that confirms it.
    pub async fn step(&self, browser: &Browser, kind: &str) {
        self.press(browser, kind).await;
        browser.click("[data-confirm-step]").await;
        browser.wait("!document.getElementById('step').open").await;
    }

    pub async fn press(&self, browser: &Browser, kind: &str) {
        let button = format!("{kind}-{}", self.visit);
        browser.wait(&format!("document.getElementById('{button}')?.disabled === false")).await;
        // The page may be drawn anew just now.
        browser
            .until("the step is asked about", async || {
                let center =
                    format!("document.getElementById('{button}')?.scrollIntoView({{ block: 'center' }})");
                browser.eval(&center).await;
                let clicked = match browser.driver.find(By::Id(&button)).await {
                    Ok(found) => found.click().await.is_ok(),
                    Err(_) => false,
                };
                clicked && browser.holds("document.getElementById('step').open").await
            })
            .await;
    }

    /// Waits until the page says so of a step: saved, uploaded, accepted.
    pub async fn wait_step(&self, browser: &Browser, kind: &str, state: &str) {
        let line = format!("#visit-{} [data-kind={kind}][data-step-state={state}]", self.visit);
        browser.wait(&format!("document.querySelector('{line}')")).await;
    }

    /// Waits until nothing waits on the phone any more.
    pub async fn wait_sent(&self, browser: &Browser) {
        browser.until("the queue is empty", async || unsent(browser).await == json!(0)).await;
    }

    /// Reports that the office has.
    pub fn steps(&self) -> i64 {
        self.app.count("SELECT count(*) AS n FROM visit_steps")
    }

    /// Events of one kind in the histories of all visits.
    pub fn events(&self, kind: &str) -> i64 {
        self.app.count(&format!("SELECT count(*) AS n FROM visit_events WHERE kind = '{kind}'"))
    }

    pub fn stored(&self) -> VisitRow {
        let at = (self.app.app.calendar, self.app.app.clock.now());
        self.app
            .read(|connection| get_visit(connection, &Scope::system(), Permission::SeeVisits, self.visit, at))
    }

    /// Ends every session, as an administrator or time does.
    pub fn end_sessions(&self) {
        let ended = self.app.raw("UPDATE sessions SET revoked_at = '2026-11-23 02:00:00.000'").unwrap();
        assert!(ended > 0);
    }
}

/// A meal of today, which the caregiver has.
pub fn add_visit(app: &TestApp, elder: i64, caregiver: i64, (from, to): (i32, i32)) -> i64 {
    let wanted = Plan {
        elder_id: elder,
        service_code: "meal".to_owned(),
        service_on: "2026-11-23".parse().unwrap(),
        window_starts_min: from,
        window_ends_min: to,
    };
    app.write(|tx| {
        let id = plan(tx, &wanted)?;
        assign(tx, id, 1, caregiver, None)?;
        Ok(id)
    })
}

/// How many steps wait in the browser, of whomever.
pub async fn unsent(browser: &Browser) -> Value {
    browser
        .eval("return import('/static/js/today-store.js').then((store) => store.listSteps()).then((steps) => steps.length)")
        .await
}
