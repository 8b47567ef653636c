//! Admitting somebody directly, in two steps: who it is and what they need; then a bed that fits, and what is agreed.
//!
//! An identity number is never part of an address: from step to step it goes in the body.

mod person;
mod view;

use actix_web::web::{self, Query};
use actix_web::{HttpRequest, HttpResponse};

use self::person::{PERSON_FIELDS, Resolved, resolve};
use super::bed_steps::read_agreed;
use super::steps::{chosen, day, fresh, happened, is_for_form, number};
use crate::access::Permission;
use crate::beds::model::{BedKind, BedState, CareLevel, Misfit, Person};
use crate::beds::store::{BedRow, get_bed};
use crate::beds::{Admission, Candidate, admit, candidates};
use crate::error::{Code, Error, Result};
use crate::registry::institutions::store::{InstitutionRow, get_institution};
use crate::text::Text;
use crate::web::{Input, Need, Route, Visitor, get, post, redirect};

pub fn routes() -> Vec<Route> {
    let manage = Need::May(Permission::ManageStays);
    vec![
        get("/institutions/{id}/admit", manage, || web::to(show)),
        post("/institutions/{id}/admit", manage, || web::to(proceed)),
    ]
}

/// The house, where the asker admits.
async fn house(visitor: &Visitor, id: i64) -> Result<InstitutionRow> {
    let scope = visitor.scope();
    visitor
        .app
        .db
        .read(move |connection| get_institution(connection, &scope, Permission::ManageStays, id))
        .await
}

/// Starts afresh; `elder` in the address is a record number within reach and leads straight to the beds.
async fn show(visitor: Visitor, id: web::Path<i64>, http: HttpRequest) -> Result<HttpResponse> {
    let house = house(&visitor, id.into_inner()).await?;
    let input = fresh(&visitor, http.query_string())?;
    let asked = Query::<Vec<(String, String)>>::from_query(http.query_string());
    let has_elder = asked.is_ok_and(|pairs| pairs.iter().any(|(name, _)| name == "elder"));
    if has_elder {
        step_two(&visitor, &house, &input, None).await
    } else {
        view::who(&visitor, &house, &input, None, &[]).await
    }
}

async fn proceed(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let house = house(&visitor, id.into_inner()).await?;
    let input = Input::parse(&body)?;
    if input.text("step") != "admit" {
        // Now in the pairs of day and time of the second step.
        let mut with_now = fresh(&visitor, "")?;
        for name in PERSON_FIELDS {
            with_now = with_now.with(name, vec![input.text(name)]);
        }
        return step_two(&visitor, &house, &with_now, None).await;
    }
    match save(&visitor, &house, &input).await {
        Ok(stay) => Ok(redirect(&format!("/stays/{stay}"))),
        Err(error) if is_for_form(&error) => step_two(&visitor, &house, &input, Some(error)).await,
        Err(error) => Err(error),
    }
}

/// What somebody needs of a bed.
fn needs(input: &Input) -> Result<(Option<BedKind>, Option<CareLevel>, bool)> {
    Ok((
        chosen(input, "bed_kind", BedKind::parse)?,
        chosen(input, "care_level", CareLevel::parse)?,
        input.flag("isolation"),
    ))
}

/// The beds for this person; the first step again where it is not clear who it is.
async fn step_two(
    visitor: &Visitor,
    house: &InstitutionRow,
    input: &Input,
    error: Option<Error>,
) -> Result<HttpResponse> {
    let (kind, level, isolation) = needs(input)?;
    let resolved = match resolve(visitor, input).await {
        Ok(resolved) => resolved,
        Err(error) if error.code == Code::Invalid => {
            return view::who(visitor, house, input, Some(&error), &[]).await;
        }
        Err(error) => return Err(error),
    };
    let known = match resolved {
        Resolved::One(known) => known,
        Resolved::Several(choices) => {
            let unclear = Error::field("elder", Text::new("rule.several_elders").with("n", choices.len()));
            return view::who(visitor, house, input, Some(&unclear), &choices).await;
        }
    };
    if let Some(error) = error.as_ref().filter(|error| is_of_person(error)) {
        return view::who(visitor, house, input, Some(error), &[]).await;
    }
    let person = Person { gender: known.gender, level, kind, isolation };
    let found = beds(visitor, house.id, &person, known.home).await?;
    view::beds(visitor, house, input, &known, found, error.as_ref())
}

/// Whether the first step has to be done again.
fn is_of_person(error: &Error) -> bool {
    error.fields.iter().any(|broken| {
        broken.field == "elder" || (PERSON_FIELDS.contains(&broken.field) && broken.field != "care_level")
    })
}

/// Free beds of the house that fit, the nearest to fitting first; and the others, each with its reasons.
async fn beds(
    visitor: &Visitor,
    house: i64,
    person: &Person,
    home: Option<(f64, f64)>,
) -> Result<(Vec<Candidate>, Vec<Candidate>)> {
    let (scope, person) = (visitor.scope(), person.clone());
    let when = (visitor.app.calendar, visitor.now);
    let found = visitor
        .app
        .db
        .read(move |connection| candidates(connection, &scope, &person, home, Some(house), when))
        .await?;
    let (fitting, mut others): (Vec<_>, Vec<_>) = found.into_iter().partition(Candidate::fits);
    // A free bed that does not fit is of more interest than one that is taken.
    others.sort_by_key(|one| one.offered.facts.state != BedState::Free);
    Ok((fitting, others))
}

/// Why a bed is not offered, in words.
fn reasons(visitor: &Visitor, misfits: &[Misfit]) -> String {
    let texts: Vec<String> = misfits.iter().map(|misfit| misfit.text().to(visitor.lang)).collect();
    texts.join(&visitor.t("list.separator"))
}

async fn save(visitor: &Visitor, house: &InstitutionRow, input: &Input) -> Result<i64> {
    let bed_id = number(input, "bed")?;
    let bed = bed_of_house(visitor, house.id, bed_id).await?;
    let until = day(input, "until_on")?.map(|day| visitor.app.calendar.at(day, 12 * 60));
    let admission = Admission {
        bed_id,
        from: happened(visitor, input, "from_on", "from_time")?,
        until: until.filter(|_| bed.kind == BedKind::DayPlace),
        agreed: read_agreed(input)?,
        reason: input.text("reason"),
        isolation: input.flag("isolation"),
        whom: match resolve(visitor, input).await? {
            Resolved::One(known) => known.whom,
            Resolved::Several(_) => return Err(Error::field("elder", Text::new("rule.elder"))),
        },
    };
    visitor.app.write(&visitor.scope(), move |tx| admit(tx, &admission)).await
}

async fn bed_of_house(visitor: &Visitor, house: i64, bed_id: i64) -> Result<BedRow> {
    let scope = visitor.scope();
    let bed = visitor
        .app
        .db
        .read(move |connection| get_bed(connection, &scope, Permission::ManageStays, bed_id))
        .await;
    let other = || Error::field("bed", Text::new("rule.other_institution"));
    bed.ok().filter(|bed| bed.institution_id == house).ok_or_else(other)
}
