//! One effect for each key: a program that got no answer sends the same request again.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::Serialize;

use super::store;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::Visitor;

const HEADER: &str = "idempotency-key";
const KEY_MAX: usize = 100;

/// The `Idempotency-Key` of a request, where it has one.
pub struct Once(Option<String>);

impl FromRequest for Once {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get(HEADER) else { return ready(Ok(Once(None))) };
        let key = value.to_str().ok().filter(|key| (1..=KEY_MAX).contains(&key.len()));
        let wrong = || Error::field("idempotency_key", Text::new("rule.request_key").with("max", KEY_MAX));
        ready(key.map(|key| Once(Some(key.to_owned()))).ok_or_else(wrong))
    }
}

impl Once {
    /// The key, which this operation cannot do without.
    pub fn key(&self) -> Result<String> {
        let missing =
            || Error::field("idempotency_key", Text::new("rule.request_key_missing").with("max", KEY_MAX));
        self.0.clone().ok_or_else(missing)
    }

    /// Runs `work` in one transaction and gives the number it made; with a key that was used for the same input before, gives
    /// the number of then and changes nothing.
    pub async fn write<F>(self, visitor: &Visitor, input: &impl Serialize, mut work: F) -> Result<i64>
    where
        F: FnMut(&mut Tx<'_>) -> Result<i64> + Send + 'static,
    {
        let scope = visitor.scope();
        let Some(key) = self.0 else { return visitor.app.write(&scope, work).await };
        let body = serde_json::to_string(input).map_err(|error| Error::internal("input").because(error))?;
        // Keyed, since an input may hold an identity number.
        let digest = hex::encode(visitor.app.keys.index("request", &format!("{}\n{body}", visitor.path)));
        let user_id = scope.user_id.unwrap_or_default();
        let write = move |tx: &mut Tx<'_>| {
            if let Some((known, answer)) = store::find_key(tx.connection, user_id, &key)? {
                let used = || Error::field("idempotency_key", Text::new("rule.request_key_used"));
                return if known == digest { Ok(answer) } else { Err(used()) };
            }
            let answer = work(tx)?;
            store::insert_key(tx.connection, user_id, &key, &digest, answer, tx.now)?;
            Ok(answer)
        };
        visitor.app.write(&scope, write).await
    }
}
