//! Forms of a stay: leaving for good, ordered or real, death, another bed, another house, corrections.

use super::steps::{Step, at_fields, chosen, happened, instant, names, number, reason_field, step_routes};
use crate::access::Permission;
use crate::beds::model::{BedState, Destination};
use crate::beds::store::{self, StayListed, StayRow};
use crate::beds::{
    Correction, Departure, Move, ask_transfer, correct_stay, discharge, move_within, plan_discharge,
    record_death,
};
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::{Form, FormField, Input, Route, Visitor};

pub fn routes() -> Vec<Route> {
    let mut routes = step_routes::<Discharge>().to_vec();
    routes.extend(step_routes::<PlanDischarge>());
    routes.extend(step_routes::<Death>());
    routes.extend(step_routes::<MoveBed>());
    routes.extend(step_routes::<AskTransfer>());
    routes.extend(step_routes::<Correct>());
    routes
}

/// A stay that the asker may change, with the names that the asker may see.
pub async fn stay_to_change(visitor: &Visitor, id: i64) -> Result<StayListed> {
    let (scope, now) = (visitor.scope(), visitor.now);
    visitor
        .app
        .db
        .read(move |connection| {
            let stay = store::get_stay(connection, &scope, Permission::ManageStays, id)?;
            store::with_names(connection, &scope, vec![stay], now)?.pop().ok_or_else(Error::not_found)
        })
        .await
}

pub fn elder_name(visitor: &Visitor, listed: &StayListed) -> String {
    listed.elder.clone().unwrap_or_else(|| visitor.t("bed.not_yours").into_owned())
}

/// The frame of a form about a stay.
pub fn stay_form(
    visitor: &Visitor,
    listed: &StayListed,
    heading: &str,
    step: &str,
    submit: &str,
    fields: Vec<FormField>,
) -> Form {
    let StayRow { id, version, .. } = listed.stay;
    let name = elder_name(visitor, listed);
    let place = format!("{} {}", listed.institution, listed.place);
    Form {
        heading: visitor.lang.fill(heading, &[("name", &name), ("bed", &place)]),
        action: format!("/stays/{id}/{step}"),
        version: Some(version),
        fields,
        submit_label: visitor.t(submit).into_owned(),
        cancel_href: format!("/stays/{id}"),
    }
}

struct Discharge;

impl Step for Discharge {
    const PATH: &'static str = "/stays/{id}/discharge";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = stay_to_change(visitor, id).await?;
        let since = visitor.show(listed.stay.starts_at);
        let [on, time] = at_fields(visitor, input, "to_on", "to_time", true);
        let on = on.hint(visitor.lang.fill("hint.stay_since", &[("from", &since)]));
        let destination = FormField::of(visitor, "destination", "select", input).options(names(
            visitor,
            "destination",
            Destination::NAMES,
            true,
        ));
        let fields = vec![on, time, destination, reason_field(visitor, input, false)];
        Ok(stay_form(visitor, &listed, "bed.discharge_of", "discharge", "bed.discharge", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        let departure = Departure {
            at: happened(visitor, input, "to_on", "to_time")?,
            destination: chosen(input, "destination", Destination::parse)?,
            reason: input.text("reason"),
        };
        visitor.app.write(&visitor.scope(), move |tx| discharge(tx, id, version, &departure)).await?;
        Ok(format!("/beds/{}", stay_to_change(visitor, id).await?.stay.bed_id))
    }
}

struct PlanDischarge;

impl Step for PlanDischarge {
    const PATH: &'static str = "/stays/{id}/plan-discharge";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = stay_to_change(visitor, id).await?;
        let [on, time] = at_fields(visitor, input, "planned_on", "planned_time", false);
        let on = on.hint(visitor.t("hint.planned_on"));
        let destination = FormField::of(visitor, "destination", "select", input).options(names(
            visitor,
            "destination",
            Destination::NAMES,
            true,
        ));
        let fields = vec![on, time, destination];
        Ok(stay_form(
            visitor,
            &listed,
            "bed.plan_discharge_of",
            "plan-discharge",
            "bed.plan_discharge",
            fields,
        ))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        let at = instant(visitor.app.calendar, input, "planned_on", "planned_time")?;
        let destination = chosen(input, "destination", Destination::parse)?;
        let scope = visitor.scope();
        visitor.app.write(&scope, move |tx| plan_discharge(tx, id, version, at, destination)).await?;
        Ok(format!("/stays/{id}"))
    }
}

struct Death;

impl Step for Death {
    const PATH: &'static str = "/stays/{id}/death";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = stay_to_change(visitor, id).await?;
        let [on, time] = at_fields(visitor, input, "at_on", "at_time", true);
        let fields = vec![on, time, reason_field(visitor, input, false)];
        Ok(stay_form(visitor, &listed, "bed.death_of", "death", "bed.death", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        let departure = Departure {
            at: happened(visitor, input, "at_on", "at_time")?,
            destination: None,
            reason: input.text("reason"),
        };
        let outcome =
            visitor.app.write(&visitor.scope(), move |tx| record_death(tx, id, version, &departure)).await;
        outcome.map_err(|error| error.renamed(&[("to_on", "at_on")]))?;
        Ok(format!("/stays/{id}"))
    }
}

struct MoveBed;

impl Step for MoveBed {
    const PATH: &'static str = "/stays/{id}/move";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = stay_to_change(visitor, id).await?;
        let options = free_beds(visitor, listed.stay.institution_id).await?;
        let [on, time] = at_fields(visitor, input, "at_on", "at_time", true);
        let bed = FormField::of(visitor, "bed", "select", input).required(true).options(options);
        let fields = vec![bed, on, time, reason_field(visitor, input, false)];
        Ok(stay_form(visitor, &listed, "bed.move_of", "move", "bed.move", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        let to = read_move(visitor, input)?;
        let new_id = visitor.app.write(&visitor.scope(), move |tx| move_within(tx, id, version, &to)).await?;
        Ok(format!("/stays/{new_id}"))
    }
}

pub fn read_move(visitor: &Visitor, input: &Input) -> Result<Move> {
    Ok(Move {
        bed_id: number(input, "bed")?,
        at: happened(visitor, input, "at_on", "at_time")?,
        reason: input.text("reason"),
    })
}

/// Free beds of an institution for a select, with kind and the room's gender rule.
pub async fn free_beds(visitor: &Visitor, institution: i64) -> Result<Vec<(String, String)>> {
    let (scope, now) = (visitor.scope(), visitor.now);
    let beds = visitor
        .app
        .db
        .read(move |connection| {
            store::offers(connection, &scope, Permission::ManageStays, Some(institution), now)
        })
        .await?;
    let free = beds.into_iter().filter(|one| one.facts.state == BedState::Free);
    let options = free.map(|one| {
        let kind = visitor.name_of("bed_kind", one.bed.kind.name());
        let rule = visitor.name_of("gender_rule", one.bed.gender_rule.name());
        let label = format!("{} {}-{} · {kind} · {rule}", one.bed.building, one.bed.room, one.bed.label);
        (one.bed.id.to_string(), label)
    });
    Ok(std::iter::once((String::new(), "—".to_owned())).chain(options).collect())
}

struct AskTransfer;

impl Step for AskTransfer {
    const PATH: &'static str = "/stays/{id}/transfer";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = stay_to_change(visitor, id).await?;
        let own = listed.stay.institution_id;
        let houses = visitor.app.db.read(store::operating_institutions).await?;
        let options =
            houses.into_iter().filter(|(house, _)| *house != own).map(|(id, name)| (id.to_string(), name));
        let options = std::iter::once((String::new(), "—".to_owned())).chain(options).collect();
        let institution =
            FormField::of(visitor, "institution", "select", input).required(true).options(options);
        let fields = vec![institution, reason_field(visitor, input, true)];
        Ok(stay_form(visitor, &listed, "bed.transfer_of", "transfer", "bed.transfer", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        let (institution, reason) = (number(input, "institution")?, input.text("reason"));
        let scope = visitor.scope();
        visitor.app.write(&scope, move |tx| ask_transfer(tx, id, version, institution, &reason)).await?;
        Ok(format!("/stays/{id}"))
    }
}

struct Correct;

impl Step for Correct {
    const PATH: &'static str = "/stays/{id}/correct";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = stay_to_change(visitor, id).await?;
        let calendar = visitor.app.calendar;
        let stored = |at| (calendar.day_of(at).to_string(), calendar.show_time(at));
        let mut input = input.clone();
        if input.text("reason").is_empty() && input.version().is_err() {
            // Fresh: what is stored, and not now.
            let (day, time) = stored(listed.stay.starts_at);
            let (last, last_time) = listed.stay.ends_at.map(stored).unwrap_or_default();
            let values = [("from_on", day), ("from_time", time), ("to_on", last), ("to_time", last_time)];
            input = Input::of(values);
        }
        let mut fields = at_fields(visitor, &input, "from_on", "from_time", true).to_vec();
        if listed.stay.ends_at.is_some() {
            fields.extend(at_fields(visitor, &input, "to_on", "to_time", true));
        }
        fields.push(reason_field(visitor, &input, true));
        Ok(stay_form(visitor, &listed, "bed.correct_of", "correct", "bed.correct", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        let calendar = visitor.app.calendar;
        let from = instant(calendar, input, "from_on", "from_time")?
            .ok_or_else(|| Error::field("from_on", Text::new("rule.date")))?;
        let correction = Correction {
            from,
            to: instant(calendar, input, "to_on", "to_time")?,
            reason: input.text("reason"),
        };
        visitor.app.write(&visitor.scope(), move |tx| correct_stay(tx, id, version, &correction)).await?;
        Ok(format!("/stays/{id}"))
    }
}
