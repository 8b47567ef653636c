use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Choices, Part, chosen, select};
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::elders::model::Stance;
use crate::elders::store::ElderRow;
use crate::elders::store::caregiver_rows::{self as rows, Fields, Row};
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::listing::ListRequest;
use crate::registry::caregivers::store::{get_caregiver, list_caregivers};
use crate::registry::codes;
use crate::text::Text;
use crate::web::{Context, FormField, Input, Words};

/// Caregivers to choose from.
const OFFERED_MAX: i64 = 1_000;

/// Caregivers whom the elder asks for, or who must not be sent.
pub(in crate::elders) struct Caregivers;

pub(in crate::elders) struct Values {
    caregiver_id: i64,
    stance: Stance,
    reason: String,
}

impl Values {
    pub(super) fn caregiver_id(&self) -> i64 {
        self.caregiver_id
    }

    fn fields(&self, tx: &Tx<'_>) -> Fields {
        Fields {
            caregiver_id: self.caregiver_id,
            stance: self.stance,
            reason: self.reason.clone(),
            set_by: tx.scope.actor.clone(),
            set_at: tx.now,
        }
    }
}

/// A caregiver whom the asker may see.
fn check_known(tx: &mut Tx<'_>, values: &Values) -> Result<()> {
    let found = get_caregiver(tx.connection, tx.scope, Permission::SeeCaregivers, values.caregiver_id);
    found.map(|_| ()).map_err(|error| match error.code {
        Code::NotFound => Error::field("caregiver_id", Text::new("rule.choose")),
        _ => error,
    })
}

impl Part for Caregivers {
    super::addresses!("caregivers");
    const NEW_HEADING: &'static str = "elder.new_caregiver";
    const EDIT_HEADING: &'static str = "elder.edit_caregiver";
    type Row = Row;
    type Values = Values;

    fn read(input: &Input) -> Result<Values> {
        let stance = chosen(input, "stance", Stance::parse)?;
        let choose = || Error::field("caregiver_id", Text::new("rule.choose"));
        let caregiver_id = input.text("caregiver_id").parse().map_err(|_| choose())?;
        let reason = input.text("reason");
        let mut checks = Checks::default();
        let needs_reason = stance == Stance::Barred;
        checks.require("reason", !needs_reason || !reason.is_empty(), || Text::new("rule.bar_reason"));
        checks.text("reason", &reason, 0, 300);
        checks.finish()?;
        Ok(Values { caregiver_id, stance, reason })
    }

    fn typed(row: &Row) -> Input {
        Input::of([
            ("caregiver_id", row.fields.caregiver_id.to_string()),
            ("stance", row.fields.stance.name().to_owned()),
            ("reason", row.fields.reason.clone()),
        ])
    }

    fn fresh(_today: NaiveDate) -> Input {
        Input::default()
    }

    fn version(row: &Row) -> i64 {
        row.version
    }

    fn stored(row: &Row) -> Value {
        let Fields { caregiver_id, stance, reason, .. } = &row.fields;
        json!({ "caregiver_id": caregiver_id, "stance": stance, "reason": reason })
    }

    fn written(values: &Values) -> Value {
        json!({ "caregiver_id": values.caregiver_id, "stance": values.stance, "reason": values.reason })
    }

    fn get(connection: &mut AnyConnection, elder_id: i64, id: i64) -> Result<Row> {
        rows::get(connection, elder_id, id)
    }

    fn insert(tx: &mut Tx<'_>, elder: &ElderRow, values: &Values) -> Result<i64> {
        check_known(tx, values)?;
        let fields = values.fields(tx);
        rows::insert(tx.connection, elder.id, &fields)
    }

    fn update(tx: &mut Tx<'_>, (id, seen): (i64, i64), values: &Values) -> Result<bool> {
        check_known(tx, values)?;
        let fields = values.fields(tx);
        rows::update(tx.connection, id, seen, &fields)
    }

    fn delete(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
        rows::delete(connection, id, seen)
    }

    fn offer(connection: &mut AnyConnection, scope: &Scope, _words: &Words) -> Result<Choices> {
        let request = ListRequest { limit: OFFERED_MAX, ..ListRequest::default() };
        let listed = list_caregivers(connection, scope, &request)?.rows;
        let choice = |row: crate::registry::caregivers::store::CaregiverListed| {
            (row.caregiver.id.to_string(), format!("{} · {}", row.caregiver.name, row.provider))
        };
        Ok(listed.into_iter().map(choice).collect())
    }

    fn fields(context: &Context, offer: Choices, _known: Option<&Row>, input: &Input) -> Vec<FormField> {
        let stances = codes::options(context.lang, "stance", Stance::NAMES);
        vec![
            select(context, input, "caregiver_id", offer),
            select(context, input, "stance", stances),
            FormField::of(context, "reason", "textarea", input).hint(context.t("hint.bar_reason")),
        ]
    }
}
