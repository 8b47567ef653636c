//! Forms of leaves, holds and outages, and of what is agreed after an admission.

use super::bed_steps::{RISK_FIELDS, agreed_fields, read_agreed};
use super::stay_steps::{stay_form, stay_to_change};
use super::steps::{Step, at_fields, called, chosen, happened, instant, names, reason_field, step_routes};
use crate::access::Permission;
use crate::beds::model::LeaveKind;
use crate::beds::store;
use crate::beds::{Going, agree, end_leave, put_back, release_hold, start_leave};
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::{Form, FormField, Input, Route, Visitor};

pub fn routes() -> Vec<Route> {
    let mut routes = step_routes::<Leave>().to_vec();
    routes.extend(step_routes::<Return>());
    routes.extend(step_routes::<Release>());
    routes.extend(step_routes::<PutBack>());
    routes.extend(step_routes::<Agree>());
    routes
}

struct Leave;

impl Step for Leave {
    const PATH: &'static str = "/stays/{id}/leave";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = stay_to_change(visitor, id).await?;
        let kind = FormField::of(visitor, "leave_kind", "select", input).required(true).options(names(
            visitor,
            "leave_kind",
            LeaveKind::NAMES,
            false,
        ));
        let mut fields = vec![kind];
        let (from, due) = (
            at_fields(visitor, input, "from_on", "from_time", true),
            at_fields(visitor, input, "due_on", "due_time", false),
        );
        fields.extend(called(visitor, from, "field.leaves"));
        fields.extend(called(visitor, due, "field.returns"));
        fields.push(FormField::of(visitor, "note", "text", input));
        fields.push(reason_field(visitor, input, false));
        Ok(stay_form(visitor, &listed, "bed.leave_of", "leave", "bed.leave", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        let kind = chosen(input, "leave_kind", LeaveKind::parse)?
            .ok_or_else(|| Error::field("leave_kind", Text::new("rule.choose")))?;
        let going = Going {
            kind,
            from: happened(visitor, input, "from_on", "from_time")?,
            due: instant(visitor.app.calendar, input, "due_on", "due_time")?,
            note: input.text("note"),
            reason: input.text("reason"),
        };
        visitor.app.write(&visitor.scope(), move |tx| start_leave(tx, id, version, &going)).await?;
        Ok(format!("/stays/{id}"))
    }
}

struct Return;

impl Step for Return {
    const PATH: &'static str = "/leaves/{id}/return";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let scope = visitor.scope();
        let leave = visitor
            .app
            .db
            .read(move |connection| store::get_leave(connection, &scope, Permission::ManageStays, id))
            .await?;
        let listed = stay_to_change(visitor, leave.stay_id).await?;
        let since = visitor.show(leave.starts_at);
        let [on, time] = at_fields(visitor, input, "to_on", "to_time", true);
        let on = on.hint(visitor.lang.fill("hint.leave_since", &[("from", &since)]));
        let fields = vec![on, time, reason_field(visitor, input, false)];
        let form = stay_form(visitor, &listed, "bed.return_of", "return", "bed.return", fields);
        Ok(Form { action: format!("/leaves/{id}/return"), version: Some(leave.version), ..form })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        let (at, reason) = (happened(visitor, input, "to_on", "to_time")?, input.text("reason"));
        visitor.app.write(&visitor.scope(), move |tx| end_leave(tx, id, version, at, &reason)).await?;
        let scope = visitor.scope();
        let leave = visitor
            .app
            .db
            .read(move |connection| store::get_leave(connection, &scope, Permission::ManageStays, id));
        Ok(format!("/stays/{}", leave.await?.stay_id))
    }
}

struct Release;

async fn hold_to_change(visitor: &Visitor, id: i64) -> Result<store::HoldRow> {
    let scope = visitor.scope();
    let hold = visitor
        .app
        .db
        .read(move |connection| store::get_hold(connection, &scope, Permission::ManageStays, id));
    hold.await
}

impl Step for Release {
    const PATH: &'static str = "/holds/{id}/release";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let hold = hold_to_change(visitor, id).await?;
        let reason = FormField::of(visitor, "reason", "text", input);
        Ok(Form {
            heading: visitor.t("bed.release_hold").into_owned(),
            action: format!("/holds/{id}/release"),
            version: Some(hold.version),
            fields: vec![
                reason.hint(visitor.lang.fill("hint.hold_until", &[("to", &visitor.show(hold.ends_at))])),
            ],
            submit_label: visitor.t("bed.release_hold").into_owned(),
            cancel_href: format!("/beds/{}", hold.bed_id),
        })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, reason) = (input.version()?, input.text("reason"));
        visitor.app.write(&visitor.scope(), move |tx| release_hold(tx, id, version, &reason)).await?;
        Ok(format!("/beds/{}", hold_to_change(visitor, id).await?.bed_id))
    }
}

struct PutBack;

async fn outage_to_change(visitor: &Visitor, id: i64) -> Result<store::OutageRow> {
    let scope = visitor.scope();
    let outage = visitor
        .app
        .db
        .read(move |connection| store::get_outage(connection, &scope, Permission::ManageStays, id));
    outage.await
}

impl Step for PutBack {
    const PATH: &'static str = "/outages/{id}/end";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let outage = outage_to_change(visitor, id).await?;
        let [on, time] = at_fields(visitor, input, "to_on", "to_time", true);
        Ok(Form {
            heading: visitor.t("bed.put_back").into_owned(),
            action: format!("/outages/{id}/end"),
            version: Some(outage.version),
            fields: vec![on, time, reason_field(visitor, input, false)],
            submit_label: visitor.t("bed.put_back").into_owned(),
            cancel_href: format!("/beds/{}", outage.bed_id),
        })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        let (at, reason) = (happened(visitor, input, "to_on", "to_time")?, input.text("reason"));
        visitor.app.write(&visitor.scope(), move |tx| put_back(tx, id, version, at, &reason)).await?;
        Ok(format!("/beds/{}", outage_to_change(visitor, id).await?.bed_id))
    }
}

struct Agree;

impl Step for Agree {
    const PATH: &'static str = "/stays/{id}/agree";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = stay_to_change(visitor, id).await?;
        let answered = visitor.app.db.read(move |connection| store::risks_of(connection, id)).await?;
        let mut input = input.clone();
        if input.version().is_err() {
            // Fresh: what is on file. The contact is sealed and stays as it is while its fields are empty.
            let stay = &listed.stay;
            let shown = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
            input = Input::of([
                ("care_level", stay.care_level.map(|level| level.name().to_owned()).unwrap_or_default()),
                ("contract_starts_on", shown(stay.contract_starts_on)),
                ("contract_ends_on", shown(stay.contract_ends_on)),
            ]);
            for (name, risk) in RISK_FIELDS {
                if let Some((_, present)) = answered.iter().find(|(answer, _)| answer == risk) {
                    input = input.with(name, vec![present.to_string()]);
                }
            }
        }
        let fields = agreed_fields(visitor, &input);
        Ok(stay_form(visitor, &listed, "bed.agree_of", "agree", "action.save", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        let agreed = read_agreed(input)?;
        visitor.app.write(&visitor.scope(), move |tx| agree(tx, id, version, &agreed)).await?;
        Ok(format!("/stays/{id}"))
    }
}
