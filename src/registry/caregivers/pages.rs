use actix_web::{HttpResponse, web};

use super::model::{Language, Skill, Weekday, clock_text, passes_midnight, runs};
use super::store::{CaregiverListed, CaregiverRow, get_named, list_caregivers};
use super::{may_show_phone, show_phone};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::codes;
use crate::registry::parts::{flag_filter, provider_filter, town_field, town_filter};
use crate::text::Lang;
use crate::web::{
    Action, Cell, Column, Create, Detail, Field, Filter, FilterKind, List, Need, RecordForm, Route, Row,
    Section, Visitor, Words, detail_page, form_routes, get, list_routes, post, redirect,
};

/// Shown for a number that is on file: as long as any, so that it tells nothing.
const PHONE_MASK: &str = "••••••••";

pub fn routes() -> Vec<Route> {
    let see = Need::May(Permission::SeeCaregivers);
    let mut routes = list_routes::<Caregivers>().to_vec();
    routes.extend(form_routes::<Caregivers>());
    routes.extend([
        get(Caregivers::ONE_PATH, see, || web::to(show)),
        // A reload or a change of language asks for the address again: it leads back to the masked page.
        get("/caregivers/{id}/phone", see, || web::to(back_to_masked)),
        post("/caregivers/{id}/phone", Need::May(Permission::UnmaskCaregiver), || web::to(show_with_phone)),
    ]);
    routes
}

pub(super) struct Caregivers;

impl List for Caregivers {
    const PATH: &'static str = "/caregivers";
    const EXPORT_PATH: &'static str = "/caregivers.xlsx";
    const HEADING: &'static str = "caregiver.heading";
    const EMPTY: &'static str = "caregiver.empty";
    const NEED: Permission = Permission::SeeCaregivers;
    const TOPIC: Option<Topic> = Some(Topic::Registry);
    const CREATE: Option<Create> = Some(Self::NEW);
    const COLUMNS: &'static [Column] = COLUMNS;

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let code = |name: &'static str, label: &'static str, kind: &str, values: &[&str]| Filter {
            name,
            label,
            kind: words.choices(kind, values),
        };
        let mut filters = vec![
            Filter { name: "q", label: "caregiver.name", kind: FilterKind::Text },
            town_filter(connection, scope, Permission::SeeCaregivers, words)?,
        ];
        // Whoever sees caregivers without the registry has no list of providers to choose from.
        if scope.may(Permission::SeeRegistry) {
            filters.push(provider_filter(connection, scope)?);
        }
        filters.extend([
            code("skill", "field.skills", "skill", Skill::NAMES),
            code("language", "field.languages", "language", Language::NAMES),
            flag_filter("active", "field.active", words),
        ]);
        Ok(filters)
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
    Column::text("name", "caregiver.name"),
    Column::text("provider", "field.provider_id"),
    Column::text("town", "field.town_code"),
    Column::text("skills", "field.skills").unsorted(),
    Column::text("languages", "field.languages").unsorted(),
    Column::text("shift", "field.shift").unsorted(),
    Column::text("active", "field.active"),
];

/// Caregivers as table rows, also for their provider's page.
pub(in crate::registry) fn rows(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    words: &Words,
) -> Result<Listed<Row>> {
    let listed = list_caregivers(connection, scope, request)?;
    Ok(Listed { rows: listed.rows.into_iter().map(|row| cells(row, words)).collect(), total: listed.total })
}

fn cells(listed: CaregiverListed, words: &Words) -> Row {
    let CaregiverListed { caregiver, town, provider } = listed;
    let (state, tone) = activity(caregiver.active);
    Row {
        href: Some(format!("/caregivers/{}", caregiver.id)),
        cells: vec![
            Cell::text(&caregiver.name).nowrap(),
            Cell::text(provider).link(format!("/providers/{}", caregiver.provider_id)),
            Cell::text(town.in_lang(words.lang)).nowrap(),
            Cell::text(codes::shown(words.lang, "skill", &caregiver.skills)),
            Cell::text(codes::shown(words.lang, "language", &caregiver.languages)),
            Cell::text(shift_text(words.lang, &caregiver)),
            Cell::chip(words.name_of("activity", state), tone),
        ],
    }
}

fn activity(active: bool) -> (&'static str, &'static str) {
    if active { ("active", "ok") } else { ("inactive", "off") }
}

/// `Mon-Fri 08:00-17:00` in the reader's language.
fn shift_text(lang: Lang, caregiver: &CaregiverRow) -> String {
    let name = |day: Weekday| lang.t(&format!("enums.weekday.{}", day.name())).into_owned();
    let days: Vec<String> = runs(&codes::split(&caregiver.shift_days))
        .into_iter()
        .map(|(first, last)| match last as usize - first as usize {
            0 => name(first),
            1 => [name(first), name(last)].join(&lang.t("list.separator")),
            _ => lang.fill("caregiver.days", &[("first", &name(first)), ("last", &name(last))]),
        })
        .collect();
    let ends_min = caregiver.shift_ends_min;
    let key = if passes_midnight(ends_min) { "caregiver.shift_over_night" } else { "caregiver.shift" };
    let (from, to) = (clock_text(caregiver.shift_starts_min), clock_text(ends_min));
    lang.fill(key, &[("days", &days.join(&lang.t("list.separator"))), ("from", &from), ("to", &to)])
}

async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    page(&visitor, id.into_inner(), None).await
}

async fn back_to_masked(id: web::Path<i64>) -> Result<HttpResponse> {
    Ok(redirect(&format!("/caregivers/{id}")))
}

async fn show_with_phone(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let phone = visitor.app.write(&visitor.scope(), move |tx| show_phone(tx, id)).await?;
    page(&visitor, id, phone).await
}

async fn page(visitor: &Visitor, id: i64, phone: Option<String>) -> Result<HttpResponse> {
    let scope = visitor.scope();
    let listed = visitor.app.db.read(move |connection| get_named(connection, &scope, id)).await?;
    let caregiver = &listed.caregiver;
    let mut actions = Vec::new();
    let is_masked = caregiver.phone_sealed.is_some() && phone.is_none();
    if is_masked && may_show_phone(&visitor.scope(), caregiver) {
        actions.push(Action::post(
            format!("/caregivers/{id}/phone"),
            visitor.t("caregiver.show_phone"),
            "phone",
        ));
    }
    if may_edit(visitor, caregiver) {
        let edit = Action::link(format!("/caregivers/{id}/edit"), visitor.t("action.edit"), "pencil");
        actions.push(edit.primary());
    }
    if visitor.may(Permission::AssignVisits) {
        let label = visitor.t("absence.new");
        actions.push(Action::link(format!("/caregivers/{id}/absence"), label, "calendar-days"));
    }
    // With the number in clear the page stays as it was asked for: fetched again, it would be masked.
    let topic = phone.is_none().then_some(Topic::Registry);
    let subheading = format!("{} · {}", listed.provider, listed.town.in_lang(visitor.lang));
    let heading = caregiver.name.clone();
    let section = |heading: &str, fields: Vec<Field>| Section {
        heading: visitor.t(heading).into_owned(),
        fields,
        table: None,
    };
    let sections = vec![
        section("detail.facts", facts(visitor, &listed, phone.as_deref())),
        section("caregiver.work", work(visitor, caregiver)),
    ];
    detail_page(visitor, Detail { heading, subheading, actions, sections, topic })
}

fn may_edit(visitor: &Visitor, caregiver: &CaregiverRow) -> bool {
    visitor.scope().reach(Permission::EditCaregiver).is_ok_and(|reach| {
        reach.has_town(&caregiver.town_code) || reach.providers.contains(&caregiver.provider_id)
    })
}

fn facts(visitor: &Visitor, listed: &CaregiverListed, phone: Option<&str>) -> Vec<Field> {
    let row = &listed.caregiver;
    let label = |key: &str| visitor.t(key).into_owned();
    let (state, tone) = activity(row.active);
    let phone = match phone {
        Some(phone) => Field::new(label("field.phone"), phone),
        None if row.phone_sealed.is_some() => Field::new(label("field.phone"), PHONE_MASK).sealed(),
        None => Field::new(label("field.phone"), ""),
    };
    vec![
        Field::new(label("field.active"), visitor.name_of("activity", state)).chip(tone),
        Field::new(label("field.gender"), visitor.name_of("gender", row.gender.name())),
        Field::new(label("field.provider_id"), &listed.provider)
            .link(format!("/providers/{}", row.provider_id)),
        town_field(visitor, &row.town_code, listed.town.in_lang(visitor.lang)),
        phone,
        Field::new(label("field.updated_at"), visitor.show(row.updated_at)),
    ]
}

fn work(visitor: &Visitor, row: &CaregiverRow) -> Vec<Field> {
    let label = |key: &str| visitor.t(key).into_owned();
    vec![
        Field::new(label("field.skills"), codes::shown(visitor.lang, "skill", &row.skills)),
        Field::new(label("field.languages"), codes::shown(visitor.lang, "language", &row.languages)),
        Field::new(label("field.shift"), shift_text(visitor.lang, row)),
        Field::new(label("field.travel_mode"), visitor.name_of("travel_mode", row.travel_mode.name())),
        Field::new(label("field.home_point"), format!("{:.5}, {:.5}", row.longitude, row.latitude)),
    ]
}
