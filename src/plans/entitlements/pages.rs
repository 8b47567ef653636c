//! The month of every client, and the rules it follows from.

use actix_web::{HttpResponse, web};
use chrono::{Months, NaiveDate};

use super::store::{RuleRow, get_rule, list_rules};
use super::{balances, over_entitlement};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::elders::store::{Category, categories};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::plans::model::Balance;
use crate::plans::pages::balance_cell;
use crate::plans::store::{ClientListed, ClientRow, all_clients, list_clients};
use crate::plans::words;
use crate::registry::parts::town_filter;
use crate::text::Text;
use crate::visits::catalogue::pages::confirmed_cell;
use crate::web::{
    Action, Cell, Column, Create, Detail, Field, Filter, FilterKind, List, Need, RecordForm, Route, Row,
    Section, Visitor, Words, detail_page, form_routes, get, list_routes,
};

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<ElderMonths>().to_vec();
    routes.extend(list_routes::<Rules>());
    routes.extend(form_routes::<Rules>());
    routes.push(get(Rules::ONE_PATH, Need::May(Permission::SeePlans), || web::to(show)));
    routes
}

/// The clients with one month of each.
struct ElderMonths;

/// Months before this one that can be looked at.
const MONTHS_BACK: u32 = 12;
/// And after it.
const MONTHS_AHEAD: u32 = 2;

impl List for ElderMonths {
    const PATH: &'static str = "/entitlements";
    const EXPORT_PATH: &'static str = "/entitlements.xlsx";
    const HEADING: &'static str = "entitlement.heading";
    const EMPTY: &'static str = "entitlement.empty";
    const NEED: Permission = Permission::SeePlans;
    const TOPIC: Option<Topic> = Some(Topic::Visit);
    const LINKS: &'static [(&'static str, &'static str, &'static str)] = &[
        ("/entitlement-rules", "entitlement.rules", "settings"),
        ("/plans", "plan.heading", "clipboard-list"),
    ];
    const COLUMNS: &'static [Column] = &[
        Column::text("name", "field.elder_name"),
        Column::text("town", "field.town_code"),
        Column::text("entitled", "field.entitled").unsorted(),
        Column::text("planned", "field.planned_month").unsorted(),
        Column::text("done", "field.done_month").unsorted(),
        Column::text("balance", "field.balance").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let this = first_of_month(words.calendar.day_of(words.now));
        let last = this.checked_add_months(Months::new(MONTHS_AHEAD)).unwrap_or(this);
        let months = (0..=MONTHS_BACK + MONTHS_AHEAD).filter_map(|back| {
            let month = last.checked_sub_months(Months::new(back))?.format("%Y-%m").to_string();
            Some((month.clone(), month))
        });
        let over = vec![("true".to_owned(), words.t("entitlement.only_over"))];
        Ok(vec![
            Filter { name: "q", label: "field.elder_name", kind: FilterKind::Text },
            Filter { name: "month", label: "field.month", kind: FilterKind::Select(months.collect()) },
            town_filter(connection, scope, Permission::SeePlans, words)?,
            Filter { name: "over", label: "field.balance", kind: FilterKind::Select(over) },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let (listed, balances) = months(connection, scope, request, words)?;
        let rows = listed.rows.into_iter().map(|row| {
            let balance = balances.get(&row.client.id).copied();
            cells(row, balance, words)
        });
        Ok(Listed { rows: rows.collect(), total: listed.total })
    }
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    chrono::Datelike::with_day(&day, 1).unwrap_or(day)
}

type Balances = std::collections::HashMap<i64, Balance>;

/// The clients asked for and their balance of the month. Filters beside those of [`list_clients`]: month (this one without it),
/// over (true).
pub(super) fn months(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    words: &Words,
) -> Result<(Listed<ClientListed>, Balances)> {
    let today = words.calendar.day_of(words.now);
    let month = match request.filter("month") {
        Some(text) => {
            format!("{text}-01").parse().map_err(|_| Error::field("month", Text::new("rule.month")))?
        }
        None => today,
    };
    let (at, of) = ((words.now, today), (words.calendar, words.now));
    if request.filter_flag("over") == Some(true) {
        let everybody = all_clients(connection, scope, request, at)?;
        let balances = balances(connection, &everybody, month, of)?;
        let over = over_entitlement(&balances);
        return Ok((list_clients(connection, scope, request, Some(&over), at)?, balances));
    }
    let listed = list_clients(connection, scope, request, None, at)?;
    let clients: Vec<ClientRow> = listed.rows.iter().map(|row| row.client.clone()).collect();
    let balances = balances(connection, &clients, month, of)?;
    Ok((listed, balances))
}

fn cells(listed: ClientListed, balance: Option<Balance>, words: &Words) -> Row {
    let amount = |of: fn(&Balance) -> i64| {
        let shown = balance.map(|balance| words::amount(words.lang, balance.unit(), of(&balance)));
        Cell::text(shown.unwrap_or_default())
    };
    let href = match &listed.plan {
        Some(plan) => format!("/plans/{}", plan.id),
        None => format!("/elders/{}", listed.client.id),
    };
    Row {
        href: Some(href),
        cells: vec![
            Cell::text(listed.client.name),
            Cell::text(words.pick(&listed.town_zh, &listed.town_en)).nowrap(),
            Cell::text(words::entitled(words.lang, balance.and_then(|balance| balance.entitled))),
            amount(|balance| balance.planned.of(balance.unit())),
            amount(|balance| balance.done.of(balance.unit())),
            balance_cell(words, balance.as_ref()),
        ],
    }
}

pub(super) struct Rules;

impl List for Rules {
    const PATH: &'static str = "/entitlement-rules";
    const EXPORT_PATH: &'static str = "/entitlement-rules.xlsx";
    const HEADING: &'static str = "entitlement.rules";
    const EMPTY: &'static str = "entitlement.no_rule";
    const NEED: Permission = Permission::SeePlans;
    const TOPIC: Option<Topic> = Some(Topic::Registry);
    const CREATE: Option<Create> = Some(Self::NEW);
    const COLUMNS: &'static [Column] = &[
        Column::text("category", "field.categories").unsorted(),
        Column::text("level", "field.level").unsorted(),
        Column::text("amount", "field.amount_month").unsorted(),
        Column::text("from", "field.effective_on").unsorted(),
        Column::text("confirmed", "field.confirmed").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, _: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let all = categories(connection)?;
        let all = all.iter().map(|one| (one.code.clone(), words.pick(&one.name_zh, &one.name_en))).collect();
        Ok(vec![Filter { name: "category", label: "field.categories", kind: FilterKind::Select(all) }])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_rules(connection, scope, request)?;
        let all = categories(connection)?;
        let rows = listed.rows.into_iter().map(|row| rule_cells(&row, &all, words)).collect();
        Ok(Listed { rows, total: listed.total })
    }
}

fn category_name(all: &[Category], code: &str, words: &Words) -> String {
    Category::find(all, code).map(|one| words.pick(&one.name_zh, &one.name_en)).unwrap_or_default()
}

fn rule_cells(row: &RuleRow, all: &[Category], words: &Words) -> Row {
    Row {
        href: Some(format!("/entitlement-rules/{}", row.id)),
        cells: vec![
            Cell::text(category_name(all, &row.category, words)),
            Cell::text(words::level(words.lang, row.level)),
            Cell::text(words::amount(words.lang, row.unit, i64::from(row.amount))),
            Cell::text(row.effective_on.to_string()),
            confirmed_cell(words, row.confirmed),
        ],
    }
}

async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id, words) = (visitor.scope(), id.into_inner(), Words::of(&visitor));
    let read = move |connection: &mut AnyConnection| {
        let row = get_rule(connection, &scope, Permission::SeePlans, id)?;
        Ok((row, categories(connection)?))
    };
    let (row, all) = visitor.app.db.read(read).await?;
    let category = category_name(&all, &row.category, &words);
    let label = |key: &str| words.t(key);
    let confirmed = if row.confirmed { ("plan.confirmed", "ok") } else { ("plan.proposal", "note") };
    let fields = vec![
        Field::new(label("field.categories"), category.clone()),
        Field::new(label("field.level"), words::level(words.lang, row.level)),
        Field::new(label("field.amount_month"), words::amount(words.lang, row.unit, i64::from(row.amount))),
        Field::new(label("field.effective_on"), row.effective_on.to_string()),
        Field::new(label("field.confirmed"), label(confirmed.0)).chip(confirmed.1),
        Field::new(label("field.updated_at"), visitor.show(row.updated_at)),
    ];
    let mut actions = Vec::new();
    if visitor.may(Permission::EditCatalogue) {
        let edit = Action::link(format!("/entitlement-rules/{id}/edit"), visitor.t("action.edit"), "pencil");
        actions.push(edit.primary());
    }
    let detail = Detail {
        heading: category,
        subheading: words::level(words.lang, row.level),
        actions,
        sections: vec![Section { heading: label("detail.facts"), fields, table: None }],
        topic: Some(Topic::Registry),
    };
    detail_page(&visitor, detail)
}
