//! The device's form: putting it on file where it stands, and changing what is on file.

use chrono::NaiveDate;

use super::list::Devices;
use super::place::{Choices, KINDS, read_place};
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::devices::model::{DeviceKind, DevicePlace, DeviceSheet};
use crate::devices::office::{NewRecord, change_device, register_device};
use crate::devices::store::{DeviceRow, get_to, place_choices};
use crate::error::{Error, Result};
use crate::registry::codes;
use crate::text::Text;
use crate::web::{Context, Create, FormField, Input, RecordForm, Words};

/// What the form says: of a known device only the sheet.
pub struct Values {
    sheet: DeviceSheet,
    /// Of a form for a new one, as it was sent: places need the database.
    new: Option<(String, Option<DeviceKind>, Input)>,
    /// What the form left out, because the device says it by itself.
    keeps_firmware: bool,
    keeps_heartbeat: bool,
}

/// A day that may be left open.
pub(super) fn day(input: &Input, name: &'static str) -> Result<Option<NaiveDate>> {
    match input.text(name).as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Error::field(name, Text::new("rule.date"))),
    }
}

fn day_text(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

impl RecordForm for Devices {
    const NEW: Create = ("/devices/new", "device_office.new", Permission::ManageDevice);
    const ONE_PATH: &'static str = "/devices/{id}";
    const EDIT_PATH: &'static str = "/devices/{id}/edit";
    const EDIT_HEADING: &'static str = "device_office.edit";
    type Values = Values;
    type Row = DeviceRow;
    /// Stations and institutions.
    type Offer = (Choices, Choices);

    fn read(input: &Input) -> Result<Values> {
        let heartbeat_s = match input.text("heartbeat_s").as_str() {
            "" => None,
            text => {
                let wrong = || Error::field("heartbeat_s", Text::new("rule.whole_number"));
                Some(text.parse().map_err(|_| wrong())?)
            }
        };
        let sheet = DeviceSheet {
            name: input.text("name"),
            serial_number: input.text("serial_number"),
            firmware: input.text("firmware"),
            installed_on: day(input, "installed_on")?,
            calibration_due_on: day(input, "calibration_due_on")?,
            heartbeat_s,
            note: input.text("note"),
        };
        let is_new = input.text("version").is_empty();
        let kind = DeviceKind::parse(&input.text("device_kind"));
        if is_new && kind.is_none() {
            return Err(Error::field("device_kind", Text::new("rule.choose")));
        }
        Ok(Values {
            sheet,
            new: is_new.then(|| (input.text("device_code"), kind, input.clone())),
            keeps_firmware: input.many("firmware").is_empty(),
            keeps_heartbeat: input.many("heartbeat_s").is_empty(),
        })
    }

    fn typed(row: &DeviceRow) -> Input {
        let sheet = row.sheet();
        Input::of([
            ("name", sheet.name),
            ("serial_number", sheet.serial_number),
            ("firmware", sheet.firmware),
            ("installed_on", day_text(sheet.installed_on)),
            ("calibration_due_on", day_text(sheet.calibration_due_on)),
            ("heartbeat_s", sheet.heartbeat_s.map(|seconds| seconds.to_string()).unwrap_or_default()),
            ("note", sheet.note),
        ])
    }

    fn get(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<DeviceRow> {
        get_to(connection, scope, Permission::ManageDevice, id)
    }

    fn version(row: &DeviceRow) -> i64 {
        row.version
    }

    fn add(tx: &mut Tx<'_>, values: &Values) -> Result<i64> {
        let Some((code, kind, input)) = &values.new else {
            return Err(Error::field("device_code", Text::new("rule.device_code")));
        };
        let kind = kind.ok_or_else(|| Error::field("device_kind", Text::new("rule.choose")))?;
        let place: DevicePlace = read_place(tx, input)?;
        let new = NewRecord { code: code.clone(), kind, place, sheet: values.sheet.clone() };
        register_device(tx, &new).map_err(|error| error.renamed(NAMES))
    }

    fn change(tx: &mut Tx<'_>, id: i64, seen: i64, values: &Values) -> Result<()> {
        let before = get_to(tx.connection, tx.scope, Permission::ManageDevice, id)?.sheet();
        let mut sheet = values.sheet.clone();
        if values.keeps_firmware {
            sheet.firmware = before.firmware;
        }
        if values.keeps_heartbeat {
            sheet.heartbeat_s = before.heartbeat_s;
        }
        change_device(tx, id, seen, &sheet)
    }

    fn offer(connection: &mut AnyConnection, scope: &Scope, _: &Words) -> Result<(Choices, Choices)> {
        place_choices(connection, scope, Permission::ManageDevice)
    }

    fn fields(
        context: &Context,
        (stations, institutions): (Choices, Choices),
        known: Option<&DeviceRow>,
        input: &Input,
    ) -> Vec<FormField> {
        let field = |name: &'static str, kind: &'static str| FormField::of(context, name, kind, input);
        let choose = |name: &'static str, choices: Choices| {
            let first = std::iter::once((String::new(), context.t("form.choose").into_owned()));
            field(name, "select").options(first.chain(choices).collect())
        };
        let mut fields = Vec::new();
        if known.is_none() {
            let kinds = codes::options(context.lang, "device_kind", DeviceKind::NAMES);
            fields.push(field("device_code", "text").required(true).hint(context.t("hint.device_code")));
            fields.push(choose("device_kind", kinds).required(true));
        }
        fields.push(field("name", "text").required(true));
        if known.is_none() {
            let kinds = KINDS.map(|kind| (kind.to_owned(), context.name_of("device_place", kind)));
            fields.extend([
                choose("device_place", kinds.to_vec()).required(true),
                choose("station_id", stations),
                choose("institution_id", institutions).hint(context.t("hint.device_institution")),
                field("room_number", "text").hint(context.t("hint.device_room")),
                field("elder_id", "text").hint(context.t("hint.device_elder")),
            ]);
        }
        fields.push(field("serial_number", "text").hint(context.t("hint.serial_number")));
        // What a device says of itself once it is there, nobody types.
        if known.is_none_or(|row| row.last_seen_at.is_none()) {
            fields.push(field("firmware", "text").hint(context.t("hint.firmware")));
            fields.push(field("heartbeat_s", "number").hint(context.t("hint.heartbeat_s")));
        }
        fields.extend([
            field("installed_on", "date"),
            field("calibration_due_on", "date").hint(context.t("hint.calibration_due_on")),
            field("note", "textarea"),
        ]);
        fields
    }
}

/// What the use case calls the fields, and the form.
const NAMES: &[(&str, &str)] =
    &[("code", "device_code"), ("room_id", "room_number"), ("place", "device_place")];
