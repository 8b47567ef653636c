//! Items and pauses of a plan.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::plans::{CarePlan, find};
use super::{NAMES, TAG};
use crate::access::Permission;
use crate::api::{Endpoint, Id, Json, Once, Patch, created, ok};
use crate::app::Tx;
use crate::error::Result;
use crate::plans::model::{HolidayRule, ItemInput, PauseInput, PauseReason, Recurrence};
use crate::plans::store::{ItemRow, PauseRow, get_item, get_pause};
use crate::plans::{add_item, change_item, change_pause, pause, remove_item, remove_pause, words};
use crate::visits::CaregiverRule;
use crate::web::{Need, Visitor, Words};

pub fn endpoints() -> Vec<Endpoint> {
    let edit = Need::May(Permission::EditPlans);
    let delete = |path, handler: fn() -> actix_web::Route, about| {
        Endpoint::delete(path, edit, handler).about(TAG, about).answers::<CarePlan>(200).fails(409)
    };
    vec![
        Endpoint::post("/api/v1/plans/{id}/items", edit, || web::to(create_item))
            .about(TAG, "api.plan.add_item")
            .takes::<ItemInput>()
            .answers::<CarePlan>(201)
            .fails(409),
        Endpoint::patch("/api/v1/plan-items/{id}", edit, || web::to(update_item))
            .about(TAG, "api.plan.change_item")
            .patches::<ItemInput>()
            .answers::<CarePlan>(200),
        delete("/api/v1/plan-items/{id}", || web::to(delete_item), "api.plan.remove_item"),
        Endpoint::post("/api/v1/plans/{id}/pauses", edit, || web::to(create_pause))
            .about(TAG, "api.plan.pause")
            .takes::<PauseInput>()
            .answers::<CarePlan>(201)
            .fails(409),
        Endpoint::patch("/api/v1/plan-pauses/{id}", edit, || web::to(update_pause))
            .about(TAG, "api.plan.change_pause")
            .patches::<PauseInput>()
            .answers::<CarePlan>(200),
        delete("/api/v1/plan-pauses/{id}", || web::to(delete_pause), "api.plan.resume"),
    ]
}

/// A service on the days of a rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlanItem {
    pub id: i64,
    pub service_code: String,
    /// RRULE of RFC 5545.
    pub rule: String,
    /// The rule as people say it.
    pub rule_text: String,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub window_starts_min: i32,
    /// Above 1440 on the next day.
    pub window_ends_min: i32,
    pub duration_min: Option<i32>,
    pub tolerance_days: i32,
    pub holiday_rule: HolidayRule,
    pub caregivers: i32,
    pub after_item_id: Option<i64>,
    pub lag_min_min: Option<i32>,
    pub lag_max_min: Option<i32>,
    pub caregiver_rule: CaregiverRule,
    pub preferred_caregiver_id: Option<i64>,
    pub note: String,
    /// To be sent with a change.
    pub version: i64,
}

/// A time without visits.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PlanPause)]
pub struct Pause {
    pub id: i64,
    pub reason: PauseReason,
    pub starts_on: NaiveDate,
    /// The last day without visits.
    pub ends_on: Option<NaiveDate>,
    pub note: String,
    /// To be sent with a change.
    pub version: i64,
}

impl PlanItem {
    pub(super) fn new(row: ItemRow, words: &Words) -> PlanItem {
        let rule_text = Recurrence::parse(&row.rule, row.starts_on)
            .map_or_else(|_| row.rule.clone(), |rule| words::recurrence(words.lang, &rule));
        PlanItem {
            id: row.id,
            service_code: row.service_code,
            rule_text,
            rule: row.rule,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            window_starts_min: row.window_starts_min,
            window_ends_min: row.window_ends_min,
            duration_min: row.duration_min,
            tolerance_days: row.tolerance_days,
            holiday_rule: row.holiday_rule,
            caregivers: row.caregivers,
            after_item_id: row.after_item_id,
            lag_min_min: row.lag_min_min,
            lag_max_min: row.lag_max_min,
            caregiver_rule: row.caregiver_rule,
            preferred_caregiver_id: row.preferred_caregiver_id,
            note: row.note,
            version: row.version,
        }
    }
}

impl Pause {
    pub(super) fn new(row: PauseRow) -> Pause {
        Pause {
            id: row.id,
            reason: row.reason,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            note: row.note,
            version: row.version,
        }
    }
}

async fn create_item(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<ItemInput>,
) -> Result<HttpResponse> {
    let values = input.clone();
    let outcome = once.write(&visitor, &input, move |tx| add_item(tx, id, &values)).await;
    outcome.map_err(|error| error.renamed(NAMES))?;
    Ok(created(format!("/api/v1/plans/{id}"), &find(&visitor, id).await?))
}

async fn update_item(visitor: Visitor, Id(id): Id, patch: Patch<ItemInput>) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let before = get_item(tx.connection, tx.scope, Permission::EditPlans, id, tx.now)?;
        change_item(tx, id, patch.version, &patch.over(&before.input())?)?;
        Ok(before.plan_id)
    };
    let plan = visitor.app.write(&visitor.scope(), work).await.map_err(|error| error.renamed(NAMES))?;
    Ok(ok(&find(&visitor, plan).await?))
}

/// Removes the item as it stands; answers with its plan.
async fn delete_item(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let item = get_item(tx.connection, tx.scope, Permission::EditPlans, id, tx.now)?;
        remove_item(tx, id, item.version)?;
        Ok(item.plan_id)
    };
    let plan = visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find(&visitor, plan).await?))
}

async fn create_pause(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<PauseInput>,
) -> Result<HttpResponse> {
    let values = input.clone();
    once.write(&visitor, &input, move |tx| pause(tx, id, &values)).await?;
    Ok(created(format!("/api/v1/plans/{id}"), &find(&visitor, id).await?))
}

async fn update_pause(visitor: Visitor, Id(id): Id, patch: Patch<PauseInput>) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let before = get_pause(tx.connection, tx.scope, Permission::EditPlans, id, tx.now)?;
        change_pause(tx, id, patch.version, &patch.over(&before.input())?)?;
        Ok(before.plan_id)
    };
    let plan = visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find(&visitor, plan).await?))
}

/// Removes the pause as it stands; answers with its plan.
async fn delete_pause(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let row = get_pause(tx.connection, tx.scope, Permission::EditPlans, id, tx.now)?;
        remove_pause(tx, id, row.version)?;
        Ok(row.plan_id)
    };
    let plan = visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find(&visitor, plan).await?))
}
