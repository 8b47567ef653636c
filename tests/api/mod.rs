//! The JSON interface: what its description says, strict inputs, cursors, who may ask.

mod beds;
mod document;
mod elder_parts;
mod entry;
mod equipment;
mod figures;
mod furnish;
mod input;
mod institutions;
mod lists;
mod paging;
mod work;

use diesel::prelude::*;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use songhe::db::schema::elders;
use songhe::elders::Personal;

use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::seed::PASSWORD;

/// A program with a token: no cookies, no headers of a browser.
pub struct Program {
    client: Client,
    token: String,
}

impl Program {
    /// Signs in a user of [`TestApp::add_user`].
    pub async fn enter(app: &TestApp, login: &str) -> Program {
        let client = app.client();
        let body = json!({ "login": login, "password": PASSWORD });
        let response = client.request(Method::POST, "/api/v1/sessions").json(&body).send().await.unwrap();
        assert_eq!(response.status(), 201);
        assert!(response.headers().get("set-cookie").is_none(), "a program's session is no browser's");
        let opened: Value = response.json().await.unwrap();
        Program { client, token: opened["token"].as_str().unwrap().to_owned() }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, path).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// The body of an answer that must be 200.
    pub async fn read(&self, path: &str) -> Value {
        let (status, body) = answer(self.get(path).await).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        answer(self.request(method, path).json(body).send().await.unwrap()).await
    }

    /// The status and, for a refusal, the problem, whose form is checked.
    pub async fn refusal(&self, path: &str) -> (u16, Value) {
        let (status, body) = answer(self.get(path).await).await;
        assert!(status >= 400, "{path}: {body}");
        (status, body)
    }
}

/// Status and body; an error must be a problem as described.
pub async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    if status >= 400 {
        assert_eq!(kind.as_deref(), Some("application/problem+json"), "{text}");
        let problem: songhe::api::Problem =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(problem.status, status);
        assert!(
            problem.kind.ends_with(&problem.code) && !problem.title.is_empty() && !problem.detail.is_empty()
        );
    }
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    (status, body)
}

/// The names of the fields that a problem refuses.
pub fn fields(problem: &Value) -> Vec<&str> {
    problem["fields"].as_array().into_iter().flatten().map(|field| field["field"].as_str().unwrap()).collect()
}

/// Puts an elder's personal data on file, sealed.
pub fn put_personal(app: &TestApp, id: i64, personal: &Personal) {
    let sealed = songhe::elders::seal(app.keys(), id, personal).unwrap();
    app.write(|tx| {
        diesel::update(elders::table.filter(elders::id.eq(id)))
            .set((
                elders::identity_sealed.eq(sealed.identity_sealed.clone()),
                elders::identity_index.eq(sealed.identity_index.clone()),
                elders::phone_sealed.eq(sealed.phone_sealed.clone()),
                elders::address_sealed.eq(sealed.address_sealed.clone()),
            ))
            .execute(tx.connection)?;
        Ok(())
    });
}
