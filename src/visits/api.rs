use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::VisitState;
use super::proof::Strength;
use super::store::{VisitListed, get_visit, list_visits, with_names};
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Resource, fetch, list_endpoint, ok};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

mod after;
mod rows;
mod steps;

pub use rows::RowOutcomes;

const PATH: &str = "/api/v1/visits";
const TAG: &str = "visits";
/// Those that somebody sees.
const STATES: &[&str] = VisitState::NAMES.split_at(1).1;

pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![
        list_endpoint::<Visits>(),
        Endpoint::get("/api/v1/visits/{id}", Need::May(Permission::SeeVisits), || web::to(show))
            .about(TAG, "api.visit.show")
            .answers::<Visit>(200),
    ];
    endpoints.extend(steps::endpoints());
    endpoints.extend(after::endpoints());
    endpoints.extend(super::checkin::api::endpoints());
    endpoints.extend(super::absences::api::endpoints());
    endpoints.extend(super::corrections::api::endpoints());
    endpoints.extend(super::exceptions::api::endpoints());
    endpoints.extend(super::follow_ups::api::endpoints());
    endpoints.extend(super::today::api::endpoints());
    endpoints.extend(super::reasons::api::endpoints());
    endpoints.extend(super::settings::api::endpoints());
    endpoints
}

/// A visit to an elder at home. The names are of those it concerns.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Visit {
    pub id: i64,
    pub elder_id: i64,
    pub elder_name: String,
    pub town_code: String,
    pub service_code: String,
    pub service_on: NaiveDate,
    /// It begins within the window, whose end does not belong to it.
    pub window_starts_at: At,
    pub window_ends_at: At,
    pub duration_min: i32,
    pub state: VisitState,
    pub caregiver_id: Option<i64>,
    pub caregiver_name: Option<String>,
    /// When it is planned to begin and end, once it is assigned.
    pub starts_at: Option<At>,
    pub ends_at: Option<At>,
    pub arrived_at: Option<At>,
    pub done_at: Option<At>,
    /// Code of why it was not done.
    pub fail_reason: Option<String>,
    /// The visit that it makes up for.
    pub makes_up_id: Option<i64>,
    /// The price of its day.
    pub price_fen: Option<i64>,
    /// The item of a care plan that it follows from.
    pub plan_item_id: Option<i64>,
    /// Visits of one group belong together: both at once, or one after the other.
    pub group_id: Option<i64>,
    /// To be sent with the next step.
    pub version: i64,
}

impl Visit {
    fn new(listed: VisitListed, words: &Words) -> Visit {
        let at = |instant| At::new(words.calendar, instant);
        let VisitListed { visit, elder, caregiver, .. } = listed;
        Visit {
            id: visit.id,
            elder_id: visit.elder_id,
            elder_name: elder,
            town_code: visit.town_code,
            service_code: visit.service_code,
            service_on: visit.service_on,
            window_starts_at: at(visit.window_starts_at),
            window_ends_at: at(visit.window_ends_at),
            duration_min: visit.duration_min,
            state: visit.state,
            caregiver_id: visit.caregiver_id,
            caregiver_name: caregiver,
            starts_at: visit.starts_at.map(at),
            ends_at: visit.ends_at.map(at),
            arrived_at: visit.arrived_at.map(at),
            done_at: visit.ended_at.map(at),
            fail_reason: visit.fail_reason,
            makes_up_id: visit.makes_up_id,
            price_fen: visit.price_fen,
            plan_item_id: visit.plan_item_id,
            group_id: visit.group_id,
            version: visit.version,
        }
    }
}

struct Visits;

impl Resource for Visits {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.visit.list";
    const NEED: Permission = Permission::SeeVisits;
    const FILTERS: &'static [Filter] = &[
        Filter::new("day", FilterKind::Day, "The day of service; today without it."),
        Filter::new("q", FilterKind::Text, "Part of the elder's name."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("state", FilterKind::OneOf(STATES), "Where it stands."),
        Filter::new("strength", FilterKind::OneOf(Strength::NAMES), "How well it is proven."),
        Filter::new("caregiver", FilterKind::Id, "Number of the caregiver."),
        Filter::new("elder", FilterKind::Id, "Number of the elder."),
    ];
    type Item = Visit;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Visit>> {
        let rows = list_visits(connection, scope, request, (words.calendar, words.now))?.rows;
        Ok(rows.into_iter().map(|row| Visit::new(row, words)).collect())
    }

    fn number(item: &Visit) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

pub async fn find(visitor: &Visitor, id: i64) -> Result<Visit> {
    fetch(visitor, move |connection, scope, words| {
        let at = (words.calendar, words.now);
        let visit = get_visit(connection, scope, Permission::SeeVisits, id, at)?;
        let listed = with_names(connection, vec![visit])?.pop().ok_or_else(Error::not_found)?;
        Ok(Visit::new(listed, words))
    })
    .await
}

/// The visit as the asker's step has left it, which may be out of their reach by now.
async fn find_after(visitor: &Visitor, id: i64) -> Result<Visit> {
    fetch(visitor, move |connection, _, words| {
        let visit = super::store::reload(connection, id)?;
        let listed = with_names(connection, vec![visit])?.pop().ok_or_else(Error::not_found)?;
        Ok(Visit::new(listed, words))
    })
    .await
}
