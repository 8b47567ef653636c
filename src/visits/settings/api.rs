use actix_web::web::Path;
use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change_setting;
use super::model::{Setting, SettingInput};
use super::store::{SettingDay, all_days, version_of};
use crate::access::Permission;
use crate::api::{Endpoint, Json, ok};
use crate::error::{Error, Result};
use crate::web::{Need, Visitor};

const TAG: &str = "visits";

pub fn endpoints() -> Vec<Endpoint> {
    let (see, edit) = (Need::May(Permission::SeePlans), Need::May(Permission::EditCatalogue));
    vec![
        Endpoint::get("/api/v1/visit-settings", see, || web::to(list))
            .about(TAG, "api.visit_setting.list")
            .answers::<VisitSettings>(200),
        Endpoint::post("/api/v1/visit-settings/{code}", edit, || web::to(change))
            .about(TAG, "api.visit_setting.change")
            .takes::<VisitSettingInput>()
            .answers::<VisitSetting>(200)
            .fails(409),
    ]
}

/// The figures by which visits are judged.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct VisitSettings {
    items: Vec<VisitSetting>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct VisitSetting {
    name: Setting,
    /// What it is today; its unit is the end of its name.
    value: i64,
    min: i64,
    max: i64,
    /// What it was, is and will be, newest first.
    days: Vec<VisitSettingDay>,
    /// To be sent with a change.
    version: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct VisitSettingDay {
    effective_on: NaiveDate,
    value: i64,
    /// Where it comes from; `proposal` is the program's own suggestion.
    source: String,
}

/// A value from a day on.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitSettingInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    /// Tomorrow or later; of a known value of an earlier day only the source can be changed.
    effective_on: NaiveDate,
    value: i64,
    /// Where it comes from, such as the number of a document; at most 200 characters.
    source: String,
}

fn view(setting: Setting, all: &[SettingDay], today: NaiveDate) -> VisitSetting {
    let own: Vec<SettingDay> = all.iter().filter(|day| day.name == setting.name()).cloned().collect();
    let (min, max) = setting.bounds();
    let version = version_of(&own);
    let value = own.iter().find(|day| day.effective_on <= today).map_or(setting.plain(), |day| day.value);
    let day = |day: SettingDay| VisitSettingDay {
        effective_on: day.effective_on,
        value: day.value,
        source: day.source,
    };
    VisitSetting { name: setting, value, min, max, days: own.into_iter().map(day).collect(), version }
}

async fn list(visitor: Visitor) -> Result<HttpResponse> {
    let days = visitor.app.db.read(all_days).await?;
    let items = Setting::ALL.iter().map(|setting| view(*setting, &days, visitor.today()));
    Ok(ok(&VisitSettings { items: items.collect() }))
}

async fn change(
    visitor: Visitor,
    code: Path<String>,
    Json(input): Json<VisitSettingInput>,
) -> Result<HttpResponse> {
    let setting = Setting::parse(&code).ok_or_else(Error::not_found)?;
    let VisitSettingInput { version, effective_on, value, source } = input;
    let values = SettingInput { effective_on, value, source };
    visitor.app.write(&visitor.scope(), move |tx| change_setting(tx, setting, version, &values)).await?;
    let days = visitor.app.db.read(all_days).await?;
    Ok(ok(&view(setting, &days, visitor.today())))
}
