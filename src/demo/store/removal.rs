//! Taking the tables of a demo city away.

use diesel::connection::SimpleConnection;

use crate::db::AnyConnection;
use crate::error::Result;

/// All tables of this program.
const TABLES: [&str; 94] = [
    "users",
    "user_grants",
    "sessions",
    "setup_links",
    "audit_log",
    "outbox",
    "dated_settings",
    "towns",
    "villages",
    "providers",
    "institutions",
    "stations",
    "caregivers",
    "elders",
    "eligibility_categories",
    "elder_eligibility",
    "elder_places",
    "elder_contacts",
    "elder_caregivers",
    "elder_consents",
    "elder_documents",
    "rooms",
    "beds",
    "stays",
    "stay_risks",
    "admission_rules",
    "waiting_classes",
    "waiting_entries",
    "holds",
    "outages",
    "leaves",
    "transfers",
    "bed_confirmations",
    "request_keys",
    "bed_claims",
    "service_items",
    "visit_transitions",
    "visits",
    "visit_events",
    "assessment_transitions",
    "assessments",
    "assessment_events",
    "fail_reasons",
    "caregiver_absences",
    "caregiver_claims",
    "visit_steps",
    "visit_files",
    "visit_proofs",
    "visit_exceptions",
    "visit_exception_events",
    "visit_corrections",
    "follow_ups",
    "visit_notices",
    "devices",
    "device_claims",
    "device_claim_tries",
    "device_calibrations",
    "elder_limits",
    "reading_spans",
    "device_places",
    "elder_hours",
    "door_cards",
    "device_windows",
    "device_gaps",
    "readings",
    "latest_readings",
    "quarantine",
    "quarantine_floods",
    "reading_cursor",
    "alarm_ends",
    "alerts",
    "presence_watch",
    "device_limits",
    "card_readings",
    "fire_panels",
    "fire_frames",
    "fire_parts",
    "fire_refusals",
    "guard_checks",
    "imports",
    "import_parts",
    "import_rows",
    "service_prices",
    "holidays",
    "entitlement_rules",
    "care_plans",
    "plan_pauses",
    "plan_items",
    "visit_groups",
    "jobs",
    "travel_modes",
    "day_proposals",
    "day_proposal_rows",
    "__diesel_schema_migrations",
];

/// Drops this program's tables and the functions of their triggers from a PostgreSQL database, so that the migrations begin
/// anew; other tables beside them stay. The caller has made sure that they hold a demo city.
pub(in crate::demo) fn drop_everything(connection: &mut AnyConnection) -> Result<()> {
    let names: Vec<String> = TABLES.iter().map(|name| format!("'{name}'")).collect();
    Ok(connection.batch_execute(&format!(
        "DO $$ DECLARE found record; BEGIN
            FOR found IN SELECT DISTINCT t.tgfoid::regprocedure AS signature FROM pg_trigger t
                JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE NOT t.tgisinternal AND n.nspname = current_schema() AND c.relname IN ({names}) LOOP
                EXECUTE 'DROP FUNCTION ' || found.signature || ' CASCADE';
            END LOOP;
            FOR found IN SELECT tablename FROM pg_tables
                WHERE schemaname = current_schema() AND tablename IN ({names}) LOOP
                EXECUTE format('DROP TABLE %I CASCADE', found.tablename);
            END LOOP;
        END $$",
        names = names.join(", ")
    ))?)
}
