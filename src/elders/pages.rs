//! Pages of elders: the list, one elder, the forms of what belongs to the record, scans, and the timeline.

mod part_forms;
mod part_tables;
mod record;
mod scan;
mod timeline;

use actix_web::{HttpResponse, web};

use super::model::age_years;
use super::parts::{Caregivers, Consents, Contacts, Documents, Eligibility, Limits, Places};
use super::personal::find_by_identity;
use super::store::{Category, ElderListed, categories, list_elders};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::{Code, Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::registry::store::town_names;
use crate::text::Text;
use crate::web::{
    Cell, Column, Create, Filter, FilterKind, Form, FormField, Input, List, LookUp, Need, RecordForm, Route,
    Row, Visitor, Words, form_page, form_routes, get, list_routes, post, redirect,
};
use part_forms::part_routes;

/// Days without a visit that the list can be narrowed by.
const UNSEEN_DAYS: [&str; 4] = ["3", "7", "14", "30"];

pub fn routes() -> Vec<Route> {
    let (see, unmask) = (Need::May(Permission::SeeElders), Need::May(Permission::UnmaskElder));
    let edit = Need::May(Permission::EditElder);
    let mut routes = list_routes::<Elders>().to_vec();
    routes.extend(form_routes::<Elders>());
    routes.extend(part_routes::<Eligibility>());
    routes.extend(part_routes::<Places>());
    routes.extend(part_routes::<Contacts>());
    routes.extend(part_routes::<Caregivers>());
    routes.extend(part_routes::<Consents>());
    routes.extend(part_routes::<Documents>());
    routes.extend(part_routes::<Limits>());
    routes.extend(super::cards::pages::routes());
    routes.extend([
        post("/elders/find", see, || web::to(find)),
        get(Elders::ONE_PATH, see, || web::to(record::show)),
        get("/elders/{id}/timeline", see, || web::to(timeline::show)),
        // A reload or a change of language asks for the address again: it leads back to the masked page.
        get("/elders/{id}/personal", see, || web::to(record::back_to_masked)),
        post("/elders/{id}/personal", unmask, || web::to(record::show_personal)),
        get("/elders/{id}/documents/{row}/scan", edit, || web::to(scan::show_form)),
        post("/elders/{id}/documents/{row}/scan", edit, || web::to(scan::save)),
        post("/elders/{id}/documents/{row}/scan/show", unmask, || web::to(scan::show)),
    ]);
    routes
}

pub(super) struct Elders;

impl List for Elders {
    const PATH: &'static str = "/elders";
    const EXPORT_PATH: &'static str = "/elders.xlsx";
    const HEADING: &'static str = "elder.heading";
    const EMPTY: &'static str = "elder.empty";
    const NEED: Permission = Permission::SeeElders;
    const TOPIC: Option<Topic> = Some(Topic::Registry);
    const CREATE: Option<Create> = Some(Self::NEW);
    const LOOK_UP: Option<LookUp> =
        Some(LookUp { path: "/elders/find", field: "identity", need: Permission::SeeElders });
    const IMPORT: Option<(&'static str, Permission)> = Some(("elders", Permission::EditElder));
    const LINKS: &'static [(&'static str, &'static str, &'static str)] = &[
        ("/assessments", "assessment.heading", "clipboard-list"),
        ("/elders/cards", "card.list_heading", "printer"),
        ("/imports/elders/export", "import.export_elders", "download"),
    ];
    const COLUMNS: &'static [Column] = &[
        Column::text("name", "field.person_name"),
        Column::text("gender", "field.gender"),
        Column::number("age", "field.age"),
        Column::text("town", "field.town_code"),
        Column::text("village", "field.village"),
        Column::text("categories", "field.categories").unsorted(),
        Column::text("home_visits", "field.home_visits"),
        Column::text("institution", "field.lives_in").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let towns = town_names(connection, scope, Permission::SeeElders)?
            .into_iter()
            .map(|(code, chinese, english)| (code, words.pick(&chinese, &english)))
            .collect();
        let held = categories(connection)?;
        let held =
            held.iter().map(|one| (one.code.clone(), words.pick(&one.name_zh, &one.name_en))).collect();
        let days = |days: &str| ((days.to_owned()), words.lang.fill("elder.unseen_for", &[("n", days)]));
        let yes_no = || words.choices("yes_no", &["true", "false"]);
        Ok(vec![
            Filter { name: "q", label: "field.person_name", kind: FilterKind::Text },
            Filter { name: "town", label: "field.town_code", kind: FilterKind::Select(towns) },
            Filter { name: "category", label: "field.categories", kind: FilterKind::Select(held) },
            Filter { name: "home_visits", label: "field.home_visits", kind: yes_no() },
            Filter { name: "resident", label: "field.resident", kind: yes_no() },
            Filter {
                name: "unseen_days",
                label: "field.unseen_days",
                kind: FilterKind::Select(UNSEEN_DAYS.into_iter().map(days).collect()),
            },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_elders(connection, scope, request, (words.calendar, words.now))?;
        Ok(Listed {
            rows: listed.rows.into_iter().map(|row| cells(row, words)).collect(),
            total: listed.total,
        })
    }
}

fn cells(listed: ElderListed, words: &Words) -> Row {
    let ElderListed { elder, town_zh, town_en, village, categories, institution } = listed;
    let today = words.calendar.day_of(words.now);
    let home = match institution {
        Some((id, name)) => Cell::text(name).link(format!("/institutions/{id}")),
        None => Cell::default(),
    };
    Row {
        href: Some(format!("/elders/{}", elder.id)),
        cells: vec![
            Cell::text(elder.name),
            Cell::text(words.name_of("gender", elder.gender.name())),
            Cell::count(age_years(elder.born_on, today)),
            Cell::text(words.pick(&town_zh, &town_en)),
            Cell::text(village),
            Cell::text(category_names(words, &categories)),
            Cell::text(words.name_of("yes_no", if elder.home_visits { "true" } else { "false" })),
            home,
        ],
    }
}

fn category_names(words: &Words, held: &[Category]) -> String {
    let names: Vec<String> = held.iter().map(|one| words.pick(&one.name_zh, &one.name_en)).collect();
    names.join(&words.t("list.separator"))
}

/// Looks an elder up by identity number, which comes in the body and goes nowhere else.
async fn find(visitor: Visitor, body: String) -> Result<HttpResponse> {
    let identity = Input::parse(&body)?.text("identity");
    let asked = identity.clone();
    let outcome = visitor.app.write(&visitor.scope(), move |tx| find_by_identity(tx, &asked)).await;
    let problem = match outcome {
        Ok(Some(id)) => return Ok(redirect(&format!("/elders/{id}"))),
        Ok(None) => Error::field("identity", Text::new("elder.not_found_by_identity")),
        Err(error) if error.code == Code::Invalid => error,
        Err(error) => return Err(error),
    };
    let field =
        FormField::of(&visitor, "identity", "text", &Input::of([("identity", identity)])).required(true);
    let form = Form {
        heading: visitor.t("elder.find").into_owned(),
        action: "/elders/find".to_owned(),
        fields: vec![field],
        submit_label: visitor.t("action.look_up").into_owned(),
        cancel_href: "/elders".to_owned(),
        ..Form::default()
    };
    form_page(&visitor, form, Some((&problem, None)))
}
