use actix_web::{HttpResponse, web};

use super::list::balance_cell;
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::elders::store::{ElderRow, get_elder};
use crate::error::Result;
use crate::plans::demand::{ToSettle, to_settle};
use crate::plans::entitlements::balances;
use crate::plans::model::{Balance, PlanState, Recurrence};
use crate::plans::preview::{PlanPreview, plan_preview};
use crate::plans::store::{ItemRow, PauseRow, PlanRow, client_row, get_plan, items_of, pauses_of};
use crate::plans::wanted::Surroundings;
use crate::plans::{activate, end, words};
use crate::registry::parts::table_section;
use crate::visits::catalogue::store::{ServiceRow, services};
use crate::visits::store::caregiver_names;
use crate::web::{
    Action, Cell, Column, Detail, Field, Input, Row, Section, Visitor, Words, detail_page, redirect, table,
};

/// Everything that the page shows.
struct Shown {
    plan: PlanRow,
    elder: ElderRow,
    items: Vec<ItemRow>,
    pauses: Vec<PauseRow>,
    services: Vec<ServiceRow>,
    preview: PlanPreview,
    to_settle: Vec<ToSettle>,
    caregivers: Vec<(i64, String)>,
    balance: Option<Balance>,
}

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, words, id) = (visitor.scope(), Words::of(&visitor), id.into_inner());
    let asked = words.clone();
    let shown = visitor.app.db.read(move |connection| load(connection, &scope, id, &asked)).await?;
    let mut sections = vec![
        Section { heading: words.t("detail.facts"), fields: facts(&words, &shown), table: None },
        table_section(
            words.t("plan.items"),
            table(
                &visitor,
                ITEM_COLUMNS,
                shown.items.iter().map(|item| item_row(&words, &shown, item)).collect(),
            ),
        ),
        table_section(words.t("plan.next_visits"), table(&visitor, NEXT_COLUMNS, next_rows(&words, &shown))),
        table_section(
            words.t("plan.pauses"),
            table(
                &visitor,
                PAUSE_COLUMNS,
                shown.pauses.iter().map(|pause| pause_row(&words, pause, &visitor)).collect(),
            ),
        ),
    ];
    if !shown.to_settle.is_empty() {
        let rows = shown.to_settle.iter().map(|one| settle_row(&words, &shown, one)).collect();
        sections.insert(1, table_section(words.t("plan.to_settle"), table(&visitor, SETTLE_COLUMNS, rows)));
    }
    let detail = Detail {
        heading: visitor.lang.fill("plan.of", &[("elder", &shown.elder.name)]),
        subheading: subheading(&words, &shown),
        actions: actions(&visitor, &shown),
        sections,
        topic: Some(Topic::Visit),
    };
    detail_page(&visitor, detail)
}

fn load(connection: &mut AnyConnection, scope: &Scope, id: i64, words: &Words) -> Result<Shown> {
    let at = (words.calendar, words.now);
    let plan = get_plan(connection, scope, Permission::SeePlans, id, words.now)?;
    let elder = get_elder(connection, scope, Permission::SeePlans, plan.elder_id, words.now)?;
    let client = client_row(connection, plan.elder_id)?;
    let today = words.calendar.day_of(words.now);
    let balance = balances(connection, &[client], today, at)?.remove(&plan.elder_id);
    let around = Surroundings::load(connection, words.calendar)?;
    let to_settle = to_settle(connection, &around, id, words.now)?;
    let items = items_of(connection, id)?;
    let mut people: Vec<i64> = items.iter().filter_map(|item| item.preferred_caregiver_id).collect();
    people.extend(to_settle.iter().filter_map(|one| one.visit.caregiver_id));
    Ok(Shown {
        pauses: pauses_of(connection, id)?,
        services: services(connection)?,
        preview: plan_preview(connection, &plan, at)?,
        caregivers: caregiver_names(connection, &people)?,
        items,
        to_settle,
        plan,
        elder,
        balance,
    })
}

impl Shown {
    fn service(&self, words: &Words, code: &str) -> String {
        let found = self.services.iter().find(|service| service.code == code);
        found.map_or_else(|| code.to_owned(), |service| words.pick(&service.name_zh, &service.name_en))
    }

    fn caregiver(&self, id: Option<i64>) -> String {
        let found = id.and_then(|id| self.caregivers.iter().find(|(known, _)| *known == id));
        found.map(|(_, name)| name.clone()).unwrap_or_default()
    }
}

fn subheading(words: &Words, shown: &Shown) -> String {
    let state = words.name_of("plan_state", shown.plan.state.name());
    match shown.preview.blocked {
        Some(reason) => {
            let reason = words.name_of("withdraw_reason", reason.name());
            format!("{state} · {}", words.lang.fill("plan.blocked", &[("reason", &reason)]))
        }
        None => state,
    }
}

fn facts(words: &Words, shown: &Shown) -> Vec<Field> {
    let plan = &shown.plan;
    let today = words.calendar.day_of(words.now);
    let paused = shown.pauses.iter().find(|pause| pause.span().holds(today));
    let state = Field::new(words.t("field.state"), words.name_of("plan_state", plan.state.name()));
    let state = match (plan.state, paused) {
        (PlanState::Active, Some(pause)) => {
            let reason = words.name_of("pause_reason", pause.reason.name());
            let text = words.lang.fill("plan.paused_because", &[("reason", &reason)]);
            Field::new(words.t("field.state"), text).chip("wait")
        }
        (PlanState::Active, None) => state.chip("ok"),
        (PlanState::Draft, _) => state.chip("note"),
        (PlanState::Ended, _) => state.chip("off"),
    };
    let mut fields = vec![
        Field::new(words.t("field.elder_name"), &shown.elder.name).link(format!("/elders/{}", plan.elder_id)),
        state,
        Field::new(words.t("field.starts_on"), plan.starts_on.to_string()),
        Field::new(words.t("field.ends_on"), plan.ends_on.map(|day| day.to_string()).unwrap_or_default()),
        Field::new(words.t("field.note"), &plan.note),
        Field::new(words.t("field.updated_at"), words.calendar.show(plan.updated_at)),
    ];
    if let Some(balance) = &shown.balance {
        let unit = balance.unit();
        let amount = |of: i64| words::amount(words.lang, unit, of);
        let cell = balance_cell(words, Some(balance));
        fields.extend([
            Field::new(words.t("field.entitled"), words::entitled(words.lang, balance.entitled)),
            Field::new(words.t("field.planned_month"), amount(balance.planned.of(unit))),
            Field::new(words.t("field.done_month"), amount(balance.done.of(unit))),
            Field::new(words.t("field.balance"), cell.text).chip(cell.chip.unwrap_or("note")),
        ]);
    }
    if !shown.preview.unknown_years.is_empty() {
        fields
            .push(Field::new(words.t("holiday.heading"), unknown_years(words, &shown.preview.unknown_years)));
    }
    fields
}

/// Says that the schedule of these years is not known, and what follows.
pub fn unknown_years(words: &Words, years: &[i32]) -> String {
    let years: Vec<String> = years.iter().map(ToString::to_string).collect();
    words.lang.fill("holiday.unknown_years", &[("years", &years.join(&words.t("list.separator")))])
}

const ITEM_COLUMNS: &[Column] = &[
    Column::text("service", "field.service_code"),
    Column::text("rule", "field.rule"),
    Column::text("window", "field.window"),
    Column::text("holiday", "field.holiday_rule"),
    Column::number("caregivers", "field.caregivers"),
    Column::text("from", "field.starts_on"),
    Column::text("to", "field.ends_on"),
    Column::text("caregiver", "field.preferred_caregiver_id"),
];

pub fn rule_text(words: &Words, item: &ItemRow) -> String {
    match Recurrence::parse(&item.rule, item.starts_on) {
        Ok(rule) => words::recurrence(words.lang, &rule),
        Err(_) => item.rule.clone(),
    }
}

fn item_row(words: &Words, shown: &Shown, item: &ItemRow) -> Row {
    let before = item.after_item_id.and_then(|id| shown.items.iter().find(|other| other.id == id));
    let service = shown.service(words, &item.service_code);
    let service = match before {
        Some(before) => {
            let first = shown.service(words, &before.service_code);
            format!("{service} · {}", words.lang.fill("plan.after", &[("service", &first)]))
        }
        None => service,
    };
    Row {
        href: Some(format!("/plan-items/{}", item.id)),
        cells: vec![
            Cell::text(service),
            Cell::text(rule_text(words, item)),
            Cell::text(words::window(words.lang, item.window_starts_min, item.window_ends_min)),
            Cell::text(words.name_of("holiday_rule", item.holiday_rule.name())),
            Cell::count(i64::from(item.caregivers)),
            Cell::text(item.starts_on.to_string()),
            Cell::text(item.ends_on.map(|day| day.to_string()).unwrap_or_default()),
            Cell::text(shown.caregiver(item.preferred_caregiver_id)),
        ],
    }
}

const NEXT_COLUMNS: &[Column] = &[
    Column::text("day", "field.service_on"),
    Column::text("window", "field.window"),
    Column::text("service", "field.service_code"),
    Column::text("why", "field.plan_why"),
];

fn next_rows(words: &Words, shown: &Shown) -> Vec<Row> {
    let row = |(item, one): &(ItemRow, _)| {
        let mut cells = next_cells(words, one, &shown.preview, item);
        cells.insert(2, Cell::text(shown.service(words, &item.service_code)));
        Row { href: None, cells }
    };
    shown.preview.visits.iter().map(row).collect()
}

fn next_cells(
    words: &Words,
    one: &crate::plans::model::Occurrence,
    preview: &PlanPreview,
    item: &ItemRow,
) -> Vec<Cell> {
    let why = words::why(words.lang, one, &preview.holidays);
    let window = words::window(words.lang, item.window_starts_min, item.window_ends_min);
    let window = if one.service_on.is_some() { Cell::text(window) } else { Cell::default() };
    let why = match (one.service_on, why) {
        (_, why) if why.is_empty() => Cell::default(),
        (Some(_), why) => Cell::chip(why, "info"),
        (None, why) => Cell::chip(why, "off"),
    };
    vec![Cell::text(words::day(words.lang, one.shown_on())).nowrap(), window, why]
}

const PAUSE_COLUMNS: &[Column] = &[
    Column::text("from", "field.starts_on"),
    Column::text("to", "field.ends_on"),
    Column::text("reason", "field.reason"),
    Column::text("note", "field.note"),
];

fn pause_row(words: &Words, pause: &PauseRow, visitor: &Visitor) -> Row {
    let may = visitor.may(Permission::EditPlans);
    Row {
        href: may.then(|| format!("/plan-pauses/{}/edit", pause.id)),
        cells: vec![
            Cell::text(pause.starts_on.to_string()),
            Cell::text(pause.ends_on.map_or_else(|| words.t("plan.open_end"), |day| day.to_string())),
            Cell::text(words.name_of("pause_reason", pause.reason.name())),
            Cell::text(&pause.note),
        ],
    }
}

const SETTLE_COLUMNS: &[Column] = &[
    Column::text("visit", "field.visit_now"),
    Column::text("service", "field.service_code"),
    Column::text("caregiver", "field.caregiver_id"),
    Column::text("state", "field.state"),
    Column::text("wanted", "field.wanted_now"),
];

fn settle_row(words: &Words, shown: &Shown, one: &ToSettle) -> Row {
    let period = |from, to| format!("{} – {}", words.calendar.show(from), words.calendar.show_time(to));
    let visit = &one.visit;
    Row {
        href: Some(format!("/visits/{}", visit.id)),
        cells: vec![
            Cell::text(period(visit.window_starts_at, visit.window_ends_at)),
            Cell::text(shown.service(words, &visit.service_code)),
            Cell::text(shown.caregiver(visit.caregiver_id)),
            Cell::text(words.name_of("visit_state", visit.state.name())),
            match one.wanted {
                Some((from, to)) => Cell::text(period(from, to)),
                None => Cell::chip(words.t("plan.not_wanted"), "warn"),
            },
        ],
    }
}

fn actions(visitor: &Visitor, shown: &Shown) -> Vec<Action> {
    let plan = &shown.plan;
    let mut actions = Vec::new();
    if !visitor.may(Permission::EditPlans) || plan.state == PlanState::Ended {
        return actions;
    }
    let path = |step: &str| format!("/plans/{}/{step}", plan.id);
    let ask = |key: &str| visitor.lang.fill(key, &[("elder", &shown.elder.name)]);
    actions.push(
        Action::post(path("end"), visitor.t("plan.end"), "x")
            .confirm(ask("plan.end_confirm"))
            .with("version", plan.version),
    );
    actions.push(Action::link(path("edit"), visitor.t("action.edit"), "pencil"));
    actions.push(Action::link(path("pause"), visitor.t("plan.pause"), "pause"));
    let add = Action::link(path("items/new"), visitor.t("plan.add_item"), "plus");
    if plan.state == PlanState::Draft && !shown.items.is_empty() {
        actions.push(add);
        actions.push(
            Action::post(path("activate"), visitor.t("plan.activate"), "play")
                .primary()
                .confirm(ask("plan.activate_confirm"))
                .with("version", plan.version),
        );
    } else {
        actions.push(add.primary());
    }
    actions
}

pub async fn save_activate(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let version = Input::parse(&body)?.version()?;
    visitor.app.write(&visitor.scope(), move |tx| activate(tx, id, version)).await?;
    Ok(redirect(&format!("/plans/{id}")))
}

pub async fn save_end(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let version = Input::parse(&body)?.version()?;
    visitor.app.write(&visitor.scope(), move |tx| end(tx, id, version)).await?;
    Ok(redirect(&format!("/plans/{id}")))
}
