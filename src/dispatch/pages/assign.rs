//! Giving a visit by hand: who could make it, the best first, and why the others cannot.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::access::Permission;
use crate::app::Tx;
use crate::clock::{Calendar, Instant};
use crate::dispatch::{Choices, How, Offer, Refused, choices, give_by_hand};
use crate::error::{Code, Error, Result};
use crate::input::minutes;
use crate::text::Text;
use crate::visits::store::{VisitListed, get_visit, with_names};
use crate::web::{Input, Page, Visitor, Words, redirect};

#[derive(Template)]
#[template(path = "assign.html")]
struct AssignPage {
    page: Page,
    view: AssignView,
}

struct AssignView {
    id: i64,
    version: i64,
    heading: String,
    subheading: String,
    offers: Vec<OfferView>,
    refused: Vec<RefusedView>,
    refused_text: String,
    start_time: String,
    start_hint: String,
    asks_first: bool,
    error: Option<String>,
}

struct OfferView {
    id: i64,
    name: String,
    time: String,
    reasons: Vec<String>,
    checked: bool,
}

struct RefusedView {
    name: String,
    rule: String,
    relaxation: Option<String>,
}

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    page(&visitor, id.into_inner(), None).await
}

pub async fn save(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let version = input.version()?;
    let outcome = match read(&visitor, id, &input).await {
        Ok((caregiver, at)) => {
            let how = if input.flag("asks_first") { How::Offer } else { How::Assign };
            let giving = move |tx: &mut Tx<'_>| give_by_hand(tx, (id, version), caregiver, at, how);
            visitor.app.write(&visitor.scope(), giving).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(redirect(&format!("/visits/{id}"))),
        Err(error) if is_for_form(&error) => page(&visitor, id, Some((&input, &error))).await,
        Err(error) => Err(error),
    }
}

fn is_for_form(error: &Error) -> bool {
    matches!(error.code, Code::Invalid | Code::Stale | Code::Taken | Code::IllegalMove)
}

/// The caregiver, and the start where one was typed: a time before the window's is on its next day.
async fn read(visitor: &Visitor, id: i64, input: &Input) -> Result<(i64, Option<Instant>)> {
    let caregiver = input.text("caregiver_id").parse();
    let caregiver = caregiver.map_err(|_| Error::field("caregiver_id", Text::new("rule.choose")))?;
    let typed = input.text("start_time");
    if typed.is_empty() {
        return Ok((caregiver, None));
    }
    let minute = minutes(&typed).ok_or_else(|| Error::field("start_time", Text::new("rule.time")))?;
    let (listed, _) = load(visitor, id).await?;
    let calendar = visitor.app.calendar;
    let at = calendar.at(listed.visit.service_on, minute);
    let next_day = at < listed.visit.window_starts_at
        && calendar.day_of(listed.visit.window_ends_at) != listed.visit.service_on;
    let at = if next_day { calendar.at(listed.visit.service_on, minute + 24 * 60) } else { at };
    Ok((caregiver, Some(at)))
}

async fn load(visitor: &Visitor, id: i64) -> Result<(VisitListed, Choices)> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    visitor
        .app
        .db
        .read(move |connection| {
            let at = (words.calendar, words.now);
            let visit = get_visit(connection, &scope, Permission::AssignVisits, id, at)?;
            let found = choices(connection, &scope, &visit, at)?;
            let listed = with_names(connection, vec![visit])?.pop().ok_or_else(Error::not_found)?;
            Ok((listed, found))
        })
        .await
}

async fn page(visitor: &Visitor, id: i64, refused: Option<(&Input, &Error)>) -> Result<HttpResponse> {
    let (listed, found) = load(visitor, id).await?;
    let calendar = visitor.app.calendar;
    let visit = &listed.visit;
    let window = format!(
        "{}–{}",
        calendar.show_time(visit.window_starts_at),
        calendar.show_time(visit.window_ends_at)
    );
    let chosen = refused.map(|(input, _)| input.text("caregiver_id")).unwrap_or_default();
    let chosen = match chosen.parse() {
        Ok(id) => Some(id),
        Err(_) => found.offers.first().map(|offer| offer.caregiver_id),
    };
    let service = visitor.pick(&listed.service_zh, &listed.service_en);
    let minutes = visitor.lang.fill("visit.minutes", &[("n", &visit.duration_min.to_string())]);
    let count = found.refused.len().to_string();
    let view = AssignView {
        id,
        version: visit.version,
        heading: visitor.lang.fill("visit.assign_of", &[("elder", &listed.elder), ("service", service)]),
        subheading: format!("{} {window} · {minutes}", visit.service_on),
        offers: found.offers.iter().map(|offer| offer_view(visitor, calendar, offer, chosen)).collect(),
        refused: found.refused.iter().map(|one| refused_view(visitor, one)).collect(),
        refused_text: visitor.lang.fill("dispatch.refused", &[("n", &count)]),
        start_time: refused.map(|(input, _)| input.text("start_time")).unwrap_or_default(),
        start_hint: visitor.lang.fill("hint.start_time", &[("window", &window)]),
        asks_first: refused.is_some_and(|(input, _)| input.flag("asks_first")),
        error: refused.map(|(_, error)| error.text.to(visitor.lang)),
    };
    let status = refused.and_then(|(_, error)| StatusCode::from_u16(error.code.status()).ok());
    let page = AssignPage { page: Page::new(visitor, &view.heading), view };
    let body = page.render().map_err(|error| Error::internal("template").because(error))?;
    let status = status.unwrap_or(StatusCode::OK);
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body))
}

fn offer_view(visitor: &Visitor, calendar: Calendar, offer: &Offer, chosen: Option<i64>) -> OfferView {
    OfferView {
        id: offer.caregiver_id,
        name: offer.name.clone(),
        time: calendar.show_time(offer.starts_at),
        reasons: reasons(visitor, offer),
        checked: chosen == Some(offer.caregiver_id),
    }
}

/// What the choice costs and gives, in words.
fn reasons(visitor: &Visitor, offer: &Offer) -> Vec<String> {
    let fill = |key: &str, n: i64| visitor.lang.fill(key, &[("n", &n.abs().to_string())]);
    let mut found = Vec::new();
    if offer.is_current {
        found.push(visitor.t("dispatch.current").into_owned());
    }
    found.push(fill("dispatch.position", offer.position as i64));
    found.push(match offer.travel_min {
        0 => visitor.t("dispatch.travel_same").into_owned(),
        more if more > 0 => fill("dispatch.travel_more", more),
        less => fill("dispatch.travel_less", less),
    });
    if offer.is_wished {
        found.push(visitor.t("dispatch.wished").into_owned());
    }
    if offer.visits_before > 0 {
        found.push(visitor.lang.fill(
            "dispatch.familiar",
            &[("n", &offer.visits_before.to_string()), ("all", &offer.visits_of_all.to_string())],
        ));
    } else if offer.visits_of_all > 0 {
        found.push(visitor.t("dispatch.unfamiliar").into_owned());
    }
    if offer.wishes_broken > 0 {
        found.push(fill("dispatch.wishes_broken", offer.wishes_broken));
    }
    found
}

fn refused_view(visitor: &Visitor, refused: &Refused) -> RefusedView {
    RefusedView {
        name: refused.name.clone(),
        rule: refused.rule.to(visitor.lang),
        relaxation: refused.relaxation.as_ref().map(|text| text.to(visitor.lang)),
    }
}
