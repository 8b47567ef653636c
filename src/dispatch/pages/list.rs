use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::dispatch::model::ProposalState;
use crate::dispatch::store::proposals::{ProposalListed, list_proposals};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::store::town_names;
use crate::web::{Cell, Column, Filter, FilterKind, List, Row, Words};

pub struct Proposals;

impl List for Proposals {
    const PATH: &'static str = "/proposals";
    const EXPORT_PATH: &'static str = "/proposals.xlsx";
    const HEADING: &'static str = "proposal.heading";
    const EMPTY: &'static str = "proposal.empty";
    const NEED: Permission = Permission::AssignVisits;
    const TOPIC: Option<Topic> = Some(Topic::Visit);
    const CREATE: Option<(&'static str, &'static str, Permission)> =
        Some(("/proposals/new", "proposal.new", Permission::AssignVisits));
    const CREATE_ICON: &'static str = "calendar-clock";
    const LINKS: &'static [(&'static str, &'static str, &'static str)] =
        &[("/visits", "visit.heading", "clipboard-list"), ("/day-sheets", "sheet.heading", "printer")];
    const COLUMNS: &'static [Column] = &[
        Column::text("town", "field.town_code").unsorted(),
        Column::text("day", "field.day").unsorted(),
        Column::text("state", "field.state").unsorted(),
        Column::number("visits", "field.visit_count").unsorted(),
        Column::number("served", "field.served_count").unsorted(),
        Column::number("travel", "field.travel_min").unsorted(),
        Column::text("asked_by", "field.asked_by").unsorted(),
        Column::text("asked_at", "field.asked_at").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let towns = town_choices(connection, scope, words)?;
        let states = words.choices("proposal_state", ProposalState::NAMES);
        Ok(vec![
            Filter { name: "town", label: "field.town_code", kind: FilterKind::Select(towns) },
            Filter { name: "state", label: "field.state", kind: states },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_proposals(connection, scope, request)?;
        let rows = listed.rows.into_iter().map(|listed| row(&listed, words)).collect();
        Ok(Listed { rows, total: listed.total })
    }
}

/// Towns where the asker may plan, by code.
pub fn town_choices(
    connection: &mut AnyConnection,
    scope: &Scope,
    words: &Words,
) -> Result<Vec<(String, String)>> {
    let towns = town_names(connection, scope, Permission::AssignVisits)?;
    Ok(towns.into_iter().map(|(code, chinese, english)| (code, words.pick(&chinese, &english))).collect())
}

fn row(listed: &ProposalListed, words: &Words) -> Row {
    let ProposalListed { proposal, town_zh, town_en } = listed;
    Row {
        href: Some(format!("/proposals/{}", proposal.id)),
        cells: vec![
            Cell::text(words.pick(town_zh, town_en)),
            Cell::text(proposal.day.to_string()),
            Cell::chip(words.name_of("proposal_state", proposal.state.name()), tone(proposal.state)),
            Cell::count(proposal.visit_count),
            Cell::count(proposal.served_count),
            Cell::count(proposal.travel_s / 60),
            Cell::text(&proposal.asked_by),
            Cell::text(words.calendar.show(proposal.asked_at)),
        ],
    }
}

/// Colour and icon of a state.
pub fn tone(state: ProposalState) -> &'static str {
    match state {
        ProposalState::Waiting => "wait",
        ProposalState::Running => "live",
        ProposalState::Ready | ProposalState::PartlyAccepted => "info",
        ProposalState::Stopped => "warn",
        ProposalState::Failed => "bad",
        ProposalState::Accepted => "ok",
        ProposalState::Discarded => "off",
    }
}
