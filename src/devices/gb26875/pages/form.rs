//! The form that makes a fire gateway a panel: the address on its label, and its dialect.

use std::sync::Arc;

use actix_web::{HttpResponse, web};

use crate::access::Permission;
use crate::devices::gb26875::register::{PanelInput, set_panel_of};
use crate::devices::gb26875::store::panel_of;
use crate::devices::store::get_to;
use crate::error::{Code, Result};
use crate::web::{Form, FormField, Input, Visitor, form_page, redirect};

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (form, _) = form(&visitor, id.into_inner(), None).await?;
    form_page(&visitor, form, None)
}

pub async fn save(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let (id, input) = (id.into_inner(), Input::parse(&body)?);
    let seen = input.version()?;
    let (address, profile) = (input.text("panel_address"), input.text("panel_profile"));
    let profiles = Arc::clone(&visitor.app.fire_profiles);
    let work = move |tx: &mut crate::app::Tx<'_>| {
        let profile = Some(profile.as_str()).filter(|profile| !profile.is_empty());
        set_panel_of(tx, &profiles, (id, seen), &PanelInput { address: &address, profile })
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
const NAMES: &[(&str, &str)] =
    &[("address", "panel_address"), ("code", "panel_address"), ("profile", "panel_profile")];

/// The form, and the version that is stored now.
async fn form(visitor: &Visitor, id: i64, typed: Option<(i64, &Input)>) -> Result<(Form, i64)> {
    let scope = visitor.scope();
    let found = visitor.app.db.read(move |connection| {
        let device = get_to(connection, &scope, Permission::PlaceDevice, id)?;
        Ok((device, panel_of(connection, id)?))
    });
    let (device, panel) = found.await?;
    let stored = panel.map_or_else(Input::default, |panel| {
        Input::of([("panel_address", panel.address), ("panel_profile", panel.profile.unwrap_or_default())])
    });
    let (seen, input) = typed.unwrap_or((device.version, &stored));
    let profiles = &visitor.app.fire_profiles;
    let named = profiles.names().filter_map(|name| {
        let profile = profiles.get(name)?;
        Some((name.to_owned(), visitor.pick(&profile.name_zh, &profile.name_en).to_owned()))
    });
    let default = (String::new(), visitor.t("panel.profile_default").into_owned());
    let fields = vec![
        FormField::of(visitor, "panel_address", "text", input)
            .required(true)
            .hint(visitor.t("hint.panel_address")),
        FormField::of(visitor, "panel_profile", "select", input)
            .options(std::iter::once(default).chain(named).collect())
            .hint(visitor.t("hint.panel_profile")),
    ];
    let form = Form {
        heading: format!("{} · {}", device.name, visitor.t("panel.set")),
        action: format!("/devices/{id}/panel"),
        version: Some(seen),
        fields,
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: format!("/devices/{id}"),
    };
    Ok((form, device.version))
}
