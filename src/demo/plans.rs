//! Care plans of the clients: half of them are visited on any day, nearly all by plan.

use chrono::{NaiveDate, TimeDelta};

use super::city::City;
use super::dice::Dice;
use super::store::{self, Client, ItemRow, PauseRow, PlanRow, insert_items, insert_pauses, insert_plans};
use crate::app::Tx;
use crate::db::{AnyConnection, store::continue_numbers};
use crate::error::Result;
use crate::plans::{DAYS_AHEAD, generate_plans};

/// The day's visits begin between these minutes after midnight.
const OPENS_MIN: i32 = 480;
const SLOT_MIN: i64 = 30;
const SLOTS: i64 = 16;
const ROWS_MAX: usize = 2_000;
/// Weights of the services.
const SERVICES: [(&str, i64); 10] = [
    ("meal", 24),
    ("clean", 20),
    ("visit", 16),
    ("health", 14),
    ("care", 10),
    ("walk", 7),
    ("bath", 6),
    ("medical", 3),
    ("company", 4),
    ("shopping", 3),
];
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
/// Percent of the clients whose plan is missing, a draft, or paused: something for the coordinator to see.
const WITHOUT: i64 = 1;
const DRAFT: i64 = 1;
const PAUSED: i64 = 1;
/// Percent who need two caregivers at once, and of whom one visit follows another.
const TWO_CAREGIVERS: i64 = 1;
const ONE_AFTER_ANOTHER: i64 = 2;

#[derive(Default)]
struct Rows {
    plans: Vec<PlanRow>,
    items: Vec<ItemRow>,
    pauses: Vec<PauseRow>,
}

/// Inserts a plan for nearly every client.
pub(super) fn make(connection: &mut AnyConnection, city: &City<'_>) -> Result<()> {
    let mut dice = Dice::new(city.options.seed, "plans");
    let mut rows = Rows::default();
    let (mut plan_id, mut item_id) = (1, 1);
    for client in store::clients(connection, city.today())? {
        if dice.hits(WITHOUT) {
            continue;
        }
        let before = city.today() - TimeDelta::days(dice.within(60, 300));
        let draft = dice.hits(DRAFT);
        rows.plans.push(PlanRow {
            id: plan_id,
            elder_id: client.id,
            state: if draft { "draft" } else { "active" },
            starts_on: before,
            ends_on: None,
            note: String::new(),
            updated_at: city.now,
        });
        if !draft && dice.hits(PAUSED) {
            let starts_on = city.today() - TimeDelta::days(dice.within(1, 9));
            let ends_on = Some(city.today() + TimeDelta::days(dice.within(2, 12)));
            rows.pauses.push(PauseRow {
                plan_id,
                reason: "hospital",
                starts_on,
                ends_on,
                note: String::new(),
            });
        }
        for item in items(&mut dice, &client, (plan_id, item_id), before) {
            item_id = item.id + 1;
            rows.items.push(item);
        }
        plan_id += 1;
        if rows.plans.len() == ROWS_MAX {
            write(connection, std::mem::take(&mut rows))?;
        }
    }
    write(connection, rows)?;
    continue_numbers(connection, &["care_plans", "plan_items"])
}

fn write(connection: &mut AnyConnection, rows: Rows) -> Result<()> {
    insert_plans(connection, &rows.plans)?;
    insert_items(connection, &rows.items)?;
    insert_pauses(connection, &rows.pauses)
}

/// Three or four days a week, turned from client to client, so that every day has as many visits: one service on the last of them,
/// another one on the others.
fn items(dice: &mut Dice, client: &Client, (plan_id, id): (i64, i64), starts_on: NaiveDate) -> Vec<ItemRow> {
    let count = if client.id % 2 == 0 || client.id % 5 == 0 { 4 } else { 3 };
    let day = |step: i64| DAYS[((client.id + 2 * step) % 7) as usize];
    let days: Vec<&str> = (0..count - 1).map(day).collect();
    let (first, second) = services(dice);
    let last = match dice.within(0, 100) {
        0..6 => format!("FREQ=WEEKLY;INTERVAL=2;BYDAY={}", day(count - 1)),
        6..8 => format!("FREQ=MONTHLY;BYDAY=1{}", day(count - 1)),
        _ => format!("FREQ=WEEKLY;BYDAY={}", day(count - 1)),
    };
    let item = |id, service_code, rule, opens_min| ItemRow {
        id,
        plan_id,
        service_code,
        rule,
        starts_on,
        window_starts_min: opens_min,
        window_ends_min: opens_min + 120,
        tolerance_days: 3,
        holiday_rule: holiday_rule(service_code),
        caregivers: 1,
        after_item_id: None,
        lag_min_min: None,
        lag_max_min: None,
        caregiver_rule: "any",
        note: String::new(),
    };
    let mut opens = || OPENS_MIN + (dice.within(0, SLOTS) * SLOT_MIN) as i32;
    let (at, later) = (opens(), opens());
    let weekly = format!("FREQ=WEEKLY;BYDAY={}", days.join(","));
    let mut items = vec![item(id, first, weekly, at), item(id + 1, second, last, later)];
    if dice.hits(TWO_CAREGIVERS) {
        let rule = format!("FREQ=WEEKLY;BYDAY={}", day(0));
        items.push(ItemRow { caregivers: 2, ..item(id + 2, "transfer", rule, later) });
    } else if dice.hits(ONE_AFTER_ANOTHER) {
        let rule = format!("FREQ=WEEKLY;BYDAY={}", day(0));
        let after = item(id + 2, "medicine", rule, (at + 90).min(OPENS_MIN + 540));
        items.push(ItemRow {
            after_item_id: Some(id),
            lag_min_min: Some(30),
            lag_max_min: Some(180),
            caregiver_rule: "different",
            ..after
        });
    }
    items
}

fn holiday_rule(service_code: &str) -> &'static str {
    match service_code {
        "clean" | "bath" | "company" => "next",
        "shopping" => "previous",
        "walk" => "skip",
        _ => "as_planned",
    }
}

/// Two services that differ.
fn services(dice: &mut Dice) -> (&'static str, &'static str) {
    let first = service_code(dice);
    loop {
        let second = service_code(dice);
        if second != first {
            return (first, second);
        }
    }
}

fn service_code(dice: &mut Dice) -> &'static str {
    let mut throw = dice.within(0, SERVICES.iter().map(|(_, weight)| weight).sum());
    for (code, weight) in SERVICES {
        if throw < weight {
            return code;
        }
        throw -= weight;
    }
    SERVICES[0].0
}

/// Generates the days to come, as the program does by itself once a day.
pub(super) fn generate(tx: &mut Tx<'_>) -> Result<()> {
    let plans = store::active_plans(tx.connection)?;
    generate_plans(tx, &plans, DAYS_AHEAD)?;
    Ok(())
}
