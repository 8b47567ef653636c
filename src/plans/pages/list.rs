use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::plans::entitlements::{balances, over_entitlement};
use crate::plans::model::{Balance, PlanState};
use crate::plans::store::{ClientListed, ClientRow, all_clients, list_clients};
use crate::plans::words;
use crate::registry::parts::town_filter;
use crate::web::{Cell, Column, Filter, FilterKind, List, Row, Words};

pub struct Clients;

/// Which plans are shown: the first four by what is stored, the last by the month's balance.
pub const PLAN_FILTERS: &[&str] = &["without", "draft", "active", "paused", "over"];

impl List for Clients {
    const PATH: &'static str = "/plans";
    const EXPORT_PATH: &'static str = "/plans.xlsx";
    const HEADING: &'static str = "plan.heading";
    const EMPTY: &'static str = "plan.empty";
    const NEED: Permission = Permission::SeePlans;
    const TOPIC: Option<Topic> = Some(Topic::Visit);
    const LINKS: &'static [(&'static str, &'static str, &'static str)] = &[
        ("/entitlements", "entitlement.heading", "file-text"),
        ("/services", "service.heading", "hand-heart"),
        ("/holidays", "holiday.heading", "calendar-days"),
    ];
    const COLUMNS: &'static [Column] = &[
        Column::text("name", "field.elder_name"),
        Column::text("town", "field.town_code"),
        Column::text("categories", "field.categories").unsorted(),
        Column::text("plan", "field.plan").unsorted(),
        Column::number("items", "field.plan_items").unsorted(),
        Column::text("entitled", "field.entitled").unsorted(),
        Column::text("planned", "field.planned_month").unsorted(),
        Column::text("balance", "field.balance").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        Ok(vec![
            Filter { name: "q", label: "field.elder_name", kind: FilterKind::Text },
            town_filter(connection, scope, Permission::SeePlans, words)?,
            Filter { name: "plan", label: "field.plan", kind: words.choices("plan_filter", PLAN_FILTERS) },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let today = words.calendar.day_of(words.now);
        let listed = clients(connection, scope, request, words)?;
        let of: Vec<ClientRow> = listed.rows.iter().map(|row| row.client.clone()).collect();
        let balances = balances(connection, &of, today, (words.calendar, words.now))?;
        let rows = listed.rows.into_iter().map(|row| cells(row, &balances, words)).collect();
        Ok(Listed { rows, total: listed.total })
    }
}

/// The clients asked for; those above their entitlement are found by counting everybody's month.
pub fn clients(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    words: &Words,
) -> Result<Listed<ClientListed>> {
    let at = (words.now, words.calendar.day_of(words.now));
    if request.filter("plan") != Some("over") {
        return list_clients(connection, scope, request, None, at);
    }
    let everybody = all_clients(connection, scope, request, at)?;
    let over = over_entitlement(&balances(connection, &everybody, at.1, (words.calendar, words.now))?);
    list_clients(connection, scope, request, Some(&over), at)
}

/// Where the plan stands today: word and tone.
pub fn plan_state(words: &Words, listed: &ClientListed) -> (String, &'static str) {
    match (&listed.plan, listed.paused) {
        (None, _) => (words.t("plan.none"), "bad"),
        (Some(plan), Some(reason)) if plan.state == PlanState::Active => {
            let reason = words.name_of("pause_reason", reason.name());
            (words.lang.fill("plan.paused_because", &[("reason", &reason)]), "wait")
        }
        (Some(plan), _) => {
            let tone = if plan.state == PlanState::Active { "ok" } else { "note" };
            (words.name_of("plan_state", plan.state.name()), tone)
        }
    }
}

pub fn balance_cell(words: &Words, balance: Option<&Balance>) -> Cell {
    match balance {
        Some(balance) if balance.over() > 0 => Cell::chip(words::over(words.lang, balance), "bad"),
        Some(_) => Cell::chip(words.t("entitlement.within"), "ok"),
        None => Cell::default(),
    }
}

fn cells(listed: ClientListed, balances: &std::collections::HashMap<i64, Balance>, words: &Words) -> Row {
    let (state, tone) = plan_state(words, &listed);
    let balance = balances.get(&listed.client.id);
    let planned =
        balance.map(|balance| words::amount(words.lang, balance.unit(), balance.planned.of(balance.unit())));
    let href = match &listed.plan {
        Some(plan) => format!("/plans/{}", plan.id),
        None => format!("/elders/{}", listed.client.id),
    };
    let categories: Vec<String> =
        listed.categories.iter().map(|one| words.pick(&one.name_zh, &one.name_en)).collect();
    Row {
        href: Some(href),
        cells: vec![
            Cell::text(listed.client.name),
            Cell::text(words.pick(&listed.town_zh, &listed.town_en)).nowrap(),
            Cell::text(categories.join(&words.t("list.separator"))),
            Cell::chip(state, tone),
            Cell::count(listed.items),
            Cell::text(words::entitled(words.lang, balance.and_then(|balance| balance.entitled))),
            Cell::text(planned.unwrap_or_default()),
            balance_cell(words, balance),
        ],
    }
}
