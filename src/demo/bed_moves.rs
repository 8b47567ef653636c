//! Beds while the demo runs: every minute somebody goes on leave, comes back, moves in from the waiting list, or leaves.

use chrono::TimeDelta;

use super::dice::Dice;
use super::store;
use crate::access::Scope;
use crate::app::App;
use crate::beds::store::list_entries;
use crate::beds::{
    Admission, Agreed, Departure, Going, LeaveKind, Person, Whom, admit, candidates, discharge, end_leave,
    start_leave,
};
use crate::clock::to_millis;
use crate::elders::store::get_person;
use crate::error::Result;
use crate::listing::ListRequest;

/// Takes the step of the present minute; false where there is nothing to do.
pub(super) async fn step(app: &App, seed: u64) -> Result<bool> {
    let minute = to_millis(app.clock.now()) / 60_000;
    let mut dice = Dice::new(seed, &format!("bed moves {minute}"));
    match dice.within(0, 4) {
        0 => go_on_leave(app, &mut dice).await,
        1 => come_back(app).await,
        2 => move_in(app).await,
        _ => leave_for_good(app, &mut dice).await,
    }
}

async fn go_on_leave(app: &App, dice: &mut Dice) -> Result<bool> {
    let present = app.db.read(store::present).await?;
    if present.is_empty() {
        return Ok(false);
    }
    let (stay, version) = *dice.pick(&present);
    let kind = if dice.hits(50) { LeaveKind::Home } else { LeaveKind::Hospital };
    let due = Some(app.clock.now() + TimeDelta::days(dice.within(2, 6)));
    let going = Going { kind, from: None, due, note: String::new(), reason: String::new() };
    app.write(&Scope::system(), move |tx| start_leave(tx, stay, version, &going)).await?;
    Ok(true)
}

async fn come_back(app: &App) -> Result<bool> {
    let Some((leave, version)) = app.db.read(store::open_leaves).await?.first().copied() else {
        return Ok(false);
    };
    app.write(&Scope::system(), move |tx| end_leave(tx, leave, version, None, "")).await?;
    Ok(true)
}

/// The first in line gets the best bed that fits.
async fn move_in(app: &App) -> Result<bool> {
    let (now, calendar) = (app.clock.now(), app.calendar);
    let found = app
        .db
        .read(move |connection| {
            let scope = Scope::system();
            let request = ListRequest { limit: 1, ..ListRequest::default() };
            let Some(first) = list_entries(connection, &scope, &request, now)?.rows.pop() else {
                return Ok(None);
            };
            let elder = get_person(connection, first.entry.elder_id)?;
            let person = Person {
                gender: elder.gender,
                level: first.entry.care_level,
                kind: first.entry.bed_kind,
                isolation: false,
            };
            let home = Some((elder.longitude, elder.latitude));
            let wished = first.entry.institution_id;
            let beds = candidates(connection, &scope, &person, home, wished, (calendar, now))?;
            let best = beds.into_iter().find(crate::beds::Candidate::fits);
            Ok(best.map(|best| (elder.id, best.offered.bed.id, first.entry.care_level)))
        })
        .await?;
    let Some((elder, bed, care_level)) = found else { return Ok(false) };
    let agreed = Agreed { care_level, ..Agreed::default() };
    let admission = Admission { agreed, ..Admission::now(Whom::Elder(elder), bed) };
    app.write(&Scope::system(), move |tx| admit(tx, &admission)).await?;
    Ok(true)
}

async fn leave_for_good(app: &App, dice: &mut Dice) -> Result<bool> {
    let present = app.db.read(store::present).await?;
    if present.is_empty() {
        return Ok(false);
    }
    let (stay, version) = *dice.pick(&present);
    app.write(&Scope::system(), move |tx| discharge(tx, stay, version, &Departure::default())).await?;
    Ok(true)
}
