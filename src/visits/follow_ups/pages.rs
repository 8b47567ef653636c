use chrono::TimeDelta;

use super::answer::{Answer, answer};
use super::model::{FollowUpResult, Whom};
use super::store;
use crate::access::Permission;
use crate::beds::pages::steps::{Step, at_fields, chosen, happened, names, step_routes};
use crate::error::{Error, Result};
use crate::text::Text;
use crate::visits::store::elder_names;
use crate::web::{Form, FormField, Input, Route, Visitor};

pub fn routes() -> Vec<Route> {
    step_routes::<Answering>().to_vec()
}

struct Answering;

impl Step for Answering {
    const PATH: &'static str = "/follow-ups/{id}";
    const NEED: Permission = Permission::AssignVisits;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let scope = visitor.scope();
        let (row, elder) = visitor
            .app
            .db
            .read(move |connection| {
                let row = store::get(connection, &scope, Permission::AssignVisits, id)?;
                let elder = elder_names(connection, &[row.elder_id])?.remove(&row.elder_id);
                Ok((row, elder.unwrap_or_default()))
            })
            .await?;
        let kind = visitor.name_of("follow_up_kind", row.kind.name());
        let mut fields = vec![
            FormField::of(visitor, "result", "select", input).required(true).options(names(
                visitor,
                "follow_up_result",
                FollowUpResult::NAMES,
                true,
            )),
            FormField::of(visitor, "whom", "select", input).options(names(
                visitor,
                "whom",
                Whom::NAMES,
                true,
            )),
        ];
        fields.extend(at_fields(visitor, input, "at_on", "at_time", true));
        fields.push(FormField::of(visitor, "note", "textarea", input));
        Ok(Form {
            heading: visitor.lang.fill("follow_up.of", &[("kind", &kind), ("elder", &elder)]),
            action: format!("/follow-ups/{id}"),
            version: Some(row.version),
            fields,
            submit_label: visitor.t("follow_up.submit").into_owned(),
            cancel_href: format!("/visits/{}", row.visit_id),
        })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        // The form shows whole minutes, and a contact may be in the very minute of the visit.
        let at = happened(visitor, input, "at_on", "at_time")?.map(|at| at + TimeDelta::seconds(59));
        let found = Answer {
            result: chosen(input, "result", FollowUpResult::parse)?
                .ok_or_else(|| Error::field("result", Text::new("rule.choose")))?,
            whom: chosen(input, "whom", Whom::parse)?,
            contacted_at: at.map(|at| at.min(visitor.now)),
            note: input.text("note"),
        };
        visitor.app.write(&visitor.scope(), move |tx| answer(tx, id, version, &found)).await?;
        Ok("/visits/day".to_owned())
    }
}
