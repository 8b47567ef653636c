use actix_web::{HttpRequest, HttpResponse, web};

use super::model::StationService;
use super::store::{StationListed, StationRow, get_named, list_stations};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::devices::{ChartSpan, DevicePlace};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::codes;
use crate::registry::parts::{
    flag, flag_filter, linked, provider_filter, table_section, town_field, town_filter,
};
use crate::registry::readings::{DEVICE_COLUMNS, READING_COLUMNS, charts, devices, readings};
use crate::web::{
    Action, Cell, Column, Context, Create, Detail, Field, Filter, FilterKind, List, Need, RecordForm, Route,
    Row, Section, Visitor, Words, detail_page_charted, form_routes, get, list_routes,
};

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<Stations>().to_vec();
    routes.extend(form_routes::<Stations>());
    routes.push(get(Stations::ONE_PATH, Need::May(Permission::SeeRegistry), || web::to(show)));
    routes
}

pub(super) struct Stations;

impl List for Stations {
    const PATH: &'static str = "/stations";
    const EXPORT_PATH: &'static str = "/stations.xlsx";
    const HEADING: &'static str = "station.heading";
    const EMPTY: &'static str = "station.empty";
    const NEED: Permission = Permission::SeeRegistry;
    const TOPIC: Option<Topic> = Some(Topic::Registry);
    const CREATE: Option<Create> = Some(Self::NEW);
    const IMPORT: Option<(&'static str, Permission)> = Some(("stations", Permission::EditStation));
    const COLUMNS: &'static [Column] = COLUMNS;

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        Ok(vec![
            Filter { name: "q", label: "field.name", kind: FilterKind::Text },
            town_filter(connection, scope, Permission::SeeRegistry, words)?,
            flag_filter("smart", "field.smart", words),
            Filter {
                name: "service",
                label: "field.services",
                kind: words.choices("station_service", StationService::NAMES),
            },
            provider_filter(connection, scope)?,
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
    Column::text("village", "field.village"),
    Column::text("smart", "field.smart"),
    Column::text("services", "field.services").unsorted(),
    Column::text("provider", "field.provider_id").unsorted(),
];

/// Stations as table rows, also for the pages of what they belong to.
pub(in crate::registry) fn rows(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    words: &Words,
) -> Result<Listed<Row>> {
    let listed = list_stations(connection, scope, request)?;
    Ok(Listed { rows: listed.rows.into_iter().map(|row| cells(row, words)).collect(), total: listed.total })
}

fn cells(listed: StationListed, words: &Words) -> Row {
    let StationListed { station, town, village, provider } = listed;
    Row {
        href: Some(format!("/stations/{}", station.id)),
        cells: vec![
            Cell::text(station.name),
            Cell::text(town.in_lang(words.lang)).nowrap(),
            Cell::text(village),
            flag(words, station.smart),
            Cell::text(codes::shown(words.lang, "station_service", &station.services)),
            linked(provider, || format!("/providers/{}", station.provider_id.unwrap_or_default())),
        ],
    }
}

async fn show(visitor: Visitor, http: HttpRequest, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id, words) = (visitor.scope(), id.into_inner(), Words::of(&visitor));
    let span = ChartSpan::of(http.query_string())?;
    let place = DevicePlace::Station(id);
    let (listed, values, devices, charts) = visitor
        .app
        .db
        .read(move |connection| {
            let listed = get_named(connection, &scope, id)?;
            let values = readings(connection, &scope, place, &words)?;
            let devices = devices(connection, &scope, place, &words)?;
            let path = format!("/stations/{id}");
            let charts = charts(connection, &scope, (place, &path), &words, span)?;
            Ok((listed, values, devices, charts))
        })
        .await?;
    let station = &listed.station;
    let mut actions = Vec::new();
    if may_edit(&visitor, station) {
        let edit = Action::link(format!("/stations/{id}/edit"), visitor.t("action.edit"), "pencil");
        actions.push(edit.primary());
    }
    let mut sections = vec![Section {
        heading: visitor.t("detail.facts").into_owned(),
        fields: facts(&visitor, &listed),
        table: None,
    }];
    // Devices come and go more often than an entry of the registry changes.
    let topic =
        if devices.as_ref().is_some_and(|rows| !rows.is_empty()) { Topic::Device } else { Topic::Registry };
    if let Some(devices) = devices {
        let table = crate::web::table(&visitor, DEVICE_COLUMNS, devices);
        sections.push(table_section(visitor.t("device.heading"), table));
    }
    if let Some(values) = values {
        let table = crate::web::table(&visitor, READING_COLUMNS, values);
        sections.push(table_section(visitor.t("station.readings"), table));
    }
    let charts_after = sections.len();
    let subheading = format!("{} · {}", listed.town.in_lang(visitor.lang), listed.village);
    let heading = station.name.clone();
    let detail = Detail { heading, subheading, actions, sections, topic: Some(topic) };
    detail_page_charted(&visitor, detail, (charts_after, charts))
}

fn may_edit(visitor: &Visitor, station: &StationRow) -> bool {
    visitor.scope().reach(Permission::EditStation).is_ok_and(|reach| {
        reach.has_town(&station.town_code)
            || station.provider_id.is_some_and(|provider| reach.providers.contains(&provider))
    })
}

fn facts(visitor: &Visitor, listed: &StationListed) -> Vec<Field> {
    let (context, row): (&Context, _) = (visitor, &listed.station);
    let label = |key: &str| context.t(key).into_owned();
    let provider = Field::new(label("field.provider_id"), listed.provider.clone().unwrap_or_default());
    let yes_no = context.name_of("yes_no", if row.smart { "true" } else { "false" });
    let smart = Field::new(label("field.smart"), yes_no);
    vec![
        town_field(visitor, &row.town_code, listed.town.in_lang(context.lang)),
        village_field(visitor, row, &listed.village),
        match row.provider_id {
            Some(id) => provider.link(format!("/providers/{id}")),
            None => provider,
        },
        if row.smart { smart.chip("ok") } else { smart },
        Field::new(label("field.services"), codes::shown(context.lang, "station_service", &row.services)),
        Field::new(label("field.phone"), &row.phone),
        Field::new(label("field.place"), format!("{:.5}, {:.5}", row.longitude, row.latitude)),
        Field::new(label("field.updated_at"), context.show(row.updated_at)),
    ]
}

/// The village, leading to its page for those who may see its town.
fn village_field(visitor: &Visitor, row: &StationRow, name: &str) -> Field {
    let field = Field::new(visitor.t("field.village"), name);
    let reach = visitor.scope().reach(Permission::SeeRegistry);
    let sees_town = reach.is_ok_and(|reach| reach.has_town(&row.town_code));
    if sees_town { field.link(format!("/villages/{}", row.village_code)) } else { field }
}
