use chrono::NaiveDate;
use serde_json::{Value, json};

use super::eligibility::{period, period_fields};
use super::{Choices, Part, chosen, day_text, sealed, sealed_fields, select};
use crate::access::Scope;
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::elders::form::coordinate_field;
use crate::elders::model::{CoordinateSource, PlaceKind, to_wgs84};
use crate::elders::personal::seal_of;
use crate::elders::store::place_rows::{self as rows, Fields, Row};
use crate::elders::store::{ElderRow, seal_place};
use crate::error::Result;
use crate::input::{Checks, Told, number};
use crate::registry::codes;
use crate::web::{Context, FormField, Input, Words};

/// Where the elder is to be found for some days.
pub(in crate::elders) struct Places;

pub(in crate::elders) struct Values {
    fields: Fields,
    address: Option<String>,
    door_note: Option<String>,
}

impl Values {
    pub(super) fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Address and door note, where they are said.
    pub(super) fn sealed(&self) -> (Option<&str>, Option<&str>) {
        (self.address.as_deref(), self.door_note.as_deref())
    }
}

impl Part for Places {
    super::addresses!("places");
    const NEW_HEADING: &'static str = "elder.new_place";
    const EDIT_HEADING: &'static str = "elder.edit_place";
    type Row = Row;
    type Values = Values;

    fn read(input: &Input) -> Result<Values> {
        let kind = chosen(input, "place_kind", PlaceKind::parse)?;
        let coordinate_source = chosen(input, "coordinate_source", CoordinateSource::parse)?;
        let (from_on, to_on) = period(input)?;
        let (longitude, latitude) = (number(&input.text("longitude")), number(&input.text("latitude")));
        let label = input.text("place_label");
        let address = sealed(input, "address", "remove_address");
        let door_note = sealed(input, "door_note", "remove_door_note");
        let mut checks = Checks::default();
        checks.text("place_label", &label, 1, 40);
        checks.text("address", address.as_deref().unwrap_or_default(), 0, 200);
        checks.text("door_note", door_note.as_deref().unwrap_or_default(), 0, 300);
        checks.place(longitude, latitude);
        checks.finish()?;
        let (longitude, latitude) = to_wgs84(coordinate_source, longitude, latitude);
        let fields = Fields { kind, label, longitude, latitude, coordinate_source, from_on, to_on };
        Ok(Values { fields, address, door_note })
    }

    /// Coordinates are shown in WGS-84, whatever they came in.
    fn typed(row: &Row) -> Input {
        let Fields { kind, label, longitude, latitude, from_on, to_on, .. } = &row.fields;
        Input::of([
            ("place_kind", kind.name().to_owned()),
            ("place_label", label.clone()),
            ("from_on", day_text(*from_on)),
            ("to_on", day_text(*to_on)),
            ("longitude", longitude.to_string()),
            ("latitude", latitude.to_string()),
            ("coordinate_source", CoordinateSource::Wgs84.name().to_owned()),
        ])
    }

    fn fresh(today: NaiveDate) -> Input {
        let source = CoordinateSource::Wgs84.name().to_owned();
        Input::of([("from_on", today.to_string()), ("coordinate_source", source)])
    }

    fn version(row: &Row) -> i64 {
        row.version
    }

    fn stored(row: &Row) -> Value {
        json!(row.fields)
    }

    fn written(values: &Values) -> Value {
        json!(values.fields)
    }

    fn get(connection: &mut AnyConnection, elder_id: i64, id: i64) -> Result<Row> {
        rows::get(connection, elder_id, id)
    }

    fn insert(tx: &mut Tx<'_>, elder: &ElderRow, values: &Values) -> Result<i64> {
        let id = rows::insert(tx.connection, elder.id, &values.fields)?;
        put_sealed(tx, id, values)?;
        Ok(id)
    }

    fn update(tx: &mut Tx<'_>, (id, seen): (i64, i64), values: &Values) -> Result<bool> {
        let done = rows::update(tx.connection, id, seen, &values.fields)?;
        put_sealed(tx, id, values)?;
        Ok(done)
    }

    fn delete(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
        rows::delete(connection, id, seen)
    }

    fn offer(_: &mut AnyConnection, _: &Scope, _: &Words) -> Result<Choices> {
        Ok(Vec::new())
    }

    fn fields(context: &Context, _: Choices, known: Option<&Row>, input: &Input) -> Vec<FormField> {
        let field = |name: &'static str, kind: &'static str| FormField::of(context, name, kind, input);
        let names = |kind: &str, values: &[&str]| codes::options(context.lang, kind, values);
        let mut fields = vec![
            select(context, input, "place_kind", names("place_kind", PlaceKind::NAMES))
                .hint(context.t("hint.place_kind")),
            field("place_label", "text").required(true).hint(context.t("hint.place_label")),
        ];
        fields.extend(period_fields(context, input));
        let on_file = |sealed: fn(&Row) -> bool| known.is_some_and(sealed);
        let address = on_file(|row| row.address_sealed.is_some());
        fields.extend(sealed_fields(context, input, ("address", "remove_address"), address));
        let door_note = on_file(|row| row.door_note_sealed.is_some());
        fields.extend(sealed_fields(context, input, ("door_note", "remove_door_note"), door_note));
        fields.extend([
            coordinate_field(context, "longitude", input).required(true),
            coordinate_field(context, "latitude", input).required(true),
            select(context, input, "coordinate_source", names("coordinate_source", CoordinateSource::NAMES))
                .hint(context.t("hint.coordinate_source")),
        ]);
        fields
    }
}

fn put_sealed(tx: &mut Tx<'_>, id: i64, values: &Values) -> Result<()> {
    let seal = |column: &'static str, text: Option<&str>| -> Result<Told<Vec<u8>>> {
        let Some(text) = text else { return Ok(Told::Silent) };
        let sealed = seal_of(tx.keys, ("elder_places", id, column), text)?;
        Ok(sealed.map_or(Told::Absent, Told::Is))
    };
    let (said_address, said_note) = values.sealed();
    let (address, door_note) = (seal("address", said_address)?, seal("door_note", said_note)?);
    seal_place(tx.connection, id, address, door_note)
}
