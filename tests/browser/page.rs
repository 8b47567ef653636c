//! What a person does with a page and sees on it, for tests.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// Generous: a debug build and a browser share two cores.
pub const LIMIT: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(25);

/// One browser with its tabs and the address of the program.
pub struct Browser {
    pub driver: WebDriver,
    base_url: String,
}

impl Browser {
    pub fn new(driver: WebDriver, base_url: &str) -> Self {
        Browser { driver, base_url: base_url.to_owned() }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    pub async fn open(&self, path: &str) {
        self.driver.goto(self.url(path)).await.unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Signs in at `/login` and waits until the browser has left it.
    pub async fn log_in(&self, name: &str, password: &str) {
        self.open("/login").await;
        self.fill_login(name, password).await;
        self.until("the sign-in leads away from /login", async || self.path().await != "/login").await;
    }

    pub async fn fill_login(&self, name: &str, password: &str) {
        self.fill("#name", name).await;
        self.fill("#password", password).await;
        self.click("button.primary").await;
    }

    /// Path and query of the page.
    pub async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    pub async fn wait_path(&self, path: &str) {
        self.until(&format!("the page is {path}"), async || {
            self.path().await == path && self.is_loaded().await
        })
        .await;
    }

    async fn is_loaded(&self) -> bool {
        self.eval("return document.readyState === 'complete'").await == json!(true)
    }

    pub async fn find(&self, css: &str) -> WebElement {
        let started = Instant::now();
        loop {
            match self.driver.find(By::Css(css)).await {
                Ok(element) => return element,
                Err(error) => assert!(started.elapsed() < LIMIT, "nothing is {css}: {error}"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Replaces what a field holds.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Keys to whatever has the focus.
    pub async fn press(&self, keys: impl Into<TypingData>) {
        self.driver.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// The visible text of an element that is there.
    pub async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.unwrap()
    }

    /// What a script gives back; `return` it. Null while the page is being left.
    pub async fn eval(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.map_or(Value::Null, |answer| answer.json().clone())
    }

    /// Whether a condition on the page, a JavaScript expression, holds now.
    pub async fn holds(&self, expression: &str) -> bool {
        self.eval(&format!("return Boolean({expression})")).await == json!(true)
    }

    /// Waits until a JavaScript expression holds on the page.
    pub async fn wait(&self, expression: &str) {
        self.until(expression, async || self.holds(expression).await).await;
    }

    pub async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let started = Instant::now();
        while !condition().await {
            assert!(started.elapsed() < LIMIT, "waited {LIMIT:?} in vain until {what}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// 390 x 844, as a phone shows it.
    pub async fn as_phone(&self) {
        let size = json!({ "width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true });
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// 1400 x 900.
    pub async fn as_desktop(&self) {
        let size = json!({ "width": 1400, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
    }

    pub async fn cdp(&self, method: &str, parameters: Value) -> Value {
        self.driver
            .cdp()
            .send_raw(method, parameters)
            .await
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Errors of the console since the last look; a breach of the content security policy is one.
    pub async fn console_errors(&self) -> Vec<String> {
        let entries = self.driver.browser_log().await.unwrap();
        entries.into_iter().filter(|entry| entry.level == "SEVERE").map(|entry| entry.message).collect()
    }
}
