//! The first page: wherever the reader's day begins.

use actix_web::{HttpResponse, web};

use super::context::Visitor;
use super::page::{Page, redirect};
use super::routes::{Need, Route, get};
use crate::error::Error;

pub fn routes() -> Vec<Route> {
    vec![get("/", Need::SignedIn, || web::to(home))]
}

async fn home(visitor: Visitor) -> Result<HttpResponse, Error> {
    match Page::new(&visitor, "").nav.first() {
        Some(first) => Ok(redirect(first.href)),
        None => Err(Error::forbidden().context("a user without any role")),
    }
}
