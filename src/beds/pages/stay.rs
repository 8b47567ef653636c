//! One stay: the bed's number large, what was agreed and assessed, leaves, and everything that can be done.

use actix_web::{HttpResponse, web};

use crate::access::Permission;
use crate::beds::model::Risk;
use crate::beds::store::{LeaveRow, StayListed, StayRow, get_stay, leaves_of, risks_of, with_names};
use crate::beds::{Contact, reveal_contact};
use crate::bus::Topic;
use crate::error::{Error, Result};
use crate::web::{Action, Cell, Column, Detail, Field, Row, Section, Visitor, Words, detail_page, table};

struct Shown {
    listed: StayListed,
    risks: Vec<(Risk, bool)>,
    leaves: Vec<LeaveRow>,
}

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    page(&visitor, id.into_inner(), None).await
}

/// The contact in clear; the look is written down.
pub async fn show_contact(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let contact = visitor.app.write(&visitor.scope(), move |tx| reveal_contact(tx, id)).await?;
    page(&visitor, id, Some(contact)).await
}

async fn page(visitor: &Visitor, id: i64, contact: Option<Contact>) -> Result<HttpResponse> {
    let (scope, words) = (visitor.scope(), Words::of(visitor));
    let now = words.now;
    let shown = visitor
        .app
        .db
        .read(move |connection| {
            let stay = get_stay(connection, &scope, Permission::SeeBeds, id)?;
            let listed = with_names(connection, &scope, vec![stay], now)?.pop();
            Ok(Shown {
                listed: listed.ok_or_else(Error::not_found)?,
                risks: risks_of(connection, id)?,
                leaves: leaves_of(connection, id)?,
            })
        })
        .await?;
    let leaves = shown.leaves.iter().map(|leave| leave_row(leave, &words)).collect();
    let sections = vec![
        section(visitor, "detail.facts", facts(&words, &shown.listed)),
        section(visitor, "bed.agreed", agreed(&words, &shown.listed.stay, contact.as_ref())),
        section(visitor, "bed.risks", risks(&words, &shown.risks)),
        Section {
            heading: visitor.t("bed.leaves").into_owned(),
            fields: Vec::new(),
            table: Some(table(visitor, LEAVE_COLUMNS, leaves)),
        },
    ];
    let name = super::stay_steps::elder_name(visitor, &shown.listed);
    detail_page(
        visitor,
        Detail {
            heading: format!("{} · {name}", shown.listed.place),
            subheading: shown.listed.institution.clone(),
            actions: actions(visitor, &shown, contact.is_some()),
            sections,
            topic: contact.is_none().then_some(Topic::Stay),
        },
    )
}

fn section(visitor: &Visitor, heading: &str, fields: Vec<Field>) -> Section {
    Section { heading: visitor.t(heading).into_owned(), fields, table: None }
}

fn facts(words: &Words, listed: &StayListed) -> Vec<Field> {
    let StayListed { stay, elder, place, .. } = listed;
    let shown = |at: Option<_>| at.map(|at| words.calendar.show(at)).unwrap_or_default();
    let mut fields = vec![
        match elder {
            Some(name) => {
                Field::new(words.t("field.lives_here"), name).link(format!("/elders/{}", stay.elder_id))
            }
            None => Field::new(words.t("field.lives_here"), words.t("bed.not_yours")),
        },
        Field::new(words.t("field.bed"), place).link(format!("/beds/{}", stay.bed_id)),
        Field::new(words.t("field.stay_from"), words.calendar.show(stay.starts_at)),
        match stay.ends_at {
            Some(at) => Field::new(words.t("field.stay_to"), words.calendar.show(at)),
            None => Field::new(words.t("field.stay_to"), words.t("bed.goes_on")).chip("ok"),
        },
    ];
    if stay.planned_ends_at.is_some() {
        fields.push(Field::new(words.t("field.planned_on"), shown(stay.planned_ends_at)));
    }
    if let Some(ending) = stay.ending {
        fields.push(Field::new(words.t("field.ending"), words.name_of("ending", ending.name())));
    }
    if let Some(destination) = stay.destination {
        let name = words.name_of("destination", destination.name());
        fields.push(Field::new(words.t("field.destination"), name));
    }
    fields
}

fn agreed(words: &Words, stay: &StayRow, contact: Option<&Contact>) -> Vec<Field> {
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let level = stay.care_level.map(|level| words.name_of("care_level", level.name()));
    let mut fields = vec![
        Field::new(words.t("field.care_level"), level.unwrap_or_default()),
        Field::new(words.t("field.contract_starts_on"), day(stay.contract_starts_on)),
        Field::new(words.t("field.contract_ends_on"), day(stay.contract_ends_on)),
    ];
    match contact {
        Some(contact) => {
            fields.push(Field::new(words.t("field.contact_name"), &contact.name));
            fields.push(Field::new(words.t("field.contact_phone"), &contact.phone));
        }
        None if stay.contact_sealed.is_some() => {
            fields.push(Field::new(words.t("field.contact_name"), "***").sealed());
        }
        None => fields.push(Field::new(words.t("field.contact_name"), "")),
    }
    fields
}

/// All nine; one that nobody answered is a to-do that stands out.
fn risks(words: &Words, answers: &[(Risk, bool)]) -> Vec<Field> {
    let fields = Risk::ALL.iter().map(|risk| {
        let label = words.name_of("risk", risk.name());
        match answers.iter().find(|(answered, _)| answered == risk) {
            None => Field::new(label, words.t("bed.risk_open")).chip("bad"),
            Some((_, true)) => Field::new(label, words.t("bed.risk_present")).chip("warn"),
            Some((_, false)) => Field::new(label, words.t("bed.risk_absent")).chip("ok"),
        }
    });
    fields.collect()
}

fn actions(visitor: &Visitor, shown: &Shown, is_clear: bool) -> Vec<Action> {
    let stay = &shown.listed.stay;
    let id = stay.id;
    let covers = |permission: Permission| {
        let reach = visitor.scope().reach(permission);
        reach.is_ok_and(|reach| reach.covers(Some(&stay.town_code), Some(stay.institution_id)))
    };
    let mut actions = Vec::new();
    if stay.contact_sealed.is_some() && covers(Permission::UnmaskElder) && !is_clear {
        let confirm = visitor.t("bed.contact_confirm").into_owned();
        let show = Action::post(format!("/stays/{id}/contact"), visitor.t("bed.show_contact"), "lock");
        actions.push(show.confirm(confirm));
    }
    if !covers(Permission::ManageStays) {
        return actions;
    }
    let link =
        |step: &str, key: &str, icon| Action::link(format!("/stays/{id}/{step}"), visitor.t(key), icon);
    actions.push(link("correct", "bed.correct", "history"));
    if stay.ending.is_some() || stay.ends_at.is_some_and(|at| at <= visitor.now) {
        return actions;
    }
    actions.push(link("agree", "bed.agree", "shield-check"));
    let open = shown.leaves.iter().find(|leave| leave.ends_at.is_none());
    actions.push(match open {
        Some(leave) => {
            Action::link(format!("/leaves/{}/return", leave.id), visitor.t("bed.return"), "log-in").primary()
        }
        None => link("leave", "bed.leave", "calendar-clock"),
    });
    actions.push(link("move", "bed.move", "bed"));
    actions.push(link("transfer", "bed.transfer", "building-2"));
    actions.push(link("plan-discharge", "bed.plan_discharge", "calendar-days"));
    actions.push(link("death", "bed.death", "file-text"));
    actions.push(link("discharge", "bed.discharge", "log-out"));
    actions
}

const LEAVE_COLUMNS: &[Column] = &[
    Column::text("kind", "field.leave_kind"),
    Column::text("from", "field.from"),
    Column::text("due", "field.due_on"),
    Column::text("to", "field.back_at"),
    Column::text("note", "field.note"),
];

fn leave_row(leave: &LeaveRow, words: &Words) -> Row {
    let shown = |at: Option<_>| at.map(|at| words.calendar.show(at)).unwrap_or_default();
    let back = match leave.ends_at {
        Some(at) => Cell::text(words.calendar.show(at)),
        None => Cell::chip(words.name_of("bed_state", "on_leave"), "note"),
    };
    Row {
        href: None,
        cells: vec![
            Cell::text(words.name_of("leave_kind", leave.kind.name())),
            Cell::text(words.calendar.show(leave.starts_at)),
            Cell::text(shown(leave.due_at)),
            back,
            Cell::text(&leave.note),
        ],
    }
}
