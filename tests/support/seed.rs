//! Small, true-to-life records for tests, stored without the slices' own rules.
//!
//! Towns 1 to 3 have two villages each. Sealed columns stay empty: a slice that seals has its own use case for that.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use chrono::NaiveDate;
use diesel::prelude::*;
use songhe::access::{self, Grant, Place, Role};
use songhe::db::schema::{
    beds, caregivers, elders, institutions, providers, rooms, stations, towns, villages,
};

use super::app::TestApp;

/// Of every user that [`TestApp::add_user`] makes.
pub const PASSWORD: &str = "correct horse battery";

/// Verifies in a millisecond: the parameters of a hash are its own.
static PASSWORD_HASH: LazyLock<String> = LazyLock::new(|| {
    let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
    let hash: argon2::password_hash::phc::PasswordHash = cheap.hash_password(PASSWORD.as_bytes()).unwrap();
    hash.to_string()
});

/// Code, Chinese name, English name, longitude, latitude.
const TOWNS: [(&str, &str, &str, f64, f64); 3] = [
    ("350582001", "青阳街道", "Qingyang", 118.55, 24.82),
    ("350582101", "安海镇", "Anhai", 118.47, 24.72),
    ("350582112", "深沪镇", "Shenhu", 118.67, 24.63),
];

/// The statistics code of town 1, 2 or 3.
pub fn town_code(number: usize) -> &'static str {
    TOWNS[number - 1].0
}

/// The statistics code of the first village of town 1, 2 or 3; the second ends in 202.
pub fn village_code(town: usize) -> String {
    format!("{}201", town_code(town))
}

/// Town 1, 2 or 3 as the place of a grant.
pub fn town(number: usize) -> Place {
    Place::Town(town_code(number).to_owned())
}

/// Names of institutions and providers must differ.
fn next_number() -> i64 {
    static NUMBER: AtomicI64 = AtomicI64::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

impl TestApp {
    /// A user with one role at one place who signs in with [`PASSWORD`]; gives the number.
    pub fn add_user(&self, login: &str, role: Role, place: Place) -> i64 {
        self.add_user_with(login, &[Grant { role, place }])
    }

    /// The same with several roles.
    pub fn add_user_with(&self, login: &str, grants: &[Grant]) -> i64 {
        self.write(|tx| access::add_user(tx, login, login, Some(&PASSWORD_HASH), grants))
    }

    /// Three towns with two villages each.
    pub fn add_towns(&self) {
        self.write(|tx| {
            for (code, name_zh, name_en, longitude, latitude) in TOWNS {
                diesel::insert_into(towns::table)
                    .values((
                        towns::code.eq(code),
                        towns::name_zh.eq(name_zh),
                        towns::name_en.eq(name_en),
                        towns::kind.eq(if name_zh.ends_with("街道") { "street" } else { "town" }),
                        towns::longitude.eq(longitude),
                        towns::latitude.eq(latitude),
                        towns::elders_60plus_est.eq(10_000),
                    ))
                    .execute(tx.connection)?;
                for (end, name) in [("201", "前村"), ("202", "后村")] {
                    diesel::insert_into(villages::table)
                        .values((
                            villages::code.eq(format!("{code}{end}")),
                            villages::town_code.eq(code),
                            villages::name_zh.eq(name),
                            villages::kind.eq("village"),
                            villages::listed_2019.eq(true),
                            villages::longitude.eq(longitude),
                            villages::latitude.eq(latitude),
                        ))
                        .execute(tx.connection)?;
                }
            }
            Ok(())
        });
    }

    /// An operating institution in town 1, 2 or 3, in its first village; gives the number.
    pub fn add_institution(&self, town: usize) -> i64 {
        let (code, _, _, longitude, latitude) = TOWNS[town - 1];
        let name = format!("养老院{}", next_number());
        self.write(|tx| {
            Ok(diesel::insert_into(institutions::table)
                .values((
                    institutions::town_code.eq(code),
                    institutions::village_code.eq(village_code(town)),
                    institutions::name.eq(&name),
                    institutions::kind.eq("public"),
                    institutions::state.eq("operating"),
                    institutions::operator.eq("镇政府"),
                    institutions::phone.eq("0595-85680000"),
                    institutions::micro_fire_station.eq(true),
                    institutions::longitude.eq(longitude),
                    institutions::latitude.eq(latitude),
                    institutions::updated_at.eq(tx.now),
                ))
                .returning(institutions::id)
                .get_result(tx.connection)?)
        })
    }

    /// A provider of home services in town 1, 2 or 3; gives the number.
    pub fn add_provider(&self, town: usize) -> i64 {
        let name = format!("养老服务社{}", next_number());
        self.write(|tx| {
            Ok(diesel::insert_into(providers::table)
                .values((
                    providers::town_code.eq(town_code(town)),
                    providers::name.eq(&name),
                    providers::phone.eq("0595-85680001"),
                    providers::updated_at.eq(tx.now),
                ))
                .returning(providers::id)
                .get_result(tx.connection)?)
        })
    }

    /// A smart station in the first village of town 1, 2 or 3; gives the number.
    pub fn add_station(&self, town: usize, provider: Option<i64>) -> i64 {
        let (code, _, _, longitude, latitude) = TOWNS[town - 1];
        let name = format!("居家养老服务站{}", next_number());
        self.write(|tx| {
            Ok(diesel::insert_into(stations::table)
                .values((
                    stations::town_code.eq(code),
                    stations::village_code.eq(village_code(town)),
                    stations::provider_id.eq(provider),
                    stations::name.eq(&name),
                    stations::smart.eq(true),
                    stations::services.eq("meals"),
                    stations::phone.eq("0595-85680002"),
                    stations::longitude.eq(longitude),
                    stations::latitude.eq(latitude),
                    stations::updated_at.eq(tx.now),
                ))
                .returning(stations::id)
                .get_result(tx.connection)?)
        })
    }

    /// A caregiver of a provider who works all days from 08:00 to 18:00 and has every skill; gives the number.
    pub fn add_caregiver(&self, town: usize, provider: i64) -> i64 {
        let (code, _, _, longitude, latitude) = TOWNS[town - 1];
        let name = format!("护理员{}", next_number());
        self.write(|tx| {
            Ok(diesel::insert_into(caregivers::table)
                .values((
                    caregivers::provider_id.eq(provider),
                    caregivers::town_code.eq(code),
                    caregivers::name.eq(&name),
                    caregivers::gender.eq("female"),
                    caregivers::skills.eq("daily,personal,health"),
                    caregivers::languages.eq("minnan,mandarin"),
                    caregivers::shift_days.eq("1,2,3,4,5,6,7"),
                    caregivers::shift_starts_min.eq(8 * 60),
                    caregivers::shift_ends_min.eq(18 * 60),
                    caregivers::travel_mode.eq("e_bike"),
                    caregivers::longitude.eq(longitude),
                    caregivers::latitude.eq(latitude),
                    caregivers::active.eq(true),
                    caregivers::updated_at.eq(tx.now),
                ))
                .returning(caregivers::id)
                .get_result(tx.connection)?)
        })
    }

    /// An elder of 80 in the first village of town 1, 2 or 3, without sealed values; gives the number.
    pub fn add_elder(&self, town: usize) -> i64 {
        let (code, _, _, longitude, latitude) = TOWNS[town - 1];
        let name = format!("老人{}", next_number());
        self.write(|tx| {
            Ok(diesel::insert_into(elders::table)
                .values((
                    elders::town_code.eq(code),
                    elders::village_code.eq(village_code(town)),
                    elders::name.eq(&name),
                    elders::gender.eq("male"),
                    elders::born_on.eq(NaiveDate::from_ymd_opt(1946, 5, 1).unwrap_or_default()),
                    elders::categories.eq(""),
                    elders::home_visits.eq(true),
                    elders::longitude.eq(longitude),
                    elders::latitude.eq(latitude),
                    elders::updated_at.eq(tx.now),
                ))
                .returning(elders::id)
                .get_result(tx.connection)?)
        })
    }

    /// A nursing bed in a room of its own in an institution of town 1, 2 or 3; gives the bed's number.
    pub fn add_bed(&self, town: usize, institution: i64) -> i64 {
        let number = next_number().to_string();
        self.write(|tx| {
            let room: i64 = diesel::insert_into(rooms::table)
                .values((
                    rooms::institution_id.eq(institution),
                    rooms::town_code.eq(town_code(town)),
                    rooms::building.eq("1"),
                    rooms::floor.eq(1),
                    rooms::number.eq(&number),
                ))
                .returning(rooms::id)
                .get_result(tx.connection)?;
            Ok(diesel::insert_into(beds::table)
                .values((
                    beds::room_id.eq(room),
                    beds::institution_id.eq(institution),
                    beds::town_code.eq(town_code(town)),
                    beds::label.eq("1"),
                    beds::kind.eq("nursing"),
                ))
                .returning(beds::id)
                .get_result(tx.connection)?)
        })
    }
}

super::app::both!(every_record_can_be_seeded, |app| async {
    app.add_towns();
    let (institution, provider) = (app.add_institution(1), app.add_provider(1));
    let made = [
        app.add_station(1, Some(provider)),
        app.add_caregiver(1, provider),
        app.add_elder(1),
        app.add_bed(1, institution),
    ];
    assert!(made.iter().all(|id| *id > 0), "{made:?}");
});
