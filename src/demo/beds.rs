//! Rooms and beds of the operating institutions, and who lives in them.

use chrono::{Days, NaiveDate};

use super::city::{City, Made};
use super::dice::Dice;
use super::elders::{Profile, elder};
use super::facts::Village;
use super::store::{
    BedRow, ElderRow, RoomRow, StayRow, insert_beds, insert_elders, insert_rooms, insert_stays,
};
use crate::beds::{CareLevel, Destination, Ending};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::{Error, Result};

const ROOMS_PER_FLOOR: i64 = 10;
const FLOORS: i64 = 5;
/// Beds held at once before they are written.
const BEDS_MAX: usize = 3_000;
/// Percent of an institution's beds that are taken: 64 on average.
const TAKEN_FROM: i64 = 55;
const TAKEN_TO: i64 = 76;
/// Village homes with hardly anybody in them, and the percent of their beds that are taken.
const IDLE_HOMES: i64 = 2;
const IDLE_TAKEN: i64 = 9;
/// Percent of the beds where somebody lived before.
const EARLIER: i64 = 16;

/// How many of each were made.
#[derive(Default)]
pub(super) struct Counts {
    pub rooms: i64,
    pub beds: i64,
    pub residents: i64,
    pub stays: i64,
}

/// Inserts rooms, beds, residents and stays; elders are numbered after `last_elder`.
pub(super) fn make(
    connection: &mut AnyConnection,
    city: &City<'_>,
    institutions: &[Made],
    last_elder: i64,
) -> Result<Counts> {
    let mut dice = Dice::new(city.options.seed, "beds");
    let mut batch = Batch {
        city,
        counts: Counts::default(),
        last_elder,
        rooms: vec![],
        beds: vec![],
        elders: vec![],
        stays: vec![],
    };
    let mut idle = 0;
    for institution in institutions {
        let mut taken = dice.within(TAKEN_FROM, TAKEN_TO);
        if institution.kind == "village_home" && idle < IDLE_HOMES {
            // Stands out in the city's view.
            (idle, taken) = (idle + 1, IDLE_TAKEN);
        }
        let mut rooms = Rooms { institution, built: 0 };
        let mut left = institution.beds;
        let mut rehabilitation = institution.rehabilitation_beds;
        while left > 0 {
            let (kind, size) = if rehabilitation > 0 {
                ("rehabilitation", 2.min(rehabilitation))
            } else {
                let (kind, size) = room(&mut dice, institution.kind);
                (kind, size.min(left))
            };
            batch.room(&mut rooms, kind, size);
            batch.people(&mut dice, institution, size, taken)?;
            left -= size;
            rehabilitation = (rehabilitation - size).max(0);
            if batch.beds.len() >= BEDS_MAX {
                batch.write(connection)?;
            }
        }
    }
    batch.write(connection)?;
    Ok(batch.counts)
}

/// What a room is for and how many beds it has.
fn room(dice: &mut Dice, institution_kind: &str) -> (&'static str, i64) {
    let (nursing, dementia) = match institution_kind {
        "village_home" => (20, 4),
        "embedded" => (60, 20),
        "welfare_centre" => (50, 15),
        _ => (40, 10),
    };
    match dice.within(0, 100) {
        throw if throw < dementia => ("dementia", 2),
        throw if throw < dementia + nursing => ("nursing", dice.within(2, 5)),
        _ => ("self_care", dice.within(1, 4)),
    }
}

/// The rooms of one institution, numbered by building and floor.
struct Rooms<'a> {
    institution: &'a Made,
    built: i64,
}

struct Batch<'a> {
    city: &'a City<'a>,
    counts: Counts,
    last_elder: i64,
    rooms: Vec<RoomRow>,
    beds: Vec<BedRow>,
    elders: Vec<ElderRow>,
    stays: Vec<StayRow>,
}

impl Batch<'_> {
    fn room(&mut self, rooms: &mut Rooms<'_>, kind: &'static str, size: i64) {
        let (institution, index) = (rooms.institution, rooms.built);
        rooms.built += 1;
        self.counts.rooms += 1;
        let floor = index / ROOMS_PER_FLOOR % FLOORS + 1;
        self.rooms.push(RoomRow {
            id: self.counts.rooms,
            institution_id: institution.id,
            town_code: institution.town_code,
            building: format!("{}号楼", index / (ROOMS_PER_FLOOR * FLOORS) + 1),
            floor: floor as i32,
            number: format!("{}", floor * 100 + index % ROOMS_PER_FLOOR + 1),
            gender_rule: "any",
            couple: false,
            isolation: false,
        });
        for label in 1..=size {
            self.counts.beds += 1;
            self.beds.push(BedRow {
                id: self.counts.beds,
                room_id: self.counts.rooms,
                institution_id: institution.id,
                town_code: institution.town_code,
                label: label.to_string(),
                kind,
            });
        }
    }

    /// Who lives in the last `size` beds, and who did before; what the room then is.
    fn people(&mut self, dice: &mut Dice, institution: &Made, size: i64, taken: i64) -> Result<()> {
        let before = self.stays.len();
        for bed_id in self.counts.beds - size + 1..=self.counts.beds {
            let now_in = dice.hits(taken).then(|| self.days_ago(dice.within(3, 1_800)));
            if dice.hits(EARLIER) {
                let until = now_in.unwrap_or(self.city.today());
                let left_on = earlier(until, dice.within(2, 60));
                let came_on = earlier(left_on, dice.within(20, 700));
                self.stay(dice, institution, bed_id, came_on, Some(left_on))?;
            }
            if let Some(came_on) = now_in {
                self.stay(dice, institution, bed_id, came_on, None)?;
            }
        }
        self.settle_room(size, before);
        Ok(())
    }

    /// A room of one gender keeps to it; a man and a woman in a room for two are a couple; every fortieth empty room is
    /// for isolation.
    fn settle_room(&mut self, size: i64, before: usize) {
        let residents: Vec<&str> = self.stays[before..]
            .iter()
            .filter(|stay| stay.ends_at.is_none())
            .filter_map(|stay| self.elders.iter().rev().find(|elder| elder.id == stay.elder_id))
            .map(|elder| elder.gender)
            .collect();
        let is_mixed = residents.iter().any(|gender| *gender != residents[0]);
        let number = self.counts.rooms;
        let Some(room) = self.rooms.last_mut() else { return };
        match residents.as_slice() {
            [] => room.isolation = number % 40 == 0,
            _ if is_mixed => room.couple = size == 2,
            [_, _, ..] => room.gender_rule = "same",
            [_] => {}
        }
    }

    fn stay(
        &mut self,
        dice: &mut Dice,
        institution: &Made,
        bed_id: i64,
        came_on: NaiveDate,
        left_on: Option<NaiveDate>,
    ) -> Result<()> {
        let town = self.city.town_of(institution.town_code);
        let town = town.ok_or_else(|| Error::internal("a town of the demo city"))?;
        let listed: Vec<&Village> = town.listed().collect();
        self.last_elder += 1;
        let profile = Profile {
            id: self.last_elder,
            town,
            village: dice.pick::<&Village>(&listed),
            home_visits: false,
            age_from: 66,
            age_to: 99,
        };
        self.elders.push(elder(self.city, dice, &profile)?);
        let level = match self.beds.iter().rev().find(|bed| bed.id == bed_id).map(|bed| bed.kind) {
            Some("self_care") | None => CareLevel::SelfCare,
            Some("dementia") => CareLevel::FullCare,
            Some(_) if bed_id % 3 == 0 => CareLevel::FullCare,
            Some(_) => CareLevel::HalfCare,
        };
        self.counts.residents += 1;
        self.counts.stays += 1;
        self.stays.push(StayRow {
            id: self.counts.stays,
            bed_id,
            elder_id: self.last_elder,
            institution_id: institution.id,
            town_code: institution.town_code,
            starts_at: self.office_hour(dice, came_on),
            ends_at: left_on.map(|day| self.office_hour(dice, day)),
            ending: left_on.map(|_| Ending::Discharge),
            destination: left_on.map(|_| Destination::Home),
            care_level: Some(level),
            contract_starts_on: Some(came_on),
            contract_ends_on: came_on.checked_add_days(Days::new(3 * 365)),
        });
        Ok(())
    }

    fn days_ago(&self, days: i64) -> NaiveDate {
        earlier(self.city.today(), days)
    }

    fn office_hour(&self, dice: &mut Dice, day: NaiveDate) -> Instant {
        self.city.calendar.at(day, dice.within(9 * 60, 17 * 60) as i32)
    }

    fn write(&mut self, connection: &mut AnyConnection) -> Result<()> {
        insert_rooms(connection, &self.rooms)?;
        insert_beds(connection, &self.beds)?;
        insert_elders(connection, &self.elders)?;
        insert_stays(connection, &self.stays)?;
        self.rooms.clear();
        self.beds.clear();
        self.elders.clear();
        self.stays.clear();
        Ok(())
    }
}

fn earlier(day: NaiveDate, days: i64) -> NaiveDate {
    day.checked_sub_days(Days::new(days as u64)).unwrap_or(day)
}
