use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Setting, SettingInput};
use crate::db::AnyConnection;
use crate::db::schema::dated_settings;
use crate::error::Result;

/// What a setting is from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = dated_settings)]
pub struct SettingDay {
    pub name: String,
    pub effective_on: NaiveDate,
    pub value: i64,
    /// Where it comes from; `proposal` is the program's own suggestion.
    pub source: String,
    pub version: i64,
}

/// What these settings are on a day.
pub fn values_on<const N: usize>(
    connection: &mut AnyConnection,
    settings: [Setting; N],
    day: NaiveDate,
) -> Result<[i64; N]> {
    let stored: Vec<(String, i64)> = dated_settings::table
        .filter(dated_settings::name.eq_any(settings.map(Setting::name).to_vec()))
        .filter(dated_settings::effective_on.le(day))
        .order(dated_settings::effective_on.desc())
        .select((dated_settings::name, dated_settings::value))
        .load(connection)?;
    Ok(settings.map(|setting| {
        let held = stored.iter().find(|(name, _)| name == setting.name());
        held.map_or(setting.plain(), |(_, value)| *value)
    }))
}

/// What a setting is on a day.
pub fn value_on(connection: &mut AnyConnection, setting: Setting, day: NaiveDate) -> Result<i64> {
    let [value] = values_on(connection, [setting], day)?;
    Ok(value)
}

/// All days on which a value of a setting begins to hold, newest first.
pub fn days_of(connection: &mut AnyConnection, setting: Setting) -> Result<Vec<SettingDay>> {
    Ok(dated_settings::table
        .filter(dated_settings::name.eq(setting.name()))
        .order(dated_settings::effective_on.desc())
        .select(SettingDay::as_select())
        .load(connection)?)
}

/// The same of every setting of visits.
pub fn all_days(connection: &mut AnyConnection) -> Result<Vec<SettingDay>> {
    Ok(dated_settings::table
        .filter(dated_settings::name.eq_any(Setting::NAMES.to_vec()))
        .order(dated_settings::effective_on.desc())
        .select(SettingDay::as_select())
        .load(connection)?)
}

/// The version of a setting with these days.
pub fn version_of(days: &[SettingDay]) -> i64 {
    days.iter().map(|day| day.version).max().unwrap_or(1)
}

/// Sets the value from a day on, with the setting's new version.
pub(super) fn put_day(
    connection: &mut AnyConnection,
    setting: Setting,
    input: &SettingInput,
    version: i64,
) -> Result<()> {
    let same = dated_settings::table
        .filter(dated_settings::name.eq(setting.name()))
        .filter(dated_settings::effective_on.eq(input.effective_on));
    let values = (
        dated_settings::value.eq(input.value),
        dated_settings::source.eq(input.source.trim()),
        dated_settings::version.eq(version),
    );
    if diesel::update(same).set(values).execute(connection)? == 0 {
        diesel::insert_into(dated_settings::table)
            .values((
                dated_settings::name.eq(setting.name()),
                dated_settings::effective_on.eq(input.effective_on),
                dated_settings::value.eq(input.value),
                dated_settings::source.eq(input.source.trim()),
                dated_settings::version.eq(version),
            ))
            .execute(connection)?;
    }
    Ok(())
}
