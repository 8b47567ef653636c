//! Pages of beds: the list, one bed, one stay, the board of an institution, the waiting list, transfers, the city's view.

mod admit;
mod bed;
mod bed_steps;
mod board;
mod city;
mod city_map;
mod city_trend;
mod classes;
mod leave_steps;
mod line;
mod room_steps;
mod rooms;
mod stay;
mod stay_steps;
pub(crate) mod steps;
mod timeline;
mod transfers;
mod waiting;

use actix_web::web;

use super::model::{BedKind, BedState, ShownState};
use super::store::{BedListed, institutions_with_beds, list_beds};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::store::town_names;
use crate::web::{Cell, Column, Filter, FilterKind, List, Need, Route, Row, Words, get, list_routes, post};

pub fn routes() -> Vec<Route> {
    let (see, manage) = (Need::May(Permission::SeeBeds), Need::May(Permission::ManageStays));
    let mut routes = list_routes::<Beds>().to_vec();
    routes.extend(list_routes::<waiting::Line>());
    routes.extend(list_routes::<transfers::Transfers>());
    routes.extend([
        get("/beds/city", see, || web::to(city::show)),
        get("/beds/map.json", see, || web::to(city_map::points)),
        post("/beds/rules", Need::May(Permission::EditInstitution), || web::to(city::save_rule)),
        get("/beds/{id}", see, || web::to(bed::show)),
        get("/stays/{id}", see, || web::to(stay::show)),
        post("/stays/{id}/contact", Need::May(Permission::UnmaskElder), || web::to(stay::show_contact)),
        get("/institutions/{id}/beds", see, || web::to(board::show)),
        post("/institutions/{id}/confirm-beds", manage, || web::to(board::save_confirm)),
        get("/waiting/{id}", see, || web::to(waiting::show)),
        get("/waiting/new", Need::May(Permission::ManageWaiting), || web::to(waiting::show_new)),
        post("/waiting", Need::May(Permission::ManageWaiting), || web::to(waiting::save_new)),
    ]);
    routes.extend(bed_steps::routes());
    routes.extend(stay_steps::routes());
    routes.extend(leave_steps::routes());
    routes.extend(line::routes());
    routes.extend(admit::routes());
    routes.extend(rooms::routes());
    routes.extend(classes::routes());
    routes
}

struct Beds;

impl List for Beds {
    const PATH: &'static str = "/beds";
    const EXPORT_PATH: &'static str = "/beds.xlsx";
    const HEADING: &'static str = "bed.heading";
    const EMPTY: &'static str = "bed.empty";
    const NEED: Permission = Permission::SeeBeds;
    const TOPIC: Option<Topic> = Some(Topic::Stay);
    const LINKS: &'static [(&'static str, &'static str, &'static str)] = &[
        ("/beds/city", "bed.overview", "layout-dashboard"),
        ("/waiting", "waiting.heading", "users"),
        ("/transfers", "transfer.heading", "building-2"),
    ];
    const IMPORT: Option<(&'static str, Permission)> = Some(("house", Permission::EditInstitution));
    const COLUMNS: &'static [Column] = &[
        Column::text("label", "field.bed"),
        Column::text("institution", "field.institution"),
        Column::text("building", "field.building"),
        Column::number("floor", "field.floor"),
        Column::text("room", "field.room"),
        Column::text("kind", "field.kind"),
        Column::text("state", "field.state").unsorted(),
        Column::text("resident", "field.lives_here").unsorted(),
        Column::text("since", "field.since").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let institutions = institutions_with_beds(connection, scope)?;
        let institutions = institutions.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
        let towns = town_names(connection, scope, Permission::SeeBeds)?
            .into_iter()
            .map(|(code, chinese, english)| (code, words.pick(&chinese, &english)))
            .collect();
        Ok(vec![
            Filter {
                name: "institution",
                label: "field.institution",
                kind: FilterKind::Select(institutions),
            },
            Filter { name: "town", label: "field.town_code", kind: FilterKind::Select(towns) },
            Filter { name: "kind", label: "field.kind", kind: words.choices("bed_kind", BedKind::NAMES) },
            Filter {
                name: "state",
                label: "field.state",
                kind: words.choices("bed_state", ShownState::NAMES),
            },
            Filter {
                name: "lived_in",
                label: "field.lived_in",
                kind: words.choices("yes_no", &["true", "false"]),
            },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_beds(connection, scope, request, words.now)?;
        Ok(Listed {
            rows: listed.rows.into_iter().map(|row| cells(row, words)).collect(),
            total: listed.total,
        })
    }
}

fn cells(listed: BedListed, words: &Words) -> Row {
    let state = listed.shown_state();
    let tone = shown_tone(state);
    let BedListed { bed, institution, stay, resident, .. } = listed;
    let resident = match (&stay, resident) {
        (Some(stay), Some(name)) => Cell::text(name).link(format!("/elders/{}", stay.elder_id)),
        _ => Cell::default(),
    };
    Row {
        href: Some(format!("/beds/{}", bed.id)),
        cells: vec![
            Cell::text(format!("{}-{}", bed.room, bed.label)),
            Cell::text(institution),
            Cell::text(bed.building),
            Cell::count(i64::from(bed.floor)),
            Cell::text(bed.room),
            Cell::text(words.name_of("bed_kind", bed.kind.name())),
            Cell::chip(words.name_of("bed_state", state.name()), tone),
            resident,
            Cell::text(stay.map(|stay| words.calendar.show(stay.starts_at)).unwrap_or_default()),
        ],
    }
}

fn shown_tone(state: ShownState) -> &'static str {
    match state {
        ShownState::Occupied => tone(BedState::Occupied),
        ShownState::OnLeave => tone(BedState::OnLeave),
        ShownState::Reserved => tone(BedState::Reserved),
        ShownState::OutOfService | ShownState::Closed => tone(BedState::OutOfService),
        ShownState::Free => tone(BedState::Free),
    }
}

fn tone(state: BedState) -> &'static str {
    match state {
        BedState::Occupied => "info",
        BedState::OnLeave => "note",
        BedState::Reserved => "wait",
        BedState::OutOfService => "off",
        BedState::Free => "ok",
    }
}
