//! Bulk inserts: many rows a statement, within what SQLite binds at once.

#[macro_use]
mod bulk;
mod assessments;
mod bed_life;
mod elder_parts;
mod life;
mod measured;
mod queries;
mod removal;

use chrono::NaiveDate;
use diesel::prelude::*;

pub(super) use assessments::*;
pub(super) use bed_life::*;
pub(super) use elder_parts::*;
pub(super) use life::*;
pub(super) use measured::count_visits;
pub use measured::{Busiest, busiest, steps_on_record, visits_to_make};
pub(super) use queries::*;
pub(super) use removal::drop_everything;

use crate::beds::{CareLevel, Destination, Ending};
use crate::clock::Instant;
use crate::db::schema::{
    beds, care_plans, caregivers, dated_settings, device_places, devices, elder_hours, elders, fire_panels,
    institutions, plan_items, plan_pauses, providers, reading_spans, rooms, stations, stays, towns, villages,
    visit_events, visit_steps, visits,
};
use crate::db::{AnyConnection, store::continue_numbers};
use crate::error::Result;
use crate::on_backend;
use bulk::BINDS_MAX;

bulk!(insert_settings, dated_settings, SettingRow {
    name: &'static str,
    effective_on: NaiveDate,
    value: i64,
    source: &'static str,
});

bulk!(insert_towns, towns, TownRow {
    code: &'static str,
    name_zh: &'static str,
    name_en: &'static str,
    kind: &'static str,
    longitude: f64,
    latitude: f64,
    area_km2: Option<f64>,
    elders_60plus_est: i64,
});

bulk!(insert_villages, villages, VillageRow {
    code: &'static str,
    town_code: &'static str,
    name_zh: &'static str,
    kind: &'static str,
    listed_2019: bool,
    longitude: f64,
    latitude: f64,
});

bulk!(insert_providers, providers, ProviderRow {
    id: i64,
    town_code: &'static str,
    name: String,
    phone: String,
    updated_at: Instant,
});

bulk!(insert_institutions, institutions, InstitutionRow {
    id: i64,
    town_code: &'static str,
    village_code: Option<String>,
    name: String,
    kind: &'static str,
    state: &'static str,
    operator: String,
    phone: String,
    micro_fire_station: bool,
    opened_on: Option<NaiveDate>,
    longitude: f64,
    latitude: f64,
    updated_at: Instant,
});

bulk!(insert_stations, stations, StationRow {
    id: i64,
    town_code: &'static str,
    village_code: &'static str,
    provider_id: Option<i64>,
    name: String,
    smart: bool,
    services: String,
    phone: String,
    longitude: f64,
    latitude: f64,
    updated_at: Instant,
});

bulk!(insert_caregivers, caregivers, CaregiverRow {
    id: i64,
    provider_id: i64,
    town_code: &'static str,
    name: String,
    gender: &'static str,
    phone_sealed: Option<Vec<u8>>,
    skills: String,
    languages: String,
    shift_days: String,
    shift_starts_min: i32,
    shift_ends_min: i32,
    travel_mode: &'static str,
    longitude: f64,
    latitude: f64,
    active: bool,
    updated_at: Instant,
});

bulk!(insert_elders, elders, ElderRow {
    id: i64,
    town_code: &'static str,
    village_code: &'static str,
    name: String,
    gender: &'static str,
    born_on: NaiveDate,
    categories: String,
    home_visits: bool,
    identity_sealed: Option<Vec<u8>>,
    identity_index: Option<Vec<u8>>,
    phone_sealed: Option<Vec<u8>>,
    address_sealed: Option<Vec<u8>>,
    longitude: f64,
    latitude: f64,
    updated_at: Instant,
    door_note_sealed: Option<Vec<u8>>,
    coordinate_source: &'static str,
    languages: &'static str,
    gender_wish: Option<String>,
    gender_wish_hard: bool,
    language_wish: Option<String>,
    language_wish_hard: bool,
});

bulk!(insert_rooms, rooms, RoomRow {
    id: i64,
    institution_id: i64,
    town_code: &'static str,
    building: String,
    floor: i32,
    number: String,
    gender_rule: &'static str,
    couple: bool,
    isolation: bool,
});

bulk!(insert_beds, beds, BedRow {
    id: i64,
    room_id: i64,
    institution_id: i64,
    town_code: &'static str,
    label: String,
    kind: &'static str,
});

bulk!(insert_stays, stays, StayRow {
    id: i64,
    bed_id: i64,
    elder_id: i64,
    institution_id: i64,
    town_code: &'static str,
    starts_at: Instant,
    ends_at: Option<Instant>,
    ending: Option<Ending>,
    destination: Option<Destination>,
    care_level: Option<CareLevel>,
    contract_starts_on: Option<NaiveDate>,
    contract_ends_on: Option<NaiveDate>,
});

bulk!(insert_devices, devices, DeviceRow {
    id: i64,
    code: String,
    kind: &'static str,
    name: String,
    town_code: &'static str,
    station_id: Option<i64>,
    institution_id: Option<i64>,
    elder_id: Option<i64>,
    token_hash: Vec<u8>,
    presence: &'static str,
    presence_at: Instant,
    created_at: Instant,
    serial_number: String,
    firmware: &'static str,
    heartbeat_s: Option<i32>,
    installed_on: Option<NaiveDate>,
    calibration_due_on: Option<NaiveDate>,
    claimed_at: Option<Instant>,
    token_set_at: Option<Instant>,
});

bulk!(insert_fire_panels, fire_panels, FirePanelRow { device_id: i64, address: String });

bulk!(insert_device_places, device_places, DevicePlaceRow {
    device_id: i64,
    town_code: &'static str,
    station_id: Option<i64>,
    institution_id: Option<i64>,
    elder_id: Option<i64>,
    from_at: Instant,
    placed_by: &'static str,
});

bulk!(insert_spans, reading_spans, SpanHistoryRow {
    device_id: i64,
    channel: i16,
    span_s: i32,
    starts_at: Instant,
    readings: i64,
    doubted: i64,
    lowest: Option<f64>,
    highest: Option<f64>,
    total: f64,
    last_value: f64,
    last_at: Instant,
});

bulk!(insert_hours, elder_hours, HourRow {
    elder_id: i64,
    day: NaiveDate,
    device_id: i64,
    channel: i16,
    hour_at: Instant,
    readings: i64,
    doubted: i64,
    lowest: Option<f64>,
    highest: Option<f64>,
    total: f64,
    last_value: f64,
    last_at: Instant,
});

bulk!(insert_plans, care_plans, PlanRow {
    id: i64,
    elder_id: i64,
    state: &'static str,
    starts_on: NaiveDate,
    ends_on: Option<NaiveDate>,
    note: String,
    updated_at: Instant,
});

bulk!(insert_items, plan_items, ItemRow {
    id: i64,
    plan_id: i64,
    service_code: &'static str,
    rule: String,
    starts_on: NaiveDate,
    window_starts_min: i32,
    window_ends_min: i32,
    tolerance_days: i32,
    holiday_rule: &'static str,
    caregivers: i32,
    after_item_id: Option<i64>,
    lag_min_min: Option<i32>,
    lag_max_min: Option<i32>,
    caregiver_rule: &'static str,
    note: String,
});

bulk!(insert_pauses, plan_pauses, PauseRow {
    plan_id: i64,
    reason: &'static str,
    starts_on: NaiveDate,
    ends_on: Option<NaiveDate>,
    note: String,
});

bulk!(insert_visits, visits, VisitRow {
    id: i64,
    elder_id: i64,
    town_code: String,
    service_code: String,
    service_on: NaiveDate,
    window_starts_at: Instant,
    window_ends_at: Instant,
    duration_min: i32,
    caregiver_id: Option<i64>,
    starts_at: Option<Instant>,
    ends_at: Option<Instant>,
    price_fen: Option<i64>,
    plan_item_id: Option<i64>,
    plan_item_version: Option<i64>,
    occurrence_on: Option<NaiveDate>,
    occurrence_part: i32,
});

bulk!(insert_same_step, visit_events, EventRow {
    visit_id: i64,
    seq: i64,
    prev_seq: Option<i64>,
    kind: &'static str,
    from_state: &'static str,
    to_state: &'static str,
    at: Instant,
    recorded_at: Instant,
    actor: String,
    caregiver_id: Option<i64>,
    note: String,
    reason: Option<String>,
});

bulk!(insert_reports, visit_steps, StepRow {
    visit_id: i64,
    kind: &'static str,
    actor: String,
    user_id: i64,
    caregiver_id: Option<i64>,
    request_key: String,
    received_at: Instant,
    device_at: Instant,
    happened_at: Instant,
    time_basis: &'static str,
    clock_off_ms: i64,
    clock_jumped: bool,
    offline: bool,
    longitude: Option<f64>,
    latitude: Option<f64>,
    accuracy_m: Option<f64>,
    no_position: Option<String>,
    code_matches: Option<bool>,
    note: String,
    outcome: &'static str,
    event_seq: Option<i64>,
});

/// Inserts events of many visits. Events of one visit go in one statement after another: a visit's state follows each
/// event by itself, and PostgreSQL would show it all events of a statement at once.
pub(super) fn insert_events(connection: &mut AnyConnection, mut events: Vec<EventRow>) -> Result<()> {
    events.sort_by_key(|event| (event.seq, event.visit_id));
    for step in events.chunk_by(|a, b| a.seq == b.seq) {
        insert_same_step(connection, step)?;
    }
    Ok(())
}

/// The rows were inserted with numbers of their own.
pub(super) fn continue_all(connection: &mut AnyConnection) -> Result<()> {
    continue_numbers(
        connection,
        &[
            "providers",
            "institutions",
            "stations",
            "caregivers",
            "elders",
            "elder_contacts",
            "elder_places",
            "rooms",
            "beds",
            "stays",
            "door_cards",
            "visits",
            "assessments",
            "devices",
        ],
    )
}
