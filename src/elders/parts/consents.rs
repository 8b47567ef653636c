use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Choices, Part, chosen, day, day_text, select};
use crate::access::Scope;
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::elders::model::ConsentKind;
use crate::elders::store::ElderRow;
use crate::elders::store::consent_rows::{self as rows, Fields, Row};
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::registry::codes;
use crate::text::Text;
use crate::web::{Context, FormField, Input, Words};

/// What the elder, or who speaks for them, has agreed to.
pub(in crate::elders) struct Consents;

/// A consent is given today or before.
fn check_days(tx: &Tx<'_>, values: &Fields) -> Result<()> {
    let today = tx.calendar.day_of(tx.now);
    let mut checks = Checks::default();
    checks.require("given_on", values.given_on <= today, || Text::new("rule.not_in_future"));
    let is_past = values.withdrawn_on.is_none_or(|day| day <= today);
    checks.require("withdrawn_on", is_past, || Text::new("rule.not_in_future"));
    checks.finish()
}

impl Part for Consents {
    super::addresses!("consents");
    const NEW_HEADING: &'static str = "elder.new_consent";
    const EDIT_HEADING: &'static str = "elder.edit_consent";
    type Row = Row;
    type Values = Fields;

    fn read(input: &Input) -> Result<Fields> {
        let kind = chosen(input, "consent_kind", ConsentKind::parse)?;
        let given_on =
            day(input, "given_on")?.ok_or_else(|| Error::field("given_on", Text::new("rule.date")))?;
        let withdrawn_on = day(input, "withdrawn_on")?;
        let (given_by, note) = (input.text("given_by"), input.text("note"));
        let mut checks = Checks::default();
        checks.text("given_by", &given_by, 1, 40);
        checks.text("note", &note, 0, 300);
        let in_order = withdrawn_on.is_none_or(|day| day >= given_on);
        checks.require("withdrawn_on", in_order, || Text::new("rule.withdrawn_after"));
        checks.finish()?;
        Ok(Fields { kind, given_on, given_by, note, withdrawn_on })
    }

    fn typed(row: &Row) -> Input {
        Input::of([
            ("consent_kind", row.fields.kind.name().to_owned()),
            ("given_on", row.fields.given_on.to_string()),
            ("given_by", row.fields.given_by.clone()),
            ("withdrawn_on", day_text(row.fields.withdrawn_on)),
            ("note", row.fields.note.clone()),
        ])
    }

    fn fresh(today: NaiveDate) -> Input {
        Input::of([("given_on", today.to_string())])
    }

    fn version(row: &Row) -> i64 {
        row.version
    }

    fn stored(row: &Row) -> Value {
        json!(row.fields)
    }

    fn written(values: &Fields) -> Value {
        json!(values)
    }

    fn get(connection: &mut AnyConnection, elder_id: i64, id: i64) -> Result<Row> {
        rows::get(connection, elder_id, id)
    }

    fn insert(tx: &mut Tx<'_>, elder: &ElderRow, values: &Fields) -> Result<i64> {
        check_days(tx, values)?;
        rows::insert(tx.connection, elder.id, values)
    }

    fn update(tx: &mut Tx<'_>, (id, seen): (i64, i64), values: &Fields) -> Result<bool> {
        check_days(tx, values)?;
        rows::update(tx.connection, id, seen, values)
    }

    fn delete(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
        rows::delete(connection, id, seen)
    }

    fn offer(_: &mut AnyConnection, _: &Scope, _: &Words) -> Result<Choices> {
        Ok(Vec::new())
    }

    fn fields(context: &Context, _: Choices, known: Option<&Row>, input: &Input) -> Vec<FormField> {
        let field = |name: &'static str, kind: &'static str| FormField::of(context, name, kind, input);
        let kinds = codes::options(context.lang, "consent_kind", ConsentKind::NAMES);
        let mut fields = vec![
            select(context, input, "consent_kind", kinds),
            field("given_on", "date").required(true),
            field("given_by", "text").required(true).hint(context.t("hint.given_by")),
        ];
        if known.is_some() {
            fields.push(field("withdrawn_on", "date").hint(context.t("hint.withdrawn_on")));
        }
        fields.push(field("note", "textarea"));
        fields
    }
}
