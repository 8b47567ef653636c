//! Rooms and beds as a program furnishes a house.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::beds::{Bed, find as find_bed};
use crate::access::{Permission, Scope};
use crate::api::{
    At, Endpoint, Filter, FilterKind, Id, Json, Once, Patch, Resource, created, fetch, list_endpoint, ok,
};
use crate::app::Tx;
use crate::beds::model::{BedInput, BedKind, GenderRule, RoomInput};
use crate::beds::store::{RoomListed, beds_of_room, get_bed, get_room, list_rooms};
use crate::beds::{
    add_bed, add_room, change_bed, change_room, close_bed, close_room, reopen_bed, reopen_room,
};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

const PATH: &str = "/api/v1/rooms";
const TAG: &str = "rooms";

pub fn endpoints() -> Vec<Endpoint> {
    let edit = Need::May(Permission::EditInstitution);
    let mut endpoints = vec![
        list_endpoint::<Rooms>(),
        Endpoint::get("/api/v1/rooms/{id}", Need::May(Permission::SeeBeds), || web::to(show))
            .about(TAG, "api.room.show")
            .answers::<Room>(200),
        Endpoint::post(PATH, edit, || web::to(create))
            .about(TAG, "api.room.add")
            .takes::<NewRoomInput>()
            .answers::<Room>(201)
            .fails(404),
        Endpoint::patch("/api/v1/rooms/{id}", edit, || web::to(update))
            .about(TAG, "api.room.change")
            .patches::<RoomInput>()
            .answers::<Room>(200),
        Endpoint::post("/api/v1/beds", edit, || web::to(create_bed))
            .about("beds", "api.bed.add")
            .takes::<NewBedInput>()
            .answers::<Bed>(201)
            .fails(404)
            .fails(409),
        Endpoint::patch("/api/v1/beds/{id}", edit, || web::to(update_bed))
            .about("beds", "api.bed.change")
            .patches::<BedInput>()
            .answers::<Bed>(200),
    ];
    let step = |path, handler: fn() -> actix_web::Route, tag, about| {
        Endpoint::post(path, edit, handler).about(tag, about).fails(409)
    };
    endpoints.extend([
        step("/api/v1/rooms/{id}/close", || web::to(close), TAG, "api.room.close")
            .takes::<ClosingInput>()
            .answers::<Room>(200),
        step("/api/v1/rooms/{id}/reopen", || web::to(reopen), TAG, "api.room.reopen")
            .takes::<ReopeningInput>()
            .answers::<Room>(200),
        step("/api/v1/beds/{id}/close", || web::to(close_one), "beds", "api.bed.close")
            .takes::<ClosingInput>()
            .answers::<Bed>(200),
        step("/api/v1/beds/{id}/reopen", || web::to(reopen_one), "beds", "api.bed.reopen")
            .takes::<ReopeningInput>()
            .answers::<Bed>(200),
    ]);
    endpoints
}

/// A room of an institution.
#[expect(clippy::struct_field_names, reason = "named as in a bed and in what is sent")]
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Room {
    pub id: i64,
    pub institution_id: i64,
    pub town_code: String,
    pub building: String,
    pub floor: i32,
    pub number: String,
    pub gender_rule: GenderRule,
    pub couple_room: bool,
    pub isolation_room: bool,
    /// Open beds.
    pub beds: i64,
    /// Open beds that somebody lives in.
    pub lived_in: i64,
    /// Since when it is closed.
    pub closed_at: Option<At>,
    /// To be sent with every change.
    pub version: i64,
}

/// A room with its first beds.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRoomInput {
    institution_id: i64,
    building: String,
    floor: i32,
    /// Number on the door, once in a building.
    number: String,
    gender_rule: GenderRule,
    couple_room: bool,
    isolation_room: bool,
    /// How many beds to add at once, labelled from 1.
    #[schema(minimum = 0, maximum = 20)]
    beds: i64,
    bed_kind: BedKind,
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBedInput {
    room_id: i64,
    /// Once in a room.
    label: String,
    kind: BedKind,
}

/// Closing a room or a bed for good; refused while somebody lives there or has it booked or held.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClosingInput {
    #[schema(minimum = 1)]
    version: i64,
    reason: String,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReopeningInput {
    #[schema(minimum = 1)]
    version: i64,
}

impl Room {
    fn new(listed: RoomListed, words: &Words) -> Room {
        let RoomListed { room, beds, lived_in } = listed;
        Room {
            id: room.id,
            institution_id: room.institution_id,
            town_code: room.town_code,
            building: room.building,
            floor: room.floor,
            number: room.number,
            gender_rule: room.gender_rule,
            couple_room: room.couple_room,
            isolation_room: room.isolation_room,
            beds,
            lived_in,
            closed_at: room.closed_at.map(|at| At::new(words.calendar, at)),
            version: room.version,
        }
    }
}

struct Rooms;

impl Resource for Rooms {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.room.list";
    const NEED: Permission = Permission::SeeBeds;
    const FILTERS: &'static [Filter] = &[
        Filter::new("institution", FilterKind::Id, "Number of the institution."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("closed", FilterKind::Flag, "Whether it is closed."),
    ];
    type Item = Room;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Room>> {
        let rows = list_rooms(connection, scope, request, words.now)?.rows;
        Ok(rows.into_iter().map(|row| Room::new(row, words)).collect())
    }

    fn number(item: &Room) -> i64 {
        item.id
    }
}

async fn find(visitor: &Visitor, id: i64) -> Result<Room> {
    fetch(visitor, move |connection, scope, words| {
        let room = get_room(connection, scope, Permission::SeeBeds, id)?;
        let beds = beds_of_room(connection, id)?.into_iter().filter(|bed| bed.closed_at.is_none());
        let listed = crate::beds::store::with_stays(connection, scope, beds.collect(), words.now)?;
        let lived_in = listed.iter().filter(|bed| bed.stay.is_some()).count() as i64;
        Ok(Room::new(RoomListed { room, beds: listed.len() as i64, lived_in }, words))
    })
    .await
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn create(visitor: Visitor, once: Once, Json(input): Json<NewRoomInput>) -> Result<HttpResponse> {
    let asked = input.clone();
    let work = move |tx: &mut Tx<'_>| {
        let room = RoomInput {
            building: asked.building.clone(),
            floor: asked.floor,
            number: asked.number.clone(),
            gender_rule: asked.gender_rule,
            couple_room: asked.couple_room,
            isolation_room: asked.isolation_room,
        };
        add_room(tx, asked.institution_id, &room, (asked.beds, asked.bed_kind))
    };
    let id = once.write(&visitor, &input, work).await?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn update(visitor: Visitor, Id(id): Id, patch: Patch<RoomInput>) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let before = get_room(tx.connection, tx.scope, Permission::EditInstitution, id)?;
        change_room(tx, id, patch.version, &patch.over(&before.input())?)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn close(visitor: Visitor, Id(id): Id, Json(input): Json<ClosingInput>) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| close_room(tx, id, input.version, &input.reason)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn reopen(visitor: Visitor, Id(id): Id, Json(input): Json<ReopeningInput>) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| reopen_room(tx, id, input.version)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn create_bed(visitor: Visitor, once: Once, Json(input): Json<NewBedInput>) -> Result<HttpResponse> {
    let asked = input.clone();
    let work = move |tx: &mut Tx<'_>| {
        add_bed(tx, asked.room_id, &BedInput { label: asked.label.clone(), kind: asked.kind })
    };
    let id = once.write(&visitor, &input, work).await?;
    Ok(created(format!("/api/v1/beds/{id}"), &find_bed(&visitor, id).await?))
}

async fn update_bed(visitor: Visitor, Id(id): Id, patch: Patch<BedInput>) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let bed = get_bed(tx.connection, tx.scope, Permission::EditInstitution, id)?;
        let before = BedInput { label: bed.label, kind: bed.kind };
        change_bed(tx, id, patch.version, &patch.over(&before)?)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find_bed(&visitor, id).await?))
}

async fn close_one(visitor: Visitor, Id(id): Id, Json(input): Json<ClosingInput>) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| close_bed(tx, id, input.version, &input.reason)).await?;
    Ok(ok(&find_bed(&visitor, id).await?))
}

async fn reopen_one(visitor: Visitor, Id(id): Id, Json(input): Json<ReopeningInput>) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| reopen_bed(tx, id, input.version)).await?;
    Ok(ok(&find_bed(&visitor, id).await?))
}
