use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Resource, fetch, list_endpoint, ok};
use crate::beds::model::{BedKind, BedState};
use crate::beds::store::{BedListed, get_bed, list_beds, with_stays};
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
    pub state: BedState,
    /// The stay that goes on in it.
    pub stay_id: Option<i64>,
    pub occupied_since: Option<At>,
    /// Who is in it, where the asker may see the elder.
    pub resident_id: Option<i64>,
    pub resident_name: Option<String>,
}

impl Bed {
    fn new(BedListed { bed, stay, resident, .. }: BedListed, words: &Words) -> Bed {
        Bed {
            id: bed.id,
            institution_id: bed.institution_id,
            town_code: bed.town_code,
            building: bed.building,
            floor: bed.floor,
            room: bed.room,
            label: bed.label,
            kind: bed.kind,
            state: if stay.is_some() { BedState::Occupied } else { BedState::Free },
            stay_id: stay.as_ref().map(|stay| stay.id),
            occupied_since: stay.as_ref().map(|stay| At::new(words.calendar, stay.starts_at)),
            resident_id: stay.filter(|_| resident.is_some()).map(|stay| stay.elder_id),
            resident_name: resident,
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
        Filter::new("state", FilterKind::OneOf(BedState::NAMES), "Free or occupied now."),
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
    let bed = fetch(&visitor, move |connection, scope, words| {
        let bed = get_bed(connection, scope, Permission::SeeBeds, id)?;
        let listed =
            with_stays(connection, scope, vec![bed], words.now)?.pop().ok_or_else(Error::not_found)?;
        Ok(Bed::new(listed, words))
    });
    Ok(ok(&bed.await?))
}
