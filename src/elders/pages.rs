use actix_web::{HttpResponse, web};

use super::model::{Category, age_years, mask_identity, mask_phone};
use super::personal::{Personal, find_by_identity, open, reveal};
use super::store::{ElderListed, get_elder, list_elders, with_places};
use crate::access::{Permission, Scope};
use crate::beds::store::{StayListed, stays_of_elder};
use crate::db::AnyConnection;
use crate::error::{Code, Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::registry::store::town_names;
use crate::text::Text;
use crate::visits::pages::{VISIT_COLUMNS, visit_row};
use crate::visits::store::{VisitListed, visits_of_elder};
use crate::web::{
    Action, Cell, Column, Detail, Field, Filter, FilterKind, Form, FormField, Input, List, LookUp, Need,
    Route, Row, Section, Visitor, Words, detail_page, form_page, get, list_routes, post, redirect, table,
};

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<Elders>().to_vec();
    routes.extend([
        post("/elders/find", Need::May(Permission::SeeElders), || web::to(find)),
        get("/elders/{id}", Need::May(Permission::SeeElders), || web::to(show)),
        post("/elders/{id}/personal", Need::May(Permission::UnmaskElder), || web::to(show_personal)),
    ]);
    routes
}

struct Elders;

impl List for Elders {
    const PATH: &'static str = "/elders";
    const EXPORT_PATH: &'static str = "/elders.xlsx";
    const HEADING: &'static str = "elder.heading";
    const EMPTY: &'static str = "elder.empty";
    const NEED: Permission = Permission::SeeElders;
    const LOOK_UP: Option<LookUp> =
        Some(LookUp { path: "/elders/find", field: "identity", need: Permission::SeeElders });
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
        let yes_no = || words.choices("yes_no", &["true", "false"]);
        Ok(vec![
            Filter { name: "q", label: "field.person_name", kind: FilterKind::Text },
            Filter { name: "town", label: "field.town_code", kind: FilterKind::Select(towns) },
            Filter {
                name: "category",
                label: "field.categories",
                kind: words.choices("elder_category", Category::NAMES),
            },
            Filter { name: "home_visits", label: "field.home_visits", kind: yes_no() },
            Filter { name: "resident", label: "field.resident", kind: yes_no() },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_elders(connection, scope, request, words.now)?;
        Ok(Listed {
            rows: listed.rows.into_iter().map(|row| cells(row, words)).collect(),
            total: listed.total,
        })
    }
}

fn cells(listed: ElderListed, words: &Words) -> Row {
    let ElderListed { elder, town_zh, town_en, village, institution } = listed;
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
            Cell::text(category_names(words, &elder.categories)),
            Cell::text(words.name_of("yes_no", if elder.home_visits { "true" } else { "false" })),
            home,
        ],
    }
}

fn category_names(words: &Words, stored: &str) -> String {
    let names =
        Category::parse_list(stored).into_iter().map(|one| words.name_of("elder_category", one.name()));
    names.collect::<Vec<_>>().join(&words.t("list.separator"))
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

/// What the detail page shows of an elder.
struct Shown {
    listed: ElderListed,
    masked: Personal,
    stays: Vec<StayListed>,
    visits: Vec<VisitListed>,
}

async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let shown = load(&visitor, id.into_inner()).await?;
    page(&visitor, shown, None)
}

/// The same page with personal data in clear, once: it is the answer to a button, not an address to come back to.
async fn show_personal(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let personal = visitor.app.write(&visitor.scope(), move |tx| reveal(tx, id)).await?;
    let shown = load(&visitor, id).await?;
    page(&visitor, shown, Some(&personal))
}

async fn load(visitor: &Visitor, id: i64) -> Result<Shown> {
    let (scope, keys, words) = (visitor.scope(), visitor.app.keys.clone(), Words::of(visitor));
    visitor
        .app
        .db
        .read(move |connection| {
            let elder = get_elder(connection, &scope, Permission::SeeElders, id, words.now)?;
            let clear = open(&keys, &elder)?;
            let masked = Personal {
                identity: mask_identity(&clear.identity),
                phone: mask_phone(&clear.phone),
                address: clear.address,
            };
            let listed = with_places(connection, vec![elder], words.now)?.pop();
            let listed = listed.ok_or_else(Error::not_found)?;
            let stays = stays_of_elder(connection, &scope, id, words.now)?;
            let visits = visits_of_elder(connection, &scope, id, (words.calendar, words.now))?;
            // Of the address the page shows no more than the village.
            let address =
                if masked.address.is_empty() { String::new() } else { masked_address(&listed, &words) };
            Ok(Shown { masked: Personal { address, ..masked }, listed, stays, visits })
        })
        .await
}

fn masked_address(listed: &ElderListed, words: &Words) -> String {
    format!("{}{}****", words.pick(&listed.town_zh, &format!("{} ", listed.town_en)), listed.village)
}

fn page(visitor: &Visitor, shown: Shown, clear: Option<&Personal>) -> Result<HttpResponse> {
    let Shown { listed, masked, stays, visits } = shown;
    let words = Words::of(visitor);
    let elder = &listed.elder;
    let age = age_years(elder.born_on, visitor.today()).to_string();
    let mut sections = vec![
        Section {
            heading: visitor.t("detail.facts").into_owned(),
            fields: facts(&words, &listed),
            table: None,
        },
        Section {
            heading: visitor.t("elder.personal").into_owned(),
            fields: personal_fields(&words, &masked, clear),
            table: None,
        },
    ];
    if visitor.may(Permission::SeeVisits) {
        let rows = visits.into_iter().map(|visit| visit_row(visit, &words)).collect();
        sections.push(Section {
            heading: visitor.t("elder.visits").into_owned(),
            fields: Vec::new(),
            table: Some(table(visitor, VISIT_COLUMNS, rows)),
        });
    }
    if visitor.may(Permission::SeeBeds) {
        sections.push(Section {
            heading: visitor.t("elder.stays").into_owned(),
            fields: Vec::new(),
            table: Some(table(
                visitor,
                STAY_COLUMNS,
                stays.into_iter().map(|stay| stay_row(stay, &words)).collect(),
            )),
        });
    }
    detail_page(
        visitor,
        Detail {
            heading: elder.name.clone(),
            subheading: visitor.lang.fill(
                "elder.subheading",
                &[("gender", &words.name_of("gender", elder.gender.name())), ("age", &age)],
            ),
            actions: actions(visitor, &listed, clear.is_some()),
            sections,
            topic: None,
        },
    )
}

fn actions(visitor: &Visitor, listed: &ElderListed, is_clear: bool) -> Vec<Action> {
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
    vec![
        Field::new(words.t("field.elder_number"), elder.id.to_string()),
        Field::new(words.t("field.born_on"), elder.born_on.to_string()),
        Field::new(words.t("field.town_code"), words.pick(&listed.town_zh, &listed.town_en)),
        Field::new(words.t("field.village"), &listed.village),
        Field::new(words.t("field.categories"), category_names(words, &elder.categories)),
        Field::new(
            words.t("field.home_visits"),
            words.name_of("yes_no", if elder.home_visits { "true" } else { "false" }),
        ),
        home,
        Field::new(words.t("field.updated_at"), words.calendar.show(elder.updated_at)),
    ]
}

fn personal_fields(words: &Words, masked: &Personal, clear: Option<&Personal>) -> Vec<Field> {
    let shown = clear.unwrap_or(masked);
    let values = [
        ("field.identity", &shown.identity),
        ("field.phone", &shown.phone),
        ("field.address", &shown.address),
    ];
    let fields = values.into_iter().map(|(label, value)| {
        let field = Field::new(words.t(label), value);
        if clear.is_some() || value.is_empty() { field } else { field.sealed() }
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
