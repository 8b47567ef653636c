use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::list::{Visits, tone};
use super::period;
use crate::access::{Permission, Scope};
use crate::error::Result;
use crate::visits::day::{DayVisit, my_day};
use crate::visits::model::VisitEvent;
use crate::visits::{Step, accept, progress};
use crate::web::{Context, Input, Page, Visitor, html, list_page, redirect};

#[derive(Template)]
#[template(path = "my_day.html")]
struct DayPage {
    page: Page,
    day: DayView,
}

struct DayView {
    heading: String,
    subheading: String,
    visits: Vec<CardView>,
    empty_text: String,
}

/// One visit on the caregiver's phone.
struct CardView {
    id: i64,
    version: i64,
    time: String,
    elder: String,
    service: String,
    state: String,
    tone: &'static str,
    address: Option<String>,
    times: String,
    may_arrive: bool,
    may_finish: bool,
    may_fail: bool,
    arrive_confirm: String,
    finish_confirm: String,
}

/// Whoever sees only visits of their own gets their day; everybody else the list.
pub async fn list_or_day(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    if !sees_only_own(&visitor.scope())? {
        return list_page::<Visits>(visitor, http).await;
    }
    let visits = visitor.app.write(&visitor.scope(), my_day).await?;
    let done = visits.iter().filter(|visit| !visit.is_open()).count().to_string();
    let count = visits.len().to_string();
    let view = DayView {
        heading: visitor.t("visit.my_day").into_owned(),
        subheading: visitor.lang.fill(
            "visit.my_day_sub",
            &[("day", &visitor.today().to_string()), ("done", &done), ("n", &count)],
        ),
        visits: visits.into_iter().map(|visit| card(&visitor, visit)).collect(),
        empty_text: visitor.t("visit.my_day_empty").into_owned(),
    };
    html(&DayPage { page: Page::new(&visitor, &visitor.t("visit.my_day")), day: view })
}

fn sees_only_own(scope: &Scope) -> Result<bool> {
    let reach = scope.reach(Permission::SeeVisits)?;
    Ok(!reach.city && reach.towns.is_empty() && reach.providers.is_empty())
}

fn card(context: &Context, visit: DayVisit) -> CardView {
    let DayVisit { listed, address } = visit;
    let row = &listed.visit;
    let calendar = context.app.calendar;
    let ask = |key: &str| context.lang.fill(key, &[("elder", &listed.elder)]);
    let time =
        |key: &str, at: Option<_>| at.map(|at| format!("{} {}", context.t(key), calendar.show_time(at)));
    let times: Vec<String> =
        [time("field.arrived_at", listed.visit.arrived_at), time("field.done_at", listed.visit.ended_at)]
            .into_iter()
            .flatten()
            .collect();
    let (from, to) = row.starts_at.zip(row.ends_at).unwrap_or((row.window_starts_at, row.window_ends_at));
    CardView {
        id: row.id,
        version: row.version,
        time: period(calendar, from, to),
        service: context.pick(&listed.service_zh, &listed.service_en).to_owned(),
        state: context.name_of("visit_state", row.state.name()),
        tone: tone(row.state),
        address,
        times: times.join(" · "),
        may_arrive: row.state.allows(VisitEvent::Arrive),
        may_finish: row.state.allows(VisitEvent::Finish),
        may_fail: row.state.allows(VisitEvent::Fail),
        arrive_confirm: ask("visit.arrive_confirm"),
        finish_confirm: ask("visit.finish_confirm"),
        elder: listed.elder.clone(),
    }
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
    if sees_only_own(&visitor.scope()).unwrap_or(false) {
        return redirect("/visits");
    }
    redirect(&format!("/visits/{id}"))
}
