use chrono::NaiveDate;
use serde_json::{Value, json};
use songhe_firmware_protocol::Channel;

use super::{Choices, Part, day, select};
use crate::access::Scope;
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::devices::known;
use crate::elders::store::ElderRow;
use crate::elders::store::limit_rows::{self as rows, Fields, Row};
use crate::error::{Error, Result};
use crate::input::{Checks, number};
use crate::text::Text;
use crate::web::{Context, FormField, Input, Words};

/// What is usual for the elder, where that is not what is usual for everybody.
pub(in crate::elders) struct Limits;

/// What people have measured of themselves.
pub(in crate::elders) const CHANNELS: [Channel; 7] = [
    Channel::BloodPressureSystolic,
    Channel::BloodPressureDiastolic,
    Channel::Pulse,
    Channel::OxygenSaturation,
    Channel::Glucose,
    Channel::BodyTemperature,
    Channel::Weight,
];

pub(in crate::elders) struct Values {
    channel: i16,
    from_on: NaiveDate,
    lowest: Option<f64>,
    highest: Option<f64>,
    note: String,
}

impl Values {
    fn fields(&self, tx: &Tx<'_>) -> Fields {
        Fields {
            channel: self.channel,
            from_on: self.from_on,
            lowest: self.lowest,
            highest: self.highest,
            note: self.note.clone(),
            set_by: tx.scope.actor.clone(),
            set_at: tx.now,
        }
    }
}

/// A limit that may be left open; a text that is no number is refused with the range.
fn limit(input: &Input, name: &'static str) -> Option<f64> {
    match input.text(name).as_str() {
        "" => None,
        text => Some(number(text)),
    }
}

fn text(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

impl Part for Limits {
    super::addresses!("limits");
    const NEW_HEADING: &'static str = "elder.new_limit";
    const EDIT_HEADING: &'static str = "elder.edit_limit";
    type Row = Row;
    type Values = Values;

    fn read(input: &Input) -> Result<Values> {
        let choose = || Error::field("channel", Text::new("rule.choose"));
        let channel: i16 = input.text("channel").parse().map_err(|_| choose())?;
        let known = known(channel).filter(|known| CHANNELS.contains(known)).ok_or_else(choose)?;
        let from_on =
            day(input, "from_on")?.ok_or_else(|| Error::field("from_on", Text::new("rule.date")))?;
        let (lowest, highest) = (limit(input, "lowest"), limit(input, "highest"));
        let note = input.text("note");
        let mut checks = Checks::default();
        let (min, max) = known.facts().plausible_scaled;
        for (name, value) in [("lowest", lowest), ("highest", highest)] {
            if let Some(value) = value {
                checks.range(name, value, known.value(min), known.value(max));
            }
        }
        checks.require("lowest", lowest.is_some() || highest.is_some(), || Text::new("rule.one_limit"));
        let in_order = lowest.zip(highest).is_none_or(|(lowest, highest)| lowest < highest);
        if !checks.has("lowest") && !checks.has("highest") {
            checks.require("highest", in_order, || Text::new("rule.limits_in_order"));
        }
        checks.text("note", &note, 0, 300);
        checks.finish()?;
        Ok(Values { channel, from_on, lowest, highest, note })
    }

    fn typed(row: &Row) -> Input {
        Input::of([
            ("channel", row.fields.channel.to_string()),
            ("from_on", row.fields.from_on.to_string()),
            ("lowest", text(row.fields.lowest)),
            ("highest", text(row.fields.highest)),
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
        let Fields { channel, from_on, lowest, highest, note, .. } = &row.fields;
        json!({ "channel": channel, "from_on": from_on, "lowest": lowest, "highest": highest, "note": note })
    }

    fn written(values: &Values) -> Value {
        let Values { channel, from_on, lowest, highest, note } = values;
        json!({ "channel": channel, "from_on": from_on, "lowest": lowest, "highest": highest, "note": note })
    }

    fn get(connection: &mut AnyConnection, elder_id: i64, id: i64) -> Result<Row> {
        rows::get(connection, elder_id, id)
    }

    fn insert(tx: &mut Tx<'_>, elder: &ElderRow, values: &Values) -> Result<i64> {
        let fields = values.fields(tx);
        rows::insert(tx.connection, elder.id, &fields)
    }

    fn update(tx: &mut Tx<'_>, (id, seen): (i64, i64), values: &Values) -> Result<bool> {
        let fields = values.fields(tx);
        rows::update(tx.connection, id, seen, &fields)
    }

    fn delete(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
        rows::delete(connection, id, seen)
    }

    fn offer(_: &mut AnyConnection, _: &Scope, words: &Words) -> Result<Choices> {
        let choice = |channel: Channel| {
            let name = words.name_of("channel", channel.name());
            (channel.code().to_string(), format!("{name} · {}", channel.unit().symbol()))
        };
        Ok(CHANNELS.map(choice).to_vec())
    }

    fn fields(context: &Context, offer: Choices, _: Option<&Row>, input: &Input) -> Vec<FormField> {
        let field = |name: &'static str, kind: &'static str| FormField::of(context, name, kind, input);
        let label = context.t("field.limit_from_on").into_owned();
        let from_on = FormField { label, ..field("from_on", "date") };
        vec![
            select(context, input, "channel", offer),
            from_on.required(true).hint(context.t("hint.limit_from_on")),
            field("lowest", "number").hint(context.t("hint.lowest")),
            field("highest", "number"),
            field("note", "textarea").hint(context.t("hint.limit_note")),
        ]
    }
}
