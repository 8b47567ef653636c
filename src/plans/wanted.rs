//! The visits that plans ask for on days to come.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::holidays::store::holidays;
use super::model::{Content, Holidays, Key, Occurrence, Recurrence, Span, Why, Wish, occurrences};
use super::store::{Client, ItemRow, Sources, active_plans, sources};
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::visits::WithdrawReason;
use crate::visits::catalogue::store::{Prices, prices, services};
use crate::visits::store::PlannedRow;

/// What holds for all plans.
pub(super) struct Surroundings {
    pub calendar: Calendar,
    pub holidays: Holidays,
    durations: HashMap<String, i32>,
    prices: Prices,
}

impl Surroundings {
    pub fn load(connection: &mut AnyConnection, calendar: Calendar) -> Result<Surroundings> {
        let services = services(connection)?;
        Ok(Surroundings {
            calendar,
            holidays: holidays(connection)?,
            durations: services.into_iter().map(|row| (row.code, row.duration_min)).collect(),
            prices: prices(connection)?,
        })
    }

    /// The row of a visit that is asked for.
    pub fn row(&self, client: &Client, key: Key, content: &Content) -> PlannedRow {
        PlannedRow {
            id: 0,
            elder_id: client.id,
            town_code: client.town_code.clone(),
            service_code: content.service_code.clone(),
            service_on: content.service_on,
            window_starts_at: content.window.0,
            window_ends_at: content.window.1,
            duration_min: content.duration_min,
            price_fen: self.prices.on(&content.service_code, content.service_on),
            plan_item_id: Some(key.0),
            plan_item_version: Some(content.item_version),
            occurrence_on: Some(key.1),
            occurrence_part: key.2,
            group_id: None,
        }
    }

    pub fn duration_min(&self, item: &ItemRow) -> i32 {
        item.duration_min.or_else(|| self.durations.get(&item.service_code).copied()).unwrap_or(30)
    }
}

/// What a plan asks for, and why what its rules give beside that is not asked for.
#[derive(Default)]
pub(super) struct Wanted {
    pub contents: BTreeMap<Key, Content>,
    pub left_out: HashMap<Key, WithdrawReason>,
}

/// Why an elder gets no visits at all.
pub(super) fn block(source: &Sources, at: Instant) -> Option<WithdrawReason> {
    if source.client.died_at.is_some_and(|died| died <= at) {
        return Some(WithdrawReason::Died);
    }
    let lives_in = source.stays.iter().any(|(from, to)| *from <= at && to.is_none_or(|to| at < to));
    if lives_in {
        return Some(WithdrawReason::Resident);
    }
    (!source.client.home_visits).then_some(WithdrawReason::NotClient)
}

/// The item as the engine sees it; none where its stored rule cannot be read.
pub(super) fn wish(source: &Sources, item: &ItemRow) -> Option<Wish> {
    Some(Wish {
        rule: Recurrence::parse(&item.rule, item.starts_on).ok()?,
        span: Span { from: item.starts_on, to: item.ends_on },
        plan: source.plan.span(),
        holiday_rule: item.holiday_rule,
        tolerance_days: item.tolerance_days,
        pauses: source.pauses.iter().map(|pause| (pause.span(), pause.reason)).collect(),
    })
}

/// What a plan asks for in `[from, to)`, as if it were active.
pub(super) fn wanted(around: &Surroundings, source: &Sources, (from, to): (NaiveDate, NaiveDate)) -> Wanted {
    let mut found = Wanted::default();
    for item in source.items.iter().filter(|item| !item.removed) {
        let Some(wish) = wish(source, item) else {
            tracing::error!(item = item.id, rule = item.rule, "a stored rule cannot be read");
            continue;
        };
        for one in occurrences(&wish, &around.holidays, from, to) {
            add(&mut found, around, (source, item), one);
        }
    }
    found
}

fn add(found: &mut Wanted, around: &Surroundings, (source, item): (&Sources, &ItemRow), one: Occurrence) {
    let window = one.service_on.map(|day| {
        let at = |minutes| around.calendar.at(day, minutes);
        (day, at(item.window_starts_min), at(item.window_ends_min))
    });
    for part in 1..=item.caregivers {
        let key = (item.id, one.occurrence_on, part);
        let Some((service_on, starts_at, ends_at)) = window else {
            found.left_out.insert(key, reason(one.why));
            continue;
        };
        if let Some(reason) = block(source, starts_at) {
            found.left_out.insert(key, reason);
            continue;
        }
        let content = Content {
            item_version: item.version,
            service_code: item.service_code.clone(),
            service_on,
            window: (starts_at, ends_at),
            duration_min: around.duration_min(item),
        };
        found.contents.insert(key, content);
    }
}

fn reason(why: Option<Why>) -> WithdrawReason {
    match why {
        Some(Why::Paused(_)) => WithdrawReason::Paused,
        Some(Why::Holiday | Why::NoWorkingDay | Why::DayTaken | Why::Moved) => WithdrawReason::Holiday,
        Some(Why::OutsidePlan) | None => WithdrawReason::Plan,
    }
}

/// The visits that all active plans ask for in `[from, to)`, with the days of their elders' rules; nothing is written.
pub fn asked_for(
    connection: &mut AnyConnection,
    calendar: Calendar,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<PlannedRow>> {
    let around = Surroundings::load(connection, calendar)?;
    let mut rows = Vec::new();
    for part in active_plans(connection)?.chunks(super::demand::PLANS_AT_ONCE) {
        for source in sources(connection, part)? {
            let wanted = wanted(&around, &source, (from, to)).contents;
            rows.extend(wanted.iter().map(|(key, content)| around.row(&source.client, *key, content)));
        }
    }
    Ok(rows)
}
