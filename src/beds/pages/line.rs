//! Forms of the waiting list and of transfers.

use super::stay_steps::{free_beds, read_move};
use super::steps::{Step, at_fields, number, reason_field, step_routes};
use crate::access::Permission;
use crate::beds::store::{self, EntryRow, TransferRow};
use crate::beds::{accept_transfer, close_transfer, jump, withdraw};
use crate::elders::store::visible_names;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::text::Text;
use crate::web::{Form, FormField, Input, Route, Visitor};

pub fn routes() -> Vec<Route> {
    let mut routes = step_routes::<Withdraw>().to_vec();
    routes.extend(step_routes::<Jump>());
    routes.extend(step_routes::<Accept>());
    routes.extend(step_routes::<Close>());
    routes
}

async fn entry_to_change(visitor: &Visitor, id: i64) -> Result<EntryRow> {
    let scope = visitor.scope();
    let entry = visitor
        .app
        .db
        .read(move |connection| store::get_entry(connection, &scope, Permission::ManageWaiting, id));
    entry.await
}

fn entry_form(visitor: &Visitor, entry: &EntryRow, step: &str, key: &str, fields: Vec<FormField>) -> Form {
    Form {
        heading: visitor.t(key).into_owned(),
        action: format!("/waiting/{}/{step}", entry.id),
        version: Some(entry.version),
        fields,
        submit_label: visitor.t(key).into_owned(),
        cancel_href: format!("/waiting/{}", entry.id),
    }
}

struct Withdraw;

impl Step for Withdraw {
    const PATH: &'static str = "/waiting/{id}/withdraw";
    const NEED: Permission = Permission::ManageWaiting;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let entry = entry_to_change(visitor, id).await?;
        let fields = vec![reason_field(visitor, input, true)];
        Ok(entry_form(visitor, &entry, "withdraw", "waiting.withdraw", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, reason) = (input.version()?, input.text("reason"));
        visitor.app.write(&visitor.scope(), move |tx| withdraw(tx, id, version, &reason)).await?;
        Ok("/waiting".to_owned())
    }
}

struct Jump;

impl Step for Jump {
    const PATH: &'static str = "/waiting/{id}/jump";
    const NEED: Permission = Permission::ManageWaiting;

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let entry = entry_to_change(visitor, id).await?;
        let (scope, now) = (visitor.scope(), visitor.now);
        let request = ListRequest { limit: 500, ..ListRequest::default() };
        let line = visitor
            .app
            .db
            .read(move |connection| store::list_entries(connection, &scope, &request, now))
            .await?;
        let options = line.rows.into_iter().filter(|row| row.entry.id != id).map(|row| {
            let name = row.elder.unwrap_or_else(|| visitor.t("bed.not_yours").into_owned());
            let class = visitor.pick(&row.class.name_zh, &row.class.name_en).to_owned();
            (row.entry.id.to_string(), format!("{}. {name} · {class}", row.position.unwrap_or_default()))
        });
        let options = std::iter::once((String::new(), "—".to_owned())).chain(options).collect();
        let before = FormField::of(visitor, "before", "select", input).required(true).options(options);
        let fields = vec![before, reason_field(visitor, input, true)];
        Ok(entry_form(visitor, &entry, "jump", "waiting.jump", fields))
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, before, reason) = (input.version()?, number(input, "before")?, input.text("reason"));
        visitor.app.write(&visitor.scope(), move |tx| jump(tx, id, version, before, &reason)).await?;
        Ok("/waiting".to_owned())
    }
}

/// A transfer that the asker may answer.
async fn transfer_to_change(visitor: &Visitor, id: i64) -> Result<TransferRow> {
    let scope = visitor.scope();
    let transfer = visitor
        .app
        .db
        .read(move |connection| store::get_transfer(connection, &scope, Permission::ManageStays, id));
    transfer.await
}

/// What is done, and of whom.
async fn heading(visitor: &Visitor, key: &str, transfer: &TransferRow) -> Result<String> {
    let (scope, elder_id, now) = (visitor.scope(), transfer.elder_id, visitor.now);
    let names = visitor.app.db.read(move |connection| visible_names(connection, &scope, &[elder_id], now));
    let what = visitor.t(key);
    Ok(match names.await?.remove(&elder_id) {
        Some(name) => format!("{what} · {name}"),
        None => what.into_owned(),
    })
}

struct Accept;

impl Step for Accept {
    const PATH: &'static str = "/transfers/{id}/accept";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let transfer = transfer_to_change(visitor, id).await?;
        let reach = visitor.scope().reach(Permission::ManageStays)?;
        if !transfer.is_to(&reach) {
            return Err(Error::forbidden().context("only the end that takes in accepts"));
        }
        let options = free_beds(visitor, transfer.to_institution_id).await?;
        let bed = FormField::of(visitor, "bed", "select", input).required(true).options(options);
        let [on, time] = at_fields(visitor, input, "at_on", "at_time", true);
        Ok(Form {
            heading: heading(visitor, "transfer.accept", &transfer).await?,
            action: format!("/transfers/{id}/accept"),
            version: Some(transfer.version),
            fields: vec![bed, on, time, reason_field(visitor, input, false)],
            submit_label: visitor.t("transfer.accept").into_owned(),
            cancel_href: "/transfers".to_owned(),
        })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let version = input.version()?;
        let to = read_move(visitor, input)?;
        let new_id =
            visitor.app.write(&visitor.scope(), move |tx| accept_transfer(tx, id, version, &to)).await?;
        Ok(format!("/stays/{new_id}"))
    }
}

struct Close;

impl Step for Close {
    const PATH: &'static str = "/transfers/{id}/close";

    async fn form(visitor: &Visitor, id: i64, input: &Input) -> Result<Form> {
        let transfer = transfer_to_change(visitor, id).await?;
        let reach = visitor.scope().reach(Permission::ManageStays)?;
        let key = if transfer.is_to(&reach) { "transfer.decline" } else { "transfer.take_back" };
        Ok(Form {
            heading: heading(visitor, key, &transfer).await?,
            action: format!("/transfers/{id}/close"),
            version: Some(transfer.version),
            fields: vec![reason_field(visitor, input, true)],
            submit_label: visitor.t(key).into_owned(),
            cancel_href: "/transfers".to_owned(),
        })
    }

    async fn save(visitor: &Visitor, id: i64, input: &Input) -> Result<String> {
        let (version, reason) = (input.version()?, input.text("reason"));
        if reason.is_empty() {
            let rule = Text::new("rule.required").with("field", "@field.reason");
            return Err(Error::field("reason", rule));
        }
        visitor.app.write(&visitor.scope(), move |tx| close_transfer(tx, id, version, &reason)).await?;
        Ok("/transfers".to_owned())
    }
}
