use actix_web::{HttpRequest, HttpResponse, web};

use super::list::Visits;
use crate::error::Result;
use crate::visits::today::pages::{PATH, does_own_visits};
use crate::visits::{Step, accept, progress};
use crate::web::{Input, Visitor, bulk_page, redirect};

/// Whoever does visits of their own has their day; everybody else the list.
pub async fn list_or_day(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    if is_on_the_way(&visitor) { Ok(redirect(PATH)) } else { bulk_page::<Visits>(visitor, http).await }
}

/// Whoever may only see visits has no say in them, and so no day of their own.
fn is_on_the_way(visitor: &Visitor) -> bool {
    does_own_visits(&visitor.scope()).unwrap_or(false)
}

pub async fn save_arrive(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    step(&visitor, id.into_inner(), &body, Step::Arrive).await
}

pub async fn save_depart(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    step(&visitor, id.into_inner(), &body, Step::Depart).await
}

pub async fn save_accept(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let (id, version) = (id.into_inner(), Input::parse(&body)?.version()?);
    visitor.app.write(&visitor.scope(), move |tx| accept(tx, id, version)).await?;
    Ok(after_step(&visitor, id))
}

pub async fn save_finish(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    step(&visitor, id.into_inner(), &body, Step::Finish).await
}

async fn step(visitor: &Visitor, id: i64, body: &str, step: Step) -> Result<HttpResponse> {
    let version = Input::parse(body)?.version()?;
    visitor.app.write(&visitor.scope(), move |tx| progress(tx, id, version, &step)).await?;
    Ok(after_step(visitor, id))
}

/// Back to the day for who works through it, to the visit for everybody else.
pub fn after_step(visitor: &Visitor, id: i64) -> HttpResponse {
    if is_on_the_way(visitor) { redirect(PATH) } else { redirect(&format!("/visits/{id}")) }
}
