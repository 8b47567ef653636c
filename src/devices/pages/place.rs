//! The form that says where a device stands from now on, and where it stood before.

use actix_web::{HttpResponse, web};

use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::devices::model::DevicePlace;
use crate::devices::place::place_device;
use crate::devices::store::{
    DeviceListed, PlaceNames, PlaceRow, find_room, get_device, get_to, place_choices,
};
use crate::elders::numbered;
use crate::elders::store::visible_names;
use crate::error::{Code, Error, Result};
use crate::text::Text;
use crate::web::{Cell, Column, Form, FormField, Input, Row, Visitor, Words, form_page, redirect};

pub(super) const KINDS: [&str; 4] = ["elder", "room", "institution", "station"];

pub(super) type Choices = Vec<(String, String)>;

struct Offer {
    listed: DeviceListed,
    stations: Choices,
    institutions: Choices,
}

fn offer(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<Offer> {
    get_to(connection, scope, Permission::PlaceDevice, id)?;
    let (stations, institutions) = place_choices(connection, scope, Permission::PlaceDevice)?;
    Ok(Offer { listed: get_device(connection, scope, id)?, stations, institutions })
}

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (form, _) = form(&visitor, id.into_inner(), None).await?;
    form_page(&visitor, form, None)
}

pub async fn save(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let (id, input) = (id.into_inner(), Input::parse(&body)?);
    let seen = input.version()?;
    let wanted = input.clone();
    let work = move |tx: &mut Tx<'_>| {
        // Whose device it is comes before what is wrong with the form.
        get_to(tx.connection, tx.scope, Permission::PlaceDevice, id)?;
        let place = read_place(tx, &wanted)?;
        place_device(tx, id, seen, place)
    };
    match visitor.app.write(&visitor.scope(), work).await {
        Ok(()) => Ok(redirect(&format!("/devices/{id}"))),
        Err(error) if matches!(error.code, Code::Invalid | Code::Stale) => {
            let (form, current) = form(&visitor, id, Some((seen, &input))).await?;
            form_page(&visitor, form, Some((&error.renamed(NAMES), Some(current))))
        }
        Err(error) => Err(error),
    }
}

/// What the use case calls the fields, and the form.
const NAMES: &[(&str, &str)] = &[("room_id", "room_number"), ("place", "device_place")];

/// The place that a form names.
pub(super) fn read_place(tx: &mut Tx<'_>, input: &Input) -> Result<DevicePlace> {
    let number = |name: &'static str| {
        let wrong = || Error::field(name, Text::new("rule.device_place"));
        input.text(name).parse::<i64>().map_err(|_| wrong())
    };
    match input.text("device_place").as_str() {
        "station" => number("station_id").map(DevicePlace::Station),
        "institution" => number("institution_id").map(DevicePlace::Institution),
        "room" => {
            let institution = number("institution_id")?;
            find_room(tx.connection, institution, &input.text("room_number")).map(DevicePlace::Room)
        }
        "elder" => {
            let (text, at) = (input.text("elder_id"), (tx.calendar, tx.now));
            numbered(tx.connection, tx.scope, ("elder_id", &text), at).map(DevicePlace::Elder)
        }
        _ => Err(Error::field("device_place", Text::new("rule.choose"))),
    }
}

/// The form, and the version that is stored now.
async fn form(visitor: &Visitor, id: i64, typed: Option<(i64, &Input)>) -> Result<(Form, i64)> {
    let scope = visitor.scope();
    let found = visitor.app.db.read(move |connection| offer(connection, &scope, id)).await?;
    let Offer { listed, stations, institutions } = found;
    let device = &listed.device;
    let fresh = Input::default();
    let (seen, input) = typed.unwrap_or((device.version, &fresh));
    let choose = |name: &'static str, choices: Choices| {
        let first = std::iter::once((String::new(), visitor.t("form.choose").into_owned()));
        FormField::of(visitor, name, "select", input).options(first.chain(choices).collect())
    };
    let kinds = KINDS.map(|kind| (kind.to_owned(), visitor.name_of("device_place", kind)));
    let fields = vec![
        choose("device_place", kinds.to_vec()).required(true).hint(visitor.t("hint.device_place")),
        FormField::of(visitor, "elder_id", "text", input).hint(visitor.t("hint.device_elder")),
        choose("institution_id", institutions).hint(visitor.t("hint.device_institution")),
        FormField::of(visitor, "room_number", "text", input).hint(visitor.t("hint.device_room")),
        choose("station_id", stations),
    ];
    let form = Form {
        heading: format!("{} · {}", device.name, visitor.t("device.place")),
        action: format!("/devices/{id}/place"),
        version: Some(seen),
        fields,
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: format!("/devices/{id}"),
    };
    Ok((form, device.version))
}

pub const PLACE_COLUMNS: &[Column] = &[
    Column::text("place", "field.device_place"),
    Column::text("from", "field.from_at"),
    Column::text("to", "field.to_at"),
    Column::text("by", "field.placed_by"),
];

/// Where a device stood; elders whom the asker may not see stay without a name.
pub fn history(
    connection: &mut AnyConnection,
    scope: &Scope,
    words: &Words,
    places: &[PlaceRow],
) -> Result<Vec<Row>> {
    let columns: Vec<_> = places.iter().map(PlaceRow::columns).collect();
    let names = PlaceNames::load(connection, &columns)?;
    let elders: Vec<i64> = places.iter().filter_map(|place| place.elder_id).collect();
    let elders = visible_names(connection, scope, &elders, words.now)?;
    let row = |place: &PlaceRow| {
        let (place_text, href) = match place.elder_id {
            Some(id) => match elders.get(&id) {
                Some(name) => (name.clone(), Some(format!("/elders/{id}"))),
                None => (words.t("device.with_elder"), None),
            },
            None => (names.of(place.columns()), None),
        };
        let cell = Cell::text(place_text);
        Row {
            href: None,
            cells: vec![
                match href {
                    Some(href) => cell.link(href),
                    None => cell,
                },
                Cell::text(words.calendar.show(place.from_at)),
                Cell::text(place.to_at.map(|at| words.calendar.show(at)).unwrap_or_default()),
                Cell::text(&place.placed_by),
            ],
        }
    };
    Ok(places.iter().map(row).collect())
}
