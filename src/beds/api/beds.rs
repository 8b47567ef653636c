use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Resource, fetch, list_endpoint, ok};
use crate::beds::model::{BedKind, ClaimKind, GenderRule, ShownState};
use crate::beds::store::{BedListed, get_bed, list_beds, with_stays};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

const TAG: &str = "beds";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        list_endpoint::<Beds>(),
        Endpoint::get("/api/v1/beds/{id}", Need::May(Permission::SeeBeds), || web::to(show))
            .about(TAG, "api.bed.show")
            .answers::<Bed>(200),
    ]
}

/// A bed as it stands now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Bed {
    pub id: i64,
    pub institution_id: i64,
    pub town_code: String,
    pub building: String,
    pub floor: i32,
    /// Room number.
    pub room: String,
    pub label: String,
    pub kind: BedKind,
    pub state: ShownState,
    /// When what fills it now ends, where that is set.
    pub until: Option<At>,
    pub gender_rule: GenderRule,
    pub couple_room: bool,
    pub isolation_room: bool,
    /// The stay that goes on in it.
    pub stay_id: Option<i64>,
    pub occupied_since: Option<At>,
    /// The leave that goes on inside that stay.
    pub leave_id: Option<i64>,
    pub hold_id: Option<i64>,
    pub outage_id: Option<i64>,
    /// When the discharge is ordered for; the bed is occupied until the person has left.
    pub discharge_planned_at: Option<At>,
    /// Of the nine risks, those that nobody answered yet.
    pub risks_open: i64,
    /// Who is in it or for whom it is held, where the asker may see the elder.
    pub resident_id: Option<i64>,
    pub resident_name: Option<String>,
    /// Since when it takes nobody any more.
    pub closed_at: Option<At>,
    /// To be sent with a change of the bed itself.
    pub version: i64,
}

impl Bed {
    fn new(listed: BedListed, words: &Words) -> Bed {
        let at = |instant: Instant| At::new(words.calendar, instant);
        let state = listed.shown_state();
        let BedListed { bed, filled, stay, hold, resident, risks_open, .. } = listed;
        let source = |kind: ClaimKind| {
            filled.as_ref().filter(|found| found.claim.kind == kind).map(|found| found.claim.source_id)
        };
        let elder_id = stay.as_ref().map(|stay| stay.elder_id).or(hold.as_ref().map(|hold| hold.elder_id));
        Bed {
            id: bed.id,
            institution_id: bed.institution_id,
            town_code: bed.town_code,
            building: bed.building,
            floor: bed.floor,
            room: bed.room,
            label: bed.label,
            kind: bed.kind,
            state,
            until: filled.as_ref().and_then(|found| found.claim.ends_at).map(at),
            gender_rule: bed.gender_rule,
            couple_room: bed.is_couple_room,
            isolation_room: bed.is_isolation,
            stay_id: source(ClaimKind::Stay),
            occupied_since: stay.as_ref().map(|stay| at(stay.starts_at)),
            leave_id: filled.as_ref().and_then(|found| found.leave_id),
            hold_id: source(ClaimKind::Hold),
            outage_id: source(ClaimKind::Outage),
            discharge_planned_at: stay.as_ref().and_then(|stay| stay.planned_ends_at).map(at),
            risks_open,
            resident_id: elder_id.filter(|_| resident.is_some()),
            resident_name: resident,
            closed_at: bed.closed_at.map(at),
            version: bed.version,
        }
    }
}

struct Beds;

impl Resource for Beds {
    const PATH: &'static str = "/api/v1/beds";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.bed.list";
    const NEED: Permission = Permission::SeeBeds;
    const FILTERS: &'static [Filter] = &[
        Filter::new("institution", FilterKind::Id, "Number of the institution."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("kind", FilterKind::OneOf(BedKind::NAMES), "Its kind."),
        Filter::new("state", FilterKind::OneOf(ShownState::NAMES), "What it is now."),
        Filter::new("closed", FilterKind::Flag, "Those that were closed, instead of those that are open."),
        Filter::new("lived_in", FilterKind::Flag, "Whether somebody lives in it, present or on leave."),
    ];
    type Item = Bed;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Bed>> {
        let rows = list_beds(connection, scope, request, words.now)?.rows;
        Ok(rows.into_iter().map(|row| Bed::new(row, words)).collect())
    }

    fn number(item: &Bed) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

pub(super) async fn find(visitor: &Visitor, id: i64) -> Result<Bed> {
    fetch(visitor, move |connection, scope, words| {
        let bed = get_bed(connection, scope, Permission::SeeBeds, id)?;
        let listed =
            with_stays(connection, scope, vec![bed], words.now)?.pop().ok_or_else(Error::not_found)?;
        Ok(Bed::new(listed, words))
    })
    .await
}
