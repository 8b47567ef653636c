//! What belongs to the records of those who are visited at home: whom to call, consents, wishes about caregivers, places, and
//! since when public money pays. Everybody named is invented; every number is one that nobody can have.

use chrono::{Days, Months, NaiveDate};

use super::city::City;
use super::dice::Dice;
use super::people;
use super::store::{
    CaregiverWishRow, ConsentRow, ContactRow, PlaceRow, Worker, date_eligibility, held_by_clients,
    insert_caregiver_wishes, insert_consents, insert_contacts, insert_places,
};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::registry::caregivers::Gender;

const VERY_OLD_MONTHS: u32 = 80 * 12;
const RELATIONS: [&str; 6] = ["child", "child", "spouse", "grandchild", "neighbour", "village_committee"];
const DOOR_NOTES: [&str; 5] = [
    "门铃已坏，请敲门。",
    "院内有狗，请先打电话。",
    "老人听力差，请多敲几次。",
    "钥匙在村委会保管。",
    "三楼无电梯，走左侧楼梯。",
];
const REASONS: [&str; 3] = ["老人提出，沟通不畅。", "家属提出，曾多次迟到。", "亲属关系，按规定回避。"];

/// Languages and wishes of one elder.
pub(super) struct Wishes {
    pub languages: &'static str,
    pub gender_wish: Option<&'static str>,
    pub gender_wish_hard: bool,
    pub language_wish: Option<&'static str>,
    pub door_note: Option<&'static str>,
}

/// Thrown apart from the rest, so that a wish more moves no elder.
pub(super) fn wishes(seed: u64, id: i64) -> Wishes {
    let mut dice = Dice::new(seed, &format!("wishes/{id}"));
    let languages = *dice.pick(&["minnan", "minnan", "minnan,mandarin", "minnan,mandarin", "mandarin"]);
    let gender_wish = dice.hits(8).then(|| *dice.pick(&["female", "female", "male"]));
    let gender_wish_hard = gender_wish.is_some() && dice.hits(50);
    let language_wish = (languages == "minnan" && dice.hits(25)).then_some("minnan");
    let door_note = dice.hits(30).then(|| *dice.pick(&DOOR_NOTES));
    Wishes { languages, gender_wish, gender_wish_hard, language_wish, door_note }
}

#[derive(Default)]
struct Parts {
    contacts: Vec<ContactRow>,
    consents: Vec<ConsentRow>,
    caregivers: Vec<CaregiverWishRow>,
    places: Vec<PlaceRow>,
}

/// Inserts the parts of the clients numbered 1 to `clients`, whose towns and birthdays are on file.
pub(super) fn make(connection: &mut AnyConnection, city: &City<'_>, workers: &[Worker]) -> Result<()> {
    let mut parts = Parts::default();
    let mut seen = 0;
    let held = held_by_clients(connection)?;
    for (row, elder, town, born_on, code) in &held {
        if *elder != seen {
            seen = *elder;
            of_elder(&mut parts, city, workers, (*elder, town))?;
        }
        date_eligibility(connection, *row, since(city, *row, *born_on, code))?;
    }
    insert_contacts(connection, &parts.contacts)?;
    insert_consents(connection, &parts.consents)?;
    insert_caregiver_wishes(connection, &parts.caregivers)?;
    insert_places(connection, &parts.places)
}

/// By age from a birthday on, otherwise for some months or years.
fn since(city: &City<'_>, row: i64, born_on: NaiveDate, code: &str) -> NaiveDate {
    if code == "very_old" {
        return born_on.checked_add_months(Months::new(VERY_OLD_MONTHS)).unwrap_or(born_on);
    }
    let days = Dice::new(city.options.seed, &format!("eligible/{row}")).within(40, 2_400);
    city.today().checked_sub_days(Days::new(days as u64)).unwrap_or(born_on)
}

fn of_elder(
    parts: &mut Parts,
    city: &City<'_>,
    workers: &[Worker],
    (elder_id, town): (i64, &str),
) -> Result<()> {
    let mut dice = Dice::new(city.options.seed, &format!("parts/{elder_id}"));
    for call_order in 1..=dice.within(1, 4) {
        let id = parts.contacts.len() as i64 + 1;
        let gender = if dice.hits(50) { Gender::Female } else { Gender::Male };
        parts.contacts.push(ContactRow {
            id,
            elder_id,
            call_order: call_order as i32,
            name: people::name(&mut dice, gender),
            relation: (*dice.pick(&RELATIONS)).to_owned(),
            phone_sealed: city.seal("elder_contacts", id, "phone", &people::mobile(5_000_000 + id))?,
            note: String::new(),
        });
    }
    let given_on = city.today() - Days::new(dice.within(20, 900) as u64);
    for kind in ["personal_data", "home_visit", "photo"] {
        if dice.hits(90) {
            let given_by = "本人".to_owned();
            parts.consents.push(ConsentRow { elder_id, kind, given_on, given_by, note: String::new() });
        }
    }
    let near: Vec<&Worker> = workers.iter().filter(|worker| worker.town_code == town).collect();
    if !near.is_empty() && dice.hits(10) {
        let is_bar = dice.hits(40);
        parts.caregivers.push(CaregiverWishRow {
            elder_id,
            caregiver_id: dice.pick(&near).id,
            stance: if is_bar { "barred" } else { "preferred" },
            reason: if is_bar { (*dice.pick(&REASONS)).to_owned() } else { String::new() },
            set_by: "demo".to_owned(),
            set_at: city.now,
        });
    }
    if let Some(town) = city.town_of(town).filter(|_| dice.hits(3)) {
        let id = parts.places.len() as i64 + 1;
        let point = town.seat.moved(dice.fraction() - 0.5, dice.fraction() - 0.5);
        let address = format!("晋江市{}{}号", town.name_zh, dice.within(1, 240));
        parts.places.push(PlaceRow {
            id,
            elder_id,
            kind: "second_home",
            label: "子女家".to_owned(),
            address_sealed: city.seal("elder_places", id, "address", &address)?,
            longitude: point.longitude,
            latitude: point.latitude,
            coordinate_source: "wgs84",
            from_on: Some(city.today() - Days::new(dice.within(1, 30) as u64)),
            to_on: Some(city.today() + Days::new(dice.within(1, 60) as u64)),
        });
    }
    Ok(())
}
