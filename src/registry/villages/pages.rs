use actix_web::{HttpResponse, web};

use super::model::{COUNTED, VillageKind};
use super::store::{VillageListed, get_village, list_villages};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::parts::{flag_filter, related, table_section, town_filter};
use crate::registry::stations;
use crate::web::{
    Action, Cell, Column, Context, Detail, Field, Filter, FilterKind, List, Need, Route, Row, Section,
    Visitor, Words, detail_page, get, list_routes, table,
};

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<Villages>().to_vec();
    routes.push(get("/villages/{code}", Need::May(Permission::SeeRegistry), || web::to(show)));
    routes
}

struct Villages;

impl List for Villages {
    const PATH: &'static str = "/villages";
    const EXPORT_PATH: &'static str = "/villages.xlsx";
    const HEADING: &'static str = "village.heading";
    const EMPTY: &'static str = "village.empty";
    const NEED: Permission = Permission::SeeRegistry;
    const TOPIC: Option<Topic> = Some(Topic::Registry);
    const COLUMNS: &'static [Column] = COLUMNS;

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        Ok(vec![
            Filter { name: "q", label: "filter.name_or_code", kind: FilterKind::Text },
            town_filter(connection, scope, Permission::SeeRegistry, words)?,
            Filter { name: "kind", label: "field.kind", kind: kinds(words) },
            flag_filter("listed", "village.listed_2019", words),
            flag_filter("station", "village.has_station", words),
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

/// Each kind, and in front the two that count together.
fn kinds(words: &Words) -> FilterKind {
    let each =
        VillageKind::NAMES.iter().map(|kind| ((*kind).to_owned(), words.name_of("village_kind", kind)));
    let counted = (COUNTED.to_owned(), words.t("village.counted"));
    FilterKind::Select(std::iter::once(counted).chain(each).collect())
}

/// Columns of [`rows`].
pub(in crate::registry) const COLUMNS: &[Column] = &[
    Column::text("name", "field.name"),
    Column::text("code", "village.code"),
    Column::text("town", "field.town_code"),
    Column::text("kind", "field.kind"),
    Column::text("listed", "village.listed_2019").unsorted(),
    Column::number("stations", "field.stations").unsorted(),
];

/// Villages as table rows, also for their town's page.
pub(in crate::registry) fn rows(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    words: &Words,
) -> Result<Listed<Row>> {
    let listed = list_villages(connection, scope, request)?;
    Ok(Listed { rows: listed.rows.into_iter().map(|row| cells(row, words)).collect(), total: listed.total })
}

fn cells(listed: VillageListed, words: &Words) -> Row {
    let VillageListed { village, town, stations } = listed;
    Row {
        href: Some(format!("/villages/{}", village.code)),
        cells: vec![
            Cell::text(village.name_zh),
            Cell::text(village.code),
            Cell::text(town.in_lang(words.lang)).nowrap(),
            Cell::text(words.name_of("village_kind", village.kind.name())),
            Cell::text(words.name_of("yes_no", if village.listed_2019 { "true" } else { "false" })),
            Cell::count(stations),
        ],
    }
}

async fn show(visitor: Visitor, code: web::Path<String>) -> Result<HttpResponse> {
    let (scope, code, words) = (visitor.scope(), code.into_inner(), Words::of(&visitor));
    let (listed, stations) = visitor
        .app
        .db
        .read(move |connection| {
            let listed = get_village(connection, &scope, &code)?;
            let request = related("village", &listed.village.code);
            Ok((listed, stations::pages::rows(connection, &scope, &request, &words)?.rows))
        })
        .await?;
    let actions = vec![Action::link(
        format!("/towns/{}", listed.village.town_code),
        listed.town.in_lang(visitor.lang),
        "building-2",
    )];
    let sections = vec![
        Section {
            heading: visitor.t("detail.facts").into_owned(),
            fields: facts(&visitor, &listed),
            table: None,
        },
        table_section(visitor.t("nav.stations"), table(&visitor, stations::pages::COLUMNS, stations)),
    ];
    let kind = visitor.name_of("village_kind", listed.village.kind.name());
    let subheading = format!("{kind} · {}", listed.village.code);
    let heading = listed.village.name_zh.clone();
    detail_page(&visitor, Detail { heading, subheading, actions, sections, topic: Some(Topic::Registry) })
}

fn facts(context: &Context, listed: &VillageListed) -> Vec<Field> {
    let row = &listed.village;
    let label = |key: &str| context.t(key).into_owned();
    let yes_no = context.name_of("yes_no", if row.listed_2019 { "true" } else { "false" });
    let (longitude, latitude) = (format!("{:.4}", row.longitude), format!("{:.4}", row.latitude));
    let point =
        context.lang.fill("village.approximate_point", &[("longitude", &longitude), ("latitude", &latitude)]);
    vec![
        Field::new(label("field.town_code"), listed.town.in_lang(context.lang))
            .link(format!("/towns/{}", row.town_code)),
        Field::new(label("village.listed_2019"), yes_no),
        Field::new(label("field.place"), point),
    ]
}
