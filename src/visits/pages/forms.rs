use actix_web::{HttpRequest, HttpResponse, web};

use super::day::after_step;
use crate::access::Permission;
use crate::elders::store::get_elder;
use crate::error::{Code, Error, Result};
use crate::input::minutes;
use crate::text::Text;
use crate::visits::reasons::store::offered_reasons;
use crate::visits::store::{VisitListed, get_visit, items, with_names};
use crate::visits::{Plan, Step, plan, progress};
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

/// The visit with its names.
async fn load(visitor: &Visitor, id: i64) -> Result<VisitListed> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    visitor
        .app
        .db
        .read(move |connection| {
            let at = (words.calendar, words.now);
            let visit = get_visit(connection, &scope, Permission::DoVisits, id, at)?;
            with_names(connection, vec![visit])?.pop().ok_or_else(Error::not_found)
        })
        .await
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
    let rows = visitor.app.db.read(offered_reasons).await?.into_iter();
    Ok(rows.map(|row| (row.code, visitor.pick(&row.name_zh, &row.name_en).to_owned())).collect())
}

async fn fail_form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
    let listed = load(visitor, id).await?;
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
