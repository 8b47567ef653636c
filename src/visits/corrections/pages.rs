use super::decide::decide;
use super::store::{self, CorrectionRow};
use crate::access::Permission;
use crate::beds::pages::steps::{Step, step_routes};
use crate::error::{Error, Result};
use crate::text::Text;
use crate::visits::reasons::store::fail_reasons;
use crate::visits::store::{caregiver_names, elder_names, reload};
use crate::web::{Form, FormField, Input, Route, Visitor, Words};

pub fn routes() -> Vec<Route> {
    step_routes::<Deciding>().to_vec()
}

struct Deciding;

impl Step for Deciding {
    const PATH: &'static str = "/corrections/{id}";
    const NEED: Permission = Permission::AssignVisits;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let (scope, words) = (visitor.scope(), Words::of(visitor));
        let (row, elder, what) = visitor
            .app
            .db
            .read(move |connection| {
                let row = store::get(connection, &scope, Permission::AssignVisits, id)?;
                let visit = reload(connection, row.visit_id)?;
                let elder = elder_names(connection, &[visit.elder_id])?.remove(&visit.elder_id);
                let people: Vec<i64> = row.caregiver_id.into_iter().collect();
                let caregiver = caregiver_names(connection, &people)?.pop().map(|(_, name)| name);
                let reasons = fail_reasons(connection)?;
                let reason = reasons.iter().find(|reason| Some(&reason.code) == row.fail_reason.as_ref());
                let reason = reason.map(|reason| words.pick(&reason.name_zh, &reason.name_en));
                let what = wanted(&words, &row, caregiver, reason);
                Ok((row, elder.unwrap_or_default(), what))
            })
            .await?;
        let decisions = ["approve", "refuse"].map(|value| {
            (
                value.to_owned(),
                visitor
                    .t(if value == "approve" { "correction.approve" } else { "correction.refuse" })
                    .into_owned(),
            )
        });
        let empty = (String::new(), "—".to_owned());
        let asked = visitor.lang.fill("correction.asked_by", &[("who", &row.asked_by), ("what", &what)]);
        let fields = vec![
            FormField::of(visitor, "approve", "select", input)
                .required(true)
                .options(std::iter::once(empty).chain(decisions).collect())
                .hint(asked),
            FormField::of(visitor, "answer", "textarea", input),
        ];
        Ok(Form {
            heading: visitor
                .lang
                .fill("correction.of", &[("elder", &elder), ("n", &row.visit_id.to_string())]),
            action: format!("/corrections/{id}"),
            version: Some(row.version),
            fields,
            submit_label: visitor.t("correction.submit").into_owned(),
            cancel_href: format!("/visits/{}", row.visit_id),
        })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, answer) = (input.version()?, input.text("answer"));
        let approves = match input.text("approve").as_str() {
            "approve" => true,
            "refuse" => false,
            _ => return Err(Error::field("approve", Text::new("rule.choose"))),
        };
        visitor.app.write(&visitor.scope(), move |tx| decide(tx, id, version, approves, &answer)).await?;
        Ok("/visits/day".to_owned())
    }
}

/// What is asked for, in words.
pub fn wanted(
    words: &Words,
    row: &CorrectionRow,
    caregiver: Option<String>,
    reason: Option<String>,
) -> String {
    let time = |key: &str, at: Option<crate::clock::Instant>| {
        at.map(|at| format!("{} {}", words.t(key), words.calendar.show(at)))
    };
    let parts = [
        time("field.arrived_at", row.arrived_at),
        time("field.done_at", row.ended_at),
        caregiver.map(|name| format!("{} {name}", words.t("field.caregiver_id"))),
        reason.map(|name| format!("{} {name}", words.t("field.fail_reason"))),
        Some(row.reason.clone()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
