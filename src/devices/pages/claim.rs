//! Where an installer exchanges a claim code for the device's credential. Nobody is signed in: the code is the proof.

use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::devices::claim::{ClaimInput, Given, claim, claiming};
use crate::error::{Code, Error, Result};
use crate::web::{Guest, Input, Page, html};

#[derive(Template)]
#[template(path = "claim.html")]
struct ClaimPage {
    page: Page,
    claim: ClaimView,
}

#[derive(Default)]
struct ClaimView {
    code: String,
    serial_number: String,
    error: Option<String>,
    given: Option<Given>,
}

pub async fn show(guest: Guest) -> Result<HttpResponse> {
    page(&guest, ClaimView::default())
}

pub async fn exchange(guest: Guest, body: String) -> Result<HttpResponse> {
    let input = Input::parse(&body)?;
    let asked = ClaimInput {
        claim_code: input.text("claim_code"),
        serial_number: input.text("serial_number"),
        firmware_version: String::new(),
    };
    let (sent, address) = (asked.clone(), guest.address.clone());
    let outcome = guest.app.write(&claiming(), move |tx| claim(tx, &sent, &address)).await;
    match outcome.and_then(std::convert::identity) {
        Ok(given) => page(&guest, ClaimView { given: Some(given), ..ClaimView::default() }),
        Err(error) if is_told(&error) => {
            let view = ClaimView {
                code: asked.claim_code,
                serial_number: asked.serial_number,
                error: Some(said(&guest, &error)),
                given: None,
            };
            let mut response = page(&guest, view)?;
            *response.status_mut() = error.status_code();
            Ok(response)
        }
        Err(error) => Err(error),
    }
}

/// What the installer can do something about.
fn is_told(error: &Error) -> bool {
    matches!(error.code, Code::Invalid | Code::Taken | Code::IllegalMove | Code::TooMany)
}

fn said(guest: &Guest, error: &Error) -> String {
    let fields = error.fields.iter().map(|one| {
        let label = guest.t(&format!("field.{}", one.field)).into_owned();
        format!("{label}{}{}", guest.t("audit.colon"), one.rule.to(guest.lang))
    });
    let fields: Vec<String> = fields.collect();
    if fields.is_empty() { error.text.to(guest.lang) } else { fields.join(" ") }
}

fn page(guest: &Guest, claim: ClaimView) -> Result<HttpResponse> {
    html(&ClaimPage { page: Page::new(guest, &guest.t("device_claim.heading")), claim })
}
