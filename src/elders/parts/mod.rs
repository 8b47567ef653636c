//! What belongs to an elder's record in rows of its own: eligibility, places, contacts, caregivers, consents, documents, limits. Each
//! row has its own version, so that two people can work on two of them at once; all are added, changed and taken away
//! through this one frame.

mod caregivers;
mod consents;
mod contacts;
mod documents;
mod eligibility;
mod limits;
mod places;
mod put;

pub(super) use caregivers::Caregivers;
pub(super) use consents::Consents;
pub(super) use contacts::Contacts;
pub(super) use documents::{Documents, attach_scan, reveal_scan};
pub(super) use eligibility::Eligibility;
pub(super) use limits::Limits;
pub(super) use places::Places;
pub use put::{ListedPart, Put, listable, put, take_back};

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::store::{self, ElderRow};
use crate::access::Scope;
use crate::access::audit::Entry;
use crate::access::store::rows_of;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::db::AnyConnection;
use crate::error::{Conflict, Error, Result};
use crate::registry::change::differences;
use crate::text::Text;
use crate::web::{Context, FormField, Input, Words};

/// Values and labels of a select.
pub(super) type Choices = Vec<(String, String)>;

/// One kind of row.
pub(super) trait Part: 'static {
    /// In addresses and audit rows.
    const NAME: &'static str;
    /// Form for a new row; where it is sent; form for a known row; where that is sent; where it is taken away.
    const NEW: &'static str;
    const ALL: &'static str;
    const EDIT: &'static str;
    const ONE: &'static str;
    const REMOVE: &'static str;
    const NEW_HEADING: &'static str;
    const EDIT_HEADING: &'static str;
    type Row: Send + 'static;
    type Values: Send + Sync + 'static;

    /// What the form sent; refuses what breaks a rule, field by field.
    fn read(input: &Input) -> Result<Self::Values>;
    /// The stored values as the form would send them, without what is sealed.
    fn typed(row: &Self::Row) -> Input;
    fn fresh(today: NaiveDate) -> Input;
    fn version(row: &Self::Row) -> i64;
    /// Plain values as they are written down.
    fn stored(row: &Self::Row) -> Value;
    fn written(values: &Self::Values) -> Value;
    fn get(connection: &mut AnyConnection, elder_id: i64, id: i64) -> Result<Self::Row>;
    fn insert(tx: &mut Tx<'_>, elder: &ElderRow, values: &Self::Values) -> Result<i64>;
    /// Writes over version `seen`; false where that is no longer the current one.
    fn update(tx: &mut Tx<'_>, row: (i64, i64), values: &Self::Values) -> Result<bool>;
    fn delete(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool>;
    /// The choices of the form's one select that depends on the database.
    fn offer(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Choices>;
    fn fields(context: &Context, offer: Choices, known: Option<&Self::Row>, input: &Input) -> Vec<FormField>;
}

/// The addresses of a part by its name.
macro_rules! addresses {
    ($name:literal) => {
        const NAME: &'static str = $name;
        const NEW: &'static str = concat!("/elders/{id}/", $name, "/new");
        const ALL: &'static str = concat!("/elders/{id}/", $name);
        const EDIT: &'static str = concat!("/elders/{id}/", $name, "/{row}/edit");
        const ONE: &'static str = concat!("/elders/{id}/", $name, "/{row}");
        const REMOVE: &'static str = concat!("/elders/{id}/", $name, "/{row}/remove");
    };
}
use addresses;

/// Adds a row to an elder within reach; gives its number.
pub(super) fn add<P: Part>(tx: &mut Tx<'_>, elder_id: i64, values: &P::Values) -> Result<i64> {
    let elder = editable(tx, elder_id)?;
    let id = P::insert(tx, &elder, values)?;
    write_down(
        tx,
        &elder,
        "elder.add_part",
        json!({ "part": P::NAME, "row": id, "values": P::written(values) }),
    )?;
    Ok(id)
}

/// Changes version `seen` of a row; a newer version wins and is shown to the loser.
pub(super) fn change<P: Part>(
    tx: &mut Tx<'_>,
    elder_id: i64,
    (id, seen): (i64, i64),
    values: &P::Values,
) -> Result<()> {
    let elder = editable(tx, elder_id)?;
    let before = P::get(tx.connection, elder_id, id)?;
    if P::version(&before) != seen || !P::update(tx, (id, seen), values)? {
        return Err(stale(tx, elder_id, P::NAME, (id, seen))?);
    }
    let changes = differences(&P::stored(&before), &P::written(values));
    let detail = json!({ "part": P::NAME, "row": id, "row_version": seen + 1, "changes": changes });
    write_down(tx, &elder, "elder.change_part", detail)
}

/// Takes version `seen` of a row away; what it said stays in the audit chain.
pub(super) fn remove<P: Part>(tx: &mut Tx<'_>, elder_id: i64, (id, seen): (i64, i64)) -> Result<()> {
    let elder = editable(tx, elder_id)?;
    let before = P::get(tx.connection, elder_id, id)?;
    if !P::delete(tx.connection, id, seen)? {
        return Err(stale(tx, elder_id, P::NAME, (id, seen))?);
    }
    let detail = json!({ "part": P::NAME, "row": id, "values": P::stored(&before) });
    write_down(tx, &elder, "elder.remove_part", detail)
}

fn editable(tx: &mut Tx<'_>, elder_id: i64) -> Result<ElderRow> {
    store::get_elder_to_edit(tx.connection, tx.scope, elder_id)
}

pub(super) fn write_down(tx: &mut Tx<'_>, elder: &ElderRow, action: &str, detail: Value) -> Result<()> {
    tx.audit(&Entry {
        action,
        entity: "elder",
        entity_id: elder.id.to_string(),
        town_code: Some(&elder.town_code),
        detail,
    })?;
    let payload = json!({ "entity": "elder", "id": elder.id });
    tx.publish(&Event::new(Topic::Registry, &elder.town_code, elder.id, payload))
}

/// The error of a change that came second: who changed what in the row since version `seen`.
fn stale(tx: &mut Tx<'_>, elder_id: i64, part: &str, (id, seen): (i64, i64)) -> Result<Error> {
    let mut conflict = Conflict::default();
    for row in rows_of(tx.connection, "elder", &elder_id.to_string())? {
        let detail: Value = serde_json::from_str(&row.detail).unwrap_or_default();
        let is_later = detail["row_version"].as_i64().is_some_and(|version| version > seen);
        if detail["part"] != part || detail["row"] != id || !is_later {
            continue;
        }
        conflict.who = row.actor;
        conflict.when = Some(row.at);
        for (field, pair) in detail["changes"].as_object().into_iter().flatten() {
            conflict.changes.retain(|(known, _, _)| known != field);
            conflict.changes.push((field.clone(), plain(&pair[0]), plain(&pair[1])));
        }
    }
    Ok(Error::stale(conflict))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A day that may be left open.
fn day(input: &Input, name: &'static str) -> Result<Option<NaiveDate>> {
    match input.text(name).as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Error::field(name, Text::new("rule.date"))),
    }
}

/// A day as a form sends it; empty for none.
fn day_text(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// One of an enum's values.
fn chosen<T>(input: &Input, name: &'static str, parse: fn(&str) -> Option<T>) -> Result<T> {
    parse(&input.text(name)).ok_or_else(|| Error::field(name, Text::new("rule.choose")))
}

/// A sealed value: an empty field keeps what is on file, a ticked box removes it.
fn sealed(input: &Input, name: &'static str, remove: &str) -> Option<String> {
    match input.text(name) {
        typed if !typed.is_empty() => Some(typed),
        _ => input.flag(remove).then(String::new),
    }
}

/// The controls of a sealed value; the box to remove it stands there only where something is on file.
fn sealed_fields(
    context: &Context,
    input: &Input,
    (name, remove): (&'static str, &'static str),
    is_on_file: bool,
) -> Vec<FormField> {
    let field = FormField::of(context, name, "text", input);
    if is_on_file {
        let field = field.hint(context.t("hint.sealed_kept"));
        return vec![field, FormField::of(context, remove, "checkbox", input)];
    }
    vec![field.hint(context.t("hint.phone_sealed"))]
}

/// A required select with an empty choice in front.
fn select(context: &Context, input: &Input, name: &'static str, choices: Choices) -> FormField {
    let first = std::iter::once((String::new(), context.t("form.choose").into_owned()));
    FormField::of(context, name, "select", input).required(true).options(first.chain(choices).collect())
}
