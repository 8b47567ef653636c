//! Limits of a device's channels for programs.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use songhe_firmware_protocol::Channel;
use utoipa::ToSchema;

use super::TAG;
use crate::access::Permission;
use crate::api::{Endpoint, Id, Items, Json, fetch, ok};
use crate::devices::limits::{Holding, LimitInput, Values, holding, set_limit};
use crate::devices::model::LimitChoice;
use crate::devices::store::{get_device, limits_of};
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::{Need, Visitor};

const PATH: &str = "/api/v1/devices/{id}/limits";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(PATH, Need::May(Permission::SeeDevices), || web::to(list))
            .about(TAG, "api.device.limits")
            .answers_all_of::<ChannelLimit>(),
        Endpoint::post(PATH, Need::May(Permission::PlaceDevice), || web::to(set))
            .about(TAG, "api.device.set_limit")
            .takes::<ChannelLimitInput>()
            .answers::<ChannelLimit>(200)
            .fails(409),
    ]
}

/// What raises an alert on a device's channel, in the unit of the channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct ChannelLimit {
    /// Name of the channel in the device protocol.
    channel: &'static str,
    /// Whether the protocol's limits hold, the device's own, or none at all.
    choice: LimitChoice,
    /// At this value, or below it, an alert is raised.
    low_raise: Option<f64>,
    /// At this value, or above it, it is over.
    low_clear: Option<f64>,
    /// At this value, or above it, an alert is raised.
    high_raise: Option<f64>,
    /// At this value, or below it, it is over.
    high_clear: Option<f64>,
    /// To be sent with a change; zero where nothing was ever set.
    version: i64,
}

/// The values are given for limits of the device's own only, each limit together with its all-clear.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChannelLimitInput {
    #[schema(minimum = 0)]
    version: i64,
    channel: String,
    choice: LimitChoice,
    low_raise: Option<f64>,
    low_clear: Option<f64>,
    high_raise: Option<f64>,
    high_clear: Option<f64>,
}

fn view(one: &Holding) -> ChannelLimit {
    let low = one.threshold.and_then(|threshold| threshold.low);
    let high = one.threshold.and_then(|threshold| threshold.high);
    let value = |scaled: i32| one.channel.value(scaled);
    ChannelLimit {
        channel: one.channel.name(),
        choice: one.choice,
        low_raise: low.map(|limit| value(limit.raise_scaled)),
        low_clear: low.map(|limit| value(limit.clear_scaled)),
        high_raise: high.map(|limit| value(limit.raise_scaled)),
        high_clear: high.map(|limit| value(limit.clear_scaled)),
        version: one.version,
    }
}

async fn held(visitor: &Visitor, id: i64) -> Result<Vec<Holding>> {
    fetch(visitor, move |connection, scope, _| {
        get_device(connection, scope, id)?;
        Ok(holding(&limits_of(connection, &[id])?))
    })
    .await
}

async fn list(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let items: Vec<ChannelLimit> = held(&visitor, id).await?.iter().map(view).collect();
    Ok(ok(&Items { items }))
}

async fn set(visitor: Visitor, Id(id): Id, Json(input): Json<ChannelLimitInput>) -> Result<HttpResponse> {
    let channel = Channel::from_name(&input.channel)
        .ok_or_else(|| Error::field("channel", Text::new("rule.limit_channel")))?;
    let values = Values {
        low_raise: input.low_raise,
        low_clear: input.low_clear,
        high_raise: input.high_raise,
        high_clear: input.high_clear,
    };
    let (limit, seen) = (LimitInput { channel, choice: input.choice, values }, input.version);
    let work = move |tx: &mut crate::app::Tx<'_>| set_limit(tx, id, seen, &limit);
    visitor.app.write(&visitor.scope(), work).await.map_err(|error| error.renamed(NAMES))?;
    let held = held(&visitor, id).await?;
    let one = held.iter().find(|one| one.channel == channel).ok_or_else(Error::not_found)?;
    Ok(ok(&view(one)))
}

const NAMES: &[(&str, &str)] = &[("limit_choice", "choice")];
