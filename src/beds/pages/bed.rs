//! One bed: what it is now, what can be done, who lived in it.

use actix_web::{HttpResponse, web};

use super::rooms::may_furnish;
use super::tone;
use crate::access::Permission;
use crate::beds::model::{BedState, ClaimKind};
use crate::beds::store::{
    BedListed, StayListed, get_bed, get_hold, get_outage, stays_of_bed, town_name, with_stays,
};
use crate::bus::Topic;
use crate::error::{Error, Result};
use crate::web::{Action, Cell, Column, Detail, Field, Row, Section, Visitor, Words, detail_page, table};

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, words, id) = (visitor.scope(), Words::of(&visitor), id.into_inner());
    let asked = words.clone();
    let (listed, town, stays, more) = visitor
        .app
        .db
        .read(move |connection| {
            let bed = get_bed(connection, &scope, Permission::SeeBeds, id)?;
            let town = town_name(connection, &bed.town_code)?;
            let listed = with_stays(connection, &scope, vec![bed], asked.now)?.pop();
            let listed = listed.ok_or_else(Error::not_found)?;
            let stays = stays_of_bed(connection, &scope, id, asked.now)?;
            let source = listed.filled.as_ref().map(|found| (found.claim.kind, found.claim.source_id));
            let more = match source {
                Some((ClaimKind::Hold, id)) => {
                    held(&asked, &get_hold(connection, &scope, Permission::SeeBeds, id)?)
                }
                Some((ClaimKind::Outage, id)) => {
                    out(&asked, &get_outage(connection, &scope, Permission::SeeBeds, id)?)
                }
                _ => Vec::new(),
            };
            Ok((listed, town, stays, more))
        })
        .await?;
    let mut fields = facts(&words, &listed, &words.pick(&town.0, &town.1));
    fields.extend(more);
    let rows = stays.into_iter().map(|stay| stay_row(stay, &words)).collect();
    detail_page(
        &visitor,
        Detail {
            heading: format!("{}-{}", listed.bed.room, listed.bed.label),
            subheading: listed.institution.clone(),
            actions: actions(&visitor, &listed),
            sections: vec![
                Section { heading: visitor.t("detail.facts").into_owned(), fields, table: None },
                Section {
                    heading: visitor.t("bed.stays").into_owned(),
                    fields: Vec::new(),
                    table: Some(table(&visitor, STAY_COLUMNS, rows)),
                },
            ],
            topic: Some(Topic::Stay),
        },
    )
}

fn held(words: &Words, hold: &crate::beds::store::HoldRow) -> Vec<Field> {
    vec![
        Field::new(words.t("field.held_until"), words.calendar.show(hold.ends_at)),
        Field::new(words.t("field.note"), &hold.note),
    ]
}

fn out(words: &Words, outage: &crate::beds::store::OutageRow) -> Vec<Field> {
    let due = outage.due_at.map(|at| words.calendar.show(at)).unwrap_or_default();
    vec![
        Field::new(words.t("field.why"), words.name_of("outage_reason", outage.reason.name())),
        Field::new(words.t("field.out_since"), words.calendar.show(outage.starts_at)),
        Field::new(words.t("field.due_on"), due),
        Field::new(words.t("field.note"), &outage.note),
    ]
}

fn actions(visitor: &Visitor, listed: &BedListed) -> Vec<Action> {
    let bed = &listed.bed;
    let board = format!("/institutions/{}/beds#bed-{}", bed.institution_id, bed.id);
    let mut actions = vec![Action::link(board, visitor.t("bed.board"), "layout-dashboard")];
    if may_furnish(visitor, &bed.town_code, bed.institution_id) {
        let step = |step: &str, key: &str, icon| {
            Action::link(format!("/beds/{}/{step}", bed.id), visitor.t(key), icon)
        };
        actions.push(step("edit", "room.edit_bed_short", "pencil"));
        actions.push(match bed.closed_at {
            Some(_) => step("reopen", "room.reopen_bed", "check"),
            None => step("close", "room.close_bed", "x"),
        });
    }
    if bed.closed_at.is_some() {
        return actions;
    }
    let reach = visitor.scope().reach(Permission::ManageStays);
    if !reach.is_ok_and(|reach| reach.covers(Some(&bed.town_code), Some(bed.institution_id))) {
        return actions;
    }
    let source = listed.filled.as_ref().map_or(0, |found| found.claim.source_id);
    let link = |href: String, key: &str, icon| Action::link(href, visitor.t(key), icon);
    let id = bed.id;
    match listed.state() {
        BedState::Free => {
            actions.push(link(format!("/beds/{id}/out"), "bed.take_out", "wrench"));
            actions.push(link(format!("/beds/{id}/hold"), "bed.hold", "clock"));
            let admit = format!("/institutions/{}/admit?bed={id}", bed.institution_id);
            actions.push(link(admit, "bed.admit", "log-in").primary());
        }
        BedState::Reserved => {
            actions.push(link(format!("/holds/{source}/release"), "bed.release_hold", "x"));
            let elder = listed.hold.as_ref().filter(|_| listed.resident.is_some()).map(|hold| hold.elder_id);
            let whom = elder.map(|id| format!("?elder={id}")).unwrap_or_default();
            actions.push(link(format!("/beds/{id}/admit{whom}"), "bed.admit", "log-in").primary());
        }
        BedState::OutOfService => {
            actions.push(link(format!("/outages/{source}/end"), "bed.put_back", "check").primary());
        }
        BedState::Occupied | BedState::OnLeave => {
            actions.push(link(format!("/stays/{source}"), "bed.stay", "file-text").primary());
        }
    }
    actions
}

fn facts(words: &Words, listed: &BedListed, town: &str) -> Vec<Field> {
    let bed = &listed.bed;
    let state = listed.state();
    let yes_no = |yes: bool| words.name_of("yes_no", if yes { "true" } else { "false" });
    let mut fields = vec![
        Field::new(words.t("field.institution"), &listed.institution)
            .link(format!("/institutions/{}", bed.institution_id)),
        Field::new(words.t("field.town_code"), town),
        Field::new(words.t("field.building"), &bed.building),
        Field::new(words.t("field.floor"), bed.floor.to_string()),
        Field::new(words.t("field.room"), &bed.room).link(format!("/rooms/{}", bed.room_id)),
        Field::new(words.t("field.kind"), words.name_of("bed_kind", bed.kind.name())),
        Field::new(words.t("field.gender_rule"), words.name_of("gender_rule", bed.gender_rule.name())),
        Field::new(words.t("field.couple_room"), yes_no(bed.is_couple_room)),
        Field::new(words.t("field.isolation_room"), yes_no(bed.is_isolation)),
        match bed.closed_at {
            None => {
                Field::new(words.t("field.state"), words.name_of("bed_state", state.name())).chip(tone(state))
            }
            Some(at) => {
                let since = words.lang.fill("room.closed_at", &[("at", &words.calendar.show(at))]);
                Field::new(words.t("field.state"), since).chip("off")
            }
        },
    ];
    let elder = listed.stay.as_ref().map(|stay| stay.elder_id);
    if let Some(elder) = elder.or(listed.hold.as_ref().map(|hold| hold.elder_id)) {
        fields.push(match &listed.resident {
            Some(name) => Field::new(words.t("field.lives_here"), name).link(format!("/elders/{elder}")),
            None => Field::new(words.t("field.lives_here"), words.t("bed.not_yours")),
        });
    }
    if let Some(stay) = &listed.stay {
        fields.push(Field::new(words.t("field.since"), words.calendar.show(stay.starts_at)));
        if let Some(at) = stay.planned_ends_at {
            fields.push(Field::new(words.t("field.planned_on"), words.calendar.show(at)));
        }
    }
    fields
}

const STAY_COLUMNS: &[Column] = &[
    Column::text("elder", "field.lives_here"),
    Column::text("from", "field.stay_from"),
    Column::text("to", "field.stay_to"),
    Column::text("ending", "field.ending"),
];

fn stay_row(listed: StayListed, words: &Words) -> Row {
    let StayListed { stay, elder, .. } = listed;
    let until = match stay.ends_at {
        Some(at) => Cell::text(words.calendar.show(at)),
        None => Cell::chip(words.t("bed.goes_on"), "ok"),
    };
    Row {
        href: Some(format!("/stays/{}", stay.id)),
        cells: vec![
            Cell::text(elder.unwrap_or_else(|| words.t("bed.not_yours"))),
            Cell::text(words.calendar.show(stay.starts_at)),
            until,
            Cell::text(stay.ending.map(|ending| words.name_of("ending", ending.name())).unwrap_or_default()),
        ],
    }
}
