//! Elders with sealed data, raw statements, and the audit chain: for the tests of elders, beds and visits.

use diesel::prelude::*;
use songhe::access::{Place, Role, Scope};
use songhe::db::schema::{audit_log, elders};
use songhe::elders::{Personal, seal};
use songhe::error::Result;

use super::app::TestApp;
use super::client::Client;

/// Impossible as a real number: there is no month 13.
pub const IDENTITY: &str = "350582194013011234";
pub const PHONE: &str = "13800001234";
pub const ADDRESS: &str = "前村 12 号";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = diesel::sql_types::Text)]
    t: String,
}

impl TestApp {
    /// Runs one statement; gives what the program would make of a refusal.
    pub fn raw(&self, statement: &str) -> Result<usize> {
        let statement = statement.to_owned();
        self.app.write_now(&Scope::system(), |tx| Ok(diesel::sql_query(&statement).execute(tx.connection)?))
    }

    /// Fails unless the database refuses the statement.
    #[track_caller]
    pub fn refused(&self, statement: &str) {
        assert!(self.raw(statement).is_err(), "the database took: {statement}");
    }

    /// Fails unless the database takes the statement for one row.
    #[track_caller]
    pub fn taken(&self, statement: &str) {
        match self.raw(statement) {
            Ok(rows) => assert_eq!(rows, 1, "{statement}"),
            Err(error) => panic!("{statement}: {}", error.for_log()),
        }
    }

    /// The number `n` that a query counts.
    pub fn count(&self, query: &str) -> i64 {
        self.read(|connection| Ok(diesel::sql_query(query).get_result::<Count>(connection)?.n))
    }

    /// The text `t` that a query gives.
    pub fn text(&self, query: &str) -> String {
        self.read(|connection| Ok(diesel::sql_query(query).get_result::<Words>(connection)?.t))
    }

    /// An elder with identity number, phone and address; gives the number.
    pub fn add_sealed_elder(&self, town: usize, identity: &str) -> i64 {
        let id = self.add_elder(town);
        let personal = Personal {
            identity: identity.to_owned(),
            phone: PHONE.to_owned(),
            address: ADDRESS.to_owned(),
            ..Personal::default()
        };
        let columns = seal(self.keys(), id, &personal).unwrap();
        self.write(|tx| {
            diesel::update(elders::table.filter(elders::id.eq(id)))
                .set((
                    elders::identity_sealed.eq(&columns.identity_sealed),
                    elders::identity_index.eq(&columns.identity_index),
                    elders::phone_sealed.eq(&columns.phone_sealed),
                    elders::address_sealed.eq(&columns.address_sealed),
                ))
                .execute(tx.connection)?;
            Ok(())
        });
        id
    }

    /// A visit that was done at ten in the morning of a day.
    pub fn visited(&self, elder: i64, caregiver: i64, day: &str) {
        let insert = format!(
            "INSERT INTO visits (elder_id, town_code, service_code, service_on, window_starts_at, window_ends_at, \
             duration_min, caregiver_id, starts_at, ends_at) SELECT id, town_code, 'meal', '{day}', \
             '{day} 02:00:00.000', '{day} 04:00:00.000', 30, {caregiver}, '{day} 02:00:00.000', '{day} 02:30:00.000' \
             FROM elders WHERE id = {elder}"
        );
        self.taken(&insert);
        let steps = [
            "plan none planned",
            "assign planned assigned",
            "arrive assigned arrived",
            "finish arrived done",
        ];
        for (index, step) in steps.iter().enumerate() {
            let parts: Vec<&str> = step.split(' ').collect();
            let prev = if index == 0 { "NULL".to_owned() } else { index.to_string() };
            self.taken(&format!(
                "INSERT INTO visit_events (visit_id, seq, prev_seq, kind, from_state, to_state, at, recorded_at, actor, \
                 caregiver_id, note) SELECT max(id), {}, {prev}, '{}', '{}', '{}', '{day} 02:00:00.000', \
                 '{day} 02:00:00.000', 'seed', {caregiver}, '' FROM visits",
                index + 1,
                parts[0],
                parts[1],
                parts[2]
            ));
        }
    }

    pub fn name_of_elder(&self, id: i64) -> String {
        self.read(|connection| Ok(elders::table.find(id).select(elders::name).first(connection)?))
    }

    /// Number and detail of the audit rows of one action.
    pub fn audited(&self, action: &str) -> Vec<(String, String)> {
        self.read(|connection| {
            Ok(audit_log::table
                .filter(audit_log::action.eq(action))
                .order(audit_log::id)
                .select((audit_log::entity_id, audit_log::detail))
                .load(connection)?)
        })
    }

    /// A signed-in browser of a new user.
    pub async fn user(&self, login: &str, role: Role, place: Place) -> Client {
        self.add_user(login, role, place);
        self.login(login).await
    }
}
