use actix_web::{HttpResponse, web};

use super::model::{InstitutionKind, InstitutionState};
use super::store::{
    BedKindCount, InstitutionListed, InstitutionRow, beds_by_kind, get_institution, list_institutions,
};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::devices::DevicePlace;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::parts::{flag, flag_filter, table_section, town_field, town_filter};
use crate::registry::readings::{DEVICE_COLUMNS, devices};
use crate::registry::store::names_of_towns;
use crate::web::{
    Action, Cell, Column, Context, Create, Detail, Field, Filter, FilterKind, List, Need, RecordForm, Route,
    Row, Section, Visitor, Words, detail_page, form_routes, get, list_routes, table,
};

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<Institutions>().to_vec();
    routes.extend(form_routes::<Institutions>());
    routes.push(get(Institutions::ONE_PATH, Need::May(Permission::SeeRegistry), || web::to(show)));
    routes
}

pub(super) struct Institutions;

impl List for Institutions {
    const PATH: &'static str = "/institutions";
    const EXPORT_PATH: &'static str = "/institutions.xlsx";
    const HEADING: &'static str = "institution.heading";
    const EMPTY: &'static str = "institution.empty";
    const NEED: Permission = Permission::SeeRegistry;
    const TOPIC: Option<Topic> = Some(Topic::Registry);
    const CREATE: Option<Create> = Some(Self::NEW);
    const IMPORT: Option<(&'static str, Permission)> = Some(("institutions", Permission::EditInstitution));
    const COLUMNS: &'static [Column] = COLUMNS;

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        Ok(vec![
            Filter { name: "q", label: "filter.name_or_operator", kind: FilterKind::Text },
            town_filter(connection, scope, Permission::SeeRegistry, words)?,
            Filter {
                name: "kind",
                label: "field.kind",
                kind: words.choices("institution_kind", InstitutionKind::NAMES),
            },
            Filter {
                name: "state",
                label: "field.state",
                kind: words.choices("institution_state", InstitutionState::NAMES),
            },
            flag_filter("fire", "field.micro_fire_station", words),
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        rows(connection, scope, request, words)
    }
}

/// Columns of [`rows`].
pub(in crate::registry) const COLUMNS: &[Column] = &[
    Column::text("name", "field.name"),
    Column::text("town", "field.town_code"),
    Column::text("kind", "field.kind"),
    Column::text("state", "field.state"),
    Column::text("operator", "field.operator"),
    Column::number("beds", "field.beds").unsorted(),
    Column::text("fire", "field.micro_fire_station").unsorted(),
    Column::text("opened_on", "field.opened_on"),
];

/// Institutions as table rows, also for their town's page.
pub(in crate::registry) fn rows(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    words: &Words,
) -> Result<Listed<Row>> {
    let listed = list_institutions(connection, scope, request)?;
    Ok(Listed { rows: listed.rows.into_iter().map(|row| cells(row, words)).collect(), total: listed.total })
}

fn cells(listed: InstitutionListed, words: &Words) -> Row {
    let InstitutionListed { institution, town_zh, town_en, beds } = listed;
    Row {
        href: Some(format!("/institutions/{}", institution.id)),
        cells: vec![
            Cell::text(institution.name),
            Cell::text(words.pick(&town_zh, &town_en)).nowrap(),
            Cell::text(words.name_of("institution_kind", institution.kind.name())),
            Cell::chip(words.name_of("institution_state", institution.state.name()), tone(institution.state)),
            Cell::text(institution.operator),
            Cell::count(beds),
            flag(words, institution.micro_fire_station),
            Cell::text(institution.opened_on.map(|day| day.to_string()).unwrap_or_default()),
        ],
    }
}

fn tone(state: InstitutionState) -> &'static str {
    match state {
        InstitutionState::Operating => "ok",
        InstitutionState::UnderConstruction => "info",
        InstitutionState::Idle => "warn",
        InstitutionState::Closed => "off",
    }
}

async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id, words) = (visitor.scope(), id.into_inner(), Words::of(&visitor));
    let (row, town, beds, equipment) = visitor
        .app
        .db
        .read(move |connection| {
            let row = get_institution(connection, &scope, Permission::SeeRegistry, id)?;
            let town = names_of_towns(connection)?.remove(&row.town_code).unwrap_or_default();
            let sees_beds = scope
                .reach(Permission::SeeBeds)
                .is_ok_and(|reach| reach.covers(Some(&row.town_code), Some(id)));
            let beds = if sees_beds { Some(beds_by_kind(connection, &scope, id)?) } else { None };
            let equipment = devices(connection, &scope, DevicePlace::Institution(id), &words)?;
            Ok((row, town, beds, equipment))
        })
        .await?;
    let mut sections = vec![Section {
        heading: visitor.t("detail.facts").into_owned(),
        fields: facts(&visitor, &row, town.in_lang(visitor.lang)),
        table: None,
    }];
    if let Some(beds) = beds {
        let rows = beds.into_iter().map(|kind| bed_cells(&visitor, id, kind)).collect();
        sections
            .push(table_section(visitor.t("institution.beds_by_kind"), table(&visitor, BED_COLUMNS, rows)));
    }
    // Devices come and go more often than an entry of the registry changes.
    let topic =
        if equipment.as_ref().is_some_and(|rows| !rows.is_empty()) { Topic::Device } else { Topic::Registry };
    if let Some(equipment) = equipment {
        let equipment = table(&visitor, DEVICE_COLUMNS, equipment);
        sections.push(table_section(visitor.t("institution.devices"), equipment));
    }
    detail_page(
        &visitor,
        Detail {
            heading: row.name.clone(),
            subheading: visitor.name_of("institution_kind", row.kind.name()),
            actions: actions(&visitor, &row),
            sections,
            topic: Some(topic),
        },
    )
}

const BED_COLUMNS: &[Column] = &[
    Column::text("kind", "field.bed_kind"),
    Column::number("rooms", "field.rooms"),
    Column::number("beds", "field.beds"),
];

fn bed_cells(context: &Context, id: i64, counted: BedKindCount) -> Row {
    Row {
        href: Some(format!("/beds?institution={id}&kind={}", counted.kind)),
        cells: vec![
            Cell::text(context.name_of("bed_kind", &counted.kind)),
            Cell::count(counted.rooms),
            Cell::count(counted.beds),
        ],
    }
}

fn actions(visitor: &Visitor, row: &InstitutionRow) -> Vec<Action> {
    let mut actions = Vec::new();
    if visitor.may(Permission::SeeBeds) {
        let href = |page: &str| format!("/institutions/{}/{page}", row.id);
        actions.push(Action::link(href("rooms"), visitor.t("room.heading"), "bed"));
        actions.push(Action::link(href("beds"), visitor.t("bed.board"), "layout-dashboard"));
    }
    let may_edit = visitor.scope().reach(Permission::EditInstitution);
    if may_edit.is_ok_and(|reach| reach.covers(Some(&row.town_code), Some(row.id))) {
        let href = format!("/institutions/{}/edit", row.id);
        actions.push(Action::link(href, visitor.t("action.edit"), "pencil").primary());
    }
    actions
}

/// First and last day of the licence; one that is over stands out.
fn licence(visitor: &Visitor, row: &InstitutionRow) -> Field {
    let shown = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let label = visitor.t("field.licence");
    let text = match (row.licence_starts_on, row.licence_ends_on) {
        (None, None) => return Field::new(label, ""),
        (first, last) => format!("{} – {}", shown(first), shown(last)),
    };
    if row.licence_ends_on.is_some_and(|last| last < visitor.today()) {
        return Field::new(label, format!("{text} · {}", visitor.t("institution.licence_over"))).chip("bad");
    }
    Field::new(label, text)
}

fn facts(visitor: &Visitor, row: &InstitutionRow, town: &str) -> Vec<Field> {
    let context: &Context = visitor;
    let label = |key: &str| context.t(key).into_owned();
    vec![
        town_field(visitor, &row.town_code, town),
        Field::new(label("field.state"), context.name_of("institution_state", row.state.name()))
            .chip(tone(row.state)),
        Field::new(label("field.operator"), &row.operator),
        Field::new(label("field.phone"), &row.phone),
        Field::new(
            label("field.micro_fire_station"),
            context.name_of("yes_no", if row.micro_fire_station { "true" } else { "false" }),
        ),
        Field::new(label("field.opened_on"), row.opened_on.map(|day| day.to_string()).unwrap_or_default()),
        licence(visitor, row),
        Field::new(label("field.place"), format!("{:.5}, {:.5}", row.longitude, row.latitude)),
        Field::new(label("field.updated_at"), context.show(row.updated_at)),
    ]
}
