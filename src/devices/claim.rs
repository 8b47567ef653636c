//! Claiming a device with the code that its installer has: once, for its credential.

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;
use songhe_firmware_protocol::limits::FIRMWARE_VERSION_BYTES_MAX;

use super::model::{code_of_number, normal};
use super::provision::{new_token, record_with};
use super::store::{self, ClaimRow, DeviceRow, NewCredential};
use crate::access::seal::{Keys, random};
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::clock::Instant;
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::networks::counted;
use crate::text::Text;

/// For so many days a code counts.
pub const CLAIM_DAYS: i64 = 14;
/// Refused tries from one address in an hour; and from everywhere, against guessing from many addresses.
const WRONG_TRIES_MAX: i64 = 10;
const WRONG_TRIES_MAX_IN_ALL: i64 = 1_000;
/// Tries with the right code that were refused for another reason; then it is worth nothing, and the office is told no more of it:
/// nobody makes the log long with a code out of the waste paper.
const REFUSED_TRIES_MAX: i32 = 5;
/// Codes tried before the program gives up: one in so many is in use.
const DRAWS_MAX: usize = 100;
/// Who claims, in the log: nobody is signed in.
const ACTOR: &str = "claim";

/// What an installer's tool or the device itself sends.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimInput {
    /// Ten letters and digits, however they are written.
    pub claim_code: String,
    /// As its maker printed it. Must be the one on file where there is one.
    #[serde(default)]
    pub serial_number: String,
    #[serde(default)]
    pub firmware_version: String,
}

/// A credential that a code was exchanged for.
#[derive(Clone, Debug)]
pub struct Given {
    /// Client id and user name.
    pub code: String,
    /// Shown this once.
    pub token: String,
}

fn index(keys: &Keys, code: &str) -> Vec<u8> {
    keys.index("device_claim", code)
}

/// Issues a code for a device that the asker manages, in place of an open one; gives the code, which is stored nowhere, and until
/// when it counts.
pub fn issue_claim(tx: &mut Tx<'_>, id: i64) -> Result<(String, Instant)> {
    let device = store::get_to(tx.connection, tx.scope, Permission::ManageDevice, id)?;
    if device.disabled_at.is_some() {
        return Err(Error::new(Code::IllegalMove, Text::new("rule.device_disabled")));
    }
    if device.has_credential() {
        return Err(Error::new(Code::IllegalMove, Text::new("rule.device_has_credential")));
    }
    let actor = tx.scope.actor.clone();
    store::end_claims(tx.connection, id, tx.now, &actor)?;
    let code = free_code(tx)?;
    let until = tx.now + TimeDelta::days(CLAIM_DAYS);
    store::insert_claim(tx.connection, id, &index(tx.keys, &code), (tx.now, until, &actor))?;
    let detail = json!({ "until": tx.calendar.rfc3339(until) });
    record_with(tx, "device.issue_claim", (id, &device.code), &device.placement(), detail)?;
    Ok((code, until))
}

/// A code that no device has ever had.
fn free_code(tx: &mut Tx<'_>) -> Result<String> {
    for _ in 0..DRAWS_MAX {
        let code = code_of_number(u64::from_be_bytes(random::<8>()?));
        if store::find_claim(tx.connection, &index(tx.keys, &code))?.is_none() {
            return Ok(code);
        }
    }
    Err(Error::internal("no claim code is free"))
}

/// Exchanges a code for the device's credential. The inner error is a refusal, whose traces are kept: it counts against its address,
/// and one with the right code is told to the office.
pub fn claim(tx: &mut Tx<'_>, input: &ClaimInput, address: &str) -> Result<Result<Given>> {
    let (serial, firmware) = (input.serial_number.trim(), input.firmware_version.trim());
    let mut checks = Checks::default();
    let code = normal(&input.claim_code);
    checks.require("claim_code", code.is_some(), || Text::new("rule.claim_code_mistyped"));
    checks.text("serial_number", serial, 0, 60);
    let fits = firmware.len() <= FIRMWARE_VERSION_BYTES_MAX;
    checks.require("firmware_version", fits, || {
        Text::new("rule.too_long").with("max", FIRMWARE_VERSION_BYTES_MAX)
    });
    let is_plain = !firmware.chars().any(char::is_control);
    checks.require("firmware_version", is_plain, || Text::new("rule.control_characters"));
    checks.finish()?;
    let counted = counted(address);
    let (from, in_all) = store::count_tries(tx.connection, &counted, tx.now)?;
    if from >= WRONG_TRIES_MAX || in_all >= WRONG_TRIES_MAX_IN_ALL {
        return Ok(Err(Error::new(Code::TooMany, Text::new("error.too_many"))));
    }
    let index = index(tx.keys, &code.unwrap_or_default());
    let Some(claim) = store::find_claim(tx.connection, &index)? else {
        store::insert_try(tx.connection, &counted, tx.now)?;
        return Ok(Err(Error::field("claim_code", Text::new("rule.claim_code_unknown"))));
    };
    let device = store::get_to(tx.connection, tx.scope, Permission::ManageDevice, claim.device_id)?;
    match refusal(&claim, &device, (serial, tx.now)) {
        Some((reason, error)) => {
            store::insert_try(tx.connection, &counted, tx.now)?;
            refuse(tx, (&claim, &device), (reason, address))?;
            Ok(Err(error))
        }
        None => give(tx, (&claim, &device), (serial, firmware), address).map(Ok),
    }
}

/// Why the right code is refused: a word for the log, and what the sender is told.
fn refusal(
    claim: &ClaimRow,
    device: &DeviceRow,
    (serial, now): (&str, Instant),
) -> Option<(&'static str, Error)> {
    let over = |rule: &'static str| Error::new(Code::IllegalMove, Text::new(rule));
    if claim.used_at.is_some() {
        return Some(("used", Error::taken(Text::new("rule.claim_code_used"))));
    }
    if !claim.is_open(now) {
        return Some(("over", over("rule.claim_code_over")));
    }
    if device.disabled_at.is_some() {
        return Some(("disabled", over("rule.device_disabled")));
    }
    let is_another = !device.serial_number.is_empty() && device.serial_number != serial;
    is_another
        .then(|| ("serial_number", Error::field("serial_number", Text::new("rule.claim_serial_number"))))
}

/// Tells the office as often as it matters, and ends a code that is tried again and again.
fn refuse(
    tx: &mut Tx<'_>,
    (claim, device): (&ClaimRow, &DeviceRow),
    (reason, address): (&'static str, &str),
) -> Result<()> {
    let tries = store::refuse_claim(tx.connection, claim.id)?;
    if tries >= REFUSED_TRIES_MAX && claim.is_open(tx.now) {
        store::end_claims(tx.connection, claim.device_id, tx.now, ACTOR)?;
    }
    if tries > REFUSED_TRIES_MAX {
        return Ok(());
    }
    let detail = json!({ "reason": reason, "address": address, "tries": tries });
    record_with(tx, "device.claim_refused", (device.id, &device.code), &device.placement(), detail)
}

fn give(
    tx: &mut Tx<'_>,
    (claim, device): (&ClaimRow, &DeviceRow),
    told: (&str, &str),
    address: &str,
) -> Result<Given> {
    if !store::use_claim(tx.connection, claim.id, tx.now, address)? {
        return Err(Error::taken(Text::new("rule.claim_code_used")));
    }
    let (token, hash) = new_token()?;
    store::set_credential(
        tx.connection,
        device.id,
        &NewCredential { token_hash: &hash, former: None, now: tx.now },
    )?;
    store::put_told(tx.connection, device.id, told)?;
    let detail = json!({ "address": address, "serial_number": told.0, "firmware": told.1 });
    record_with(tx, "device.claim", (device.id, &device.code), &device.placement(), detail)?;
    Ok(Given { code: device.code.clone(), token })
}

/// For whom a claim is done: the program, under a name of its own in the log.
pub(super) fn claiming() -> Scope {
    let mut scope = Scope::system();
    ACTOR.clone_into(&mut scope.actor);
    scope
}
