use actix_web::{HttpResponse, web};

use super::store::{ProviderListed, get_provider, list_providers};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::parts::{related, table_section, town_field, town_filter};
use crate::registry::{caregivers, stations};
use crate::web::{
    Action, Cell, Column, Context, Detail, Field, Filter, FilterKind, List, Need, Route, Row, Section,
    Visitor, Words, detail_page, get, list_routes, table,
};

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<Providers>().to_vec();
    routes.push(get("/providers/{id}", Need::May(Permission::SeeRegistry), || web::to(show)));
    routes
}

struct Providers;

impl List for Providers {
    const PATH: &'static str = "/providers";
    const EXPORT_PATH: &'static str = "/providers.xlsx";
    const HEADING: &'static str = "provider.heading";
    const EMPTY: &'static str = "provider.empty";
    const NEED: Permission = Permission::SeeRegistry;
    const TOPIC: Option<Topic> = Some(Topic::Registry);
    const COLUMNS: &'static [Column] = &[
        Column::text("name", "field.name"),
        Column::text("town", "field.town_code"),
        Column::text("phone", "field.phone").unsorted(),
        Column::number("stations", "field.stations").unsorted(),
        Column::number("caregivers", "field.caregivers_active").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        Ok(vec![
            Filter { name: "q", label: "field.name", kind: FilterKind::Text },
            town_filter(connection, scope, Permission::SeeRegistry, words)?,
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_providers(connection, scope, request)?;
        Ok(Listed {
            rows: listed.rows.into_iter().map(|row| cells(row, words)).collect(),
            total: listed.total,
        })
    }
}

fn cells(listed: ProviderListed, words: &Words) -> Row {
    let ProviderListed { provider, town, stations, caregivers } = listed;
    Row {
        href: Some(format!("/providers/{}", provider.id)),
        cells: vec![
            Cell::text(provider.name),
            Cell::text(town.in_lang(words.lang)).nowrap(),
            Cell::text(provider.phone),
            Cell::count(stations),
            caregivers.map(Cell::count).unwrap_or_default(),
        ],
    }
}

async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id, words) = (visitor.scope(), id.into_inner(), Words::of(&visitor));
    let sees_caregivers = visitor.may(Permission::SeeCaregivers);
    let (listed, staff, stations) = visitor
        .app
        .db
        .read(move |connection| {
            let listed = get_provider(connection, &scope, id)?;
            let request = related("provider", id);
            let staff = if sees_caregivers {
                caregivers::pages::rows(connection, &scope, &request, &words)?.rows
            } else {
                Vec::new()
            };
            Ok((listed, staff, stations::pages::rows(connection, &scope, &request, &words)?.rows))
        })
        .await?;
    let mut actions =
        vec![Action::link(format!("/stations?provider={id}"), visitor.t("nav.stations"), "house")];
    let mut sections = vec![Section {
        heading: visitor.t("detail.facts").into_owned(),
        fields: facts(&visitor, &listed),
        table: None,
    }];
    if sees_caregivers {
        let href = format!("/caregivers?provider={id}");
        actions.push(Action::link(href, visitor.t("nav.caregivers"), "hand-heart"));
        let staff = table(&visitor, caregivers::pages::COLUMNS, staff);
        sections.push(table_section(visitor.t("nav.caregivers"), staff));
    }
    let stations = table(&visitor, stations::pages::COLUMNS, stations);
    sections.push(table_section(visitor.t("nav.stations"), stations));
    let subheading = visitor.t("provider.one").into_owned();
    let heading = listed.provider.name.clone();
    detail_page(&visitor, Detail { heading, subheading, actions, sections, topic: Some(Topic::Registry) })
}

fn facts(visitor: &Visitor, listed: &ProviderListed) -> Vec<Field> {
    let context: &Context = visitor;
    let label = |key: &str| context.t(key).into_owned();
    let mut fields = vec![
        town_field(visitor, &listed.provider.town_code, listed.town.in_lang(context.lang)),
        Field::new(label("field.phone"), &listed.provider.phone),
        Field::new(label("field.stations"), listed.stations.to_string()),
    ];
    if let Some(count) = listed.caregivers {
        fields.push(Field::new(label("field.caregivers_active"), count.to_string()));
    }
    fields.push(Field::new(label("field.updated_at"), context.show(listed.provider.updated_at)));
    fields
}
