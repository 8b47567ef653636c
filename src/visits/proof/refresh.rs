//! Finding a visit's proof anew, and what somebody has to look at.

use chrono::NaiveDate;

use super::model::{Assessment, Evidence, Neighbour, Point, Report, Rules, assess};
use super::store;
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::visits::checkin::store::{FileRow, StepRow, files_of, is_repeated, steps_of};
use crate::visits::checkin::{FileKind, Outcome, StepKind};
use crate::visits::exceptions;
use crate::visits::model::VisitState;
use crate::visits::settings::{Setting, values_on};
use crate::visits::store::{VisitRow, reload};

/// The figures that hold on a day; the program's own where the office has none.
pub(in crate::visits) fn rules_on(connection: &mut AnyConnection, day: NaiveDate) -> Result<Rules> {
    const SETTINGS: [Setting; 7] = [
        Setting::FenceM,
        Setting::AccuracyMaxM,
        Setting::EarlyMin,
        Setting::DurationFairPercent,
        Setting::DurationWeakPercent,
        Setting::SpeedMaxKmH,
        Setting::ClockMaxS,
    ];
    let [
        fence_m,
        accuracy_max_m,
        early_min,
        duration_fair_percent,
        duration_weak_percent,
        speed_max_km_h,
        clock_max_s,
    ] = values_on(connection, SETTINGS, day)?;
    Ok(Rules {
        fence_m: fence_m as f64,
        accuracy_max_m: accuracy_max_m as f64,
        early_min,
        duration_fair_percent,
        duration_weak_percent,
        speed_max_km_h: speed_max_km_h as f64,
        clock_max_s,
    })
}

/// The same for the visits of the caregiver just before and after that have a proof already: their ways change with it.
pub(in crate::visits) fn refresh_with_neighbours(tx: &mut Tx<'_>, visit_id: i64) -> Result<()> {
    refresh(tx, visit_id)?;
    let visit = reload(tx.connection, visit_id)?;
    let (before, after) = store::neighbours(tx.connection, &visit)?;
    for other in [before, after].into_iter().flatten() {
        if store::find(tx.connection, other.id)?.is_some() {
            refresh(tx, other.id)?;
        }
    }
    Ok(())
}

/// Finds the proof of a visit that is over anew. One that still goes on has none yet; steps that contradict its course are
/// told at once.
pub fn refresh(tx: &mut Tx<'_>, visit_id: i64) -> Result<()> {
    let visit = reload(tx.connection, visit_id)?;
    let (steps, files) = (steps_of(tx.connection, visit_id)?, files_of(tx.connection, visit_id)?);
    let evidence = gather(tx, &visit, &steps, &files)?;
    let is_over = matches!(visit.state, VisitState::Done | VisitState::Confirmed);
    let is_told = !evidence.kept.is_empty() || (visit.state == VisitState::NotDone && !steps.is_empty());
    if !is_over && !is_told {
        return Ok(());
    }
    let rules = rules_on(tx.connection, visit.service_on)?;
    let assessment = assess(&evidence, &rules);
    let findings = serde_json::to_string(&assessment.findings)
        .map_err(|error| Error::internal("findings").because(error))?;
    store::put(tx.connection, visit_id, assessment.strength, &findings, tx.now)?;
    exceptions::follow(tx, &visit, &assessment)
}

fn gather(tx: &mut Tx<'_>, visit: &VisitRow, steps: &[StepRow], files: &[FileRow]) -> Result<Evidence> {
    let home = store::home_of(tx.connection, visit.elder_id, visit.service_on)?;
    let (before, after) = store::neighbours(tx.connection, visit)?;
    let mut near = |one: Option<VisitRow>| -> Result<Option<Neighbour>> {
        let Some(one) = one else { return Ok(None) };
        let home = store::home_of(tx.connection, one.elder_id, one.service_on)?;
        let arrived = one.arrived_at.zip(home);
        Ok(arrived.map(|(arrived_at, home)| Neighbour { arrived_at, ended_at: one.ended_at, home }))
    };
    let (before, after) = (near(before)?, near(after)?);
    let photos: Vec<String> =
        files.iter().filter(|file| file.kind == FileKind::Photo).map(|file| file.digest.clone()).collect();
    Ok(Evidence {
        window: (visit.window_starts_at, visit.window_ends_at),
        duration_min: i64::from(visit.duration_min),
        has_caregiver: visit.caregiver_id.is_some(),
        is_done: matches!(visit.state, VisitState::Done | VisitState::Confirmed),
        home,
        arrived_at: visit.arrived_at,
        ended_at: visit.ended_at,
        arrive: taken(steps, &[StepKind::Arrive]).map(reported),
        finish: taken(steps, &[StepKind::Finish, StepKind::Fail]).map(reported),
        has_photo: !photos.is_empty(),
        photo_is_repeated: !photos.is_empty() && is_repeated(tx.connection, visit.id, &photos)?,
        has_signature: files.iter().any(|file| file.kind == FileKind::Signature),
        before,
        after,
        kept: contradicting(visit, steps),
    })
}

fn taken<'a>(steps: &'a [StepRow], kinds: &[StepKind]) -> Option<&'a StepRow> {
    steps.iter().rev().find(|step| step.outcome == Outcome::Taken && kinds.contains(&step.kind))
}

fn reported(step: &StepRow) -> Report {
    let place = step.longitude.zip(step.latitude).map(|(longitude, latitude)| Point { longitude, latitude });
    Report {
        position: place.zip(step.accuracy_m),
        no_position: step.no_position.map(super::super::checkin::NoPosition::name),
        code: step.code(),
        clock_off_ms: step.clock_off_ms,
        clock_jumped: step.clock_jumped,
    }
}

/// Kept steps that do not fit: a departure that was only heard of after the arrival does.
fn contradicting(visit: &VisitRow, steps: &[StepRow]) -> Vec<&'static str> {
    let fits = |step: &StepRow| {
        step.kind == StepKind::Depart && visit.arrived_at.is_some_and(|arrived| step.happened_at <= arrived)
    };
    let kept = steps.iter().filter(|step| step.outcome == Outcome::Kept && !fits(step));
    kept.map(|step| step.kind.name()).collect()
}

/// What was found of a visit, as it is stored.
pub(super) fn read(strength: super::Strength, findings: &str) -> Result<Assessment> {
    let findings =
        serde_json::from_str(findings).map_err(|error| Error::internal("stored findings").because(error))?;
    Ok(Assessment { strength, findings })
}
