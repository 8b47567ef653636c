use actix_web::{HttpRequest, HttpResponse, web};

use super::day::after_step;
use super::period;
use crate::access::Permission;
use crate::clock::Calendar;
use crate::elders::store::get_elder;
use crate::error::{Code, Error, Result};
use crate::input::minutes;
use crate::text::Text;
use crate::visits::model::Shift;
use crate::visits::store::{VisitListed, fail_reasons, get_visit, items, with_names};
use crate::visits::{Candidate, Plan, Step, assign, candidates, offer, plan, progress};
use crate::web::{Form, FormField, Input, Visitor, Words, form_page, redirect};

pub async fn show_plan(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let asked = Input::parse(http.query_string())?;
    let today = visitor.today().to_string();
    let input = Input::of([("elder", asked.text("elder")), ("service_on", today)]);
    let form = plan_form(&visitor, &input).await?;
    form_page(&visitor, form, None)
}

pub async fn save_plan(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let outcome = match read_plan(&input) {
        Ok(wanted) => visitor.app.write(&visitor.scope(), move |tx| plan(tx, &wanted)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(id) => Ok(redirect(&format!("/visits/{id}"))),
        Err(error) if is_for_form(&error) => {
            let form = plan_form(&visitor, &input).await?;
            form_page(&visitor, form, Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}

fn read_plan(input: &Input) -> Result<Plan> {
    let time = |field: &'static str| {
        minutes(&input.text(field)).ok_or_else(|| Error::field(field, Text::new("rule.time")))
    };
    Ok(Plan {
        elder_id: input
            .text("elder")
            .parse()
            .map_err(|_| Error::field("elder", Text::new("rule.elder_number")))?,
        service_code: input.text("service_code"),
        service_on: input
            .text("service_on")
            .parse()
            .map_err(|_| Error::field("service_on", Text::new("rule.date")))?,
        window_starts_min: time("window_from")?,
        window_ends_min: time("window_to")?,
    })
}

async fn plan_form(visitor: &Visitor, input: &Input) -> Result<Form> {
    let (scope, now) = (visitor.scope(), visitor.now);
    let elder_id = input.text("elder").parse::<i64>().ok();
    let (services, elder) = visitor
        .app
        .db
        .read(move |connection| {
            let elder =
                match elder_id.map(|id| get_elder(connection, &scope, Permission::AssignVisits, id, now)) {
                    Some(Ok(elder)) => Some(elder.name),
                    Some(Err(error)) if error.code != Code::NotFound => return Err(error),
                    _ => None,
                };
            Ok((items(connection)?, elder))
        })
        .await?;
    let services = services
        .into_iter()
        .map(|item| {
            let minutes = visitor.lang.fill("visit.minutes", &[("n", &item.duration_min.to_string())]);
            let label = format!("{} · {minutes}", visitor.pick(&item.name_zh, &item.name_en));
            (item.code, label)
        })
        .collect();
    let field = |name, kind| FormField::of(visitor, name, kind, input).required(true);
    let elder_hint = match elder {
        Some(name) => name,
        None => visitor.t("hint.elder_number").into_owned(),
    };
    Ok(Form {
        heading: visitor.t("visit.new").into_owned(),
        action: "/visits".to_owned(),
        fields: vec![
            field("elder", "text").hint(elder_hint),
            field("service_code", "select").options(services),
            field("service_on", "date"),
            field("window_from", "time").hint(visitor.t("hint.window")),
            field("window_to", "time").hint(visitor.t("hint.window_to")),
        ],
        submit_label: visitor.t("visit.plan").into_owned(),
        cancel_href: "/visits".to_owned(),
        ..Form::default()
    })
}

pub async fn show_assign(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (form, _) = assign_form(&visitor, id.into_inner(), None).await?;
    form_page(&visitor, form, None)
}

pub async fn save_assign(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let version = input.version()?;
    let outcome = match read_assignment(&visitor, id, &input).await {
        Ok((caregiver, at)) => {
            let asks = input.flag("asks_first");
            let giving = move |tx: &mut crate::app::Tx<'_>| {
                if asks {
                    offer(tx, id, version, caregiver, at)
                } else {
                    assign(tx, id, version, caregiver, at)
                }
            };
            visitor.app.write(&visitor.scope(), giving).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(redirect(&format!("/visits/{id}"))),
        Err(error) if is_for_form(&error) => {
            let (form, current) = assign_form(&visitor, id, Some(&input)).await?;
            form_page(&visitor, Form { version: Some(version), ..form }, Some((&error, Some(current))))
        }
        Err(error) => Err(error),
    }
}

/// The caregiver, and the start where one was typed: a time before the window's is on its next day.
async fn read_assignment(
    visitor: &Visitor,
    id: i64,
    input: &Input,
) -> Result<(i64, Option<crate::clock::Instant>)> {
    let caregiver = input.text("caregiver_id").parse();
    let caregiver = caregiver.map_err(|_| Error::field("caregiver_id", Text::new("rule.choose")))?;
    let typed = input.text("start_time");
    if typed.is_empty() {
        return Ok((caregiver, None));
    }
    let minute = minutes(&typed).ok_or_else(|| Error::field("start_time", Text::new("rule.time")))?;
    let listed = load(visitor, id, Permission::AssignVisits).await?.0;
    let calendar = visitor.app.calendar;
    let at = calendar.at(listed.visit.service_on, minute);
    let next_day = at < listed.visit.window_starts_at
        && calendar.day_of(listed.visit.window_ends_at) != listed.visit.service_on;
    let at = if next_day { calendar.at(listed.visit.service_on, minute + 24 * 60) } else { at };
    Ok((caregiver, Some(at)))
}

/// The visit with its names, and who could do it.
async fn load(visitor: &Visitor, id: i64, need: Permission) -> Result<(VisitListed, Vec<Candidate>)> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    visitor
        .app
        .db
        .read(move |connection| {
            let visit = get_visit(connection, &scope, need, id, (words.calendar, words.now))?;
            let found = if need == Permission::AssignVisits {
                candidates(connection, &scope, &visit, words.calendar)?
            } else {
                Vec::new()
            };
            let listed = with_names(connection, vec![visit])?.pop().ok_or_else(Error::not_found)?;
            Ok((listed, found))
        })
        .await
}

/// The form, and the version that is stored now.
async fn assign_form(visitor: &Visitor, id: i64, input: Option<&Input>) -> Result<(Form, i64)> {
    let (listed, found) = load(visitor, id, Permission::AssignVisits).await?;
    let calendar = visitor.app.calendar;
    let mut options = vec![(String::new(), visitor.t("visit.choose_caregiver").into_owned())];
    options.extend(
        found.iter().map(|one| (one.caregiver.id.to_string(), candidate_label(visitor, calendar, one))),
    );
    let empty = Input::default();
    let input = input.unwrap_or(&empty);
    let times = period(calendar, listed.visit.window_starts_at, listed.visit.window_ends_at);
    let hint = if found.is_empty() { "hint.no_caregiver" } else { "hint.candidates" };
    let service = visitor.pick(&listed.service_zh, &listed.service_en);
    let form = Form {
        heading: visitor.lang.fill("visit.assign_of", &[("elder", &listed.elder), ("service", service)]),
        action: format!("/visits/{id}/assign"),
        version: Some(listed.visit.version),
        fields: vec![
            FormField::of(visitor, "caregiver_id", "select", input)
                .required(true)
                .options(options)
                .hint(visitor.t(hint)),
            FormField::of(visitor, "start_time", "time", input)
                .hint(visitor.lang.fill("hint.start_time", &[("window", &times)])),
            FormField::of(visitor, "asks_first", "checkbox", input).hint(visitor.t("hint.asks_first")),
        ],
        submit_label: visitor.t("visit.assign").into_owned(),
        cancel_href: format!("/visits/{id}"),
    };
    Ok((form, listed.visit.version))
}

/// Name, hours, and why the caregiver comes here in the list.
fn candidate_label(visitor: &Visitor, calendar: Calendar, one: &Candidate) -> String {
    let shift: Shift = one.caregiver.shift();
    let clock = |minutes: i32| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
    let mut parts = vec![one.caregiver.name.clone()];
    parts.push(match one.free_from {
        Some(at) => visitor.lang.fill("visit.free_from", &[("at", &calendar.show_time(at))]),
        None => visitor.t("visit.not_free").into_owned(),
    });
    if one.known {
        parts.push(visitor.t("visit.knows_elder").into_owned());
    } else if one.same_provider {
        parts.push(visitor.t("visit.same_provider").into_owned());
    }
    let hours = format!("{}–{}", clock(shift.starts_min), clock(shift.ends_min));
    parts.push(visitor.lang.fill("visit.works", &[("hours", &hours)]));
    parts.join(" · ")
}

pub async fn show_fail(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let form = fail_form(&visitor, id.into_inner(), &Input::default()).await?;
    form_page(&visitor, form, None)
}

pub async fn save_fail(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let version = input.version()?;
    let step = Step::Fail { reason: input.text("reason"), note: input.text("note") };
    let outcome = visitor.app.write(&visitor.scope(), move |tx| progress(tx, id, version, &step)).await;
    match outcome {
        Ok(()) => Ok(after_step(&visitor, id)),
        Err(error) if is_for_form(&error) => {
            let form = fail_form(&visitor, id, &input).await?;
            let current = form.version;
            form_page(&visitor, form, Some((&error, current)))
        }
        Err(error) => Err(error),
    }
}

/// The reasons that somebody may choose, by their names.
pub async fn reason_options(visitor: &Visitor) -> Result<Vec<(String, String)>> {
    let rows = visitor.app.db.read(fail_reasons).await?;
    let choosable = rows.into_iter().filter(|row| row.choosable);
    Ok(choosable.map(|row| (row.code, visitor.pick(&row.name_zh, &row.name_en).to_owned())).collect())
}

async fn fail_form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
    let (listed, _) = load(visitor, id, Permission::DoVisits).await?;
    let mut reasons = vec![(String::new(), visitor.t("visit.choose_reason").into_owned())];
    reasons.extend(reason_options(visitor).await?);
    let service = visitor.pick(&listed.service_zh, &listed.service_en);
    Ok(Form {
        heading: visitor.lang.fill("visit.fail_of", &[("elder", &listed.elder), ("service", service)]),
        action: format!("/visits/{id}/fail"),
        version: Some(listed.visit.version),
        fields: vec![
            FormField::of(visitor, "reason", "select", input).required(true).options(reasons),
            FormField::of(visitor, "note", "textarea", input).hint(visitor.t("hint.note")),
        ],
        submit_label: visitor.t("visit.fail_submit").into_owned(),
        cancel_href: format!("/visits/{id}"),
    })
}

fn is_for_form(error: &Error) -> bool {
    matches!(error.code, Code::Invalid | Code::Stale | Code::Taken | Code::IllegalMove)
}
