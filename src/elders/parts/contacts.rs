use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Choices, Part, chosen, sealed, sealed_fields, select};
use crate::access::Scope;
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::elders::model::{Relation, is_phone};
use crate::elders::personal::seal_of;
use crate::elders::store::contact_rows::{self as rows, Fields, Row};
use crate::elders::store::{ElderRow, seal_phone};
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::registry::codes;
use crate::text::Text;
use crate::web::{Context, FormField, Input, Words};

const ORDER_MAX: i32 = 99;

/// Whom to call, in this order.
pub(in crate::elders) struct Contacts;

pub(in crate::elders) struct Values {
    fields: Fields,
    phone: Option<String>,
}

impl Values {
    pub(super) fn fields(&self) -> &Fields {
        &self.fields
    }

    pub(super) fn phone(&self) -> Option<&str> {
        self.phone.as_deref()
    }
}

impl Part for Contacts {
    super::addresses!("contacts");
    const NEW_HEADING: &'static str = "elder.new_contact";
    const EDIT_HEADING: &'static str = "elder.edit_contact";
    type Row = Row;
    type Values = Values;

    fn read(input: &Input) -> Result<Values> {
        let relation = chosen(input, "relation", Relation::parse)?;
        let order = input.text("call_order").parse().ok().filter(|order| (1..=ORDER_MAX).contains(order));
        let outside = || Text::new("rule.range").with("min", 1).with("max", ORDER_MAX);
        let call_order = order.ok_or_else(|| Error::field("call_order", outside()))?;
        let (name, note) = (input.text("contact_name"), input.text("note"));
        let phone = sealed(input, "phone", "remove_phone");
        let mut checks = Checks::default();
        checks.text("contact_name", &name, 1, 40);
        checks.text("note", &note, 0, 300);
        let typed = phone.as_deref().unwrap_or_default();
        checks.require("phone", typed.is_empty() || is_phone(typed), || Text::new("rule.phone_callable"));
        checks.finish()?;
        Ok(Values { fields: Fields { call_order, name, relation, note }, phone })
    }

    fn typed(row: &Row) -> Input {
        Input::of([
            ("call_order", row.fields.call_order.to_string()),
            ("contact_name", row.fields.name.clone()),
            ("relation", row.fields.relation.name().to_owned()),
            ("note", row.fields.note.clone()),
        ])
    }

    fn fresh(_today: NaiveDate) -> Input {
        Input::of([("call_order", "1".to_owned())])
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
        put_phone(tx, id, values)?;
        Ok(id)
    }

    fn update(tx: &mut Tx<'_>, (id, seen): (i64, i64), values: &Values) -> Result<bool> {
        let done = rows::update(tx.connection, id, seen, &values.fields)?;
        put_phone(tx, id, values)?;
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
        let relations = codes::options(context.lang, "relation", Relation::NAMES);
        let mut fields = vec![
            field("call_order", "number").required(true).hint(context.t("hint.call_order")),
            field("contact_name", "text").required(true),
            select(context, input, "relation", relations),
        ];
        let on_file = known.is_some_and(|row| row.phone_sealed.is_some());
        fields.extend(sealed_fields(context, input, ("phone", "remove_phone"), on_file));
        fields.push(field("note", "textarea"));
        fields
    }
}

fn put_phone(tx: &mut Tx<'_>, id: i64, values: &Values) -> Result<()> {
    let Some(phone) = &values.phone else { return Ok(()) };
    let sealed = seal_of(tx.keys, ("elder_contacts", id, "phone"), phone)?;
    seal_phone(tx.connection, id, sealed)
}
