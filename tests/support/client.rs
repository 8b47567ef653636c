//! A browser without a window: cookies are kept, redirects are shown and not followed.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

/// One person's browser.
#[derive(Clone)]
pub struct Client {
    base_url: String,
    pub http: reqwest::Client,
}

impl Client {
    pub fn new(base_url: &str) -> Client {
        let http = reqwest::Client::builder()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Client { base_url: base_url.to_owned(), http }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// A request to be added to: headers, body, `send()`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// Sends a form as one of our own pages does.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.own(Method::POST, path).form(fields).send().await.unwrap()
    }

    pub async fn send_json(&self, method: Method, path: &str, body: &Value) -> Response {
        self.own(method, path).json(body).send().await.unwrap()
    }

    /// The body of a page; panics unless the answer is 200.
    pub async fn page(&self, path: &str) -> String {
        expect(self.get(path).await, StatusCode::OK).await
    }

    /// The JSON of an answer; panics unless it is 200.
    pub async fn get_json(&self, path: &str) -> Value {
        serde_json::from_str(&self.page(path).await).unwrap()
    }

    pub async fn status(&self, path: &str) -> u16 {
        self.get(path).await.status().as_u16()
    }

    fn own(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).header("sec-fetch-site", "same-origin")
    }
}

/// The body of an answer; panics with it unless the status is `wanted`.
pub async fn expect(response: Response, wanted: StatusCode) -> String {
    let (status, url) = (response.status(), response.url().clone());
    let body = response.text().await.unwrap();
    assert_eq!(status, wanted, "{url}: {body}");
    body
}

/// Where an answer sends the browser; panics unless it is a redirect.
pub fn location(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{}", response.url());
    response.headers()["location"].to_str().unwrap().to_owned()
}
