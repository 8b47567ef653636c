//! What goes on in the beds when the city is opened: leaves, holds, outages, ordered discharges, who waits, what was
//! confirmed, and which risks were assessed.

use chrono::TimeDelta;

use super::city::City;
use super::dice::Dice;
use super::store::{
    self, ConfirmationRow, FreeBed, HoldRow, Lived, OutageRow, RiskRow, TransferRow, WaitingRow,
};
use crate::beds::{BedKind, CareLevel, Risk};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;

const HOLDS: usize = 60;
const WAITING: usize = 45;
/// Percent of the residents on leave, of the free beds out of service, of the residents whose discharge is ordered.
const ON_LEAVE: i64 = 3;
const OUT: i64 = 3;
const LEAVING: i64 = 2;
/// Percent of the residents whose nine risks are all assessed.
const ASSESSED: i64 = 92;
const ACTOR: &str = "demo";

/// Fills the life of the beds in; everything follows from the seed and the beds that are there.
pub(super) fn make(connection: &mut AnyConnection, city: &City<'_>) -> Result<()> {
    let mut dice = Dice::new(city.options.seed, "bed life");
    let lived = store::lived_in(connection)?;
    let mut free = store::free_beds(connection)?;
    dice.shuffle(&mut free);
    let mut clients = store::clients_with_categories(connection, city.today())?;
    dice.shuffle(&mut clients);
    residents(connection, city, &mut dice, &lived)?;
    let outages = free.len() * OUT as usize / 100;
    let (broken, rest) = free.split_at(outages);
    store::insert_outages(
        connection,
        &broken.iter().map(|bed| outage(city, &mut dice, bed)).collect::<Vec<_>>(),
    )?;
    // A small city has fewer people than there are holds.
    let holds = city.options.count(HOLDS as i64) as usize;
    let held: Vec<HoldRow> = rest
        .iter()
        .zip(&clients)
        .take(holds)
        .map(|(bed, client)| hold(city, &mut dice, bed, client.0))
        .collect();
    let held_count = held.len();
    store::insert_holds(connection, &held)?;
    let houses = store::operating_houses(connection)?;
    let waiting = city.options.count(WAITING as i64) as usize;
    let line: Vec<WaitingRow> = clients
        .iter()
        .skip(held_count)
        .take(waiting)
        .enumerate()
        .map(|(index, client)| wait(city, &mut dice, index, client, &houses))
        .collect();
    store::insert_waiting(connection, &line)?;
    transfers(connection, city, &lived, &houses)?;
    confirmations(connection, city, &mut dice, &houses)
}

fn residents(
    connection: &mut AnyConnection,
    city: &City<'_>,
    dice: &mut Dice,
    lived: &[Lived],
) -> Result<()> {
    let (mut risks, mut leaves, mut leaving) = (Vec::new(), Vec::new(), Vec::new());
    for stay in lived {
        let answered = if dice.hits(ASSESSED) { Risk::ALL.len() } else { dice.within(0, 8) as usize };
        risks.extend(Risk::ALL.iter().take(answered).map(|risk| RiskRow {
            stay_id: stay.id,
            risk: risk.name(),
            present: dice.hits(25),
            answered_at: stay.starts_at,
            actor: ACTOR,
        }));
        if dice.hits(ON_LEAVE) {
            let starts_at = city.now - TimeDelta::minutes(dice.within(60, 48 * 60));
            leaves.push(store::LeaveRow {
                stay_id: stay.id,
                kind: if dice.hits(60) { "hospital" } else { "home" },
                starts_at,
                due_at: Some(starts_at + TimeDelta::days(dice.within(3, 9))),
                note: String::new(),
            });
        } else if dice.hits(LEAVING) {
            leaving.push((stay.id, whole_hour(city.now + TimeDelta::hours(dice.within(6, 13 * 24)))));
        }
    }
    store::insert_risks(connection, &risks)?;
    store::insert_leaves(connection, &leaves)?;
    store::order_discharges(connection, &leaving)
}

fn whole_hour(at: Instant) -> Instant {
    use chrono::Timelike;
    at - TimeDelta::seconds(i64::from(at.minute() * 60 + at.second()))
        - TimeDelta::milliseconds(i64::from(at.nanosecond() / 1_000_000))
}

fn outage(city: &City<'_>, dice: &mut Dice, bed: &FreeBed) -> OutageRow {
    let starts_at = city.now - TimeDelta::hours(dice.within(1, 90));
    let (reason, note) =
        *dice.pick(&[("repair", "床架维修"), ("cleaning", "终末消毒"), ("isolation", "隔离备用")]);
    OutageRow {
        bed_id: bed.id,
        institution_id: bed.institution_id,
        town_code: bed.town_code.clone(),
        reason,
        note: note.to_owned(),
        // The one who lived there before has left by then.
        starts_at: bed.free_since.map_or(starts_at, |since| starts_at.max(since)),
        due_at: Some(whole_hour(city.now + TimeDelta::days(dice.within(1, 8)))),
    }
}

fn hold(city: &City<'_>, dice: &mut Dice, bed: &FreeBed, elder_id: i64) -> HoldRow {
    let starts_at = city.now - TimeDelta::minutes(dice.within(10, 600));
    HoldRow {
        bed_id: bed.id,
        elder_id,
        institution_id: bed.institution_id,
        town_code: bed.town_code.clone(),
        starts_at: bed.free_since.map_or(starts_at, |since| starts_at.max(since)),
        ends_at: city.now + TimeDelta::minutes(dice.within(20, 5 * 24 * 60)),
        note: "家属看房后预留".to_owned(),
    }
}

fn wait(
    city: &City<'_>,
    dice: &mut Dice,
    index: usize,
    (elder_id, town_code, categories): &(i64, String, String),
    houses: &[(i64, String)],
) -> WaitingRow {
    let classes = ["extreme_hardship", "minimum_living", "bereaved", "lone", "very_old"];
    let class = classes.into_iter().find(|class| categories.split(',').any(|held| held == *class));
    let (bed_kind, care_level) = *dice.pick(&[
        (Some(BedKind::SelfCare), Some(CareLevel::SelfCare)),
        (Some(BedKind::Nursing), Some(CareLevel::HalfCare)),
        (Some(BedKind::Nursing), Some(CareLevel::FullCare)),
        (Some(BedKind::Dementia), Some(CareLevel::FullCare)),
        (None, None),
    ]);
    let wished = dice.hits(60).then(|| dice.pick(houses).0);
    WaitingRow {
        elder_id: *elder_id,
        town_code: town_code.clone(),
        institution_id: wished,
        bed_kind,
        care_level,
        class_code: class.unwrap_or("general"),
        place: index as i64 + 1,
        state: "waiting",
        note: String::new(),
        asked_at: city.now - TimeDelta::hours(24 * (60 - index as i64).max(1)),
    }
}

/// A few residents on their way between the first house and others, in both directions.
fn transfers(
    connection: &mut AnyConnection,
    city: &City<'_>,
    lived: &[Lived],
    houses: &[(i64, String)],
) -> Result<()> {
    let [first, .., last] = houses else { return Ok(()) };
    let from_first =
        lived.iter().filter(|stay| stay.institution_id == first.0).take(1).map(|stay| (stay, last));
    let to_first =
        lived.iter().filter(|stay| stay.institution_id == last.0).take(2).map(|stay| (stay, first));
    let rows: Vec<TransferRow> = from_first
        .chain(to_first)
        .map(|(stay, to)| TransferRow {
            stay_id: stay.id,
            elder_id: stay.elder_id,
            institution_id: stay.institution_id,
            town_code: stay.town_code.clone(),
            to_institution_id: to.0,
            to_town_code: to.1.clone(),
            state: "asked",
            reason: "需要更高等级的照护".to_owned(),
            answer: String::new(),
            asked_at: city.now - TimeDelta::hours(20),
        })
        .collect();
    store::insert_transfers(connection, &rows)
}

/// Most houses confirmed their figures today, some are late, one never did.
fn confirmations(
    connection: &mut AnyConnection,
    city: &City<'_>,
    dice: &mut Dice,
    houses: &[(i64, String)],
) -> Result<()> {
    let counts = crate::beds::store::counts_at(connection, &crate::access::Scope::system(), city.now)?;
    let mut rows = Vec::new();
    for (index, (id, town_code)) in houses.iter().enumerate().skip(1) {
        let mut sum = crate::beds::Counts::default();
        counts.iter().filter(|row| row.institution_id == *id).for_each(|row| sum += row.counts);
        let hours = if index % 9 == 0 { dice.within(26, 70) } else { dice.within(0, 20) };
        rows.push(ConfirmationRow {
            institution_id: *id,
            town_code: town_code.clone(),
            at: city.now - TimeDelta::minutes(hours * 60 + dice.within(1, 59)),
            actor: ACTOR,
            beds: sum.beds(),
            occupied: sum.occupied,
            on_leave: sum.on_leave,
            reserved: sum.reserved,
            out_of_service: sum.out_of_service,
            free: sum.free,
        });
    }
    store::insert_confirmations(connection, &rows)
}
