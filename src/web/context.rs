//! Who asks, in which language, for what: made once by the gate, taken by handlers.

use std::future::{Ready, ready};
use std::ops::Deref;
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use crate::access::{Admission, Permission, Scope};
use crate::app::App;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::text::Lang;

/// What the gate found out about a request.
pub struct Context {
    pub app: App,
    pub request_id: String,
    pub lang: Lang,
    pub theme: Option<&'static str>,
    pub path: String,
    pub query: String,
    pub now: Instant,
    pub address: String,
    /// Answer with JSON: an API route.
    pub wants_json: bool,
    /// htmx asks for a part of a page.
    pub is_fragment: bool,
    pub admission: Option<Admission>,
}

impl Context {
    /// A text in the reader's language.
    pub fn t(&self, key: &str) -> std::borrow::Cow<'static, str> {
        self.lang.t(key)
    }

    /// The name of an enum's value: `enums.KIND.VALUE`.
    pub fn name_of(&self, kind: &str, value: &str) -> String {
        self.lang.t(&format!("enums.{kind}.{value}")).into_owned()
    }

    /// Whether a role of the asker allows this anywhere.
    pub fn may(&self, permission: Permission) -> bool {
        self.admission.as_ref().is_some_and(|admission| admission.scope.may(permission))
    }

    /// An instant on the city's clocks.
    pub fn show(&self, at: Instant) -> String {
        self.app.calendar.show(at)
    }

    /// Today in the city.
    pub fn today(&self) -> chrono::NaiveDate {
        self.app.calendar.day_of(self.now)
    }

    /// One of two names, by language.
    pub fn pick<'a>(&self, chinese: &'a str, english: &'a str) -> &'a str {
        match self.lang {
            Lang::Chinese => chinese,
            Lang::English => english,
        }
    }
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Visitor {
    context: Rc<Context>,
}

/// Anybody.
#[derive(Clone)]
pub struct Guest {
    context: Rc<Context>,
}

impl Visitor {
    pub fn admission(&self) -> Result<&Admission> {
        self.context.admission.as_ref().ok_or_else(Error::signed_out)
    }

    /// A copy to be moved into a database task.
    pub fn scope(&self) -> Scope {
        match &self.context.admission {
            Some(admission) => admission.scope.clone(),
            // The extractor refuses a request without a session, so this is not reached; it allows nothing.
            None => Scope::new(0, "nobody", Vec::new()),
        }
    }
}

impl Deref for Visitor {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.context
    }
}

impl Deref for Guest {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.context
    }
}

impl FromRequest for Guest {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let context = request.extensions().get::<Rc<Context>>().cloned();
        ready(
            context
                .map(|context| Guest { context })
                .ok_or_else(|| Error::internal("a request without context")),
        )
    }
}

impl FromRequest for Visitor {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let context = request.extensions().get::<Rc<Context>>().cloned();
        ready(match context {
            Some(context) if context.admission.is_some() => Ok(Visitor { context }),
            Some(_) => Err(Error::signed_out()),
            None => Err(Error::internal("a request without context")),
        })
    }
}
