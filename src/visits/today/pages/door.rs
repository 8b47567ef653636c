//! What the card at a door opens: for its caregiver the visit, for the office the record, and for a stranger nothing.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::super::model::is_to_do;
use super::super::route::Day;
use super::{PATH, does_own_visits};
use crate::access::{Permission, Scope};
use crate::elders::cards::find_card;
use crate::elders::store::get_elder;
use crate::error::{Code, Result};
use crate::visits::store::own_visits;
use crate::web::{Guest, Page, Visitor, encode, html, redirect};

#[derive(Template)]
#[template(path = "care_card.html")]
struct StrangerPage {
    page: Page,
    phone: String,
    call: String,
}

/// Whether there is such a card is told to nobody who is not signed in: the page is the same for every number.
pub async fn show(guest: Guest, code: web::Path<String>) -> Result<HttpResponse> {
    let Some(admission) = &guest.admission else { return stranger(&guest) };
    let (scope, code) = (admission.scope.clone(), code.into_inner());
    if may_go(&scope)? {
        let visit = own_visit(&guest, scope, &code).await?;
        let place = visit.map(|id| format!("#visit-{id}")).unwrap_or_default();
        return Ok(redirect(&format!("{PATH}?card={}{place}", encode(&code))));
    }
    match elder(&guest, scope, &code).await? {
        Some(id) => Ok(redirect(&format!("/elders/{id}"))),
        None => stranger(&guest),
    }
}

fn may_go(scope: &Scope) -> Result<bool> {
    Ok(scope.may(Permission::DoVisits) && scope.may(Permission::SeeVisits) && does_own_visits(scope)?)
}

/// The asker's own visit of today that is still to be done behind this door.
async fn own_visit(guest: &Guest, scope: Scope, code: &str) -> Result<Option<i64>> {
    let (keys, code, at) = (guest.app.keys.clone(), code.to_owned(), (guest.app.calendar, guest.now));
    guest
        .app
        .db
        .read(move |connection| {
            let Some(card) = find_card(connection, &keys, &code)? else { return Ok(None) };
            let visits = own_visits(connection, &scope, at)?.into_iter().map(|listed| listed.visit);
            let mut behind = visits.filter(|visit| visit.elder_id == card.elder_id && is_to_do(visit.state));
            Ok(behind.next().map(|visit| visit.id))
        })
        .await
}

/// The elder whose card it is, where the asker may see the record.
async fn elder(guest: &Guest, scope: Scope, code: &str) -> Result<Option<i64>> {
    if !scope.may(Permission::SeeElders) {
        return Ok(None);
    }
    let (keys, code, now) = (guest.app.keys.clone(), code.to_owned(), guest.now);
    guest
        .app
        .db
        .read(move |connection| {
            let Some(card) = find_card(connection, &keys, &code)? else { return Ok(None) };
            match get_elder(connection, &scope, Permission::SeeElders, card.elder_id, now) {
                Ok(_) => Ok(Some(card.elder_id)),
                Err(error) if error.code == Code::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        })
        .await
}

fn stranger(guest: &Guest) -> Result<HttpResponse> {
    let phone = guest.app.config.city.help_phone.clone();
    html(&StrangerPage {
        page: Page::new(guest, &guest.t("card.title")),
        call: guest.lang.fill("card.call", &[("phone", &phone)]),
        phone,
    })
}

/// What a caregiver is told of a card that was read: nothing where it is the one of a visit of theirs.
pub async fn notice(visitor: &Visitor, day: &Day, code: &str) -> Result<Option<&'static str>> {
    let (keys, code) = (visitor.app.keys.clone(), code.to_owned());
    let card = visitor.app.db.read(move |connection| find_card(connection, &keys, &code)).await?;
    let own = card.filter(|card| day.visits.iter().any(|visit| visit.listed.visit.elder_id == card.elder_id));
    Ok(match own {
        None => Some("today.card_foreign"),
        Some(card) if !card.counts => Some("today.card_old"),
        Some(_) => None,
    })
}
