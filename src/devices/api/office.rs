//! The office of devices for programs, and the one operation that an installer's tool uses without signing in.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Device, TAG, find, only_place};
use crate::access::Permission;
use crate::api::{At, Endpoint, Id, Items, Json, Once, Patch, created, fetch, ok};
use crate::app::Tx;
use crate::devices::calibrate::record_calibration;
use crate::devices::claim::{ClaimInput, claim, claiming, issue_claim};
use crate::devices::credential::{revoke, rotate};
use crate::devices::model::{Calibration, DeviceKind, DeviceSheet, grouped};
use crate::devices::office::{NewRecord, change_device, put_in_service, register_device};
use crate::devices::store::{CalibrationRow, calibrations_of, get_device, get_to};
use crate::error::Result;
use crate::web::{Guest, Need, Visitor};

const PATH: &str = "/api/v1/devices";
const ONE: &str = "/api/v1/devices/{id}";
const CALIBRATIONS: &str = "/api/v1/devices/{id}/calibrations";

pub fn endpoints() -> Vec<Endpoint> {
    let manage = Need::May(Permission::ManageDevice);
    vec![
        Endpoint::post("/api/v1/devices/claim", Need::Open, || web::to(exchange_code))
            .about(TAG, "api.device.claim")
            .takes::<ClaimInput>()
            .answers::<DeviceCredential>(200)
            .fails(409)
            .fails(429),
        Endpoint::post(PATH, manage, || web::to(add))
            .about(TAG, "api.device.add")
            .takes::<DeviceAddInput>()
            .answers::<Device>(201),
        Endpoint::patch(ONE, manage, || web::to(change))
            .about(TAG, "api.device.change")
            .patches::<DeviceSheet>()
            .answers::<Device>(200),
        Endpoint::post("/api/v1/devices/{id}/claim-code", manage, || web::to(claim_code))
            .about(TAG, "api.device.claim_code")
            .answers::<DeviceClaimCode>(200)
            .fails(409),
        Endpoint::post("/api/v1/devices/{id}/rotate", manage, || web::to(exchange))
            .about(TAG, "api.device.rotate")
            .answers::<DeviceCredential>(200)
            .fails(409),
        Endpoint::post("/api/v1/devices/{id}/revoke", manage, || web::to(take_away))
            .about(TAG, "api.device.revoke")
            .answers::<Device>(200),
        Endpoint::post("/api/v1/devices/{id}/disable", manage, || web::to(disable))
            .about(TAG, "api.device.disable")
            .answers::<Device>(200),
        Endpoint::post("/api/v1/devices/{id}/enable", manage, || web::to(enable))
            .about(TAG, "api.device.enable")
            .answers::<Device>(200),
        Endpoint::get(CALIBRATIONS, Need::May(Permission::SeeDevices), || web::to(calibrations))
            .about(TAG, "api.device.calibrations")
            .answers_all_of::<DeviceCalibration>(),
        Endpoint::post(CALIBRATIONS, manage, || web::to(calibrate))
            .about(TAG, "api.device.calibrate")
            .takes::<Calibration>()
            .answers::<DeviceCalibration>(201),
    ]
}

/// A device to be put on file, without a credential: it is claimed with a code. Exactly one place.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceAddInput {
    /// Its name in its topics: 1 to 48 letters, digits, dashes, underscores or dots.
    code: String,
    kind: DeviceKind,
    name: String,
    station_id: Option<i64>,
    institution_id: Option<i64>,
    room_id: Option<i64>,
    elder_id: Option<i64>,
    #[serde(default)]
    serial_number: String,
    #[serde(default)]
    firmware: String,
    installed_on: Option<NaiveDate>,
    calibration_due_on: Option<NaiveDate>,
    heartbeat_s: Option<i32>,
    #[serde(default)]
    note: String,
}

/// The code that an installer types. It is told this once.
#[derive(Serialize, ToSchema)]
struct DeviceClaimCode {
    /// Such as `ABCDE-FGHJK`.
    claim_code: String,
    expires_at: At,
}

/// What a device signs in to the broker with. The password is told this once.
#[derive(Serialize, ToSchema)]
struct DeviceCredential {
    client_id: String,
    username: String,
    password: String,
}

impl DeviceCredential {
    fn new(code: String, password: String) -> DeviceCredential {
        DeviceCredential { client_id: code.clone(), username: code, password }
    }
}

/// A calibration on record.
#[derive(Serialize, ToSchema)]
struct DeviceCalibration {
    id: i64,
    done_on: NaiveDate,
    done_by: String,
    next_due_on: Option<NaiveDate>,
    note: String,
    recorded_at: At,
    /// Login of who wrote it down.
    recorded_by: String,
}

async fn exchange_code(guest: Guest, Json(input): Json<ClaimInput>) -> Result<HttpResponse> {
    let address = guest.address.clone();
    let outcome = guest.app.write(&claiming(), move |tx| claim(tx, &input, &address)).await?;
    let given = outcome?;
    Ok(ok(&DeviceCredential::new(given.code, given.token)))
}

async fn add(visitor: Visitor, once: Once, Json(input): Json<DeviceAddInput>) -> Result<HttpResponse> {
    let place = only_place([input.station_id, input.institution_id, input.room_id, input.elder_id])?;
    let sent = input.clone();
    let new = NewRecord {
        code: input.code,
        kind: input.kind,
        place,
        sheet: DeviceSheet {
            name: input.name,
            serial_number: input.serial_number,
            firmware: input.firmware,
            installed_on: input.installed_on,
            calibration_due_on: input.calibration_due_on,
            heartbeat_s: input.heartbeat_s,
            note: input.note,
        },
    };
    let id = once.write(&visitor, &sent, move |tx| register_device(tx, &new)).await?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn change(visitor: Visitor, Id(id): Id, patch: Patch<DeviceSheet>) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let before = get_to(tx.connection, tx.scope, Permission::ManageDevice, id)?;
        change_device(tx, id, patch.version, &patch.over(&before.sheet())?)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn claim_code(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let (code, until) = visitor.app.write(&visitor.scope(), move |tx| issue_claim(tx, id)).await?;
    let expires_at = At::new(visitor.app.calendar, until);
    Ok(ok(&DeviceClaimCode { claim_code: grouped(&code), expires_at }))
}

async fn exchange(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let (code, token) = visitor.app.write(&visitor.scope(), move |tx| rotate(tx, id)).await?;
    Ok(ok(&DeviceCredential::new(code, token)))
}

async fn take_away(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| revoke(tx, id)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn disable(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| put_in_service(tx, id, false)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn enable(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| put_in_service(tx, id, true)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn list_calibrations(visitor: &Visitor, id: i64) -> Result<Vec<DeviceCalibration>> {
    fetch(visitor, move |connection, scope, words| {
        get_device(connection, scope, id)?;
        let told = |row: CalibrationRow| DeviceCalibration {
            id: row.id,
            done_on: row.done_on,
            done_by: row.done_by,
            next_due_on: row.next_due_on,
            note: row.note,
            recorded_at: At::new(words.calendar, row.recorded_at),
            recorded_by: row.recorded_by,
        };
        Ok(calibrations_of(connection, id)?.into_iter().map(told).collect())
    })
    .await
}

async fn calibrations(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&Items { items: list_calibrations(&visitor, id).await? }))
}

async fn calibrate(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(done): Json<Calibration>,
) -> Result<HttpResponse> {
    let sent = done.clone();
    let row = once.write(&visitor, &sent, move |tx| record_calibration(tx, id, &done)).await?;
    let found = list_calibrations(&visitor, id).await?.into_iter().find(|one| one.id == row);
    let found = found.ok_or_else(crate::error::Error::not_found)?;
    Ok(created(format!("{PATH}/{id}/calibrations"), &found))
}
