//! Forms of rooms and beds: added, changed, closed, opened again.

use super::steps::{Step, chosen, names, reason_field, step_routes};
use crate::access::Permission;
use crate::beds::model::{BedInput, BedKind, GenderRule, RoomInput};
use crate::beds::store::{self, BedRow, RoomRow};
use crate::beds::{
    add_bed, add_room, change_bed, change_room, close_bed, close_room, reopen_bed, reopen_room,
};
use crate::error::{Error, Result};
use crate::registry::institutions::store::get_institution;
use crate::text::Text;
use crate::web::{Form, FormField, Input, Route, Visitor};

pub fn routes() -> Vec<Route> {
    let mut routes = step_routes::<NewRoom>().to_vec();
    routes.extend(step_routes::<EditRoom>());
    routes.extend(step_routes::<CloseRoom>());
    routes.extend(step_routes::<ReopenRoom>());
    routes.extend(step_routes::<NewBed>());
    routes.extend(step_routes::<EditBed>());
    routes.extend(step_routes::<CloseBed>());
    routes.extend(step_routes::<ReopenBed>());
    routes
}

async fn room_to_change(visitor: &Visitor, id: i64) -> Result<RoomRow> {
    let scope = visitor.scope();
    let room = visitor
        .app
        .db
        .read(move |connection| store::get_room(connection, &scope, Permission::EditInstitution, id));
    room.await
}

async fn bed_to_change(visitor: &Visitor, id: i64) -> Result<BedRow> {
    let scope = visitor.scope();
    let bed = visitor
        .app
        .db
        .read(move |connection| store::get_bed(connection, &scope, Permission::EditInstitution, id));
    bed.await
}

fn room_fields(visitor: &Visitor, input: &Input) -> Vec<FormField> {
    let field = |name: &'static str, kind: &'static str| FormField::of(visitor, name, kind, input);
    vec![
        field("building", "text").required(true).hint(visitor.t("hint.building")),
        field("floor", "number").required(true),
        field("number", "text").required(true),
        field("gender_rule", "select")
            .required(true)
            .options(names(visitor, "gender_rule", GenderRule::NAMES, false))
            .hint(visitor.t("hint.gender_rule")),
        field("couple_room", "checkbox").hint(visitor.t("hint.couple_room")),
        field("isolation_room", "checkbox").hint(visitor.t("hint.isolation_room")),
    ]
}

fn read_room(input: &Input) -> Result<RoomInput> {
    let whole = |name: &'static str| {
        input.text(name).parse().map_err(|_| Error::field(name, Text::new("rule.whole_number")))
    };
    Ok(RoomInput {
        building: input.text("building"),
        floor: whole("floor")?,
        number: input.text("number"),
        gender_rule: chosen(input, "gender_rule", GenderRule::parse)?
            .ok_or_else(|| Error::field("gender_rule", Text::new("rule.choose")))?,
        couple_room: input.flag("couple_room"),
        isolation_room: input.flag("isolation_room"),
    })
}

fn typed_room(room: &RoomRow) -> Input {
    Input::of([
        ("building", room.building.clone()),
        ("floor", room.floor.to_string()),
        ("number", room.number.clone()),
        ("gender_rule", room.gender_rule.name().to_owned()),
        ("couple_room", room.couple_room.to_string()),
        ("isolation_room", room.isolation_room.to_string()),
    ])
}

/// What was typed, or what is stored where the form is fresh.
fn or_stored(input: &Input, stored: impl FnOnce() -> Input) -> Input {
    if input.version().is_ok() { input.clone() } else { stored() }
}

fn bed_fields(visitor: &Visitor, input: &Input) -> Vec<FormField> {
    vec![
        FormField::of(visitor, "label", "text", input).required(true).hint(visitor.t("hint.label")),
        FormField {
            label: visitor.t("field.bed_kind").into_owned(),
            ..FormField::of(visitor, "kind", "select", input).required(true).options(names(
                visitor,
                "bed_kind",
                BedKind::NAMES,
                false,
            ))
        },
    ]
}

fn read_bed(input: &Input) -> Result<BedInput> {
    let kind = chosen(input, "kind", BedKind::parse)?;
    let kind = kind.ok_or_else(|| Error::field("kind", Text::new("rule.choose")))?;
    Ok(BedInput { label: input.text("label"), kind })
}

fn room_name(room: &RoomRow) -> String {
    format!("{} {}", room.building, room.number)
}

fn bed_name(bed: &BedRow) -> String {
    format!("{} {}-{}", bed.building, bed.room, bed.label)
}

fn form(visitor: &Visitor, (heading, name): (&str, &str), action: String, back: String) -> Form {
    Form {
        heading: visitor.lang.fill(heading, &[("name", name)]),
        action,
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: back,
        ..Form::default()
    }
}

struct NewRoom;

impl Step for NewRoom {
    const PATH: &'static str = "/institutions/{id}/rooms/new";
    const NEED: Permission = Permission::EditInstitution;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let scope = visitor.scope();
        let house = visitor
            .app
            .db
            .read(move |connection| get_institution(connection, &scope, Permission::EditInstitution, id))
            .await?;
        let mut fields = room_fields(visitor, input);
        let beds = FormField::of(visitor, "beds", "number", input).required(true);
        fields.push(beds.hint(visitor.t("hint.room_beds")));
        let kinds = names(visitor, "bed_kind", BedKind::NAMES, false);
        fields.push(FormField::of(visitor, "bed_kind", "select", input).required(true).options(kinds));
        let action = format!("/institutions/{id}/rooms/new");
        let frame = form(visitor, ("room.new_of", &house.name), action, format!("/institutions/{id}/rooms"));
        Ok(Form { fields, ..frame })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let room = read_room(input)?;
        let beds =
            input.text("beds").parse().map_err(|_| Error::field("beds", Text::new("rule.whole_number")))?;
        let kind = chosen(input, "bed_kind", BedKind::parse)?
            .ok_or_else(|| Error::field("bed_kind", Text::new("rule.choose")))?;
        let room_id =
            visitor.app.write(&visitor.scope(), move |tx| add_room(tx, id, &room, (beds, kind))).await?;
        Ok(format!("/rooms/{room_id}"))
    }
}

struct EditRoom;

impl Step for EditRoom {
    const PATH: &'static str = "/rooms/{id}/edit";
    const NEED: Permission = Permission::EditInstitution;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let room = room_to_change(visitor, id).await?;
        let fields = room_fields(visitor, &or_stored(input, || typed_room(&room)));
        let name = room_name(&room);
        let frame = form(visitor, ("room.edit", &name), format!("/rooms/{id}/edit"), format!("/rooms/{id}"));
        Ok(Form { fields, version: Some(room.version), ..frame })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, room) = (input.version()?, read_room(input)?);
        visitor.app.write(&visitor.scope(), move |tx| change_room(tx, id, version, &room)).await?;
        Ok(format!("/rooms/{id}"))
    }
}

struct CloseRoom;

impl Step for CloseRoom {
    const PATH: &'static str = "/rooms/{id}/close";
    const NEED: Permission = Permission::EditInstitution;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let room = room_to_change(visitor, id).await?;
        let reason = reason_field(visitor, input, true).hint(visitor.t("hint.close_room"));
        let name = room_name(&room);
        let frame =
            form(visitor, ("room.close_of", &name), format!("/rooms/{id}/close"), format!("/rooms/{id}"));
        let submit_label = visitor.t("room.close").into_owned();
        Ok(Form { fields: vec![reason], version: Some(room.version), submit_label, ..frame })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, reason) = (input.version()?, input.text("reason"));
        visitor.app.write(&visitor.scope(), move |tx| close_room(tx, id, version, &reason)).await?;
        Ok(format!("/rooms/{id}"))
    }
}

struct ReopenRoom;

impl Step for ReopenRoom {
    const PATH: &'static str = "/rooms/{id}/reopen";
    const NEED: Permission = Permission::EditInstitution;

    async fn form(visitor: &Visitor, id: i64, _: &Input) -> Result<Form> {
        let room = room_to_change(visitor, id).await?;
        let name = room_name(&room);
        let frame =
            form(visitor, ("room.reopen_of", &name), format!("/rooms/{id}/reopen"), format!("/rooms/{id}"));
        let submit_label = visitor.t("room.reopen").into_owned();
        Ok(Form { version: Some(room.version), submit_label, ..frame })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        visitor.app.write(&visitor.scope(), move |tx| reopen_room(tx, id, version)).await?;
        Ok(format!("/rooms/{id}"))
    }
}

struct NewBed;

impl Step for NewBed {
    const PATH: &'static str = "/rooms/{id}/beds/new";
    const NEED: Permission = Permission::EditInstitution;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let room = room_to_change(visitor, id).await?;
        let name = room_name(&room);
        let action = format!("/rooms/{id}/beds/new");
        let frame = form(visitor, ("room.new_bed_in", &name), action, format!("/rooms/{id}"));
        Ok(Form { fields: bed_fields(visitor, input), ..frame })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let bed = read_bed(input)?;
        visitor.app.write(&visitor.scope(), move |tx| add_bed(tx, id, &bed)).await?;
        Ok(format!("/rooms/{id}"))
    }
}

struct EditBed;

impl Step for EditBed {
    const PATH: &'static str = "/beds/{id}/edit";
    const NEED: Permission = Permission::EditInstitution;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let bed = bed_to_change(visitor, id).await?;
        let stored = || Input::of([("label", bed.label.clone()), ("kind", bed.kind.name().to_owned())]);
        let fields = bed_fields(visitor, &or_stored(input, stored));
        let name = bed_name(&bed);
        let frame =
            form(visitor, ("room.edit_bed", &name), format!("/beds/{id}/edit"), format!("/beds/{id}"));
        Ok(Form { fields, version: Some(bed.version), ..frame })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, bed) = (input.version()?, read_bed(input)?);
        visitor.app.write(&visitor.scope(), move |tx| change_bed(tx, id, version, &bed)).await?;
        Ok(format!("/beds/{id}"))
    }
}

struct CloseBed;

impl Step for CloseBed {
    const PATH: &'static str = "/beds/{id}/close";
    const NEED: Permission = Permission::EditInstitution;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let bed = bed_to_change(visitor, id).await?;
        let reason = reason_field(visitor, input, true).hint(visitor.t("hint.close_bed"));
        let name = bed_name(&bed);
        let frame =
            form(visitor, ("room.close_bed_of", &name), format!("/beds/{id}/close"), format!("/beds/{id}"));
        let submit_label = visitor.t("room.close_bed").into_owned();
        Ok(Form { fields: vec![reason], version: Some(bed.version), submit_label, ..frame })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, reason) = (input.version()?, input.text("reason"));
        visitor.app.write(&visitor.scope(), move |tx| close_bed(tx, id, version, &reason)).await?;
        Ok(format!("/beds/{id}"))
    }
}

struct ReopenBed;

impl Step for ReopenBed {
    const PATH: &'static str = "/beds/{id}/reopen";
    const NEED: Permission = Permission::EditInstitution;

    async fn form(visitor: &Visitor, id: i64, _: &Input) -> Result<Form> {
        let bed = bed_to_change(visitor, id).await?;
        let name = bed_name(&bed);
        let frame =
            form(visitor, ("room.reopen_bed_of", &name), format!("/beds/{id}/reopen"), format!("/beds/{id}"));
        let submit_label = visitor.t("room.reopen_bed").into_owned();
        Ok(Form { version: Some(bed.version), submit_label, ..frame })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        visitor.app.write(&visitor.scope(), move |tx| reopen_bed(tx, id, version)).await?;
        Ok(format!("/beds/{id}"))
    }
}
