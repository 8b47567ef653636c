//! The reasons for phones and forms that offer them, and for the office that sets them.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store::{FailReasonRow, fail_reasons};
use super::{FailReasonInput, add_reason, change_reason, reason_input};
use crate::access::Permission;
use crate::api::{Endpoint, Json, Patch, created, ok};
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::web::{Input, Need, Visitor};

const PATH: &str = "/api/v1/fail-reasons";
const ONE: &str = "/api/v1/fail-reasons/{code}";
const TAG: &str = "visits";

pub fn endpoints() -> Vec<Endpoint> {
    let (see, edit) = (Need::May(Permission::SeeVisits), Need::May(Permission::EditCatalogue));
    vec![
        Endpoint::get(PATH, see, || web::to(list))
            .about(TAG, "api.visit.fail_reasons")
            .asks_text(
                "all",
                "With `true` also those that nobody can choose: closed ones, and the program's own.",
            )
            .answers::<FailReasonList>(200),
        Endpoint::get(ONE, see, || web::to(show))
            .about(TAG, "api.fail_reason.show")
            .answers::<FailReason>(200),
        Endpoint::post(PATH, edit, || web::to(create))
            .about(TAG, "api.fail_reason.add")
            .takes::<NewFailReasonInput>()
            .answers::<FailReason>(201),
        Endpoint::patch(ONE, edit, || web::to(update))
            .about(TAG, "api.fail_reason.change")
            .patches::<FailReasonInput>()
            .answers::<FailReason>(200),
    ]
}

/// Why a visit was not done, and what follows from it.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct FailReason {
    code: String,
    name_zh: String,
    name_en: String,
    /// Somebody tries to reach somebody again within so many minutes.
    contact_within_min: Option<i32>,
    /// Somebody sees to it that the elder is well within so many minutes.
    welfare_within_min: Option<i32>,
    may_make_up: bool,
    needs_note: bool,
    /// Whether a person chooses it; the others the program gives by itself.
    choosable: bool,
    /// Nobody chooses it any more.
    closed: bool,
    /// From 1, in the order in which they are offered.
    position: i64,
    /// To be sent with a change.
    version: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct FailReasonList {
    items: Vec<FailReason>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFailReasonInput {
    /// 2 to 40 small letters, digits and underscores; it never changes.
    code: String,
    name_zh: String,
    name_en: String,
    #[schema(minimum = 1, maximum = 10_080)]
    contact_within_min: Option<i32>,
    #[schema(minimum = 1, maximum = 10_080)]
    welfare_within_min: Option<i32>,
    may_make_up: bool,
    needs_note: bool,
    /// Code of the reason behind which it is offered; the first one without it.
    after: Option<String>,
}

fn view((index, row): (usize, FailReasonRow)) -> FailReason {
    FailReason {
        code: row.code,
        name_zh: row.name_zh,
        name_en: row.name_en,
        contact_within_min: row.contact_within_min,
        welfare_within_min: row.welfare_within_min,
        may_make_up: row.may_make_up,
        needs_note: row.needs_note,
        choosable: row.choosable,
        closed: row.closed,
        position: index as i64 + 1,
        version: row.version,
    }
}

async fn all(visitor: &Visitor) -> Result<Vec<FailReason>> {
    Ok(visitor.app.db.read(fail_reasons).await?.into_iter().enumerate().map(view).collect())
}

async fn find(visitor: &Visitor, code: &str) -> Result<FailReason> {
    all(visitor).await?.into_iter().find(|reason| reason.code == code).ok_or_else(Error::not_found)
}

async fn list(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let wants_all = Input::parse(http.query_string())?.flag("all");
    let mut items = all(&visitor).await?;
    items.retain(|reason| wants_all || (reason.choosable && !reason.closed));
    Ok(ok(&FailReasonList { items }))
}

async fn show(visitor: Visitor, code: Path<String>) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, &code).await?))
}

async fn create(visitor: Visitor, Json(input): Json<NewFailReasonInput>) -> Result<HttpResponse> {
    let code = input.code.clone();
    let values = FailReasonInput {
        name_zh: input.name_zh,
        name_en: input.name_en,
        contact_within_min: input.contact_within_min,
        welfare_within_min: input.welfare_within_min,
        may_make_up: input.may_make_up,
        needs_note: input.needs_note,
        closed: false,
        after: input.after,
    };
    visitor.app.write(&visitor.scope(), move |tx| add_reason(tx, &input.code, &values)).await?;
    Ok(created(format!("{PATH}/{code}"), &find(&visitor, &code).await?))
}

async fn update(visitor: Visitor, code: Path<String>, patch: Patch<FailReasonInput>) -> Result<HttpResponse> {
    let code = code.into_inner();
    let asked = code.clone();
    let work = move |tx: &mut Tx<'_>| {
        let order = fail_reasons(tx.connection)?;
        let stored = order.iter().find(|reason| reason.code == asked).ok_or_else(Error::not_found)?;
        change_reason(tx, &asked, patch.version, &patch.over(&reason_input(&order, stored))?)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find(&visitor, &code).await?))
}
