//! Everything that the board and `songhe figures` show, read in one go.

use chrono::NaiveDate;

use super::figures::{Counted, ORDER, figures};
use super::model::{Figure, Tally, Value};
use super::store::{
    self, AlertLine, InstitutionLine, ReadingLine, TownName, institution_lines, latest_readings, open_alerts,
};
use crate::access::Scope;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::text::Lang;

const ALERTS_SHOWN: i64 = 6;
const READINGS_SHOWN: i64 = 6;
/// What a figure shows where it has no number.
const NO_NUMBER: &str = "—";

/// The board of one reach at one instant.
#[derive(Clone, Debug)]
pub struct Summary {
    pub now: Instant,
    pub total: Tally,
    pub figures: Vec<Figure>,
    /// Town by town, in order of code.
    pub towns: Vec<(TownName, Tally)>,
    /// Filled for a board of one town or of institutions only.
    pub institutions: Vec<InstitutionLine>,
    pub alerts: Vec<AlertLine>,
    pub readings: Vec<ReadingLine>,
    /// Every town of the city is within reach, and none was asked for.
    pub is_city: bool,
}

/// Reads the board within the scope's reach, or of one town in it. `day` is the business day of `now`.
pub fn read(
    connection: &mut AnyConnection,
    scope: &Scope,
    town: Option<&str>,
    day: NaiveDate,
    now: Instant,
) -> Result<Summary> {
    let (within, names) = store::within(connection, scope, town)?;
    let mut tallies = store::tallies(connection, &within, day, now)?;
    let mut total = Tally::default();
    for tally in tallies.values() {
        total += tally;
    }
    // Registered residents are published for the city as a whole.
    let elders = if within.is_city { store::registered_elders(connection, day)? } else { None };
    let with_towns = within.is_city || !within.towns.is_empty();
    let figures = figures(&Counted { tally: &total, now, elders: elders.as_ref(), with_towns });
    let institutions =
        if names.len() <= 1 { institution_lines(connection, &within, now)? } else { Vec::new() };
    Ok(Summary {
        now,
        figures,
        towns: names
            .into_iter()
            .map(|name| {
                let tally = tallies.remove(&name.code).unwrap_or_default();
                (name, tally)
            })
            .collect(),
        institutions,
        alerts: open_alerts(connection, &within, ALERTS_SHOWN)?,
        readings: latest_readings(connection, &within, READINGS_SHOWN)?,
        is_city: within.is_city,
        total,
    })
}

/// A value as it is read, without its unit.
pub fn value_text(value: Value) -> String {
    match value {
        Value::Count(count) | Value::Part(count, _) => crate::web::group_digits(count),
        Value::Ratio(Some(ratio), decimals) => format!("{ratio:.decimals$}"),
        Value::Ratio(None, _) => NO_NUMBER.to_owned(),
    }
}

/// The bureau's paragraph, with the figures of today.
pub fn report(lang: Lang, figures: &[Figure]) -> String {
    let shown = ORDER.map(|key| {
        let figure = figures.iter().find(|figure| figure.key == key);
        (key, figure.map_or_else(|| NO_NUMBER.to_owned(), |figure| value_text(figure.value)))
    });
    let arguments: Vec<(&str, &str)> = shown.iter().map(|(key, text)| (*key, text.as_str())).collect();
    lang.fill("figures.report", &arguments)
}
