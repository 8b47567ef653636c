//! One user for each role, all with one password that is made anew for each city.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::city::Made;
use super::people::landline;
use super::store;
use crate::access::seal::random;
use crate::access::store::{insert_grant, insert_user, set_work_phone};
use crate::access::{Grant, Place, Role};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::{Error, Result};

/// The town whose coordinator and caregiver can sign in.
pub(super) const TOWN: &str = "350582101";
const SYLLABLES: [&str; 32] = [
    "ba", "be", "bo", "da", "de", "du", "fa", "fe", "ga", "go", "ha", "hu", "ka", "ke", "ko", "la", "le",
    "lu", "ma", "mi", "mo", "na", "ne", "nu", "pa", "po", "ra", "ro", "sa", "so", "ta", "to",
];
const PASSWORD_SYLLABLES: usize = 9;

/// What the demo prints; kept in a file that only its owner reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logins {
    pub password: String,
    pub logins: Vec<Login>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub login: String,
    /// As stored in grants: `city_manager`.
    pub role: String,
}

const USERS: [(&str, &str, Role); 8] = [
    ("city", "市民政局养老科", Role::CityManager),
    ("coordinator", "安海镇养老协理员", Role::Coordinator),
    ("duty", "市值班室", Role::DutyOfficer),
    ("manager", "市社会福利中心管理员", Role::InstitutionManager),
    ("caregiver", "护理员", Role::Caregiver),
    ("system", "系统管理员", Role::SystemAdministrator),
    ("security", "安全管理员", Role::SecurityAdministrator),
    ("audit", "审计管理员", Role::AuditAdministrator),
];

impl Logins {
    /// A new password of syllables: 45 random bits, easy to type.
    pub(super) fn fresh() -> Result<Logins> {
        let bytes = random::<PASSWORD_SYLLABLES>()?;
        let syllables: Vec<&str> = bytes.iter().map(|byte| SYLLABLES[usize::from(byte % 32)]).collect();
        let password = syllables.chunks(3).map(<[&str]>::concat).collect::<Vec<_>>().join("-");
        let logins = USERS
            .iter()
            .map(|(login, _, role)| Login { login: (*login).to_owned(), role: role.name().to_owned() });
        Ok(Logins { password, logins: logins.collect() })
    }
}

/// Whose day is worth looking at: a caregiver with visits still to come today, before one with any, of the coordinator's town
/// before another; the busiest of those.
fn busiest(connection: &mut AnyConnection, today: NaiveDate) -> Result<Option<i64>> {
    let mut found: BTreeMap<i64, (bool, i64, i64)> = BTreeMap::new();
    for (caregiver, town, state) in store::given_on(connection, today)? {
        let one = found.entry(caregiver).or_insert((town == TOWN, 0, 0));
        one.1 += i64::from(state == "assigned");
        one.2 += 1;
    }
    let best =
        found.into_iter().max_by_key(|(id, (is_home, open, all))| (*open > 0, *is_home, *open, *all, -id));
    Ok(best.map(|(id, _)| id))
}

/// On a day on which the caregiver who signs in has no visits, it is somebody who has.
pub(super) fn keep_busy(tx: &mut Tx<'_>) -> Result<()> {
    let today = tx.calendar.day_of(tx.now);
    let busy: Vec<i64> = store::given_on(tx.connection, today)?.into_iter().map(|(id, ..)| id).collect();
    for (user, caregiver) in store::signing_in(tx.connection)? {
        if !busy.contains(&caregiver)
            && let Some(other) = busiest(tx.connection, today)?
        {
            store::become_caregiver(tx.connection, user, other)?;
        }
    }
    Ok(())
}

/// Inserts the users with one password hash.
pub(super) fn make(tx: &mut Tx<'_>, hash: &str, institutions: &[Made]) -> Result<()> {
    let (now, connection) = (tx.now, &mut *tx.connection);
    let caregiver = match busiest(connection, tx.calendar.day_of(now))? {
        Some(busy) => Some(busy),
        None => store::workers(connection)?.first().map(|worker| worker.id),
    };
    let caregiver = caregiver.ok_or_else(|| Error::internal("the demo city has no caregiver"))?;
    let house = institutions.iter().find(|institution| institution.kind == "welfare_centre");
    let house = house.ok_or_else(|| Error::internal("the demo city has no welfare centre"))?;
    for (login, name, role) in USERS {
        let place = match role {
            Role::Coordinator => Place::Town(TOWN.to_owned()),
            Role::InstitutionManager => Place::Institution(house.id),
            Role::Caregiver => Place::Own(caregiver),
            _ => Place::City,
        };
        let own_name = store::caregiver_name(connection, caregiver)?;
        let name = if role == Role::Caregiver { own_name.as_str() } else { name };
        let id = insert_user(connection, login, name, Some(hash), now)?;
        insert_grant(connection, id, &Grant { role, place })?;
        if role == Role::Coordinator {
            set_work_phone(connection, id, &landline(9_000))?;
        }
    }
    Ok(())
}
