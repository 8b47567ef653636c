//! Rows of the life of beds, and what they are made of.

use chrono::NaiveDate;
use diesel::dsl::max;
use diesel::prelude::*;

use super::bulk::BINDS_MAX;
use crate::beds::{BedKind, CareLevel};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{
    bed_claims, bed_confirmations, beds, elders, holds, institutions, leaves, outages, rooms, stay_risks,
    stays, transfers, waiting_entries,
};
use crate::elders::store::categories_of;
use crate::error::Result;
use crate::on_backend;

bulk!(insert_risks, stay_risks, RiskRow {
    stay_id: i64,
    risk: &'static str,
    present: bool,
    answered_at: Instant,
    actor: &'static str,
});

bulk!(insert_leaves, leaves, LeaveRow {
    stay_id: i64,
    kind: &'static str,
    starts_at: Instant,
    due_at: Option<Instant>,
    note: String,
});

bulk!(
    insert_holds,
    holds,
    HoldRow {
        bed_id: i64,
        elder_id: i64,
        institution_id: i64,
        town_code: String,
        starts_at: Instant,
        ends_at: Instant,
        note: String,
    }
);

bulk!(insert_outages, outages, OutageRow {
    bed_id: i64,
    institution_id: i64,
    town_code: String,
    reason: &'static str,
    note: String,
    starts_at: Instant,
    due_at: Option<Instant>,
});

bulk!(insert_waiting, waiting_entries, WaitingRow {
    elder_id: i64,
    town_code: String,
    institution_id: Option<i64>,
    bed_kind: Option<BedKind>,
    care_level: Option<CareLevel>,
    class_code: &'static str,
    place: i64,
    state: &'static str,
    note: String,
    asked_at: Instant,
});

bulk!(insert_transfers, transfers, TransferRow {
    stay_id: i64,
    elder_id: i64,
    institution_id: i64,
    town_code: String,
    to_institution_id: i64,
    to_town_code: String,
    state: &'static str,
    reason: String,
    answer: String,
    asked_at: Instant,
});

bulk!(insert_confirmations, bed_confirmations, ConfirmationRow {
    institution_id: i64,
    town_code: String,
    at: Instant,
    actor: &'static str,
    beds: i64,
    occupied: i64,
    on_leave: i64,
    reserved: i64,
    out_of_service: i64,
    free: i64,
});

/// A stay that goes on.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = stays)]
pub(in crate::demo) struct Lived {
    pub id: i64,
    pub elder_id: i64,
    pub institution_id: i64,
    pub town_code: String,
    pub starts_at: Instant,
}

pub(in crate::demo) fn lived_in(connection: &mut AnyConnection) -> Result<Vec<Lived>> {
    Ok(stays::table
        .filter(stays::ends_at.is_null())
        .order(stays::id)
        .select(Lived::as_select())
        .load(connection)?)
}

/// A bed that nothing fills, and since when.
#[derive(Clone, Debug)]
pub(in crate::demo) struct FreeBed {
    pub id: i64,
    pub institution_id: i64,
    pub town_code: String,
    pub free_since: Option<Instant>,
}

pub(in crate::demo) fn free_beds(connection: &mut AnyConnection) -> Result<Vec<FreeBed>> {
    // Holds have an end and are open; what is over has an end and is not.
    let taken = bed_claims::table
        .filter(bed_claims::ends_at.is_null().or(bed_claims::kind.eq("hold")))
        .select(bed_claims::bed_id);
    let rows: Vec<(i64, i64, String)> = beds::table
        .filter(beds::id.ne_all(taken))
        .order(beds::id)
        .select((beds::id, beds::institution_id, beds::town_code))
        .load(connection)?;
    let ended: std::collections::HashMap<i64, Option<Instant>> = bed_claims::table
        .group_by(bed_claims::bed_id)
        .select((bed_claims::bed_id, max(bed_claims::ends_at)))
        .load::<(i64, Option<Instant>)>(connection)?
        .into_iter()
        .collect();
    let beds = rows.into_iter().map(|(id, institution_id, town_code)| FreeBed {
        free_since: ended.get(&id).copied().flatten(),
        id,
        institution_id,
        town_code,
    });
    Ok(beds.collect())
}

/// Number, town and categories, joined with commas, of the clients of home visits.
pub(in crate::demo) fn clients_with_categories(
    connection: &mut AnyConnection,
    today: NaiveDate,
) -> Result<Vec<(i64, String, String)>> {
    let clients: Vec<(i64, String)> = elders::table
        .filter(elders::home_visits.eq(true))
        .order(elders::id)
        .select((elders::id, elders::town_code))
        .load(connection)?;
    let ids: Vec<i64> = clients.iter().map(|(id, _)| *id).collect();
    let held = categories_of(connection, &ids, today)?;
    let codes = |id: i64| -> Vec<&str> {
        held.get(&id).into_iter().flatten().map(|category| category.code.as_str()).collect()
    };
    Ok(clients.into_iter().map(|(id, town)| (id, town, codes(id).join(","))).collect())
}

/// Number and town of the institutions that operate, the welfare centre first.
pub(in crate::demo) fn operating_houses(connection: &mut AnyConnection) -> Result<Vec<(i64, String)>> {
    let mut rows: Vec<(i64, String, String)> = institutions::table
        .filter(institutions::state.eq("operating"))
        .order(institutions::id)
        .select((institutions::id, institutions::town_code, institutions::kind))
        .load(connection)?;
    rows.sort_by_key(|(_, _, kind)| kind != "welfare_centre");
    Ok(rows.into_iter().map(|(id, town, _)| (id, town)).collect())
}

pub(in crate::demo) fn order_discharges(
    connection: &mut AnyConnection,
    planned: &[(i64, Instant)],
) -> Result<()> {
    for (id, at) in planned {
        diesel::update(stays::table.filter(stays::id.eq(id)))
            .set((stays::planned_ends_at.eq(at), stays::destination.eq("home")))
            .execute(connection)?;
    }
    Ok(())
}

/// Open leaves with their versions, the longest first.
pub(in crate::demo) fn open_leaves(connection: &mut AnyConnection) -> Result<Vec<(i64, i64)>> {
    Ok(leaves::table
        .filter(leaves::ends_at.is_null())
        .order(leaves::starts_at)
        .select((leaves::id, leaves::version))
        .load(connection)?)
}

/// Stays that go on without a leave, with their versions.
pub(in crate::demo) fn present(connection: &mut AnyConnection) -> Result<Vec<(i64, i64)>> {
    let away = leaves::table.filter(leaves::ends_at.is_null()).select(leaves::stay_id);
    Ok(stays::table
        .filter(stays::ends_at.is_null())
        .filter(stays::id.ne_all(away))
        .order(stays::id)
        .select((stays::id, stays::version))
        .load(connection)?)
}

/// The free beds of rooms that take anybody.
pub(in crate::demo) fn open_beds(connection: &mut AnyConnection) -> Result<Vec<(i64, i64)>> {
    let open: Vec<(i64, i64)> = beds::table
        .inner_join(rooms::table)
        .filter(rooms::gender_rule.eq("any"))
        .filter(rooms::isolation.eq(false))
        .select((beds::id, beds::institution_id))
        .load(connection)?;
    let open: std::collections::HashMap<i64, i64> = open.into_iter().collect();
    let free = free_beds(connection)?.into_iter();
    Ok(free.filter_map(|bed| open.get(&bed.id).map(|house| (bed.id, *house))).collect())
}

/// Clients of home visits who live in no institution and for whom no bed is held.
pub(in crate::demo) fn clients_without_bed(connection: &mut AnyConnection) -> Result<Vec<i64>> {
    let living = stays::table.filter(stays::ends_at.is_null()).select(stays::elder_id);
    let held = holds::table.filter(holds::outcome.is_null()).select(holds::elder_id);
    Ok(elders::table
        .filter(elders::home_visits.eq(true))
        .filter(elders::id.ne_all(living))
        .filter(elders::id.ne_all(held))
        .order(elders::id)
        .select(elders::id)
        .load(connection)?)
}

bulk!(insert_old_stays, stays, OldStayRow {
    bed_id: i64,
    elder_id: i64,
    institution_id: i64,
    town_code: String,
    starts_at: Instant,
    ends_at: Option<Instant>,
    ending: &'static str,
});

/// How far back the added stays begin, in days.
const HISTORY_DAYS: i64 = 3_650;

/// Adds stays until there are `wanted` in all, spread over the beds and over ten years, one after another in each bed up to the
/// first that is there already; each bed's are of an elder of its own, so that nobody is in two beds.
pub(in crate::demo) fn add_history(connection: &mut AnyConnection, now: Instant, wanted: i64) -> Result<()> {
    let there: i64 = stays::table.count().get_result(connection)?;
    let all: Vec<(i64, i64, String)> = beds::table
        .order(beds::id)
        .select((beds::id, beds::institution_id, beds::town_code))
        .load(connection)?;
    let people: Vec<i64> = elders::table.order(elders::id).select(elders::id).load(connection)?;
    let first_in_bed = first_starts(
        bed_claims::table
            .order(bed_claims::starts_at.desc())
            .select((bed_claims::bed_id, bed_claims::starts_at))
            .load(connection)?,
    );
    let first_of_elder = first_starts(
        stays::table
            .order(stays::starts_at.desc())
            .select((stays::elder_id, stays::starts_at))
            .load(connection)?,
    );
    let pairs: Vec<_> = all.into_iter().zip(people).collect();
    let (count, missing) = (pairs.len() as i64, (wanted - there).max(0));
    let first = now - chrono::TimeDelta::days(HISTORY_DAYS);
    let mut rows = Vec::new();
    for (index, ((bed_id, institution_id, town_code), elder_id)) in pairs.into_iter().enumerate() {
        let starts = [first_in_bed.get(&bed_id), first_of_elder.get(&elder_id)];
        let end = starts.into_iter().flatten().copied().fold(now, Instant::min);
        // What does not divide goes to the beds in front.
        let each = missing / count + i64::from((index as i64) < missing % count);
        let minutes = (end - first).num_minutes() / each.max(1);
        for number in (0..each).take_while(|_| minutes > 120) {
            let starts_at = first + chrono::TimeDelta::minutes(number * minutes);
            rows.push(OldStayRow {
                bed_id,
                elder_id,
                institution_id,
                town_code: town_code.clone(),
                starts_at,
                ends_at: Some(starts_at + chrono::TimeDelta::minutes(minutes - 60)),
                ending: "discharge",
            });
        }
    }
    insert_old_stays(connection, &rows)?;
    crate::db::store::continue_numbers(connection, &["stays"])
}

/// The earliest start of each; the rows come with the latest first.
fn first_starts(rows: Vec<(i64, Instant)>) -> std::collections::HashMap<i64, Instant> {
    rows.into_iter().collect()
}
