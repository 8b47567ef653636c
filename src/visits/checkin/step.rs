//! One report of a phone, or of the office in a caregiver's name.

use sha2::{Digest, Sha256};

use super::model::device_time::{self, Told};
use super::model::{
    FileKind, NoPosition, Outcome, PHOTO_BYTES_MAX, PHOTO_PIXELS_MAX, SIGNATURE_BYTES_MAX,
    SIGNATURE_PIXELS_MAX, StepKind, image, is_path,
};
use super::store::{self, NewFile, NewStep, StepRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::clock::Instant;
use crate::elders::cards::{CodeFound, check_code};
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::text::Text;
use crate::visits::model::NOTE_MAX;
use crate::visits::progress::{Step, check_former_reason, check_reason, take_step};
use crate::visits::proof;
use crate::visits::store::reload;

/// Letters of a problem's code.
const PROBLEM_MAX: usize = 40;

/// Where the phone was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    pub longitude: f64,
    pub latitude: f64,
    pub accuracy_m: f64,
}

/// What proves a step beside its time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    pub position: Option<Seen>,
    pub no_position: Option<NoPosition>,
    /// The code of the card at the elder's door.
    pub code: Option<String>,
    pub photo: Option<Vec<u8>>,
    /// A PNG.
    pub signature_png: Option<Vec<u8>>,
    /// The path of a drawing.
    pub signature_path: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    pub kind: StepKind,
    pub device_at: Instant,
    pub device_ms: Option<i64>,
    pub sent_at: Instant,
    pub sent_ms: Option<i64>,
    /// It was written down without a network and sent later.
    pub offline: bool,
    pub evidence: Evidence,
    /// Why it was not done.
    pub reason: Option<String>,
    /// Code of a problem that did not keep the visit from being done.
    pub problem: Option<String>,
    pub note: String,
}

/// Takes a step, or keeps it where it was written down without a network and the visit has moved on meanwhile; gives its
/// number. Under `key`, which the caller has not used before.
pub fn report(tx: &mut Tx<'_>, visit_id: i64, key: &str, told: &Reported) -> Result<i64> {
    let visit = store::visit_of_step(tx.connection, tx.scope, visit_id, (tx.calendar, tx.now))?;
    check(tx, told)?;
    let own = tx.scope.reach(Permission::DoVisits)?.caregivers;
    let reporter = visit.caregiver_id.filter(|id| own.contains(id)).or(own.first().copied());
    let times = device_time::correct(Told {
        device_at: told.device_at,
        sent_at: told.sent_at,
        device_ms: told.device_ms,
        sent_ms: told.sent_ms,
        received_at: tx.now,
    });
    let is_theirs = own.is_empty() || visit.caregiver_id == reporter;
    let legal = visit.state.apply(step_of(told).event());
    let outcome = match legal {
        Ok(_) if is_theirs => Outcome::Taken,
        Err(refusal) if !told.offline && is_theirs => return Err(refusal.into()),
        Ok(_) if !told.offline => return Err(not_theirs()),
        _ => Outcome::Kept,
    };
    if outcome == Outcome::Taken {
        take_step(tx, &visit, &step_of(told), Some(times.happened_at))?;
    }
    let code = told.evidence.code.as_deref().filter(|code| !code.trim().is_empty());
    let code_found = match code {
        Some(code) => {
            let read = (code, times.happened_at);
            Some(check_code(tx.connection, tx.keys, visit.elder_id, read)?)
        }
        None => None,
    };
    let row = NewStep {
        visit_id,
        kind: told.kind,
        actor: tx.scope.actor.clone(),
        user_id: tx.scope.user_id.unwrap_or_default(),
        caregiver_id: reporter,
        request_key: key.to_owned(),
        received_at: tx.now,
        device_at: told.device_at,
        happened_at: times.happened_at,
        time_basis: times.basis,
        clock_off_ms: times.off_ms,
        clock_jumped: times.jumped,
        offline: told.offline,
        longitude: told.evidence.position.map(|seen| seen.longitude),
        latitude: told.evidence.position.map(|seen| seen.latitude),
        accuracy_m: told.evidence.position.map(|seen| seen.accuracy_m),
        no_position: told.evidence.no_position,
        code_matches: code_found.map(|found| found == CodeFound::Right),
        code_found,
        reason: told.reason.clone().filter(|_| told.kind == StepKind::Fail),
        problem: told.problem.clone(),
        note: told.note.trim().to_owned(),
        outcome,
        event_seq: (outcome == Outcome::Taken).then_some(visit.version + 1),
    };
    let step_id = store::insert_step(tx.connection, &row)?;
    keep_files(tx, visit_id, step_id, &told.evidence)?;
    if outcome == Outcome::Taken {
        take_kept(tx, visit_id)?;
    }
    proof::refresh_with_neighbours(tx, visit_id)?;
    Ok(step_id)
}

fn not_theirs() -> Error {
    Error::new(Code::IllegalMove, Text::new("step.not_theirs"))
}

fn step_of(told: &Reported) -> Step {
    match told.kind {
        StepKind::Depart => Step::Depart,
        StepKind::Arrive => Step::Arrive,
        StepKind::Finish => Step::Finish,
        StepKind::Fail => {
            Step::Fail { reason: told.reason.clone().unwrap_or_default(), note: told.note.clone() }
        }
    }
}

/// Steps that came before the one they follow on: taken in the order of their times as soon as the state allows them.
fn take_kept(tx: &mut Tx<'_>, visit_id: i64) -> Result<()> {
    for kept in store::kept_steps(tx.connection, visit_id)? {
        let visit = reload(tx.connection, visit_id)?;
        let step = again(&kept);
        let is_theirs = kept.caregiver_id.is_none() || kept.caregiver_id == visit.caregiver_id;
        let in_order = visit.arrived_at.is_none_or(|arrived| kept.happened_at >= arrived);
        if is_theirs && in_order && visit.state.allows(step.event()) {
            take_step(tx, &visit, &step, Some(kept.happened_at))?;
            store::mark_taken(tx.connection, kept.id, visit.version + 1)?;
        }
    }
    Ok(())
}

fn again(kept: &StepRow) -> Step {
    match kept.kind {
        StepKind::Depart => Step::Depart,
        StepKind::Arrive => Step::Arrive,
        StepKind::Finish => Step::Finish,
        StepKind::Fail => {
            Step::Fail { reason: kept.reason.clone().unwrap_or_default(), note: kept.note.clone() }
        }
    }
}

fn check(tx: &mut Tx<'_>, told: &Reported) -> Result<()> {
    let mut checks = Checks::default();
    let Evidence { position, no_position, code, photo, signature_png, signature_path } = &told.evidence;
    if let Some(seen) = position {
        checks.range("longitude", seen.longitude, -180.0, 180.0);
        checks.range("latitude", seen.latitude, -90.0, 90.0);
        checks.range("accuracy_m", seen.accuracy_m, 0.0, 100_000.0);
    }
    // Nobody is asked where they set off from.
    let is_unasked = told.kind == StepKind::Depart && position.is_none() && no_position.is_none();
    checks.require("no_position", is_unasked || position.is_some() != no_position.is_some(), || {
        Text::new("step.place_or_why")
    });
    checks.text("code", code.as_deref().unwrap_or_default(), 0, 20);
    checks.text("note", &told.note, 0, NOTE_MAX);
    checks.text("problem", told.problem.as_deref().unwrap_or_default(), 0, PROBLEM_MAX);
    checks.require("reason", told.reason.is_none() || told.kind == StepKind::Fail, || {
        Text::new("step.no_reason")
    });
    if let Some(photo) = photo {
        check_picture(&mut checks, "photo", photo, PHOTO_BYTES_MAX, PHOTO_PIXELS_MAX);
    }
    if let Some(png) = signature_png {
        check_picture(&mut checks, "signature_png", png, SIGNATURE_BYTES_MAX, SIGNATURE_PIXELS_MAX);
        let is_png = image::read(png).is_none_or(|picture| picture.media == "image/png");
        checks.require("signature_png", is_png, || Text::new("step.picture_kind"));
    }
    if let Some(path) = signature_path {
        checks.require("signature_path", path.len() <= SIGNATURE_BYTES_MAX && is_path(path), || {
            Text::new("step.signature_path").with("kb", SIGNATURE_BYTES_MAX / 1024)
        });
    }
    checks.finish()?;
    if told.kind == StepKind::Fail {
        let reason = told.reason.as_deref().unwrap_or_default();
        // A phone without a network offers what it was told last, and what it reports is not lost for that.
        if told.offline {
            check_former_reason(tx, reason)?;
        } else {
            check_reason(tx, reason, &told.note)?;
        }
    }
    Ok(())
}

fn check_picture(checks: &mut Checks, field: &'static str, bytes: &[u8], bytes_max: usize, pixels_max: u64) {
    if bytes.len() > bytes_max {
        return checks.refuse(field, Text::new("step.picture_bytes").with("kb", bytes_max / 1024));
    }
    match image::read(bytes) {
        None => checks.refuse(field, Text::new("step.picture_kind")),
        Some(picture) => checks.require(field, picture.pixels() <= pixels_max, || {
            Text::new("step.picture_pixels")
                .with("width", picture.width)
                .with("height", picture.height)
                .with("max", pixels_max / 1_000_000)
        }),
    }
}

fn keep_files(tx: &mut Tx<'_>, visit_id: i64, step_id: i64, evidence: &Evidence) -> Result<()> {
    if let Some(photo) = &evidence.photo {
        keep_file(tx, (visit_id, step_id, FileKind::Photo), photo, image::read(photo))?;
    }
    if let Some(png) = &evidence.signature_png {
        keep_file(tx, (visit_id, step_id, FileKind::Signature), png, image::read(png))?;
    } else if let Some(path) = &evidence.signature_path {
        let drawn = image::Picture { media: "image/svg+xml", width: 0, height: 0 };
        keep_file(tx, (visit_id, step_id, FileKind::Signature), path.as_bytes(), Some(drawn))?;
    }
    Ok(())
}

fn keep_file(
    tx: &mut Tx<'_>,
    (visit_id, step_id, kind): (i64, i64, FileKind),
    bytes: &[u8],
    picture: Option<image::Picture>,
) -> Result<()> {
    let picture = picture.ok_or_else(|| Error::internal("a picture that was checked"))?;
    // Keyed, so that the database alone does not tell which picture it is.
    let digest = tx.keys.index("visit_files.digest", &hex::encode(Sha256::digest(bytes)));
    let id = store::next_file_id(tx.connection)?;
    let file = NewFile {
        id,
        visit_id,
        step_id,
        kind,
        media: picture.media.to_owned(),
        width: picture.width as i32,
        height: picture.height as i32,
        size_bytes: bytes.len() as i64,
        digest: hex::encode(digest),
        sealed: tx.keys.seal_bytes(store::cell(id), bytes)?,
        at: tx.now,
    };
    store::insert_file(tx.connection, &file)
}
