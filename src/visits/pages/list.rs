use super::period;
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::store::town_names;
use crate::visits::model::VisitState;
use crate::visits::store::{VisitListed, caregivers_in_reach, list_visits};
use crate::web::{Cell, Column, Filter, FilterKind, List, Row, Words};

pub struct Visits;

impl List for Visits {
    const PATH: &'static str = "/visits";
    const EXPORT_PATH: &'static str = "/visits.xlsx";
    const HEADING: &'static str = "visit.heading";
    const EMPTY: &'static str = "visit.empty";
    const NEED: Permission = Permission::SeeVisits;
    const TOPIC: Option<Topic> = Some(Topic::Visit);
    const CREATE: Option<(&'static str, &'static str, Permission)> =
        Some(("/visits/new", "visit.new", Permission::AssignVisits));
    const LINKS: &'static [(&'static str, &'static str, &'static str)] = &[
        ("/visits/day", "day.heading", "layout-dashboard"),
        ("/visits/week", "visit.week", "calendar-days"),
        ("/visits/map", "visit.map_of_day", "map"),
        ("/plans", "plan.heading", "calendar-days"),
        ("/proposals", "proposal.heading", "calendar-clock"),
        ("/visits/exceptions", "exception.heading", "octagon-alert"),
        ("/absences", "absence.heading", "user"),
    ];
    const COLUMNS: &'static [Column] = &[
        Column::text("window", "field.window"),
        Column::text("elder", "field.elder_name"),
        Column::text("service", "field.service_code"),
        Column::text("town", "field.town_code"),
        Column::text("caregiver", "field.caregiver_id"),
        Column::text("state", "field.state"),
        Column::text("starts", "field.starts_at").unsorted(),
        Column::text("arrived", "field.arrived_at").unsorted(),
        ("/visit-settings", "visit_setting.heading", "settings"),
        Column::text("done", "field.done_at").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let towns = town_names(connection, scope, Permission::SeeVisits)?
            .into_iter()
            .map(|(code, chinese, english)| (code, words.pick(&chinese, &english)))
            .collect();
        let caregivers = caregivers_in_reach(connection, scope)?;
        let caregivers = caregivers.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
        let today = words.calendar.day_of(words.now);
        Ok(vec![
            Filter { name: "q", label: "field.elder_name", kind: FilterKind::Text },
            Filter { name: "day", label: "field.service_on", kind: FilterKind::Day(today) },
            Filter { name: "town", label: "field.town_code", kind: FilterKind::Select(towns) },
            Filter { name: "state", label: "field.state", kind: words.choices("visit_state", STATES) },
            Filter { name: "caregiver", label: "field.caregiver_id", kind: FilterKind::Select(caregivers) },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_visits(connection, scope, request, (words.calendar, words.now))?;
        let rows = listed.rows.into_iter().map(|visit| cells(visit, words)).collect();
        Ok(Listed { rows, total: listed.total })
    }
}

/// The states to choose from: all but the one that nobody sees.
const STATES: &[&str] = VisitState::NAMES.split_at(1).1;

fn cells(listed: VisitListed, words: &Words) -> Row {
    let visit = &listed.visit;
    let time = |at: Option<_>| Cell::text(at.map(|at| words.calendar.show_time(at)).unwrap_or_default());
    let elder = Cell::text(&listed.elder);
    Row {
        href: Some(format!("/visits/{}", visit.id)),
        cells: vec![
            Cell::text(period(words.calendar, visit.window_starts_at, visit.window_ends_at)),
            elder,
            Cell::text(words.pick(&listed.service_zh, &listed.service_en)),
            Cell::text(words.pick(&listed.town_zh, &listed.town_en)),
            Cell::text(listed.caregiver.clone().unwrap_or_default()),
            state_cell(words, visit.state),
            time(visit.starts_at),
            time(listed.visit.arrived_at),
            time(listed.visit.ended_at),
        ],
    }
}

/// Columns of an elder's visits on other pages.
pub const VISIT_COLUMNS: &[Column] = &[
    Column::text("day", "field.service_on"),
    Column::text("window", "field.window"),
    Column::text("service", "field.service_code"),
    Column::text("caregiver", "field.caregiver_id"),
    Column::text("state", "field.state"),
    Column::text("arrived", "field.arrived_at"),
    Column::text("done", "field.done_at"),
];

/// A visit in the columns of [`VISIT_COLUMNS`].
pub fn visit_row(listed: VisitListed, words: &Words) -> Row {
    let visit = &listed.visit;
    let time = |at: Option<_>| Cell::text(at.map(|at| words.calendar.show_time(at)).unwrap_or_default());
    Row {
        href: Some(format!("/visits/{}", visit.id)),
        cells: vec![
            Cell::text(visit.service_on.to_string()),
            Cell::text(period(words.calendar, visit.window_starts_at, visit.window_ends_at)),
            Cell::text(words.pick(&listed.service_zh, &listed.service_en)),
            Cell::text(listed.caregiver.clone().unwrap_or_default()),
            state_cell(words, visit.state),
            time(listed.visit.arrived_at),
            time(listed.visit.ended_at),
        ],
    }
}

fn state_cell(words: &Words, state: VisitState) -> Cell {
    Cell::chip(words.name_of("visit_state", state.name()), tone(state))
}

/// Colour and icon of a state.
pub fn tone(state: VisitState) -> &'static str {
    match state {
        VisitState::Unplanned => "off",
        VisitState::Planned => "wait",
        VisitState::Offered => "note",
        VisitState::Assigned | VisitState::OnTheWay => "info",
        VisitState::Arrived => "live",
        VisitState::Done | VisitState::Confirmed => "ok",
        VisitState::NotDone => "bad",
    }
}
