use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::pages::months;
use super::store::{RuleRow, get_rule, list_rules};
use super::{add, change};
use crate::access::{Permission, Scope};
use crate::api::{
    Endpoint, Filter, FilterKind, Id, Json, Patch, Resource, created, fetch, list_endpoint, ok,
};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::plans::model::{AbilityLevel, EntitlementInput, EntitlementUnit};
use crate::web::{Need, Visitor, Words};

const PATH: &str = "/api/v1/entitlement-rules";
const ONE: &str = "/api/v1/entitlement-rules/{id}";
const TAG: &str = "entitlements";

pub fn endpoints() -> Vec<Endpoint> {
    let edit = Need::May(Permission::EditCatalogue);
    vec![
        list_endpoint::<ElderMonths>(),
        list_endpoint::<Rules>(),
        Endpoint::get(ONE, Need::May(Permission::SeePlans), || web::to(show))
            .about(TAG, "api.entitlement.show")
            .answers::<EntitlementRule>(200),
        Endpoint::post(PATH, edit, || web::to(create))
            .about(TAG, "api.entitlement.add")
            .takes::<EntitlementInput>()
            .answers::<EntitlementRule>(201),
        Endpoint::patch(ONE, edit, || web::to(update))
            .about(TAG, "api.entitlement.change")
            .patches::<EntitlementInput>()
            .answers::<EntitlementRule>(200),
    ]
}

/// What a category of elders is entitled to in a month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EntitlementRule {
    pub id: i64,
    /// Code of a category of elders.
    pub category: String,
    /// Of this ability only; of any without it.
    pub level: Option<AbilityLevel>,
    pub unit: EntitlementUnit,
    pub amount: i32,
    pub effective_on: NaiveDate,
    /// False for a proposal that no office has confirmed.
    pub confirmed: bool,
    /// To be sent with a change.
    pub version: i64,
}

impl EntitlementRule {
    fn new(row: RuleRow) -> EntitlementRule {
        EntitlementRule {
            id: row.id,
            category: row.category,
            level: row.level,
            unit: row.unit,
            amount: row.amount,
            effective_on: row.effective_on,
            confirmed: row.confirmed,
            version: row.version,
        }
    }
}

/// An elder's month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ElderMonth {
    pub elder_id: i64,
    pub plan_id: Option<i64>,
    /// What the amounts count: minutes or visits.
    pub unit: EntitlementUnit,
    /// Absent where no rule holds for the elder.
    pub entitled: Option<i64>,
    /// Whether an office has confirmed the rule.
    pub confirmed: Option<bool>,
    /// Done, under way, planned, and what the plan asks for on days not generated yet.
    pub planned: i64,
    pub done: i64,
    /// By how much more is planned than entitled.
    pub over: i64,
}

struct ElderMonths;

impl Resource for ElderMonths {
    const PATH: &'static str = "/api/v1/entitlements";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.entitlement.months";
    const NEED: Permission = Permission::SeePlans;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the elder's name."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("month", FilterKind::Text, "The month, such as 2026-11; this one without it."),
        Filter::new("over", FilterKind::Flag, "Only those above their entitlement."),
    ];
    type Item = ElderMonth;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<ElderMonth>> {
        let (listed, balances) = months(connection, scope, request, words)?;
        let rows = listed.rows.into_iter().filter_map(|row| {
            let balance = balances.get(&row.client.id)?;
            let unit = balance.unit();
            Some(ElderMonth {
                elder_id: row.client.id,
                plan_id: row.plan.map(|plan| plan.id),
                unit,
                entitled: balance.entitled.map(|entitled| entitled.amount),
                confirmed: balance.entitled.map(|entitled| entitled.confirmed),
                planned: balance.planned.of(unit),
                done: balance.done.of(unit),
                over: balance.over(),
            })
        });
        Ok(rows.collect())
    }

    fn number(item: &ElderMonth) -> i64 {
        item.elder_id
    }
}

struct Rules;

impl Resource for Rules {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.entitlement.list";
    const NEED: Permission = Permission::SeePlans;
    const FILTERS: &'static [Filter] = &[
        Filter::new("category", FilterKind::Text, "Of this category, by its code."),
        Filter::new("confirmed", FilterKind::Flag, "Whether an office has confirmed it."),
    ];
    type Item = EntitlementRule;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        _: &Words,
    ) -> Result<Vec<EntitlementRule>> {
        Ok(list_rules(connection, scope, request)?.rows.into_iter().map(EntitlementRule::new).collect())
    }

    fn number(item: &EntitlementRule) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn create(visitor: Visitor, Json(input): Json<EntitlementInput>) -> Result<HttpResponse> {
    let id = visitor.app.write(&visitor.scope(), move |tx| add(tx, &input)).await?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn update(visitor: Visitor, Id(id): Id, patch: Patch<EntitlementInput>) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let before = get_rule(tx.connection, tx.scope, Permission::EditCatalogue, id)?;
        change(tx, id, patch.version, &patch.over(&before.input())?)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn find(visitor: &Visitor, id: i64) -> Result<EntitlementRule> {
    fetch(visitor, move |connection, scope, _| {
        Ok(EntitlementRule::new(get_rule(connection, scope, Permission::SeePlans, id)?))
    })
    .await
}
