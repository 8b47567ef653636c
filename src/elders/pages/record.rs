//! One elder: who, where, entitled to what, wishes, whom to call, consents, documents, visits and stays.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use askama::Template;

use super::category_names;
use super::part_tables::{self, Rows};
use crate::access::{Permission, Scope};
use crate::assessments::pages::{ASSESSMENT_COLUMNS, assessment_row};
use crate::assessments::store::{AssessmentListed, assessments_of_elder};
use crate::beds::store::{StayListed, stays_of_elder};
use crate::db::AnyConnection;
use crate::devices::DevicePlace;
use crate::elders::model::{Language, age_years, mask_identity, mask_phone};
use crate::elders::personal::{Clear, Personal, open, reveal};
use crate::elders::store::{ElderListed, categories, get_elder, get_elder_to_edit, with_places};
use crate::error::{Code, Error, Result};
use crate::registry::caregivers::store::names_of_caregivers;
use crate::registry::codes;
use crate::registry::readings::{DEVICE_COLUMNS, devices};
use crate::visits::pages::{VISIT_COLUMNS, visit_row};
use crate::visits::store::{VisitListed, visits_of_elder};
use crate::web::{
    Action, Cell, Column, Field, Page, Row, Section, TableView, Visitor, Words, html, redirect, table,
};

/// Stands where something sealed is on file.
const HIDDEN: &str = "******";

/// A section of the page with what can be done in it.
#[derive(Default)]
pub(super) struct Panel {
    /// Anchor that forms come back to.
    pub id: &'static str,
    pub heading: String,
    pub actions: Vec<Action>,
    pub fields: Vec<Field>,
    pub table: Option<TableView>,
    pub cards: Vec<Card>,
    /// Said where there is nothing.
    pub empty: String,
}

/// One row of a part, to be read and tapped on a phone.
pub(super) struct Card {
    pub title: String,
    pub chip: Option<(&'static str, String)>,
    pub lines: Vec<String>,
    /// Number to call, in clear.
    pub call: Option<String>,
    pub sealed: Option<String>,
    pub actions: Vec<Action>,
}

impl From<Section> for Panel {
    fn from(section: Section) -> Panel {
        Panel { heading: section.heading, fields: section.fields, table: section.table, ..Panel::default() }
    }
}

#[derive(Template)]
#[template(path = "elder.html")]
struct ElderPage {
    page: Page,
    heading: String,
    subheading: String,
    actions: Vec<Action>,
    panels: Vec<Panel>,
    is_clear: bool,
}

/// What the page shows of an elder.
struct Shown {
    listed: ElderListed,
    masked: Personal,
    rows: Rows,
    assessments: Vec<AssessmentListed>,
    stays: Vec<StayListed>,
    visits: Vec<VisitListed>,
    /// What stands with the elder; none for somebody who sees no devices.
    devices: Option<Vec<Row>>,
    may_edit: bool,
}

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let shown = load(&visitor, id.into_inner()).await?;
    page(&visitor, shown, None)
}

pub async fn back_to_masked(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, now, id) = (visitor.scope(), visitor.now, id.into_inner());
    let look =
        move |connection: &mut _| get_elder(connection, &scope, Permission::SeeElders, id, now).map(|_| ());
    visitor.app.db.read(look).await?;
    Ok(redirect(&format!("/elders/{id}")))
}

/// The same page with personal data in clear, once: it is the answer to a button, not an address to come back to.
pub async fn show_personal(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let clear = visitor.app.write(&visitor.scope(), move |tx| reveal(tx, id)).await?;
    let shown = load(&visitor, id).await?;
    page(&visitor, shown, Some(&clear))
}

async fn load(visitor: &Visitor, id: i64) -> Result<Shown> {
    let (scope, keys, words) = (visitor.scope(), visitor.app.keys.clone(), Words::of(visitor));
    let at = (words.calendar, words.now);
    visitor
        .app
        .db
        .read(move |connection| {
            let elder = get_elder(connection, &scope, Permission::SeeElders, id, words.now)?;
            let clear = open(&keys, &elder)?;
            let may_edit = may_edit(connection, &scope, id)?;
            let listed = with_places(connection, vec![elder], at)?.pop();
            let listed = listed.ok_or_else(Error::not_found)?;
            let rows = Rows::load(connection, id)?;
            let caregivers: Vec<i64> = rows.caregivers.iter().map(|row| row.fields.caregiver_id).collect();
            let names: HashMap<i64, String> = names_of_caregivers(connection, &scope, &caregivers)?;
            let rows = Rows { caregiver_names: names, categories: categories(connection)?, ..rows };
            let stays = stays_of_elder(connection, &scope, id, words.now)?;
            let visits = visits_of_elder(connection, &scope, id, at)?;
            let assessments = assessments_of_elder(connection, &scope, id, words.now)?;
            let devices = devices(connection, &scope, DevicePlace::Elder(id), &words)?;
            // Of the address the page shows no more than the village.
            let is_on_file = !clear.address.is_empty();
            let address = if is_on_file { masked_address(&listed, &words) } else { String::new() };
            let masked = Personal {
                identity: mask_identity(&clear.identity),
                phone: mask_phone(&clear.phone),
                address,
                door_note: if clear.door_note.is_empty() { String::new() } else { HIDDEN.to_owned() },
            };
            Ok(Shown { listed, masked, rows, assessments, stays, visits, devices, may_edit })
        })
        .await
}

fn masked_address(listed: &ElderListed, words: &Words) -> String {
    format!("{}{}****", words.pick(&listed.town_zh, &format!("{} ", listed.town_en)), listed.village)
}

fn page(visitor: &Visitor, shown: Shown, clear: Option<&Clear>) -> Result<HttpResponse> {
    let words = Words::of(visitor);
    let elder = &shown.listed.elder;
    let may_edit = shown.may_edit;
    let mut who = facts(&words, &shown.listed);
    who.extend(personal_fields(&words, &shown, clear));
    let panel = |id: &'static str, heading: &str, fields: Vec<Field>| Panel {
        id,
        heading: visitor.t(heading).into_owned(),
        actions: if may_edit { vec![edit_action(visitor, elder.id)] } else { Vec::new() },
        fields,
        ..Panel::default()
    };
    let mut panels = vec![
        panel("record", "detail.facts", who),
        panel("wishes", "elder.wishes", wishes(&words, &shown.listed)),
    ];
    panels.extend(part_tables::panels(visitor, elder.id, &shown.rows, clear, may_edit));
    if visitor.may(Permission::SeeAssessments) {
        let rows = shown.assessments.into_iter().map(|one| assessment_row(one, &words)).collect();
        panels.push(table_panel(visitor, "assessment.heading", table(visitor, ASSESSMENT_COLUMNS, rows)));
    }
    if let Some(rows) = shown.devices.filter(|rows| !rows.is_empty()) {
        panels.push(table_panel(visitor, "elder.devices", table(visitor, DEVICE_COLUMNS, rows)));
    }
    if visitor.may(Permission::SeeVisits) {
        let rows = shown.visits.into_iter().map(|visit| visit_row(visit, &words)).collect();
        panels.push(table_panel(visitor, "elder.visits", table(visitor, VISIT_COLUMNS, rows)));
    }
    if visitor.may(Permission::SeeBeds) {
        let rows = shown.stays.into_iter().map(|stay| stay_row(stay, &words)).collect();
        panels.push(table_panel(visitor, "elder.stays", table(visitor, STAY_COLUMNS, rows)));
    }
    let age = age_years(elder.born_on, visitor.today()).to_string();
    let gender = words.name_of("gender", elder.gender.name());
    html(&ElderPage {
        page: Page::new(visitor, &elder.name),
        heading: elder.name.clone(),
        subheading: visitor.lang.fill("elder.subheading", &[("gender", &gender), ("age", &age)]),
        actions: actions(visitor, &shown.listed, clear.is_some(), may_edit),
        panels,
        is_clear: clear.is_some(),
    })
}

fn table_panel(visitor: &Visitor, heading: &str, table: TableView) -> Panel {
    let section =
        Section { heading: visitor.t(heading).into_owned(), table: Some(table), ..Section::default() };
    Panel { empty: visitor.t("list.nothing").into_owned(), ..Panel::from(section) }
}

/// Whether the asker may change the record.
fn may_edit(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<bool> {
    if !scope.may(Permission::EditElder) {
        return Ok(false);
    }
    match get_elder_to_edit(connection, scope, id) {
        Ok(_) => Ok(true),
        Err(error) if error.code == Code::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn edit_action(visitor: &Visitor, id: i64) -> Action {
    Action::link(format!("/elders/{id}/edit"), visitor.t("action.edit"), "pencil")
}

fn actions(visitor: &Visitor, listed: &ElderListed, is_clear: bool, may_edit: bool) -> Vec<Action> {
    let elder = &listed.elder;
    let mut actions = Vec::new();
    if visitor.may(Permission::UnmaskElder) && !is_clear {
        actions.push(
            Action::post(format!("/elders/{}/personal", elder.id), visitor.t("elder.unmask"), "lock")
                .confirm(visitor.lang.fill("elder.unmask_confirm", &[("name", &elder.name)])),
        );
    }
    if is_clear {
        actions.push(Action::link(format!("/elders/{}", elder.id), visitor.t("elder.mask"), "lock"));
    }
    let timeline = format!("/elders/{}/timeline", elder.id);
    actions.push(Action::link(timeline, visitor.t("elder.timeline"), "history"));
    if visitor.may(Permission::SeeDevices) {
        let href = format!("/elders/{}/readings", elder.id);
        actions.push(Action::link(href, visitor.t("chart.vitals"), "activity"));
    }
    if may_edit {
        actions.push(edit_action(visitor, elder.id));
    }
    if may_edit && elder.home_visits {
        let href = format!("/elders/{}/card", elder.id);
        actions.push(Action::link(href, visitor.t("card.heading"), "printer"));
    }
    if visitor.may(Permission::Assess) {
        let href = format!("/assessments/new?elder={}", elder.id);
        actions.push(Action::link(href, visitor.t("assessment.new"), "clipboard-list"));
    }
    if visitor.may(Permission::EditPlans) && elder.home_visits {
        let href = format!("/elders/{}/plan", elder.id);
        actions.push(Action::link(href, visitor.t("plan.one_elder"), "calendar-days"));
    }
    if visitor.may(Permission::AssignVisits) && elder.home_visits {
        let href = format!("/visits/new?elder={}", elder.id);
        actions.push(Action::link(href, visitor.t("visit.new"), "plus").primary());
    }
    actions
}

fn facts(words: &Words, listed: &ElderListed) -> Vec<Field> {
    let elder = &listed.elder;
    let home = match &listed.institution {
        Some((id, name)) => Field::new(words.t("field.lives_in"), name).link(format!("/institutions/{id}")),
        None => Field::new(words.t("field.lives_in"), words.t("elder.at_home")),
    };
    let place = format!("{:.5}, {:.5}", elder.longitude, elder.latitude);
    let source = words.name_of("coordinate_source", elder.coordinate_source.name());
    vec![
        Field::new(words.t("field.elder_number"), elder.id.to_string()),
        Field::new(words.t("field.born_on"), elder.born_on.to_string()),
        Field::new(words.t("field.town_code"), words.pick(&listed.town_zh, &listed.town_en)),
        Field::new(words.t("field.village"), &listed.village),
        Field::new(words.t("field.categories"), category_names(words, &listed.categories)),
        Field::new(words.t("field.home_visits"), yes_no(words, elder.home_visits)),
        home,
        Field::new(words.t("field.place"), place),
        Field::new(words.t("field.coordinate_source"), source),
        Field::new(words.t("field.updated_at"), words.calendar.show(elder.updated_at)),
    ]
}

fn yes_no(words: &Words, yes: bool) -> String {
    words.name_of("yes_no", if yes { "true" } else { "false" })
}

fn wishes(words: &Words, listed: &ElderListed) -> Vec<Field> {
    let elder = &listed.elder;
    let wish = |label: &str, name: Option<String>, is_hard: bool| match name {
        None => Field::new(words.t(label), words.t("elder.no_wish")),
        Some(name) if is_hard => {
            Field::new(words.t(label), format!("{name} · {}", words.t("elder.hard"))).chip("warn")
        }
        Some(name) => Field::new(words.t(label), name),
    };
    let gender = elder.gender_wish.map(|gender| words.name_of("gender", gender.name()));
    let language = elder.language_wish.map(|language: Language| words.name_of("language", language.name()));
    vec![
        Field::new(words.t("field.languages"), codes::shown(words.lang, "language", &elder.languages)),
        wish("field.gender_wish", gender, elder.gender_wish_hard),
        wish("field.language_wish", language, elder.language_wish_hard),
    ]
}

fn personal_fields(words: &Words, shown: &Shown, clear: Option<&Clear>) -> Vec<Field> {
    let values = clear.map_or(&shown.masked, |clear| &clear.personal);
    let values = [
        ("field.identity", values.identity.as_str()),
        ("field.phone", &values.phone),
        ("field.address", &values.address),
        ("field.door_note", &values.door_note),
    ];
    let fields = values.into_iter().map(|(label, value)| {
        let field = Field::new(words.t(label), value);
        match clear {
            Some(_) if label == "field.phone" && !value.is_empty() => field.link(format!("tel:{value}")),
            None if !value.is_empty() => field.sealed(),
            _ => field,
        }
    });
    fields.collect()
}

const STAY_COLUMNS: &[Column] = &[
    Column::text("institution", "field.institution"),
    Column::text("bed", "field.bed"),
    Column::text("from", "field.stay_from"),
    Column::text("to", "field.stay_to"),
];

fn stay_row(listed: StayListed, words: &Words) -> Row {
    let StayListed { stay, institution, place, .. } = listed;
    let until = match stay.ends_at {
        Some(at) => Cell::text(words.calendar.show(at)),
        None => Cell::chip(words.t("bed.goes_on"), "ok"),
    };
    Row {
        href: Some(format!("/beds/{}", stay.bed_id)),
        cells: vec![
            Cell::text(institution),
            Cell::text(place),
            Cell::text(words.calendar.show(stay.starts_at)),
            until,
        ],
    }
}
