//! The forms of a plan as a whole and of its pauses.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;

use crate::access::Permission;
use crate::beds::pages::steps::{Step, chosen, day, names, step_routes};
use crate::elders::store::get_elder;
use crate::error::{Error, Result};
use crate::plans::model::{PauseInput, PauseReason, PlanInput};
use crate::plans::store::{PauseRow, PlanRow, get_pause, get_plan, live_plan_of};
use crate::plans::{begin, change, change_pause, pause, remove_pause};
use crate::text::Text;
use crate::web::{Form, FormField, Input, Need, Route, Visitor, form_page, get, redirect};

pub fn routes() -> Vec<Route> {
    // Whoever has a plan already is shown it.
    let [_, save] = step_routes::<Begin>();
    let mut routes = vec![get(Begin::PATH, Need::May(Permission::EditPlans), || web::to(show_begin)), save];
    routes.extend(step_routes::<Change>());
    routes.extend(step_routes::<Pause>());
    routes.extend(step_routes::<ChangePause>());
    routes
}

async fn show_begin(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let form = Begin::form(&visitor, id, &Input::default()).await?;
    let known = visitor.app.db.read(move |connection| live_plan_of(connection, id)).await?;
    match known {
        Some(plan) => Ok(redirect(&format!("/plans/{}", plan.id))),
        None => form_page(&visitor, form, None),
    }
}

fn first_day(input: &Input) -> Result<NaiveDate> {
    day(input, "starts_on")?.ok_or_else(|| Error::field("starts_on", Text::new("rule.date")))
}

fn read_plan(input: &Input) -> Result<PlanInput> {
    Ok(PlanInput { starts_on: first_day(input)?, ends_on: day(input, "ends_on")?, note: input.text("note") })
}

fn read_pause(input: &Input) -> Result<PauseInput> {
    let reason = chosen(input, "reason", PauseReason::parse)?;
    Ok(PauseInput {
        reason: reason.ok_or_else(|| Error::field("reason", Text::new("rule.choose")))?,
        starts_on: first_day(input)?,
        ends_on: day(input, "ends_on")?,
        note: input.text("note"),
    })
}

/// First day, last day and note; a form that was not sent yet starts with the given values.
fn span_fields(visitor: &Visitor, input: &Input) -> [FormField; 3] {
    let field = |name, kind| FormField::of(visitor, name, kind, input);
    [
        field("starts_on", "date").required(true),
        field("ends_on", "date").hint(visitor.t("hint.ends_on")),
        field("note", "textarea").hint(visitor.t("hint.plan_note")),
    ]
}

/// Whether the form was sent, and not just opened.
fn is_sent(input: &Input) -> bool {
    !input.text("starts_on").is_empty() || input.version().is_ok()
}

async fn find_plan(visitor: &Visitor, id: i64) -> Result<PlanRow> {
    let (scope, now) = (visitor.scope(), visitor.now);
    visitor.app.db.read(move |connection| get_plan(connection, &scope, Permission::EditPlans, id, now)).await
}

struct Begin;

impl Step for Begin {
    const PATH: &'static str = "/elders/{id}/plan";
    const NEED: Permission = Permission::EditPlans;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let (scope, now) = (visitor.scope(), visitor.now);
        let elder = visitor
            .app
            .db
            .read(move |connection| get_elder(connection, &scope, Permission::EditPlans, id, now))
            .await?;
        let today = Input::of([("starts_on", visitor.today().to_string())]);
        let input = if is_sent(input) { input } else { &today };
        Ok(Form {
            heading: visitor.lang.fill("plan.begin_of", &[("elder", &elder.name)]),
            action: format!("/elders/{id}/plan"),
            version: None,
            fields: span_fields(visitor, input).to_vec(),
            submit_label: visitor.t("plan.begin").into_owned(),
            cancel_href: format!("/elders/{id}"),
        })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let values = read_plan(input)?;
        let plan = visitor.app.write(&visitor.scope(), move |tx| begin(tx, id, &values)).await?;
        Ok(format!("/plans/{plan}"))
    }
}

struct Change;

impl Step for Change {
    const PATH: &'static str = "/plans/{id}/edit";
    const NEED: Permission = Permission::EditPlans;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let plan = find_plan(visitor, id).await?;
        let stored = Input::of([
            ("starts_on", plan.starts_on.to_string()),
            ("ends_on", plan.ends_on.map(|day| day.to_string()).unwrap_or_default()),
            ("note", plan.note.clone()),
        ]);
        let input = if is_sent(input) { input } else { &stored };
        Ok(Form {
            heading: visitor.t("plan.edit").into_owned(),
            action: format!("/plans/{id}/edit"),
            version: Some(plan.version),
            fields: span_fields(visitor, input).to_vec(),
            submit_label: visitor.t("action.save").into_owned(),
            cancel_href: format!("/plans/{id}"),
        })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, values) = (input.version()?, read_plan(input)?);
        visitor.app.write(&visitor.scope(), move |tx| change(tx, id, version, &values)).await?;
        Ok(format!("/plans/{id}"))
    }
}

fn pause_fields(visitor: &Visitor, input: &Input) -> Vec<FormField> {
    let reasons = names(visitor, "pause_reason", PauseReason::NAMES, true);
    let mut fields = span_fields(visitor, input).to_vec();
    fields[1].hint = Some(visitor.t("hint.pause_ends_on").into_owned());
    fields.insert(0, FormField::of(visitor, "reason", "select", input).required(true).options(reasons));
    fields
}

struct Pause;

impl Step for Pause {
    const PATH: &'static str = "/plans/{id}/pause";
    const NEED: Permission = Permission::EditPlans;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let plan = find_plan(visitor, id).await?;
        let today = Input::of([("starts_on", visitor.today().to_string())]);
        let is_sent = is_sent(input) || !input.text("reason").is_empty();
        let input = if is_sent { input } else { &today };
        Ok(Form {
            heading: visitor.t("plan.pause").into_owned(),
            action: format!("/plans/{id}/pause"),
            version: None,
            fields: pause_fields(visitor, input),
            submit_label: visitor.t("plan.pause").into_owned(),
            cancel_href: format!("/plans/{}", plan.id),
        })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let values = read_pause(input)?;
        visitor.app.write(&visitor.scope(), move |tx| pause(tx, id, &values)).await?;
        Ok(format!("/plans/{id}"))
    }
}

struct ChangePause;

impl Step for ChangePause {
    const PATH: &'static str = "/plan-pauses/{id}/edit";
    const NEED: Permission = Permission::EditPlans;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let row = find_pause(visitor, id).await?;
        let stored = Input::of([
            ("reason", row.reason.name().to_owned()),
            ("starts_on", row.starts_on.to_string()),
            ("ends_on", row.ends_on.map(|day| day.to_string()).unwrap_or_default()),
            ("note", row.note.clone()),
        ]);
        let input = if is_sent(input) { input } else { &stored };
        let mut fields = pause_fields(visitor, input);
        fields.push(
            FormField::of(visitor, "remove_pause", "checkbox", input).hint(visitor.t("hint.remove_pause")),
        );
        Ok(Form {
            heading: visitor.t("plan.change_pause").into_owned(),
            action: format!("/plan-pauses/{id}/edit"),
            version: Some(row.version),
            fields,
            submit_label: visitor.t("action.save").into_owned(),
            cancel_href: format!("/plans/{}", row.plan_id),
        })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        let plan = find_pause(visitor, id).await?.plan_id;
        let scope = visitor.scope();
        if input.flag("remove_pause") {
            visitor.app.write(&scope, move |tx| remove_pause(tx, id, version)).await?;
        } else {
            let values = read_pause(input)?;
            visitor.app.write(&scope, move |tx| change_pause(tx, id, version, &values)).await?;
        }
        Ok(format!("/plans/{plan}"))
    }
}

async fn find_pause(visitor: &Visitor, id: i64) -> Result<PauseRow> {
    let (scope, now) = (visitor.scope(), visitor.now);
    visitor.app.db.read(move |connection| get_pause(connection, &scope, Permission::EditPlans, id, now)).await
}
