//! Devices, known by their code. A row puts a device on file where it stands, without a credential: whoever installs it claims it
//! with a code, of which the batch's page makes a workbook to print.

use serde_json::json;

use super::fields::Fields;
use super::{Ground, Kind, places};
use crate::access::Permission;
use crate::app::Tx;
use crate::devices::store::{DeviceRow, find_called, place_called};
use crate::devices::{
    DeviceKind, DevicePlace, DeviceSheet, NewRecord, change_device, register_device, remove_device,
};
use crate::error::{Error, Result};
use crate::imports::model::{Column, Made, Values};
use crate::text::{Lang, Text};

pub struct Devices;

const COLUMNS: &[Column] = &[
    Column::new("code", "field.device_code", &["编码", "设备编号", "Code", "Device"]).required().verbatim(),
    Column::new("kind", "field.kind", &["设备类型", "设备种类"]),
    Column::new("name", "field.name", &["设备名称"]).verbatim(),
    Column::new("town_code", "field.town_code", &["镇", "街道", "所属镇街", "镇（街道）"]).fills_down(),
    Column::new("place", "field.device_place", &["站点", "安装站点", "站点或机构", "Station or institution"])
        .verbatim()
        .fills_down(),
    Column::new("room_number", "field.room_number", &["房间号", "房号"]),
    Column::new("serial_number", "field.serial_number", &["出厂编号", "SN"]).verbatim().may_be_emptied(),
    Column::new("firmware", "field.firmware", &["固件"]).verbatim().may_be_emptied(),
    Column::new("installed_on", "field.installed_on", &["安装时间"]).may_be_emptied(),
    Column::new("calibration_due_on", "field.calibration_due_on", &["下次校准", "检定到期"]).may_be_emptied(),
    Column::new("heartbeat_s", "field.heartbeat_s", &["心跳", "Heartbeat"]).may_be_emptied(),
    Column::new("note", "field.note", &["说明"]).verbatim().may_be_emptied(),
];

/// What parts the names of a place in lists.
const SEPARATOR: &str = " · ";

impl Kind for Devices {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn need(&self) -> Permission {
        Permission::ManageDevice
    }

    fn keys(&self, row: &Values) -> Vec<(&'static str, String)> {
        vec![("code", row.get("code").to_owned())]
    }

    fn apply(&self, tx: &mut Tx<'_>, _: &Ground, row: &Values) -> Result<Vec<Made>> {
        let mut fields = Fields::of(row);
        let code = fields.required("code");
        let kind = fields.one_of("kind", "device_kind", DeviceKind::NAMES, DeviceKind::parse);
        let name = fields.text("name");
        let (serial, firmware) = (fields.told_text("serial_number"), fields.told_text("firmware"));
        let (installed, due) = (fields.told_day("installed_on"), fields.told_day("calibration_due_on"));
        let heartbeat = fields.whole("heartbeat_s");
        let heartbeat = fields.told("heartbeat_s", heartbeat);
        let note = fields.told_text("note");
        let (town, place, room) =
            (fields.text("town_code"), fields.text("place"), fields.text("room_number"));
        let known = find_called(tx.connection, tx.scope, self.need(), code)?;
        if known.is_none() {
            for (key, missing) in [("kind", kind.is_none() && !row.has("kind")), ("place", place.is_none())] {
                if missing {
                    fields.missing(key);
                }
            }
        }
        fields.finish()?;
        let before = known.as_ref().map(DeviceRow::sheet).unwrap_or_default();
        let sheet = DeviceSheet {
            name: name.map_or_else(
                || if before.name.is_empty() { code.to_owned() } else { before.name.clone() },
                str::to_owned,
            ),
            serial_number: serial.over_text(&before.serial_number),
            firmware: firmware.over_text(&before.firmware),
            installed_on: installed.over(before.installed_on),
            calibration_due_on: due.over(before.calibration_due_on),
            heartbeat_s: heartbeat.over(before.heartbeat_s),
            note: note.over_text(&before.note),
        };
        let place = place.map(|place| find_place(tx, (town, place, room), known.as_ref())).transpose()?;
        let Some(row) = known else {
            let missing = || Error::field("place", Text::new("import.needed"));
            let (kind, place) = (kind.ok_or_else(missing)?, place.flatten().ok_or_else(missing)?);
            let new = NewRecord { code: code.to_owned(), kind, place, sheet };
            return Ok(vec![Made::added("device", register_device(tx, &new)?, 2)]);
        };
        if kind.is_some_and(|kind| kind != row.kind) {
            return Err(Error::field("kind", Text::new("rule.device_kind_stays")));
        }
        // A device is moved on its page, where it is said from when on.
        if place.flatten().is_some_and(|place| place != place_of(&row)) {
            return Err(Error::field("place", Text::new("rule.device_elsewhere")));
        }
        if sheet.written() == before.written() {
            return Ok(Vec::new());
        }
        change_device(tx, row.id, row.version, &sheet)?;
        Ok(vec![Made::changed("device", row.id, row.version + 1, json!(before))])
    }

    fn undo(&self, tx: &mut Tx<'_>, made: &Made) -> Result<()> {
        let Some(before) = &made.before else { return remove_device(tx, made.id, made.version) };
        let sheet = serde_json::from_value(before.clone())
            .map_err(|error| Error::internal("a kept device").because(error))?;
        change_device(tx, made.id, made.version, &sheet)
    }
}

fn place_of(row: &DeviceRow) -> DevicePlace {
    match (row.elder_id, row.room_id, row.institution_id, row.station_id) {
        (Some(elder), ..) => DevicePlace::Elder(elder),
        (None, Some(room), ..) => DevicePlace::Room(room),
        (None, None, Some(house), _) => DevicePlace::Institution(house),
        (None, None, None, station) => DevicePlace::Station(station.unwrap_or_default()),
    }
}

/// A place by its name, or as the list of devices calls it: town, name, room. None where the list says that the device is with an
/// elder, as it is.
fn find_place(
    tx: &mut Tx<'_>,
    (town, place, room): (Option<&str>, &str, Option<&str>),
    known: Option<&DeviceRow>,
) -> Result<Option<DevicePlace>> {
    let parts: Vec<&str> = place.split(SEPARATOR).map(str::trim).collect();
    let (town, name, room) = match (parts.as_slice(), town) {
        ([town, name], None) => (Some(*town), *name, room),
        ([town, name, room], None) => (Some(*town), *name, Some(*room)),
        ([.., name], town) => (town, *name, room),
        ([], _) => (town, place, room),
    };
    let with_elder = [Lang::Chinese, Lang::English].iter().any(|lang| lang.t("device.with_elder") == name);
    if with_elder && known.is_some_and(|row| row.elder_id.is_some()) {
        return Ok(None);
    }
    let town = town.map(|town| places::town(tx, town)).transpose()?;
    let found =
        place_called(tx.connection, tx.scope, Permission::ManageDevice, (town.as_deref(), name, room))?;
    let unknown = || Error::field("place", Text::new("import.no_device_place").with("value", place));
    found.map(Some).ok_or_else(unknown)
}
