//! Which row is in the way. These checks only say it better: the database has the last word.

use super::model::ClaimKind;
use super::record::not_now;
use super::store::{self, BedRow, ClaimRow, StayRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::clock::Instant;
use crate::elders::store::visible_names;
use crate::error::{Code, Error, Result};
use crate::registry::institutions::store::get_institution;
use crate::text::Text;

/// The bed that a request names, to be filled or kept by whoever has `need` there.
pub(super) fn named_bed(tx: &mut Tx<'_>, need: Permission, id: i64) -> Result<BedRow> {
    store::get_bed(tx.connection, tx.scope, need, id).map_err(|error| match error.code {
        Code::NotFound => Error::field("bed", Text::new("rule.unknown_bed")),
        _ => error,
    })
}

/// Refuses `[from, to)` on a bed that something else fills then, naming the row; `except` are rows that give way.
pub(super) fn refuse_bed(
    tx: &mut Tx<'_>,
    bed: &BedRow,
    from: Instant,
    to: Option<Instant>,
    except: &[(ClaimKind, i64)],
) -> Result<()> {
    refuse_spot(tx, (bed.id, bed.closed_at), (from, to), except)
}

/// The same of a bed whose number alone is at hand.
pub(super) fn refuse_bed_of(
    tx: &mut Tx<'_>,
    bed_id: i64,
    period: (Instant, Option<Instant>),
    except: &[(ClaimKind, i64)],
) -> Result<()> {
    let closed_at = store::bed_closed_at(tx.connection, bed_id)?;
    refuse_spot(tx, (bed_id, closed_at), period, except)
}

fn refuse_spot(
    tx: &mut Tx<'_>,
    (bed_id, closed_at): (i64, Option<Instant>),
    (from, to): (Instant, Option<Instant>),
    except: &[(ClaimKind, i64)],
) -> Result<()> {
    if let Some(at) = closed_at
        && to.is_none_or(|to| to > at)
    {
        return Err(not_now(Text::new("bed.closed_since").with("at", tx.calendar.show(at))));
    }
    match store::blocking_claim(tx.connection, bed_id, from, to, except)? {
        None => Ok(()),
        Some(claim) => Err(Error::taken(bed_taken(tx, &claim)?)),
    }
}

/// Refuses `[from, to)` for an elder who lives somewhere then, apart from one stay.
pub(super) fn refuse_elder(
    tx: &mut Tx<'_>,
    elder_id: i64,
    from: Instant,
    to: Option<Instant>,
    except: Option<i64>,
) -> Result<()> {
    match store::stay_of_elder_in(tx.connection, elder_id, from, to, except)? {
        None => Ok(()),
        Some(stay) => Err(Error::taken(elder_taken(tx, &stay)?)),
    }
}

/// Names the row with its period, and the person only to somebody who may see them.
fn bed_taken(tx: &mut Tx<'_>, claim: &ClaimRow) -> Result<Text> {
    let key = match (claim.kind, claim.ends_at) {
        (ClaimKind::Stay, None) => "bed.taken_since",
        (ClaimKind::Stay, Some(_)) => "bed.taken_until",
        (ClaimKind::Hold, _) => "bed.held_until",
        (ClaimKind::Outage, None) => "bed.out_since",
        (ClaimKind::Outage, Some(_)) => "bed.out_until",
    };
    let text = Text::new(key)
        .with("number", claim.source_id)
        .with("from", tx.calendar.show(claim.starts_at))
        .with("to", claim.ends_at.map(|at| tx.calendar.show(at)).unwrap_or_default());
    let elder_id = match claim.kind {
        ClaimKind::Stay => Some(store::find_stay(tx.connection, claim.source_id)?.elder_id),
        ClaimKind::Hold => store::get_hold(tx.connection, tx.scope, Permission::ManageStays, claim.source_id)
            .ok()
            .map(|hold| hold.elder_id),
        ClaimKind::Outage => None,
    };
    let Some(elder_id) = elder_id else { return Ok(text.with("who", "@bed.somebody")) };
    let names = visible_names(tx.connection, tx.scope, &[elder_id], tx.now)?;
    Ok(text.with("who", names.get(&elder_id).map_or("@bed.somebody", String::as_str)))
}

/// Names the institution only to somebody who may see its beds.
fn elder_taken(tx: &mut Tx<'_>, stay: &StayRow) -> Result<Text> {
    let Ok(reach) = tx.scope.reach(Permission::SeeBeds) else { return Ok(Text::new("error.elder_in_bed")) };
    if !reach.covers(Some(&stay.town_code), Some(stay.institution_id)) {
        return Ok(Text::new("error.elder_in_bed"));
    }
    let institution = get_institution(tx.connection, tx.scope, Permission::SeeBeds, stay.institution_id)?;
    let from = tx.calendar.show(stay.starts_at);
    let text = match stay.ends_at {
        None => Text::new("bed.elder_since").with("from", from),
        Some(to) => Text::new("bed.elder_until").with("from", from).with("to", tx.calendar.show(to)),
    };
    Ok(text.with("institution", institution.name))
}
