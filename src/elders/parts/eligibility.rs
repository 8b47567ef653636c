use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Choices, Part, day, day_text, select};
use crate::access::Scope;
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::elders::store::eligibility_rows::{self as rows, Fields, Row};
use crate::elders::store::{ElderRow, categories};
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::text::Text;
use crate::web::{Context, FormField, Input, Words};

/// Why public money pays, from when to when.
pub(in crate::elders) struct Eligibility;

impl Part for Eligibility {
    super::addresses!("eligibility");
    const NEW_HEADING: &'static str = "elder.new_eligibility";
    const EDIT_HEADING: &'static str = "elder.edit_eligibility";
    type Row = Row;
    type Values = Fields;

    fn read(input: &Input) -> Result<Fields> {
        let (from_on, to_on) = period(input)?;
        let mut checks = Checks::default();
        let category_code = input.text("category_code");
        checks.require("category_code", !category_code.is_empty(), || Text::new("rule.choose"));
        let (document_number, note) = (input.text("document_number"), input.text("note"));
        checks.text("document_number", &document_number, 0, 60);
        checks.text("note", &note, 0, 300);
        checks.finish()?;
        Ok(Fields { category_code, from_on, to_on, document_number, note })
    }

    fn typed(row: &Row) -> Input {
        Input::of([
            ("category_code", row.fields.category_code.clone()),
            ("from_on", day_text(row.fields.from_on)),
            ("to_on", day_text(row.fields.to_on)),
            ("document_number", row.fields.document_number.clone()),
            ("note", row.fields.note.clone()),
        ])
    }

    fn fresh(today: NaiveDate) -> Input {
        Input::of([("from_on", today.to_string())])
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
        let offered = categories(tx.connection)?
            .into_iter()
            .any(|one| one.code == values.category_code && !one.retired);
        if !offered {
            return Err(Error::field("category_code", Text::new("rule.choose")));
        }
        rows::insert(tx.connection, elder.id, values)
    }

    fn update(tx: &mut Tx<'_>, (id, seen): (i64, i64), values: &Fields) -> Result<bool> {
        if !categories(tx.connection)?.into_iter().any(|one| one.code == values.category_code) {
            return Err(Error::field("category_code", Text::new("rule.choose")));
        }
        rows::update(tx.connection, id, seen, values)
    }

    fn delete(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
        rows::delete(connection, id, seen)
    }

    /// A retired category is offered to nobody who does not hold it: the form adds the held one.
    fn offer(connection: &mut AnyConnection, _scope: &Scope, words: &Words) -> Result<Choices> {
        let offered = categories(connection)?.into_iter().filter(|one| !one.retired);
        Ok(offered.map(|one| (one.code.clone(), words.pick(&one.name_zh, &one.name_en))).collect())
    }

    fn fields(context: &Context, mut offer: Choices, known: Option<&Row>, input: &Input) -> Vec<FormField> {
        if let Some(row) = known
            && offer.iter().all(|(code, _)| *code != row.fields.category_code)
        {
            offer.push((row.fields.category_code.clone(), row.fields.category_code.clone()));
        }
        let field = |name: &'static str, kind: &'static str| FormField::of(context, name, kind, input);
        let mut fields = vec![select(context, input, "category_code", offer)];
        fields.extend(period_fields(context, input));
        fields.extend([field("document_number", "text"), field("note", "textarea")]);
        fields
    }
}

/// Half-open days, either end of which may be left open.
pub(super) fn period(input: &Input) -> Result<(Option<NaiveDate>, Option<NaiveDate>)> {
    let (from_on, to_on) = (day(input, "from_on")?, day(input, "to_on")?);
    if from_on.zip(to_on).is_some_and(|(from, to)| to <= from) {
        return Err(Error::field("to_on", Text::new("rule.to_after_from")));
    }
    Ok((from_on, to_on))
}

/// The controls of the same days.
pub(super) fn period_fields(context: &Context, input: &Input) -> [FormField; 2] {
    let field = |name: &'static str, label: &str, hint: &str| {
        let field = FormField::of(context, name, "date", input).hint(context.t(hint));
        FormField { label: context.t(label).into_owned(), ..field }
    };
    [
        field("from_on", "field.holds_from", "hint.from_open"),
        field("to_on", "field.holds_until", "hint.to_excluded"),
    ]
}
