//! Steps with a reason: giving back, doubting, upholding, taking back.

use super::words::scale_name;
use crate::access::Permission;
use crate::assessments::store::{AssessmentListed, get_assessment, with_names};
use crate::assessments::{dispute, give_back, uphold, withdraw};
use crate::beds::pages::steps::{Step, step_routes};
use crate::error::{Error, Result};
use crate::web::{Form, FormField, Input, Need, Route, Visitor, Words};

pub fn routes() -> Vec<Route> {
    let either = Need::Either(Permission::Assess, Permission::ReviewAssessment);
    let doubt = step_routes::<Dispute>().map(|route| Route { need: either, ..route });
    let mut routes = doubt.to_vec();
    routes.extend(step_routes::<GiveBack>());
    routes.extend(step_routes::<Uphold>());
    routes.extend(step_routes::<Withdraw>());
    routes
}

/// The frame of a step that needs nothing but a reason.
async fn reason_form(
    visitor: &Visitor,
    id: i64,
    (heading, step, submit): (&str, &str, &str),
    input: &Input,
) -> Result<Form> {
    let listed = listed(visitor, id).await?;
    let scale = scale_name(&Words::of(visitor), &listed.row.scale);
    let reason = FormField::of(visitor, "reason", "textarea", input).required(true);
    Ok(Form {
        heading: visitor.lang.fill(heading, &[("elder", &listed.elder), ("scale", &scale)]),
        action: format!("/assessments/{id}/{step}"),
        version: Some(listed.row.version),
        fields: vec![reason.hint(visitor.t("hint.assessment_reason"))],
        submit_label: visitor.t(submit).into_owned(),
        cancel_href: format!("/assessments/{id}"),
    })
}

/// The assessment within the asker's reach, with its names.
pub async fn listed(visitor: &Visitor, id: i64) -> Result<AssessmentListed> {
    let (scope, now) = (visitor.scope(), visitor.now);
    visitor
        .app
        .db
        .read(move |connection| {
            let row = get_assessment(connection, &scope, Permission::SeeAssessments, id, now)?;
            with_names(connection, vec![row])?.pop().ok_or_else(Error::not_found)
        })
        .await
}

struct GiveBack;

impl Step for GiveBack {
    const PATH: &'static str = "/assessments/{id}/give-back";
    const NEED: Permission = Permission::ReviewAssessment;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let words = ("assessment.give_back_of", "give-back", "assessment.give_back");
        reason_form(visitor, id, words, input).await
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, reason) = (input.version()?, input.text("reason"));
        visitor.app.write(&visitor.scope(), move |tx| give_back(tx, id, version, &reason)).await?;
        Ok(format!("/assessments/{id}"))
    }
}

struct Dispute;

impl Step for Dispute {
    const PATH: &'static str = "/assessments/{id}/dispute";
    const NEED: Permission = Permission::ReviewAssessment;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let words = ("assessment.dispute_of", "dispute", "assessment.dispute");
        reason_form(visitor, id, words, input).await
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, reason) = (input.version()?, input.text("reason"));
        visitor.app.write(&visitor.scope(), move |tx| dispute(tx, id, version, &reason)).await?;
        Ok(format!("/assessments/{id}"))
    }
}

struct Uphold;

impl Step for Uphold {
    const PATH: &'static str = "/assessments/{id}/uphold";
    const NEED: Permission = Permission::ReviewAssessment;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let words = ("assessment.uphold_of", "uphold", "assessment.uphold");
        reason_form(visitor, id, words, input).await
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, reason) = (input.version()?, input.text("reason"));
        visitor.app.write(&visitor.scope(), move |tx| uphold(tx, id, version, &reason)).await?;
        Ok(format!("/assessments/{id}"))
    }
}

struct Withdraw;

impl Step for Withdraw {
    const PATH: &'static str = "/assessments/{id}/withdraw";
    const NEED: Permission = Permission::Assess;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let words = ("assessment.withdraw_of", "withdraw", "assessment.withdraw");
        reason_form(visitor, id, words, input).await
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, reason) = (input.version()?, input.text("reason"));
        visitor.app.write(&visitor.scope(), move |tx| withdraw(tx, id, version, &reason)).await?;
        Ok(format!("/assessments/{id}"))
    }
}
