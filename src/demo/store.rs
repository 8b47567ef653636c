//! Bulk inserts: many rows a statement, within what SQLite binds at once.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::schema::{
    beds, caregivers, dated_settings, devices, elders, institutions, providers, rooms, service_items,
    stations, stays, towns, villages, visit_events, visits,
};
use crate::db::{AnyConnection, store::continue_numbers};
use crate::error::Result;
use crate::on_backend;

/// SQLite binds 32,766 values a statement; more than this gains nothing.
const BINDS_MAX: usize = 16_000;

/// Declares a row and the function that inserts many of it. None is stored as NULL, so that rows share a statement.
macro_rules! bulk {
    ($insert:ident, $table:ident, $row:ident { $($column:ident: $kind:ty,)+ }) => {
        #[derive(Clone, Debug, Insertable)]
        #[diesel(table_name = $table, treat_none_as_default_value = false)]
        pub(super) struct $row { $(pub $column: $kind,)+ }

        pub(super) fn $insert(connection: &mut AnyConnection, rows: &[$row]) -> Result<()> {
            const COLUMNS: usize = [$(stringify!($column),)+].len();
            for chunk in rows.chunks(BINDS_MAX / COLUMNS) {
                on_backend!(connection, inner => diesel::insert_into($table::table).values(chunk).execute(inner))?;
            }
            Ok(())
        }
    };
}

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
});

bulk!(insert_rooms, rooms, RoomRow {
    id: i64,
    institution_id: i64,
    town_code: &'static str,
    building: String,
    floor: i32,
    number: String,
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
});

bulk!(insert_devices, devices, DeviceRow {
    id: i64,
    code: String,
    kind: &'static str,
    name: String,
    town_code: &'static str,
    station_id: Option<i64>,
    institution_id: Option<i64>,
    token_hash: Vec<u8>,
    presence: &'static str,
    presence_at: Instant,
    created_at: Instant,
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
            "rooms",
            "beds",
            "stays",
            "visits",
            "devices",
        ],
    )
}

/// What a service takes.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = service_items)]
pub(super) struct Service {
    pub code: String,
    pub duration_min: i32,
    pub skill: String,
}

pub(super) fn services(connection: &mut AnyConnection) -> Result<Vec<Service>> {
    Ok(service_items::table.order(service_items::code).select(Service::as_select()).load(connection)?)
}

/// A client of home visits.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = elders)]
pub(super) struct Client {
    pub id: i64,
    pub town_code: String,
    pub longitude: f64,
    pub latitude: f64,
}

pub(super) fn clients(connection: &mut AnyConnection) -> Result<Vec<Client>> {
    Ok(elders::table
        .filter(elders::home_visits.eq(true))
        .order(elders::id)
        .select(Client::as_select())
        .load(connection)?)
}

/// A caregiver as the planner sees them.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = caregivers)]
pub(super) struct Worker {
    pub id: i64,
    pub town_code: String,
    pub skills: String,
    pub shift_days: String,
    pub shift_starts_min: i32,
    pub shift_ends_min: i32,
    pub travel_mode: String,
    pub longitude: f64,
    pub latitude: f64,
}

pub(super) fn workers(connection: &mut AnyConnection) -> Result<Vec<Worker>> {
    Ok(caregivers::table
        .filter(caregivers::active.eq(true))
        .order(caregivers::id)
        .select(Worker::as_select())
        .load(connection)?)
}

/// Who is taken when on a day.
pub(super) fn engagements(
    connection: &mut AnyConnection,
    day: NaiveDate,
) -> Result<Vec<(i64, Instant, Instant)>> {
    let rows: Vec<(Option<i64>, Option<Instant>, Option<Instant>)> = visits::table
        .filter(visits::service_on.eq(day))
        .filter(visits::state.ne("not_done"))
        .filter(visits::caregiver_id.is_not_null())
        .select((visits::caregiver_id, visits::starts_at, visits::ends_at))
        .load(connection)?;
    Ok(rows.into_iter().filter_map(|(caregiver, starts, ends)| Some((caregiver?, starts?, ends?))).collect())
}

/// How many visits a day has.
pub(super) fn count_visits(connection: &mut AnyConnection, day: NaiveDate) -> Result<i64> {
    Ok(visits::table.filter(visits::service_on.eq(day)).count().get_result(connection)?)
}

/// How many visits of a day have a window around `at`.
pub(super) fn count_visits_around(
    connection: &mut AnyConnection,
    day: NaiveDate,
    at: Instant,
) -> Result<i64> {
    Ok(visits::table
        .filter(visits::service_on.eq(day))
        .filter(visits::window_starts_at.le(at))
        .filter(visits::window_ends_at.ge(at))
        .count()
        .get_result(connection)?)
}

pub(super) fn next_visit_id(connection: &mut AnyConnection) -> Result<i64> {
    let last: Option<i64> = visits::table.select(diesel::dsl::max(visits::id)).first(connection)?;
    Ok(last.unwrap_or(0) + 1)
}

/// A visit that is not finished.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = visits)]
pub(super) struct OpenVisit {
    pub id: i64,
    pub town_code: String,
    pub window_ends_at: Instant,
    pub caregiver_id: Option<i64>,
    pub starts_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    pub state: String,
    pub version: i64,
}

/// Visits of the days up to `day` that are not finished and should have begun by `at`, oldest first.
pub(super) fn visits_due(
    connection: &mut AnyConnection,
    day: NaiveDate,
    at: Instant,
    limit: i64,
) -> Result<Vec<OpenVisit>> {
    Ok(visits::table
        .filter(visits::service_on.le(day))
        .filter(visits::state.eq_any(["planned", "assigned", "arrived"]))
        .filter(visits::starts_at.le(at).or(visits::starts_at.is_null().and(visits::window_ends_at.le(at))))
        .order((visits::starts_at, visits::id))
        .limit(limit)
        .select(OpenVisit::as_select())
        .load(connection)?)
}

/// The visit as it is now; the caller's transaction keeps it so.
pub(super) fn find_open_visit(connection: &mut AnyConnection, id: i64) -> Result<Option<OpenVisit>> {
    Ok(visits::table
        .filter(visits::id.eq(id))
        .filter(visits::state.eq_any(["planned", "assigned", "arrived"]))
        .select(OpenVisit::as_select())
        .first(connection)
        .optional()?)
}

/// Code and stored kind of every device, in order of code.
pub(super) fn device_codes(connection: &mut AnyConnection) -> Result<Vec<(String, String)>> {
    Ok(devices::table.order(devices::code).select((devices::code, devices::kind)).load(connection)?)
}

/// Drops every table and function of this program from a PostgreSQL database, so that the migrations begin anew. The
/// caller has made sure that they hold a demo city.
pub(super) fn drop_everything(connection: &mut AnyConnection) -> Result<()> {
    use diesel::connection::SimpleConnection;
    Ok(connection.batch_execute(
        "DO $$ DECLARE found record; BEGIN
            FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
                EXECUTE format('DROP TABLE %I CASCADE', found.tablename);
            END LOOP;
            FOR found IN SELECT p.oid::regprocedure AS signature FROM pg_proc p
                JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = current_schema() AND p.prokind = 'f'
                  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') LOOP
                EXECUTE 'DROP FUNCTION ' || found.signature || ' CASCADE';
            END LOOP;
        END $$",
    )?)
}
