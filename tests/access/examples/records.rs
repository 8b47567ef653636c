//! Records that hang on others: what is around a stay, an institution, a visit.

use diesel::connection::SimpleConnection;

use super::{BedRecords, FOREIGN, insert};
use crate::support::app::TestApp;
use crate::support::seed::town_code;

pub(super) fn add_bed_records(
    app: &TestApp,
    town: usize,
    institution: i64,
    (stay, elder): (i64, i64),
) -> BedRecords {
    let code = town_code(town);
    let leave = insert(
        app,
        format!(
            "INSERT INTO leaves (stay_id, kind, starts_at, note) VALUES ({stay}, 'home', '2026-11-20 00:00:00.000', '')"
        ),
    );
    let (held, broken, waiter) =
        (app.add_bed(town, institution), app.add_bed(town, institution), app.add_elder(town));
    let hold = insert(
        app,
        format!(
            "INSERT INTO holds (bed_id, elder_id, institution_id, town_code, starts_at, ends_at, note) VALUES \
         ({held}, {waiter}, {institution}, '{code}', '2026-11-20 00:00:00.000', '2026-12-01 00:00:00.000', '')"
        ),
    );
    let outage = insert(
        app,
        format!(
            "INSERT INTO outages (bed_id, institution_id, town_code, reason, note, starts_at) VALUES \
         ({broken}, {institution}, '{code}', 'repair', '', '2026-11-20 00:00:00.000')"
        ),
    );
    let waiting = insert(
        app,
        format!(
            "INSERT INTO waiting_entries (elder_id, town_code, institution_id, class_code, place, state, note, asked_at) \
         VALUES ({waiter}, '{code}', {institution}, 'general', {town}, 'waiting', '', '2026-11-20 00:00:00.000')"
        ),
    );
    let other = app.add_institution(town);
    let transfer = insert(
        app,
        format!(
            "INSERT INTO transfers (stay_id, elder_id, institution_id, town_code, to_institution_id, to_town_code, state, \
         reason, answer, asked_at) VALUES ({stay}, {elder}, {institution}, '{code}', {other}, '{code}', 'asked', '', \
         '', '2026-11-20 00:00:00.000')"
        ),
    );
    BedRecords { leave, hold, outage, transfer, waiting }
}

/// A row of every part of an elder's record. Each has the elder's own number, which fills both places of an address.
pub(super) fn add_elder_parts(app: &TestApp, elder: i64, caregiver: i64) {
    let rows = [
        format!(
            "elder_eligibility (id, elder_id, category_code, document_number, note) VALUES ({elder}, {elder}, 'lone', '', '')"
        ),
        format!(
            "elder_places (id, elder_id, kind, label, longitude, latitude, coordinate_source) VALUES ({elder}, {elder}, \
             'second_home', 'x', 118.6, 24.9, 'wgs84')"
        ),
        format!(
            "elder_contacts (id, elder_id, call_order, name, relation, note) VALUES ({elder}, {elder}, 1, 'x', 'child', '')"
        ),
        format!(
            "elder_caregivers (id, elder_id, caregiver_id, stance, reason, set_by, set_at) VALUES ({elder}, {elder}, \
             {caregiver}, 'preferred', '', 'seed', '2026-11-01 00:00:00.000')"
        ),
        format!(
            "elder_consents (id, elder_id, kind, given_on, given_by, note) VALUES ({elder}, {elder}, 'photo', '2026-11-01', '', '')"
        ),
        format!("elder_documents (id, elder_id, kind, note) VALUES ({elder}, {elder}, 'identity_card', '')"),
        format!(
            "elder_limits (id, elder_id, channel, from_on, lowest, note, set_by, set_at) VALUES ({elder}, {elder}, 3, \
             '2026-11-01', 50, '', 'seed', '2026-11-01 00:00:00.000')"
        ),
    ];
    let sql: Vec<String> = rows.iter().map(|row| format!("INSERT INTO {row}")).collect();
    app.write(|tx| Ok(tx.connection.batch_execute(&sql.join(";"))?));
}

/// A batch of an institution.
pub(super) fn add_import(app: &TestApp, town: usize, institution: i64) -> i64 {
    insert(
        app,
        format!(
            "INSERT INTO imports (kind, state, file_name, actor, institution_id, headings, mapping, remarks, total_rows, \
         created_at, changed_at, runner) VALUES ('house', 'checked', '{}.xlsx', 'seed', {institution}, '[]', '{{}}', '[]', 0, \
         '2026-11-23 00:30:00.000', '2026-11-23 00:30:00.000', '')",
            if town == 2 { FOREIGN } else { "a" }
        ),
    )
}

/// What is around a visit: that it was planned, somebody's absence, a correction that is asked for, a to-do.
pub(super) fn add_visit_records(
    app: &TestApp,
    code: &str,
    (visit, elder, caregiver): (i64, i64, i64),
) -> (i64, i64, i64) {
    app.write(|tx| {
        Ok(tx.connection.batch_execute(&format!(
            "INSERT INTO visit_events (visit_id, seq, kind, from_state, to_state, at, recorded_at, actor, note) \
             VALUES ({visit}, 1, 'plan', 'none', 'planned', '2026-11-22 01:00:00.000', '2026-11-22 01:00:00.000', \
             'seed', '')"
        ))?)
    });
    let absence = insert(
        app,
        format!(
            "INSERT INTO caregiver_absences (caregiver_id, kind, starts_at, ends_at, note, recorded_by, recorded_at) VALUES \
         ({caregiver}, 'leave', '2026-12-01 00:00:00.000', '2026-12-02 00:00:00.000', '', 'seed', '2026-11-20 00:00:00.000')"
        ),
    );
    let correction = insert(
        app,
        format!(
            "INSERT INTO visit_corrections (visit_id, town_code, reason, state, asked_by, asked_at, answer) VALUES \
         ({visit}, '{code}', '', 'asked', 'seed', '2026-11-20 00:00:00.000', '')"
        ),
    );
    let follow_up = insert(
        app,
        format!(
            "INSERT INTO follow_ups (visit_id, elder_id, town_code, kind, opened_at, due_at, owner, note) VALUES \
         ({visit}, {elder}, '{code}', 'welfare_check', '2026-11-20 00:00:00.000', '2026-11-20 01:00:00.000', 'seed', '')"
        ),
    );
    (absence, correction, follow_up)
}

/// A visit that is planned.
pub(super) fn add_visit(app: &TestApp, elder: i64, code: &str) -> i64 {
    insert(
        app,
        format!(
            "INSERT INTO visits (elder_id, town_code, service_code, service_on, window_starts_at, window_ends_at, \
         duration_min) VALUES ({elder}, '{code}', 'meal', '2026-11-23', '2026-11-23 02:00:00.000', \
         '2026-11-23 04:00:00.000', 30)"
        ),
    )
}
