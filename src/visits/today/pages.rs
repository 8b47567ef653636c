//! The phone's page of today, and what lets the phone keep it: the service worker, the manifest, and a page for want of another.

mod card;
mod door;
mod shell;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use self::card::{CardView, card};
use super::model::{Problem, visit_of_code};
use super::route::{Day, my_day};
use crate::access::{Permission, Scope};
use crate::elders::cards::CodeFound;
use crate::error::Result;
use crate::visits::check_code;
use crate::visits::model::VisitState;
use crate::visits::pages::tone;
use crate::web::{Choice, Input, Need, Page, Route, Visitor, get, html, redirect};

pub const PATH: &str = "/today";

pub fn routes() -> Vec<Route> {
    let mut routes = vec![
        get(PATH, Need::May(Permission::DoVisits), || web::to(show)),
        get("/card/{code}", Need::Open, || web::to(door::show)),
    ];
    routes.extend(shell::routes());
    routes
}

#[derive(Template)]
#[template(path = "today.html")]
struct TodayPage {
    page: Page,
    day: DayView,
}

struct DayView {
    heading: String,
    subheading: String,
    notice: Option<String>,
    visits: Vec<CardView>,
    /// Whose steps the phone may send from this page.
    user_id: i64,
    /// Names and tones of states and kinds of steps for the script, as JSON.
    words: String,
    reasons: Vec<ReasonView>,
    problems: Vec<Choice>,
    coordinator_phone: Option<String>,
    /// The city's: a phone that was set to another shows the same times as the office.
    zone: &'static str,
    /// When this page was made, for whoever sees it later.
    made_at: String,
    manifest: String,
}

struct ReasonView {
    code: String,
    name: String,
    needs_note: bool,
}

/// Whoever has visits of their own gets their day; everybody else goes on to the list. The code of a day sheet leads to its visit.
async fn show(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let asked = Input::parse(http.query_string())?;
    let (code, card) = (asked.text("visit"), asked.text("card"));
    let opened = visit_of_code(&code).filter(|id| check_code(&visitor.app.keys, *id, &code).is_ok());
    if !does_own_visits(&visitor.scope())? {
        return Ok(redirect(&opened.map_or("/visits".to_owned(), |id| format!("/visits/{id}"))));
    }
    let day = visitor.app.write(&visitor.scope(), my_day).await?;
    if let Some(id) = opened.filter(|id| day.visits.iter().any(|visit| visit.listed.visit.id == *id)) {
        return Ok(redirect(&format!("{PATH}#visit-{id}")));
    }
    let notice = match (code.is_empty(), card.is_empty()) {
        (false, _) => Some("today.foreign_code"),
        (true, false) => door::notice(&visitor, &day, &card).await?,
        (true, true) => None,
    };
    let view = view(&visitor, day, notice);
    html(&TodayPage { page: Page::new(&visitor, &visitor.t("visit.my_day")), day: view })
}

/// Whether somebody goes to elders, and is not in the office.
pub fn does_own_visits(scope: &Scope) -> Result<bool> {
    let reach = scope.reach(Permission::DoVisits)?;
    let sees = scope.reach(Permission::SeeVisits)?;
    let sees_only_own = !sees.city && sees.towns.is_empty() && sees.providers.is_empty();
    Ok(sees_only_own && !reach.caregivers.is_empty())
}

fn view(visitor: &Visitor, day: Day, notice: Option<&str>) -> DayView {
    let done = day.visits.iter().filter(|visit| !visit.listed.visit.state.is_open()).count().to_string();
    let count = day.visits.len().to_string();
    let reasons = day.reasons.into_iter().map(|reason| ReasonView {
        name: visitor.pick(&reason.name_zh, &reason.name_en).to_owned(),
        code: reason.code,
        needs_note: reason.needs_note,
    });
    let problems = Problem::ALL.iter().map(|problem| Choice {
        value: problem.name().to_owned(),
        label: visitor.name_of("visit_problem", problem.name()),
        selected: false,
    });
    DayView {
        heading: visitor.t("visit.my_day").into_owned(),
        subheading: visitor.lang.fill(
            "visit.my_day_sub",
            &[("day", &visitor.today().to_string()), ("done", &done), ("n", &count)],
        ),
        notice: notice.map(|key| visitor.t(key).into_owned()),
        visits: day.visits.into_iter().map(|visit| card(visitor, visit)).collect(),
        user_id: visitor.scope().user_id.unwrap_or_default(),
        words: words(visitor),
        reasons: reasons.collect(),
        problems: problems.collect(),
        coordinator_phone: day.coordinator_phone,
        zone: visitor.app.config.city.time_zone.name(),
        made_at: visitor.show(visitor.now),
        manifest: shell::manifest_path(visitor.lang),
    }
}

/// What the script says of steps that are still on the phone.
fn words(visitor: &Visitor) -> String {
    use crate::visits::checkin::StepKind;
    let states: serde_json::Map<_, _> = VisitState::ALL
        .iter()
        .map(|state| {
            let name = visitor.name_of("visit_state", state.name());
            (state.name().to_owned(), serde_json::json!({ "name": name, "tone": tone(*state) }))
        })
        .collect();
    let kinds: serde_json::Map<_, _> = StepKind::ALL
        .iter()
        .map(|kind| (kind.name().to_owned(), visitor.name_of("step_kind", kind.name()).into()))
        .collect();
    let codes: serde_json::Map<_, _> = CodeFound::ALL
        .iter()
        .filter(|found| **found != CodeFound::Right)
        .map(|found| (found.name().to_owned(), visitor.name_of("code_found", found.name()).into()))
        .collect();
    serde_json::json!({ "states": states, "kinds": kinds, "codes": codes }).to_string()
}
