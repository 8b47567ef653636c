use actix_web::{HttpResponse, web};

use super::model::{TownFigures, TownKind};
use super::store::{get_town, list_towns};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::parts::{related, table_section};
use crate::registry::{institutions, villages};
use crate::web::{
    Action, Cell, Column, Context, Detail, Field, Filter, FilterKind, List, Need, Route, Row, Section,
    Visitor, Words, detail_page, get, group_digits, list_routes, table,
};

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<Towns>().to_vec();
    routes.push(get("/towns/{code}", Need::May(Permission::SeeRegistry), || web::to(show)));
    routes
}

struct Towns;

impl List for Towns {
    const PATH: &'static str = "/towns";
    const EXPORT_PATH: &'static str = "/towns.xlsx";
    const HEADING: &'static str = "town.heading";
    const EMPTY: &'static str = "town.empty";
    const NEED: Permission = Permission::SeeRegistry;
    const TOPIC: Option<Topic> = Some(Topic::Registry);
    const COLUMNS: &'static [Column] = &[
        Column::text("name", "field.name"),
        Column::text("code", "town.code"),
        Column::text("kind", "field.kind"),
        Column::number("villages", "town.villages"),
        Column::number("stations", "field.stations"),
        Column::number("coverage", "town.coverage"),
        Column::number("institutions", "town.institutions"),
        Column::number("beds", "field.beds"),
        Column::number("elders", "town.elders"),
    ];

    fn filters(_: &mut AnyConnection, _: &Scope, words: &Words) -> Result<Vec<Filter>> {
        Ok(vec![
            Filter { name: "q", label: "filter.name_or_code", kind: FilterKind::Text },
            Filter { name: "kind", label: "field.kind", kind: words.choices("town_kind", TownKind::NAMES) },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_towns(connection, scope, request)?;
        Ok(Listed {
            rows: listed.rows.into_iter().map(|town| cells(town, words)).collect(),
            total: listed.total,
        })
    }
}

fn cells(town: TownFigures, words: &Words) -> Row {
    let coverage =
        town.coverage_percent().map(|share| Cell::number((share * 10.0).round() / 10.0, percent(share)));
    Row {
        href: Some(format!("/towns/{}", town.code)),
        cells: vec![
            Cell::text(words.pick(&town.name_zh, &town.name_en)),
            Cell::text(town.code),
            Cell::text(words.name_of("town_kind", town.kind.name())),
            Cell::count(town.villages),
            Cell::count(town.stations),
            coverage.unwrap_or_default(),
            Cell::count(town.institutions),
            Cell::count(town.beds),
            Cell::count(town.elders_60plus),
        ],
    }
}

fn percent(share: f64) -> String {
    format!("{share:.1} %")
}

async fn show(visitor: Visitor, code: web::Path<String>) -> Result<HttpResponse> {
    let (scope, code, words) = (visitor.scope(), code.into_inner(), Words::of(&visitor));
    let (town, houses, villages) = visitor
        .app
        .db
        .read(move |connection| {
            let town = get_town(connection, &scope, &code)?;
            let request = related("town", &town.code);
            let houses = institutions::pages::rows(connection, &scope, &request, &words)?.rows;
            Ok((town, houses, villages::pages::rows(connection, &scope, &request, &words)?.rows))
        })
        .await?;
    let lead = |path: &str, label: &str, icon: &'static str| {
        Action::link(format!("{path}?town={}", town.code), visitor.t(label), icon)
    };
    let mut actions = vec![
        lead("/institutions", "institution.heading", "building-2"),
        lead("/stations", "nav.stations", "house"),
        lead("/villages", "village.heading", "map-pin"),
    ];
    if visitor.may(Permission::SeeCaregivers) {
        actions.push(lead("/caregivers", "nav.caregivers", "hand-heart"));
    }
    let sections = vec![
        Section {
            heading: visitor.t("town.figures").into_owned(),
            fields: facts(&visitor, &town),
            table: None,
        },
        table_section(
            visitor.t("institution.heading"),
            table(&visitor, institutions::pages::COLUMNS, houses),
        ),
        table_section(visitor.t("village.heading"), table(&visitor, villages::pages::COLUMNS, villages)),
    ];
    let subheading = format!("{} · {}", visitor.name_of("town_kind", town.kind.name()), town.code);
    let heading = visitor.pick(&town.name_zh, &town.name_en).to_owned();
    detail_page(&visitor, Detail { heading, subheading, actions, sections, topic: Some(Topic::Registry) })
}

fn facts(context: &Context, town: &TownFigures) -> Vec<Field> {
    let label = |key: &str| context.t(key).into_owned();
    let code = &town.code;
    let coverage = town.coverage_percent().map(|share| {
        let (covered, of) = (town.villages_covered.to_string(), town.villages.to_string());
        context
            .lang
            .fill("town.coverage_of", &[("share", &percent(share)), ("covered", &covered), ("of", &of)])
    });
    let area = town.area_km2.map(|area| format!("{area} km²"));
    vec![
        Field::new(label("town.villages"), group_digits(town.villages))
            .link(format!("/villages?town={code}&kind=counted&listed=true")),
        Field::new(label("field.stations"), group_digits(town.stations))
            .link(format!("/stations?town={code}")),
        Field::new(label("town.coverage"), coverage.unwrap_or_default())
            .link(format!("/villages?town={code}&kind=counted&listed=true&station=true")),
        Field::new(label("town.institutions"), group_digits(town.institutions))
            .link(format!("/institutions?town={code}&state=operating")),
        Field::new(label("field.beds"), group_digits(town.beds)),
        Field::new(label("town.elders"), group_digits(town.elders_60plus)),
        Field::new(label("town.area"), area.unwrap_or_default()),
        Field::new(label("town.seat"), format!("{:.3}, {:.3}", town.longitude, town.latitude)),
    ]
}
