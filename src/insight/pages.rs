//! The city board.

mod view;

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::summary::{self, Summary};
use crate::access::Permission;
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::{Need, Page, Route, Visitor, get, html};

pub fn routes() -> Vec<Route> {
    vec![get("/board", Need::May(Permission::SeeBoard), || web::to(show))]
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    page: Page,
    board: view::Board,
}

async fn show(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let town = asked_town(http.query_string())?;
    let summary = summary_of(&visitor, town.clone()).await?;
    let board = view::board(&visitor, &summary, town.as_deref());
    html(&BoardPage { page: Page::new(&visitor, &board.heading), board })
}

/// The town of `?town=CODE`.
fn asked_town(query: &str) -> Result<Option<String>> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    Ok(pairs
        .into_inner()
        .into_iter()
        .find(|(name, value)| name == "town" && !value.is_empty())
        .map(|(_, value)| value))
}

/// The board's content, from memory while nothing happened in the city.
pub(super) async fn summary_of(visitor: &Visitor, town: Option<String>) -> Result<Arc<Summary>> {
    let (app, scope, now) = (&visitor.app, visitor.scope(), visitor.now);
    let key = memo_key(&scope.reach(Permission::SeeBoard)?, town.as_deref());
    let position = app.bus.position();
    if let Some(kept) = app.memo.find::<Summary>(&key, position, now) {
        return Ok(kept);
    }
    let day = visitor.today();
    let read = move |connection: &mut _| summary::read(connection, &scope, town.as_deref(), day, now);
    let fresh = Arc::new(app.db.read(read).await?);
    app.memo.keep(key, position, now, Arc::clone(&fresh));
    Ok(fresh)
}

/// Whoever reaches the same places sees the same board.
fn memo_key(reach: &crate::access::Reach, town: Option<&str>) -> String {
    format!("board {} {:?} {:?} {:?}", reach.city, reach.towns, reach.institutions, town)
}
