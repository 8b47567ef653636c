//! Forms of a bed: admitting somebody, keeping it for somebody, taking it out of service.

use super::steps::{
    Step, at_fields, called, chosen, day, happened, instant, names, reason_field, step_routes,
};
use crate::access::Permission;
use crate::beds::model::{BedKind, CareLevel, OutageReason, Risk};
use crate::beds::store::{self, BedListed};
use crate::beds::{Admission, Agreed, Contact, Holding, Taking, Whom, admit, hold, take_out};
use crate::elders::{find_for_admission, is_identity, named};
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::{Form, FormField, Input, Route, Visitor};

pub fn routes() -> Vec<Route> {
    let mut routes = step_routes::<Admit>().to_vec();
    routes.extend(step_routes::<Hold>());
    routes.extend(step_routes::<TakeOut>());
    routes
}

/// The names of the nine risks' fields.
pub const RISK_FIELDS: &[(&str, Risk)] = &[
    ("risk_choking", Risk::Choking),
    ("risk_wrong_medicine", Risk::WrongMedicine),
    ("risk_pressure_injury", Risk::PressureInjury),
    ("risk_scald", Risk::Scald),
    ("risk_fall_from_bed", Risk::FallFromBed),
    ("risk_fall", Risk::Fall),
    ("risk_wandering", Risk::Wandering),
    ("risk_harm", Risk::Harm),
    ("risk_activity_accident", Risk::ActivityAccident),
];

/// A bed that the asker may change, as it stands now.
async fn bed_to_change(visitor: &Visitor, id: i64) -> Result<BedListed> {
    let (scope, now) = (visitor.scope(), visitor.now);
    visitor
        .app
        .db
        .read(move |connection| {
            let bed = store::get_bed(connection, &scope, Permission::ManageStays, id)?;
            store::with_stays(connection, &scope, vec![bed], now)?.pop().ok_or_else(Error::not_found)
        })
        .await
}

fn place(listed: &BedListed) -> String {
    format!("{} {}-{}", listed.institution, listed.bed.room, listed.bed.label)
}

fn bed_form(
    visitor: &Visitor,
    listed: &BedListed,
    heading: &str,
    step: &str,
    submit: &str,
    fields: Vec<FormField>,
) -> Form {
    let id = listed.bed.id;
    Form {
        heading: visitor.lang.fill(heading, &[("bed", &place(listed))]),
        action: format!("/beds/{id}/{step}"),
        fields,
        submit_label: visitor.t(submit).into_owned(),
        cancel_href: format!("/beds/{id}"),
        ..Form::default()
    }
}

/// The elder of a record number, a name or an identity number; a look-up by the latter is written down whatever follows.
async fn whom(visitor: &Visitor, input: &Input) -> Result<Whom> {
    let elder = input.text("elder");
    if !is_identity(&elder.to_ascii_uppercase()) {
        return named(&visitor.app, &visitor.scope(), ("elder", &elder)).await.map(Whom::Elder);
    }
    let found = visitor
        .app
        .write(&visitor.scope(), move |tx| find_for_admission(tx, Permission::ManageStays, &elder))
        .await?;
    found.map(Whom::Found).ok_or_else(|| Error::field("elder", Text::new("rule.unknown_elder")))
}

fn elder_field(visitor: &Visitor, input: &Input) -> FormField {
    FormField::of(visitor, "elder", "text", input).required(true).hint(visitor.t("hint.elder_admit"))
}

/// What is assessed and agreed: the nine risks first, then level, contract, contact.
pub fn agreed_fields(visitor: &Visitor, input: &Input) -> Vec<FormField> {
    let mut fields = risk_fields(visitor, input);
    fields.extend(agreement_fields(visitor, input));
    fields
}

/// The nine risks, each to be answered with one click.
pub fn risk_fields(visitor: &Visitor, input: &Input) -> Vec<FormField> {
    let answers = [("", "bed.risk_open"), ("true", "bed.risk_present"), ("false", "bed.risk_absent")];
    let answers: Vec<(String, String)> =
        answers.into_iter().map(|(value, key)| (value.to_owned(), visitor.t(key).into_owned())).collect();
    RISK_FIELDS
        .iter()
        .map(|(name, risk)| FormField {
            label: visitor.lang.fill("bed.risk_of", &[("risk", &visitor.name_of("risk", risk.name()))]),
            ..FormField::of(visitor, name, "radios", input).options(answers.clone())
        })
        .collect()
}

/// Level of care, contract, contact.
pub fn agreement_fields(visitor: &Visitor, input: &Input) -> Vec<FormField> {
    let level = names(visitor, "care_level", CareLevel::NAMES, true);
    vec![
        FormField::of(visitor, "care_level", "select", input).options(level),
        FormField::of(visitor, "contract_starts_on", "date", input),
        FormField::of(visitor, "contract_ends_on", "date", input),
        FormField::of(visitor, "contact_name", "text", input),
        FormField::of(visitor, "contact_phone", "text", input).hint(visitor.t("hint.contact")),
    ]
}

pub fn read_agreed(input: &Input) -> Result<Agreed> {
    let mut risks = Vec::new();
    for (name, risk) in RISK_FIELDS {
        match input.text(name).as_str() {
            "" => {}
            "true" => risks.push((*risk, true)),
            "false" => risks.push((*risk, false)),
            _ => return Err(Error::field(name, Text::new("rule.choose"))),
        }
    }
    Ok(Agreed {
        care_level: chosen(input, "care_level", CareLevel::parse)?,
        contract_starts_on: day(input, "contract_starts_on")?,
        contract_ends_on: day(input, "contract_ends_on")?,
        risks,
        contact: Contact { name: input.text("contact_name"), phone: input.text("contact_phone") },
    })
}

struct Admit;

impl Step for Admit {
    const PATH: &'static str = "/beds/{id}/admit";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = bed_to_change(visitor, id).await?;
        let mut fields = vec![elder_field(visitor, input)];
        fields.extend(at_fields(visitor, input, "from_on", "from_time", true));
        if listed.bed.kind == BedKind::DayPlace {
            fields.push(FormField::of(visitor, "until_on", "date", input).hint(visitor.t("hint.day_place")));
        }
        fields.extend(agreed_fields(visitor, input));
        fields.push(FormField::of(visitor, "isolation", "checkbox", input));
        fields.push(reason_field(visitor, input, false));
        Ok(bed_form(visitor, &listed, "bed.admit_to", "admit", "bed.admit", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let from = happened(visitor, input, "from_on", "from_time")?;
        let until = day(input, "until_on")?.map(|day| visitor.app.calendar.at(day, 12 * 60));
        let agreed = read_agreed(input)?;
        let admission = Admission {
            whom: whom(visitor, input).await?,
            bed_id: id,
            from,
            until,
            agreed,
            reason: input.text("reason"),
            isolation: input.flag("isolation"),
        };
        visitor.app.write(&visitor.scope(), move |tx| admit(tx, &admission)).await?;
        Ok(format!("/beds/{id}"))
    }
}

struct Hold;

impl Step for Hold {
    const PATH: &'static str = "/beds/{id}/hold";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = bed_to_change(visitor, id).await?;
        let mut fields = vec![elder_field(visitor, input)];
        fields.extend(at_fields(visitor, input, "until_on", "until_time", true));
        fields.push(FormField::of(visitor, "note", "text", input));
        Ok(bed_form(visitor, &listed, "bed.hold_of", "hold", "bed.hold", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let until = instant(visitor.app.calendar, input, "until_on", "until_time")?
            .ok_or_else(|| Error::field("until_on", Text::new("rule.date")))?;
        let holding =
            Holding { whom: whom(visitor, input).await?, bed_id: id, until, note: input.text("note") };
        visitor.app.write(&visitor.scope(), move |tx| hold(tx, &holding)).await?;
        Ok(format!("/beds/{id}"))
    }
}

struct TakeOut;

impl Step for TakeOut {
    const PATH: &'static str = "/beds/{id}/out";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let listed = bed_to_change(visitor, id).await?;
        let why = FormField::of(visitor, "why", "select", input).required(true).options(names(
            visitor,
            "outage_reason",
            OutageReason::NAMES,
            false,
        ));
        let mut fields = vec![why];
        let (from, due) = (
            at_fields(visitor, input, "from_on", "from_time", true),
            at_fields(visitor, input, "due_on", "due_time", false),
        );
        fields.extend(called(visitor, from, "field.out_from"));
        fields.extend(called(visitor, due, "field.out_due"));
        fields.push(FormField::of(visitor, "note", "text", input));
        fields.push(reason_field(visitor, input, false));
        Ok(bed_form(visitor, &listed, "bed.take_out_of", "out", "bed.take_out", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let why = chosen(input, "why", OutageReason::parse)?
            .ok_or_else(|| Error::field("why", Text::new("rule.choose")))?;
        let taking = Taking {
            why,
            from: happened(visitor, input, "from_on", "from_time")?,
            due: instant(visitor.app.calendar, input, "due_on", "due_time")?,
            note: input.text("note"),
            reason: input.text("reason"),
        };
        visitor.app.write(&visitor.scope(), move |tx| take_out(tx, id, &taking)).await?;
        Ok(format!("/beds/{id}"))
    }
}
