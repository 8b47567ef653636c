use super::evidence::strength_tone;
use super::period;
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::{Code, Result};
use crate::listing::{ListRequest, Listed};
use crate::registry::store::town_names;
use crate::visits::confirm_each;
use crate::visits::model::VisitState;
use crate::visits::proof::Strength;
use crate::visits::proof::store::strengths;
use crate::visits::store::{
    VisitListed, caregivers_in_reach, get_visit, get_visits, list_visits, with_names,
};
use crate::web::{
    BulkForm, BulkList, Cell, Column, Filter, FilterKind, Input, Line, List, Named, Outcome, Row, Visitor,
    Words,
};

pub struct Visits;

impl List for Visits {
    const PATH: &'static str = "/visits";
    const EXPORT_PATH: &'static str = "/visits.xlsx";
    const HEADING: &'static str = "visit.heading";
    const EMPTY: &'static str = "visit.empty";
    const NEED: Permission = Permission::SeeVisits;
    const TOPIC: Option<Topic> = Some(Topic::Visit);
    const ROWS: i64 = 100;
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
        ("/visit-settings", "visit_setting.heading", "settings"),
    ];
    const COLUMNS: &'static [Column] = &[
        Column::text("window", "field.window"),
        Column::text("elder", "field.elder_name"),
        Column::text("service", "field.service_code"),
        Column::text("town", "field.town_code"),
        Column::text("caregiver", "field.caregiver_id"),
        Column::text("state", "field.state"),
        Column::text("strength", "field.strength"),
        Column::text("starts", "field.starts_at").unsorted(),
        Column::text("arrived", "field.arrived_at").unsorted(),
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
            Filter {
                name: "strength",
                label: "field.strength",
                kind: words.choices("strength", Strength::NAMES),
            },
            Filter { name: "caregiver", label: "field.caregiver_id", kind: FilterKind::Select(caregivers) },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = Self::lines(connection, scope, request, words)?;
        Ok(Listed { rows: listed.rows.into_iter().map(|line| line.row).collect(), total: listed.total })
    }
}

/// Visits that were done and are well proven are confirmed together; all others one by one, or at the exception desk.
impl BulkList for Visits {
    const DECIDE_PATH: &'static str = "/visits/confirm";
    const DECIDE: Permission = Permission::AssignVisits;

    fn form(words: &Words) -> BulkForm {
        BulkForm {
            words: "note",
            submit_label: words.t("visit.confirm_chosen"),
            select_label: words.t("visit.select_strong"),
            ..BulkForm::default()
        }
    }

    fn lines(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Line>> {
        let listed = list_visits(connection, scope, request, (words.calendar, words.now))?;
        let ids: Vec<i64> = listed.rows.iter().map(|listed| listed.visit.id).collect();
        let strengths = strengths(connection, &ids)?;
        let reach = scope.reach(Permission::AssignVisits).ok();
        let line = |listed: VisitListed| {
            let (visit, strength) = (&listed.visit, strengths.get(&listed.visit.id).copied());
            let is_theirs = reach.as_ref().is_some_and(|reach| {
                reach.covers(Some(&visit.town_code), None) || !reach.providers.is_empty()
            });
            let is_ready = visit.state == VisitState::Done && strength == Some(Strength::Strong);
            let (id, version) = (visit.id, visit.version);
            Line { id, version, can_be_chosen: is_ready && is_theirs, row: cells(listed, strength, words) }
        };
        Ok(Listed { rows: listed.rows.into_iter().map(line).collect(), total: listed.total })
    }

    fn named(
        connection: &mut AnyConnection,
        scope: &Scope,
        ids: &[i64],
        words: &Words,
    ) -> Result<Vec<Named>> {
        let mut known = Vec::new();
        for id in ids {
            match get_visit(connection, scope, Permission::SeeVisits, *id, (words.calendar, words.now)) {
                Ok(visit) => known.push(visit.id),
                Err(error) if error.code == Code::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        named_visits(connection, &known, words)
    }

    async fn decide(visitor: &Visitor, chosen: Vec<(i64, i64)>, input: &Input) -> Result<Vec<Outcome>> {
        let note = input.text("note");
        let work = move |tx: &mut crate::app::Tx<'_>| confirm_each(tx, &chosen, &note);
        let outcomes = visitor.app.write(&visitor.scope(), work).await?;
        Ok(outcomes.into_iter().map(|(id, refusal)| Outcome { id, refusal }).collect())
    }
}

/// What visits that the caller has within reach are called.
pub fn named_visits(connection: &mut AnyConnection, ids: &[i64], words: &Words) -> Result<Vec<Named>> {
    let visits = get_visits(connection, ids)?;
    let name = |listed: VisitListed| {
        let (visit, n) = (&listed.visit, listed.visit.id.to_string());
        let service = words.pick(&listed.service_zh, &listed.service_en);
        let parts = [("n", n.as_str()), ("elder", &listed.elder), ("service", &service)];
        (visit.id, words.lang.fill("visit.called", &parts), format!("/visits/{}", visit.id))
    };
    Ok(with_names(connection, visits)?.into_iter().map(name).collect())
}

/// The states to choose from: all but the one that nobody sees.
const STATES: &[&str] = VisitState::NAMES.split_at(1).1;

fn cells(listed: VisitListed, strength: Option<Strength>, words: &Words) -> Row {
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
            strength.map_or_else(Cell::default, |strength| strength_cell(words, strength)),
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

fn strength_cell(words: &Words, strength: Strength) -> Cell {
    Cell::chip(words.name_of("strength", strength.name()), strength_tone(strength))
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
