use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    Choices, Part, chosen, day, day_text, editable, sealed, sealed_fields, select, stale, write_down,
};
use crate::access::audit::Entry;
use crate::access::seal::Cell;
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::elders::model::{DocumentKind, ScanKind, check_scan};
use crate::elders::personal::seal_of;
use crate::elders::store::document_rows::{self as rows, Fields, Row};
use crate::elders::store::{ElderRow, get_elder, get_scan, seal_number, set_scan};
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::registry::codes;
use crate::text::Text;
use crate::web::{Context, FormField, Input, Words};

/// Papers: their kind, sealed number and days, and a sealed scan.
pub(in crate::elders) struct Documents;

pub(in crate::elders) struct Values {
    fields: Fields,
    number: Option<String>,
}

impl Part for Documents {
    super::addresses!("documents");
    const NEW_HEADING: &'static str = "elder.new_document";
    const EDIT_HEADING: &'static str = "elder.edit_document";
    type Row = Row;
    type Values = Values;

    fn read(input: &Input) -> Result<Values> {
        let kind = chosen(input, "document_kind", DocumentKind::parse)?;
        let (issued_on, expires_on) = (day(input, "issued_on")?, day(input, "expires_on")?);
        let note = input.text("note");
        let number = sealed(input, "certificate_number", "remove_certificate_number");
        let mut checks = Checks::default();
        let in_order = issued_on.zip(expires_on).is_none_or(|(issued, expires)| expires >= issued);
        checks.require("expires_on", in_order, || Text::new("rule.expires_after"));
        checks.text("certificate_number", number.as_deref().unwrap_or_default(), 0, 60);
        checks.text("note", &note, 0, 300);
        checks.finish()?;
        Ok(Values { fields: Fields { kind, issued_on, expires_on, note }, number })
    }

    fn typed(row: &Row) -> Input {
        Input::of([
            ("document_kind", row.fields.kind.name().to_owned()),
            ("issued_on", day_text(row.fields.issued_on)),
            ("expires_on", day_text(row.fields.expires_on)),
            ("note", row.fields.note.clone()),
        ])
    }

    fn fresh(_today: NaiveDate) -> Input {
        Input::default()
    }

    fn version(row: &Row) -> i64 {
        row.version
    }

    fn stored(row: &Row) -> Value {
        json!(row.fields)
    }

    fn written(values: &Values) -> Value {
        json!(values.fields)
    }

    fn get(connection: &mut AnyConnection, elder_id: i64, id: i64) -> Result<Row> {
        rows::get(connection, elder_id, id)
    }

    fn insert(tx: &mut Tx<'_>, elder: &ElderRow, values: &Values) -> Result<i64> {
        let id = rows::insert(tx.connection, elder.id, &values.fields)?;
        put_number(tx, id, values)?;
        Ok(id)
    }

    fn update(tx: &mut Tx<'_>, (id, seen): (i64, i64), values: &Values) -> Result<bool> {
        let done = rows::update(tx.connection, id, seen, &values.fields)?;
        put_number(tx, id, values)?;
        Ok(done)
    }

    fn delete(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
        rows::delete(connection, id, seen)
    }

    fn offer(_: &mut AnyConnection, _: &Scope, _: &Words) -> Result<Choices> {
        Ok(Vec::new())
    }

    fn fields(context: &Context, _: Choices, known: Option<&Row>, input: &Input) -> Vec<FormField> {
        let field = |name: &'static str, kind: &'static str| FormField::of(context, name, kind, input);
        let kinds = codes::options(context.lang, "document_kind", DocumentKind::NAMES);
        let mut fields = vec![select(context, input, "document_kind", kinds)];
        let on_file = known.is_some_and(|row| row.number_sealed.is_some());
        fields.extend(sealed_fields(
            context,
            input,
            ("certificate_number", "remove_certificate_number"),
            on_file,
        ));
        fields.extend([field("issued_on", "date"), field("expires_on", "date"), field("note", "textarea")]);
        fields
    }
}

fn put_number(tx: &mut Tx<'_>, id: i64, values: &Values) -> Result<()> {
    let Some(number) = &values.number else { return Ok(()) };
    let sealed = seal_of(tx.keys, ("elder_documents", id, "number"), number)?;
    seal_number(tx.connection, id, sealed)
}

fn scan_cell(row: i64) -> Cell {
    Cell { table: "elder_documents", row, column: "scan" }
}

/// Seals a scan into version `seen` of a document, in place of one that was there.
pub(in crate::elders) fn attach_scan(
    tx: &mut Tx<'_>,
    elder_id: i64,
    (id, seen): (i64, i64),
    bytes: &[u8],
) -> Result<()> {
    let elder = editable(tx, elder_id)?;
    let kind = check_scan(bytes)?;
    rows::get(tx.connection, elder_id, id)?;
    let sealed = tx.keys.seal_bytes(scan_cell(id), bytes)?;
    if !set_scan(tx.connection, id, seen, (kind, bytes.len() as i32, sealed))? {
        return Err(stale(tx, elder_id, Documents::NAME, (id, seen))?);
    }
    let changes = json!({ "scan": ["", format!("{} {}", kind.name(), bytes.len())] });
    let detail = json!({ "part": Documents::NAME, "row": id, "row_version": seen + 1, "changes": changes });
    write_down(tx, &elder, "elder.change_part", detail)
}

/// A scan in clear for somebody who may see it; the look is written down.
pub(in crate::elders) fn reveal_scan(tx: &mut Tx<'_>, elder_id: i64, id: i64) -> Result<(ScanKind, Vec<u8>)> {
    let elder = get_elder(tx.connection, tx.scope, Permission::UnmaskElder, elder_id, tx.now)?;
    let row = rows::get(tx.connection, elder_id, id)?;
    let sealed = get_scan(tx.connection, id)?;
    let (kind, sealed) = row.scan_kind.zip(sealed).ok_or_else(Error::not_found)?;
    tx.audit(&Entry {
        action: "elder.show_scan",
        entity: "elder",
        entity_id: elder_id.to_string(),
        town_code: Some(&elder.town_code),
        detail: json!({ "part": Documents::NAME, "row": id }),
    })?;
    Ok((kind, tx.keys.open_bytes(scan_cell(id), &sealed)?))
}
