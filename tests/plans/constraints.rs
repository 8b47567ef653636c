//! Raw attempts on what the database keeps by itself.

use crate::support::app::{TestApp, both};

fn plan(id: i64, elder: i64, state: &str) -> String {
    let ends = if state == "ended" { "'2026-11-30'" } else { "NULL" };
    format!(
        "INSERT INTO care_plans (id, elder_id, state, starts_on, ends_on, note, updated_at) VALUES ({id}, {elder}, '{state}', \
         '2026-11-23', {ends}, '', '2026-11-23 00:00:00.000')"
    )
}

fn item(id: i64, plan: i64, window: (&str, &str), more: &str) -> String {
    let (from, to) = window;
    let (columns, values) = more.split_once('=').unwrap_or(("", ""));
    let columns = if columns.is_empty() { String::new() } else { format!(", {columns}") };
    let values = if values.is_empty() { String::new() } else { format!(", {values}") };
    format!(
        "INSERT INTO plan_items (id, plan_id, service_code, rule, starts_on, window_starts_min, window_ends_min, \
         tolerance_days, holiday_rule, caregivers, caregiver_rule, note{columns}) VALUES ({id}, {plan}, 'meal', 'FREQ=DAILY', \
         '2026-11-23', {from}, {to}, 0, 'as_planned', 1, 'any', ''{values})"
    )
}

fn visit(id: i64, elder: i64, item: Option<(i64, &str, i64)>) -> String {
    let (item, on, part) = match item {
        Some((item, on, part)) => (item.to_string(), format!("'{on}'"), part),
        None => ("NULL".to_owned(), "NULL".to_owned(), 1),
    };
    format!(
        "INSERT INTO visits (id, elder_id, town_code, service_code, service_on, window_starts_at, window_ends_at, duration_min, \
         plan_item_id, occurrence_on, occurrence_part) VALUES ({id}, {elder}, '350582001', 'meal', '2026-11-23', \
         '2026-11-23 02:00:00.000', '2026-11-23 04:00:00.000', 30, {item}, {on}, {part})"
    )
}

fn event(visit: i64, seq: i64, (from, kind, to): (&str, &str, &str)) -> String {
    let prev = if seq == 1 { "NULL".to_owned() } else { (seq - 1).to_string() };
    format!(
        "INSERT INTO visit_events (visit_id, seq, prev_seq, kind, from_state, to_state, at, recorded_at, actor, note) VALUES \
         ({visit}, {seq}, {prev}, '{kind}', '{from}', '{to}', '2026-11-23 01:00:00.000', '2026-11-23 01:00:00.000', 'x', '')"
    )
}

fn seed(app: &TestApp) -> i64 {
    app.add_towns();
    app.add_elder(1)
}

both!(an_elder_has_one_plan_that_is_not_ended, |app| async {
    let elder = seed(app);
    app.taken(&plan(1, elder, "active"));
    app.refused(&plan(2, elder, "draft"));
    app.taken(&plan(3, elder, "ended"));
    app.refused("UPDATE care_plans SET state = 'draft' WHERE id = 3");
    app.refused("UPDATE care_plans SET state = 'ended' WHERE id = 1");
    app.refused("UPDATE care_plans SET state = 'asleep' WHERE id = 1");
    app.taken("UPDATE care_plans SET state = 'ended', ends_on = '2026-11-23' WHERE id = 1");
    app.refused("UPDATE care_plans SET ends_on = '2026-11-22' WHERE id = 1");
    app.taken(&plan(2, elder, "draft"));
});

both!(an_item_has_a_window_and_a_pair_its_lags, |app| async {
    let elder = seed(app);
    app.taken(&plan(1, elder, "active"));
    for window in
        [("NULL", "NULL"), ("600", "NULL"), ("600", "600"), ("600", "540"), ("1440", "1500"), ("600", "2041")]
    {
        app.refused(&item(1, 1, window, ""));
    }
    app.taken(&item(1, 1, ("1380", "1500"), ""));
    let window = ("600", "720");
    app.refused(&item(2, 1, window, "after_item_id=1"));
    app.refused(&item(2, 1, window, "lag_min_min, lag_max_min=10, 20"));
    app.refused(&item(2, 1, window, "after_item_id, lag_min_min, lag_max_min=1, 30, 20"));
    app.taken(&item(2, 1, window, "after_item_id, lag_min_min, lag_max_min=1, 20, 30"));
    app.refused("UPDATE plan_items SET caregivers = 2 WHERE id = 2");
    app.refused("UPDATE plan_items SET after_item_id = 2 WHERE id = 2");
    app.refused("UPDATE plan_items SET tolerance_days = 16 WHERE id = 1");
});

both!(a_visit_of_a_plan_is_there_once, |app| async {
    let elder = seed(app);
    app.taken(&plan(1, elder, "draft"));
    app.taken(&item(1, 1, ("600", "720"), ""));
    app.taken(&visit(1, elder, Some((1, "2026-11-23", 1))));
    app.refused(&visit(2, elder, Some((1, "2026-11-23", 1))));
    app.taken(&visit(2, elder, Some((1, "2026-11-23", 2))));
    app.taken(&visit(3, elder, Some((1, "2026-11-24", 1))));
    app.taken(&visit(4, elder, None));
    app.taken(&visit(5, elder, None));
    app.refused("UPDATE visits SET plan_item_id = 1 WHERE id = 4");
    app.refused("UPDATE visits SET occurrence_on = '2026-11-23' WHERE id = 3");
    app.refused("UPDATE visits SET group_place = 1 WHERE id = 1");
});

both!(only_what_is_planned_is_withdrawn_and_it_can_be_planned_again, |app| async {
    let elder = seed(app);
    app.taken(&visit(1, elder, None));
    app.refused(&event(1, 1, ("none", "withdraw", "none")));
    app.taken(&event(1, 1, ("none", "plan", "planned")));
    app.taken(&event(1, 2, ("planned", "withdraw", "none")));
    app.refused(&event(1, 3, ("planned", "withdraw", "none")));
    app.taken(&event(1, 3, ("none", "plan", "planned")));
    app.taken(&event(1, 4, ("planned", "assign", "assigned")));
    app.refused(&event(1, 5, ("assigned", "withdraw", "none")));
});

both!(what_a_visit_was_is_never_rewritten, |app| async {
    let elder = seed(app);
    app.taken(&visit(1, elder, None));
    app.taken(&event(1, 1, ("none", "plan", "planned")));
    app.taken("UPDATE visits SET price_fen = 100, duration_min = 40 WHERE id = 1");
    app.taken(&event(1, 2, ("planned", "assign", "assigned")));
    app.taken(&event(1, 3, ("assigned", "arrive", "arrived")));
    for change in [
        "price_fen = 1",
        "duration_min = 1",
        "service_on = '2026-11-24'",
        "service_code = 'bath'",
        "window_starts_at = '2026-11-23 01:00:00.000'",
        "window_ends_at = '2026-11-23 05:00:00.000'",
    ] {
        app.refused(&format!("UPDATE visits SET {change} WHERE id = 1"));
    }
    app.taken(&event(1, 4, ("arrived", "finish", "done")));
    app.refused("UPDATE visits SET price_fen = 1 WHERE id = 1");
});

both!(the_calendar_and_the_prices_have_one_row_a_day, |app| async {
    app.refused(
        "INSERT INTO holidays (day, kind, name_zh, name_en, source, confirmed, updated_at) VALUES ('2026-10-01', 'work', 'x', \
         'x', 'x', FALSE, '2026-11-23 00:00:00.000')",
    );
    app.refused("UPDATE holidays SET kind = 'half' WHERE day = '2026-10-01'");
    app.refused(
        "INSERT INTO service_prices (service_code, effective_on, price_fen, confirmed) VALUES ('meal', '2020-01-01', 1, FALSE)",
    );
    app.refused("UPDATE service_prices SET price_fen = -1 WHERE service_code = 'meal'");
    app.refused(
        "INSERT INTO entitlement_rules (category, level, unit, amount, effective_on, confirmed, updated_at) VALUES ('lone', \
         NULL, 'minutes', 1, '2025-01-01', FALSE, '2026-11-23 00:00:00.000')",
    );
});
