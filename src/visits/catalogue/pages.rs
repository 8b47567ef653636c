use actix_web::{HttpResponse, web};
use chrono::NaiveDate;

use super::model::{PriceInput, ServiceCategory, fen, yuan};
use super::set_price;
use super::store::{PriceRow, Prices, ServiceRow, get_service, list_services, prices, prices_of};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::{Code, Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::registry::codes;
use crate::registry::parts::{flag, flag_filter, table_section};
use crate::text::Text;
use crate::web::{
    Action, Cell, Column, Create, Detail, Field, Filter, FilterKind, Form, FormField, Input, List, Need,
    RecordForm, Route, Row, Section, Visitor, Words, detail_page, form_page, form_routes, get, list_routes,
    post, redirect, table,
};

pub fn routes() -> Vec<Route> {
    let edit = Need::May(Permission::EditCatalogue);
    let mut routes = list_routes::<Services>().to_vec();
    routes.extend(form_routes::<Services>());
    routes.extend([
        get(Services::ONE_PATH, Need::May(Permission::SeePlans), || web::to(show)),
        get("/services/{id}/price", edit, || web::to(show_price)),
        post("/services/{id}/price", edit, || web::to(save_price)),
    ]);
    routes
}

pub(super) struct Services;

impl List for Services {
    const PATH: &'static str = "/services";
    const EXPORT_PATH: &'static str = "/services.xlsx";
    const HEADING: &'static str = "service.heading";
    const EMPTY: &'static str = "service.empty";
    const NEED: Permission = Permission::SeePlans;
    const TOPIC: Option<Topic> = Some(Topic::Registry);
    const CREATE: Option<Create> = Some(Self::NEW);
    const COLUMNS: &'static [Column] = &[
        Column::text("name", "field.name"),
        Column::text("category", "field.service_category"),
        Column::number("duration", "field.duration_min"),
        Column::text("skill", "field.skill").unsorted(),
        Column::number("price", "field.price_yuan").unsorted(),
        Column::text("proof", "field.proof").unsorted(),
        Column::text("confirmed", "field.confirmed").unsorted(),
        Column::text("retired", "field.retired").unsorted(),
    ];

    fn filters(_: &mut AnyConnection, _: &Scope, words: &Words) -> Result<Vec<Filter>> {
        Ok(vec![
            Filter { name: "q", label: "field.name", kind: FilterKind::Text },
            Filter {
                name: "category",
                label: "field.service_category",
                kind: words.choices("service_category", ServiceCategory::NAMES),
            },
            flag_filter("retired", "field.retired", words),
            flag_filter("confirmed", "field.confirmed", words),
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_services(connection, scope, request)?;
        let prices = prices(connection)?;
        let rows = listed.rows.into_iter().map(|row| cells(row, &prices, words)).collect();
        Ok(Listed { rows, total: listed.total })
    }
}

fn cells(row: ServiceRow, prices: &Prices, words: &Words) -> Row {
    let today = words.calendar.day_of(words.now);
    let price = match prices.on(&row.code, today) {
        Some(price) => Cell::number(price as f64 / 100.0, yuan(price)),
        None => Cell::default(),
    };
    Row {
        href: Some(format!("/services/{}", row.id)),
        cells: vec![
            Cell::text(words.pick(&row.name_zh, &row.name_en)),
            Cell::text(words.name_of("service_category", row.category.name())),
            Cell::count(i64::from(row.duration_min)),
            Cell::text(words.name_of("skill", row.skill.name())),
            price,
            Cell::text(codes::shown(words.lang, "proof_kind", &row.proof)),
            confirmed_cell(words, row.confirmed),
            flag(words, row.retired),
        ],
    }
}

/// Whether an office has confirmed what is otherwise a proposal.
pub fn confirmed_cell(words: &Words, confirmed: bool) -> Cell {
    if confirmed {
        Cell::chip(words.t("plan.confirmed"), "ok")
    } else {
        Cell::chip(words.t("plan.proposal"), "note")
    }
}

const PRICE_COLUMNS: &[Column] = &[
    Column::text("from", "field.effective_on"),
    Column::number("price", "field.price_yuan"),
    Column::text("confirmed", "field.confirmed"),
];

async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (row, prices) = load(&visitor, id.into_inner(), Permission::SeePlans).await?;
    let words = Words::of(&visitor);
    let rows = prices
        .into_iter()
        .map(|price| Row {
            href: None,
            cells: vec![
                Cell::text(price.effective_on.to_string()),
                Cell::number(price.price_fen as f64 / 100.0, yuan(price.price_fen)),
                confirmed_cell(&words, price.confirmed),
            ],
        })
        .collect();
    let mut actions = Vec::new();
    if visitor.may(Permission::EditCatalogue) {
        let path = |step: &str| format!("/services/{}/{step}", row.id);
        actions.push(Action::link(path("price"), visitor.t("service.set_price"), "plus"));
        actions.push(Action::link(path("edit"), visitor.t("action.edit"), "pencil").primary());
    }
    let detail = Detail {
        heading: visitor.pick(&row.name_zh, &row.name_en).to_owned(),
        subheading: visitor.name_of("service_category", row.category.name()),
        actions,
        sections: vec![
            Section {
                heading: visitor.t("detail.facts").into_owned(),
                fields: facts(&visitor, &row),
                table: None,
            },
            table_section(visitor.t("service.prices"), table(&visitor, PRICE_COLUMNS, rows)),
        ],
        topic: Some(Topic::Registry),
    };
    detail_page(&visitor, detail)
}

fn facts(visitor: &Visitor, row: &ServiceRow) -> Vec<Field> {
    let label = |key: &str| visitor.t(key).into_owned();
    let yes_no = |yes: bool| visitor.name_of("yes_no", if yes { "true" } else { "false" });
    let minutes = visitor.lang.fill("visit.minutes", &[("n", &row.duration_min.to_string())]);
    let confirmed = if row.confirmed { ("plan.confirmed", "ok") } else { ("plan.proposal", "note") };
    vec![
        Field::new(label("field.code"), &row.code),
        Field::new(label("field.name_zh"), &row.name_zh),
        Field::new(label("field.name_en"), &row.name_en),
        Field::new(label("field.duration_min"), minutes),
        Field::new(label("field.skill"), visitor.name_of("skill", row.skill.name())),
        Field::new(label("field.caregivers"), row.caregivers.to_string()),
        Field::new(label("field.proof"), codes::shown(visitor.lang, "proof_kind", &row.proof)),
        Field::new(label("field.proof_share_percent"), format!("{} %", row.proof_share_percent)),
        Field::new(label("field.confirmed"), label(confirmed.0)).chip(confirmed.1),
        Field::new(label("field.retired"), yes_no(row.retired)),
    ]
}

async fn load(visitor: &Visitor, id: i64, need: Permission) -> Result<(ServiceRow, Vec<PriceRow>)> {
    let scope = visitor.scope();
    visitor
        .app
        .db
        .read(move |connection| {
            let row = get_service(connection, &scope, need, id)?;
            let prices = prices_of(connection, &row.code)?;
            Ok((row, prices))
        })
        .await
}

async fn show_price(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let form = price_form(&visitor, id.into_inner(), &Input::default()).await?;
    form_page(&visitor, form, None)
}

async fn save_price(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let seen = input.version()?;
    let outcome = match read_price(&input) {
        Ok(price) => visitor.app.write(&visitor.scope(), move |tx| set_price(tx, id, seen, &price)).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(redirect(&format!("/services/{id}"))),
        Err(error) if matches!(error.code, Code::Invalid | Code::Stale) => {
            let form = price_form(&visitor, id, &input).await?;
            let current = form.version;
            form_page(&visitor, Form { version: Some(seen), ..form }, Some((&error, current)))
        }
        Err(error) => Err(error),
    }
}

fn read_price(input: &Input) -> Result<PriceInput> {
    let effective_on: NaiveDate = input
        .text("effective_on")
        .parse()
        .map_err(|_| Error::field("effective_on", Text::new("rule.date")))?;
    let price_fen =
        fen(&input.text("price_yuan")).ok_or_else(|| Error::field("price_yuan", Text::new("rule.amount")))?;
    Ok(PriceInput { effective_on, price_fen, confirmed: input.flag("confirmed") })
}

async fn price_form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
    let (row, _) = load(visitor, id, Permission::EditCatalogue).await?;
    let field = |name, kind| FormField::of(visitor, name, kind, input);
    Ok(Form {
        heading: visitor
            .lang
            .fill("service.price_of", &[("service", visitor.pick(&row.name_zh, &row.name_en))]),
        action: format!("/services/{id}/price"),
        version: Some(row.version),
        fields: vec![
            field("effective_on", "date").required(true).hint(visitor.t("hint.effective_on")),
            field("price_yuan", "text").required(true).hint(visitor.t("hint.price_yuan")),
            field("confirmed", "checkbox").hint(visitor.t("hint.confirmed")),
        ],
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: format!("/services/{id}"),
    })
}
