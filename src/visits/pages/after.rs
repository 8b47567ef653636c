//! Forms of what happens to a visit beside the day's work: declined, reopened, corrected, made up for.

use super::forms::reason_options;
use crate::access::Permission;
use crate::beds::pages::steps::{Step, day, step_routes};
use crate::error::{Error, Result};
use crate::input::minutes;
use crate::text::Text;
use crate::visits::corrections::{Correction, ask};
use crate::visits::store::{VisitListed, caregivers_in_reach, get_visit, with_names};
use crate::visits::{MakeUp, VisitState, decline, make_up, reopen};
use crate::web::{Form, FormField, Input, Route, Visitor, Words};

pub fn routes() -> Vec<Route> {
    let mut routes = step_routes::<Decline>().to_vec();
    routes.extend(step_routes::<Reopen>());
    routes.extend(step_routes::<Correct>());
    routes.extend(step_routes::<MakingUp>());
    routes
}

pub async fn find(visitor: &Visitor, id: i64, need: Permission) -> Result<VisitListed> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    let look = move |connection: &mut crate::db::AnyConnection| {
        let visit = get_visit(connection, &scope, need, id, (words.calendar, words.now))?;
        with_names(connection, vec![visit])?.pop().ok_or_else(Error::not_found)
    };
    visitor.app.db.read(look).await
}

fn form(
    visitor: &Visitor,
    listed: &VisitListed,
    keys: [&str; 2],
    step: &str,
    fields: Vec<FormField>,
) -> Form {
    let service = visitor.pick(&listed.service_zh, &listed.service_en);
    let id = listed.visit.id;
    Form {
        heading: visitor.lang.fill(keys[0], &[("elder", &listed.elder), ("service", service)]),
        action: format!("/visits/{id}/{step}"),
        version: Some(listed.visit.version),
        fields,
        submit_label: visitor.t(keys[1]).into_owned(),
        cancel_href: format!("/visits/{id}"),
    }
}

struct Decline;

impl Step for Decline {
    const PATH: &'static str = "/visits/{id}/decline";
    const NEED: Permission = Permission::DoVisits;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = find(visitor, id, Permission::DoVisits).await?;
        let fields = vec![FormField::of(visitor, "note", "textarea", input)];
        Ok(form(visitor, &listed, ["visit.decline_of", "visit.decline_submit"], "decline", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, note) = (input.version()?, input.text("note"));
        visitor.app.write(&visitor.scope(), move |tx| decline(tx, id, version, &note)).await?;
        Ok("/visits".to_owned())
    }
}

struct Reopen;

impl Step for Reopen {
    const PATH: &'static str = "/visits/{id}/reopen";
    const NEED: Permission = Permission::AssignVisits;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = find(visitor, id, Permission::AssignVisits).await?;
        let fields = vec![FormField::of(visitor, "reason", "textarea", input).required(true)];
        Ok(form(visitor, &listed, ["visit.reopen_of", "visit.reopen_submit"], "reopen", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, reason) = (input.version()?, input.text("reason"));
        visitor.app.write(&visitor.scope(), move |tx| reopen(tx, id, version, &reason)).await?;
        Ok(format!("/visits/{id}"))
    }
}

struct Correct;

impl Step for Correct {
    const PATH: &'static str = "/visits/{id}/correct";
    const NEED: Permission = Permission::DoVisits;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = find(visitor, id, Permission::DoVisits).await?;
        let field = |name, kind| FormField::of(visitor, name, kind, input);
        let mut fields = Vec::new();
        if listed.visit.arrived_at.is_some() {
            fields.extend([field("arrived_on", "date"), field("arrived_time", "time")]);
        }
        if matches!(listed.visit.state, VisitState::Done | VisitState::Confirmed) {
            fields.extend([field("ended_on", "date"), field("ended_time", "time")]);
        }
        let empty = vec![(String::new(), "—".to_owned())];
        if listed.visit.state == VisitState::NotDone {
            let reasons = empty.iter().cloned().chain(reason_options(visitor).await?).collect();
            fields.push(field("fail_reason", "select").options(reasons));
        }
        if visitor.may(Permission::AssignVisits) {
            let scope = visitor.scope();
            let people =
                visitor.app.db.read(move |connection| caregivers_in_reach(connection, &scope)).await?;
            let people = people.into_iter().map(|(id, name)| (id.to_string(), name));
            fields.push(field("caregiver_id", "select").options(empty.into_iter().chain(people).collect()));
        }
        fields.push(field("reason", "textarea").required(true).hint(visitor.t("hint.correct")));
        Ok(form(visitor, &listed, ["visit.correct_of", "visit.correct_submit"], "correct", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        use crate::beds::pages::steps::instant;
        let version = input.version()?;
        let calendar = visitor.app.calendar;
        let optional = |name: &str| Some(input.text(name)).filter(|text| !text.is_empty());
        let caregiver = optional("caregiver_id").map(|text| text.parse());
        let wanted = Correction {
            arrived_at: instant(calendar, input, "arrived_on", "arrived_time")?,
            ended_at: instant(calendar, input, "ended_on", "ended_time")?,
            caregiver_id: caregiver
                .transpose()
                .map_err(|_| Error::field("caregiver_id", Text::new("rule.choose")))?,
            fail_reason: optional("fail_reason"),
            reason: input.text("reason"),
        };
        let asking = move |tx: &mut crate::app::Tx<'_>| ask(tx, id, version, &wanted);
        let outcome = visitor.app.write(&visitor.scope(), asking).await;
        outcome
            .map_err(|error| error.renamed(&[("arrived_at", "arrived_time"), ("ended_at", "ended_time")]))?;
        Ok(format!("/visits/{id}"))
    }
}

struct MakingUp;

impl Step for MakingUp {
    const PATH: &'static str = "/visits/{id}/make-up";
    const NEED: Permission = Permission::AssignVisits;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = find(visitor, id, Permission::AssignVisits).await?;
        let field = |name, kind| FormField::of(visitor, name, kind, input).required(true);
        let fields = vec![
            field("service_on", "date"),
            field("window_from", "time").hint(visitor.t("hint.window")),
            field("window_to", "time").hint(visitor.t("hint.window_to")),
        ];
        Ok(form(visitor, &listed, ["visit.make_up_of", "visit.make_up"], "make-up", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let time = |field: &'static str| {
            minutes(&input.text(field)).ok_or_else(|| Error::field(field, Text::new("rule.time")))
        };
        let wanted = MakeUp {
            service_on: day(input, "service_on")?
                .ok_or_else(|| Error::field("service_on", Text::new("rule.date")))?,
            window_starts_min: time("window_from")?,
            window_ends_min: time("window_to")?,
        };
        let made = visitor.app.write(&visitor.scope(), move |tx| make_up(tx, id, &wanted)).await?;
        Ok(format!("/visits/{made}"))
    }
}
