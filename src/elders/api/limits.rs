//! What is usual for one elder.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::parts::{PartApi, api_addresses, form_of};
use crate::access::Scope;
use crate::api::At;
use crate::db::AnyConnection;
use crate::elders::parts::Limits;
use crate::elders::store::limit_rows;
use crate::error::Result;
use crate::web::{Input, Words};

/// Limits of one channel from a day on; those that began last count.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ElderLimit {
    pub id: i64,
    /// Number of the channel in the device protocol.
    pub channel: i16,
    pub from_on: NaiveDate,
    /// In the unit of the channel; a value below is out of the ordinary.
    pub lowest: Option<f64>,
    /// A value above is out of the ordinary.
    pub highest: Option<f64>,
    pub note: String,
    /// Login of who said so last.
    pub set_by: String,
    pub set_at: At,
    /// To be sent with a change.
    pub version: i64,
}

/// At least one of the two limits, the lowest below the highest.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ElderLimitInput {
    /// 1 to 7: blood pressure (systolic, diastolic), pulse, oxygen saturation, glucose, temperature, weight.
    channel: i16,
    from_on: NaiveDate,
    lowest: Option<f64>,
    highest: Option<f64>,
    /// At most 300 characters.
    #[serde(default)]
    note: String,
}

impl PartApi for Limits {
    api_addresses!("limits");
    const ABOUT: [&'static str; 5] = [
        "api.elder_limit.list",
        "api.elder_limit.show",
        "api.elder_limit.add",
        "api.elder_limit.change",
        "api.elder_limit.remove",
    ];
    type Sent = ElderLimitInput;
    type Told = ElderLimit;

    fn form(sent: &ElderLimitInput) -> Input {
        let number = |value: Option<f64>| value.map(|value| value.to_string());
        form_of([
            ("channel", Some(sent.channel.to_string())),
            ("from_on", Some(sent.from_on.to_string())),
            ("lowest", number(sent.lowest)),
            ("highest", number(sent.highest)),
            ("note", Some(sent.note.clone())),
        ])
    }

    fn sent(row: &limit_rows::Row) -> ElderLimitInput {
        let limit_rows::Fields { channel, from_on, lowest, highest, note, .. } = row.fields.clone();
        ElderLimitInput { channel, from_on, lowest, highest, note }
    }

    fn list(connection: &mut AnyConnection, elder_id: i64) -> Result<Vec<limit_rows::Row>> {
        limit_rows::list(connection, elder_id)
    }

    fn told(
        _: &mut AnyConnection,
        _: &Scope,
        rows: Vec<limit_rows::Row>,
        words: &Words,
    ) -> Result<Vec<ElderLimit>> {
        let told = rows.into_iter().map(|row| ElderLimit {
            id: row.id,
            channel: row.fields.channel,
            from_on: row.fields.from_on,
            lowest: row.fields.lowest,
            highest: row.fields.highest,
            note: row.fields.note,
            set_by: row.fields.set_by,
            set_at: At::new(words.calendar, row.fields.set_at),
            version: row.version,
        });
        Ok(told.collect())
    }
}
