//! Rooms and beds of a house as the office furnishes them.

use actix_web::{HttpResponse, web};

use super::{room_steps, shown_tone};
use crate::access::Permission;
use crate::beds::store::{
    BedListed, RoomListed, RoomRow, beds_of_room, get_room, rooms_of_house, with_stays,
};
use crate::bus::Topic;
use crate::error::Result;
use crate::registry::institutions::store::get_institution;
use crate::web::{
    Action, Cell, Column, Detail, Field, Need, Route, Row, Section, Visitor, Words, detail_page, get, table,
};

pub fn routes() -> Vec<Route> {
    let see = Need::May(Permission::SeeBeds);
    let mut routes = vec![
        get("/institutions/{id}/rooms", see, || web::to(list)),
        get("/rooms/{id}", see, || web::to(show)),
    ];
    routes.extend(room_steps::routes());
    routes
}

pub fn may_furnish(visitor: &Visitor, town_code: &str, institution_id: i64) -> bool {
    let reach = visitor.scope().reach(Permission::EditInstitution);
    reach.is_ok_and(|reach| reach.covers(Some(town_code), Some(institution_id)))
}

const ROOM_COLUMNS: &[Column] = &[
    Column::text("room", "field.room"),
    Column::text("building", "field.building"),
    Column::number("floor", "field.floor"),
    Column::text("gender_rule", "field.gender_rule"),
    Column::text("special", "field.special"),
    Column::number("beds", "field.beds"),
    Column::number("lived_in", "field.lived_in"),
    Column::text("state", "field.state"),
];

async fn list(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id, now) = (visitor.scope(), id.into_inner(), visitor.now);
    let (house, rooms) = visitor
        .app
        .db
        .read(move |connection| {
            let house = get_institution(connection, &scope, Permission::SeeBeds, id)?;
            Ok((house, rooms_of_house(connection, &scope, id, now)?))
        })
        .await?;
    let words = Words::of(&visitor);
    let mut actions =
        vec![Action::link(format!("/institutions/{id}/beds"), visitor.t("bed.board"), "layout-dashboard")];
    let may_furnish = may_furnish(&visitor, &house.town_code, id);
    if may_furnish {
        let new = Action::link(format!("/institutions/{id}/rooms/new"), visitor.t("room.new"), "plus");
        actions.push(new.primary());
    }
    let beds: i64 = rooms.iter().map(|listed| listed.beds).sum();
    let open = rooms.iter().filter(|listed| listed.room.closed_at.is_none()).count();
    let is_empty = rooms.is_empty();
    let empty = if may_furnish { "room.none_yet" } else { "room.none" };
    let counted = [("rooms", open.to_string()), ("beds", beds.to_string())];
    let counted: Vec<(&str, &str)> = counted.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let rows = rooms.into_iter().map(|listed| room_row(&words, listed)).collect();
    detail_page(
        &visitor,
        Detail {
            heading: visitor.t("room.heading").into_owned(),
            subheading: house.name,
            actions,
            sections: vec![Section {
                heading: visitor.lang.fill("room.count", &counted),
                fields: if is_empty { vec![Field::new("", visitor.t(empty))] } else { Vec::new() },
                table: (!is_empty).then(|| table(&visitor, ROOM_COLUMNS, rows)),
            }],
            topic: Some(Topic::Stay),
        },
    )
}

fn room_row(words: &Words, listed: RoomListed) -> Row {
    let RoomListed { room, beds, lived_in } = listed;
    let state = match room.closed_at {
        Some(_) => Cell::chip(words.t("room.closed"), "off"),
        None => Cell::chip(words.t("room.open"), "ok"),
    };
    Row {
        href: Some(format!("/rooms/{}", room.id)),
        cells: vec![
            Cell::text(&room.number),
            Cell::text(&room.building),
            Cell::count(i64::from(room.floor)),
            Cell::text(words.name_of("gender_rule", room.gender_rule.name())),
            Cell::text(special(words, &room)),
            Cell::count(beds),
            Cell::count(lived_in),
            state,
        ],
    }
}

fn special(words: &Words, room: &RoomRow) -> String {
    let marks = [(room.couple_room, "field.couple_room"), (room.isolation_room, "field.isolation_room")];
    let marks: Vec<String> =
        marks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, key)| words.t(key)).collect();
    marks.join(&words.t("list.separator"))
}

async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id, now) = (visitor.scope(), id.into_inner(), visitor.now);
    let (room, house, beds) = visitor
        .app
        .db
        .read(move |connection| {
            let room = get_room(connection, &scope, Permission::SeeBeds, id)?;
            let house = get_institution(connection, &scope, Permission::SeeBeds, room.institution_id)?;
            let beds = beds_of_room(connection, id)?;
            Ok((room, house, with_stays(connection, &scope, beds, now)?))
        })
        .await?;
    let words = Words::of(&visitor);
    let rows = beds.iter().map(|listed| bed_row(&words, listed)).collect();
    detail_page(
        &visitor,
        Detail {
            heading: format!("{} {}", room.building, room.number),
            subheading: house.name.clone(),
            actions: actions(&visitor, &room),
            sections: vec![
                Section {
                    heading: visitor.t("detail.facts").into_owned(),
                    fields: facts(&words, &room, &house.name),
                    table: None,
                },
                Section {
                    heading: visitor.t("bed.heading").into_owned(),
                    fields: Vec::new(),
                    table: Some(table(&visitor, BED_COLUMNS, rows)),
                },
            ],
            topic: Some(Topic::Stay),
        },
    )
}

fn facts(words: &Words, room: &RoomRow, house: &str) -> Vec<Field> {
    let yes_no = |yes: bool| words.name_of("yes_no", if yes { "true" } else { "false" });
    let state = match room.closed_at {
        None => Field::new(words.t("field.state"), words.t("room.open")).chip("ok"),
        Some(at) => {
            let since = words.lang.fill("room.closed_at", &[("at", &words.calendar.show(at))]);
            Field::new(words.t("field.state"), since).chip("off")
        }
    };
    vec![
        Field::new(words.t("field.institution"), house)
            .link(format!("/institutions/{}/rooms", room.institution_id)),
        Field::new(words.t("field.building"), &room.building),
        Field::new(words.t("field.floor"), room.floor.to_string()),
        Field::new(words.t("field.number"), &room.number),
        Field::new(words.t("field.gender_rule"), words.name_of("gender_rule", room.gender_rule.name())),
        Field::new(words.t("field.couple_room"), yes_no(room.couple_room)),
        Field::new(words.t("field.isolation_room"), yes_no(room.isolation_room)),
        state,
    ]
}

fn actions(visitor: &Visitor, room: &RoomRow) -> Vec<Action> {
    let id = room.id;
    let rooms = format!("/institutions/{}/rooms", room.institution_id);
    let mut actions = vec![Action::link(rooms, visitor.t("room.heading"), "arrow-left")];
    if !may_furnish(visitor, &room.town_code, room.institution_id) {
        return actions;
    }
    let link =
        |step: &str, key: &str, icon| Action::link(format!("/rooms/{id}/{step}"), visitor.t(key), icon);
    actions.push(link("edit", "action.edit", "pencil"));
    if room.closed_at.is_some() {
        actions.push(link("reopen", "room.reopen", "check").primary());
    } else {
        actions.push(link("close", "room.close", "x"));
        actions.push(link("beds/new", "room.new_bed", "plus").primary());
    }
    actions
}

const BED_COLUMNS: &[Column] = &[
    Column::text("label", "field.label"),
    Column::text("kind", "field.bed_kind"),
    Column::text("state", "field.state"),
    Column::text("resident", "field.lives_here"),
];

fn bed_row(words: &Words, listed: &BedListed) -> Row {
    let state = listed.shown_state();
    let state = Cell::chip(words.name_of("bed_state", state.name()), shown_tone(state));
    Row {
        href: Some(format!("/beds/{}", listed.bed.id)),
        cells: vec![
            Cell::text(&listed.bed.label),
            Cell::text(words.name_of("bed_kind", listed.bed.kind.name())),
            state,
            Cell::text(listed.resident.clone().unwrap_or_default()),
        ],
    }
}
