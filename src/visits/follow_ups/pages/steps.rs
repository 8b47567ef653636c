//! Forms: the result of a follow-up, and who has it from now on.

use chrono::TimeDelta;

use crate::access::Permission;
use crate::beds::pages::steps::{Step, at_fields, chosen, happened, names, step_routes};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::text::Text;
use crate::visits::follow_ups::model::{FollowUpResult, Whom};
use crate::visits::follow_ups::store::{self, FollowUpListed, with_names};
use crate::visits::follow_ups::{Answer, answer, hand_over};
use crate::web::{Form, FormField, Input, Route, Visitor};

pub fn routes() -> Vec<Route> {
    let mut routes = step_routes::<Answering>().to_vec();
    routes.extend(step_routes::<HandingOver>());
    routes
}

async fn find(visitor: &Visitor, id: i64) -> Result<FollowUpListed> {
    let scope = visitor.scope();
    let look = move |connection: &mut AnyConnection| {
        let row = store::get(connection, &scope, Permission::AssignVisits, id)?;
        with_names(connection, vec![row])?.pop().ok_or_else(Error::not_found)
    };
    visitor.app.db.read(look).await
}

/// Who has it, in words.
fn has_it(visitor: &Visitor, holder: Option<&str>, since: Option<Instant>) -> String {
    match holder.zip(since) {
        Some((name, since)) => {
            let since = visitor.show(since);
            visitor.lang.fill("follow_up.held", &[("name", name), ("since", &since)])
        }
        None => visitor.t("follow_up.held_by_nobody").into_owned(),
    }
}

struct Answering;

impl Step for Answering {
    const PATH: &'static str = "/follow-ups/{id}";
    const NEED: Permission = Permission::AssignVisits;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let FollowUpListed { row, elder, holder, .. } = find(visitor, id).await?;
        let kind = visitor.name_of("follow_up_kind", row.kind.name());
        let mut fields = vec![
            FormField::of(visitor, "result", "select", input)
                .required(true)
                .options(names(visitor, "follow_up_result", FollowUpResult::NAMES, true))
                .hint(has_it(visitor, holder.as_deref(), row.held_since)),
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

/// Chosen to give it back to the office of its town.
const OFFICE: &str = "office";

struct HandingOver;

impl Step for HandingOver {
    const PATH: &'static str = "/follow-ups/{id}/hand-over";
    const NEED: Permission = Permission::AssignVisits;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let FollowUpListed { row, elder, holder, .. } = find(visitor, id).await?;
        let (asked, version, since) = (row.clone(), row.version, row.held_since);
        let people =
            visitor.app.db.read(move |connection| store::possible_holders(connection, &asked)).await?;
        let others = people.into_iter().filter(|(id, ..)| Some(*id) != row.held_by);
        let mut choices = vec![(String::new(), visitor.t("follow_up.choose_holder").into_owned())];
        choices.extend(others.map(|(id, _, name)| (id.to_string(), name)));
        if row.held_by.is_some() {
            choices.push((OFFICE.to_owned(), visitor.t("follow_up.to_office").into_owned()));
        }
        let kind = visitor.name_of("follow_up_kind", row.kind.name());
        let mut to = FormField::of(visitor, "holder_id", "select", input).required(true).options(choices);
        to = to.hint(has_it(visitor, holder.as_deref(), since));
        Ok(Form {
            heading: visitor.lang.fill("follow_up.hand_over_of", &[("kind", &kind), ("elder", &elder)]),
            action: format!("/follow-ups/{id}/hand-over"),
            version: Some(version),
            fields: vec![to],
            submit_label: visitor.t("follow_up.hand_over").into_owned(),
            cancel_href: "/follow-ups".to_owned(),
        })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        let to = match input.text("holder_id").as_str() {
            OFFICE => None,
            text => Some(text.parse().map_err(|_| Error::field("holder_id", Text::new("rule.choose")))?),
        };
        visitor.app.write(&visitor.scope(), move |tx| hand_over(tx, id, version, to)).await?;
        Ok("/follow-ups".to_owned())
    }
}
