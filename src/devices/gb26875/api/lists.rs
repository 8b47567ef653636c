//! Frames and parts of every panel, and the frames that were refused.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{PanelFrame, PanelPart, TAG, frame, part};
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Items, Resource, fetch, list_endpoint, ok};
use crate::db::AnyConnection;
use crate::devices::gb26875::model::{PartLevel, RefusalReason};
use crate::devices::gb26875::store::{RefusalRow, get_frame, list_frames, list_parts, list_refusals};
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

/// As many as are kept.
const REFUSALS_MAX: i64 = 1_000;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        list_endpoint::<Frames>(),
        Endpoint::get("/api/v1/fire-frames/{id}", Need::May(Permission::SeeDevices), || web::to(show))
            .about(TAG, "api.panel.frame")
            .answers::<PanelFrame>(200),
        list_endpoint::<Parts>(),
        Endpoint::get("/api/v1/fire-refusals", Need::May(Permission::SeeDevices), || web::to(refusals))
            .about(TAG, "api.panel.refusals")
            .answers_all_of::<RefusedFrame>(),
    ]
}

struct Frames;

impl Resource for Frames {
    const PATH: &'static str = "/api/v1/fire-frames";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.panel.frames";
    const NEED: Permission = Permission::SeeDevices;
    const FILTERS: &'static [Filter] = &[
        Filter::new("device", FilterKind::Id, "Number of the panel's device."),
        Filter::new("kind", FilterKind::Id, "Type flag of the data, such as 2 for states of components."),
        Filter::new("test", FilterKind::Flag, "Whether something in it was tried out."),
        Filter::new("from", FilterKind::Day, "Received on this day or later."),
        Filter::new("until", FilterKind::Day, "Received on this day or earlier."),
    ];
    type Item = PanelFrame;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<PanelFrame>> {
        let rows = list_frames(connection, scope, request, words.calendar)?.rows;
        Ok(rows.into_iter().map(|row| frame(row, words)).collect())
    }

    fn number(item: &PanelFrame) -> i64 {
        item.id
    }
}

struct Parts;

impl Resource for Parts {
    const PATH: &'static str = "/api/v1/fire-parts";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.panel.parts";
    const NEED: Permission = Permission::SeeDevices;
    const FILTERS: &'static [Filter] = &[
        Filter::new("device", FilterKind::Id, "Number of the panel's device."),
        Filter::new("level", FilterKind::OneOf(PartLevel::NAMES), "What says something of itself."),
        Filter::new("test", FilterKind::Flag, "Whether its state is one of a trial."),
    ];
    type Item = PanelPart;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<PanelPart>> {
        let rows = list_parts(connection, scope, request)?.rows;
        Ok(rows.into_iter().map(|row| part(row, words)).collect())
    }

    fn number(item: &PanelPart) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let found =
        fetch(&visitor, move |connection, scope, words| Ok(frame(get_frame(connection, scope, id)?, words)));
    Ok(ok(&found.await?))
}

/// Frames of one sender that were refused for one reason; of many, the first is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct RefusedFrame {
    /// Address of the sender as it was sent.
    source: String,
    reason: RefusalReason,
    /// What exactly was wrong with the first: a name and its numbers, such as `size kind=2 count=9 expected=414 found=46`; else empty.
    fault: String,
    occurrences: i64,
    first_at: At,
    last_at: At,
    /// Address in the network from which the last one came.
    sent_from: String,
    /// The first, hexadecimal.
    raw: String,
}

async fn refusals(visitor: Visitor) -> Result<HttpResponse> {
    let found = fetch(&visitor, |connection, scope, words| {
        let request = ListRequest { limit: REFUSALS_MAX, ..ListRequest::default() };
        let rows = list_refusals(connection, scope, &request)?.rows.into_iter();
        let at = |instant| At::new(words.calendar, instant);
        let item = |row: RefusalRow| RefusedFrame {
            source: row.source,
            reason: row.reason,
            fault: row.fault,
            occurrences: row.occurrences,
            first_at: at(row.first_at),
            last_at: at(row.last_at),
            sent_from: row.sent_from,
            raw: hex::encode(row.raw),
        };
        Ok(Items { items: rows.map(item).collect::<Vec<_>>() })
    });
    Ok(ok(&found.await?))
}
