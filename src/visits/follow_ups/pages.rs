//! What has to be done after visits that were not done: who has it, what came of it.

mod steps;

use actix_web::{HttpRequest, HttpResponse, web};

use super::model::{FollowUpKind, Urgency};
use super::store::{self, FollowUpListed};
use super::take;
use crate::access::{Permission, Reach, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::parts::flag_filter;
use crate::registry::store::town_names;
use crate::web::{
    Cell, Column, Filter, FilterKind, Input, List, Need, Route, Row, Visitor, Words, list_routes, post,
    redirect,
};

const DAY: &str = "/visits/day";

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<FollowUps>().to_vec();
    routes.extend(steps::routes());
    routes.push(post("/follow-ups/{id}/take", Need::May(Permission::AssignVisits), || web::to(save_take)));
    routes
}

/// The same on the coordinator's day.
pub const COLUMNS: &[Column] = &[
    Column::text("elder", "field.elder_name").unsorted(),
    Column::text("kind", "field.kind"),
    Column::text("due", "field.due_at"),
    Column::text("urgency", "field.state").unsorted(),
    Column::text("town", "field.town_code"),
    Column::text("holder", "field.holder").unsorted(),
    Column::text("since", "field.held_since"),
    Column::text("take", "field.take").unsorted(),
    Column::text("hand_over", "field.hand_over").unsorted(),
];

pub struct FollowUps;

impl List for FollowUps {
    const PATH: &'static str = "/follow-ups";
    const EXPORT_PATH: &'static str = "/follow-ups.xlsx";
    const HEADING: &'static str = "follow_up.heading";
    const EMPTY: &'static str = "follow_up.empty";
    const NEED: Permission = Permission::SeeVisits;
    const TOPIC: Option<Topic> = Some(Topic::Visit);
    const LINKS: &'static [(&'static str, &'static str, &'static str)] =
        &[(DAY, "day.heading", "layout-dashboard")];
    const COLUMNS: &'static [Column] = COLUMNS;

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let towns = town_names(connection, scope, Permission::SeeVisits)?;
        let towns = towns.into_iter().map(|(code, zh, en)| (code, words.pick(&zh, &en))).collect();
        let named = |value: &str, key: &str| (value.to_owned(), words.t(key));
        let holders = vec![
            named("", "follow_up.all"),
            named("mine", "follow_up.mine"),
            named("nobody", "follow_up.nobody"),
        ];
        let states = vec![
            named("open", "follow_up.open"),
            named("closed", "follow_up.closed"),
            named("all", "follow_up.any_state"),
        ];
        let filter = |name, label, kind| Filter { name, label, kind };
        Ok(vec![
            filter("holder", "field.holder", FilterKind::OneOf(holders, "")),
            filter("state", "field.state", FilterKind::OneOf(states, "open")),
            flag_filter("overdue", "field.is_overdue", words),
            filter("kind", "field.kind", words.choices("follow_up_kind", FollowUpKind::NAMES)),
            filter("town", "field.town_code", FilterKind::Select(towns)),
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = store::list(connection, scope, request, words.now)?;
        let looker = Looker::of(scope);
        let rows = listed.rows.iter().map(|listed| row(words, listed, &looker, "list"));
        Ok(Listed { rows: rows.collect(), total: listed.total })
    }
}

/// Who looks at follow-ups, and where they may do something about them.
pub struct Looker {
    user_id: Option<i64>,
    reach: Option<Reach>,
}

impl Looker {
    pub fn of(scope: &Scope) -> Looker {
        Looker { user_id: scope.user_id, reach: scope.reach(Permission::AssignVisits).ok() }
    }

    fn may(&self, listed: &FollowUpListed) -> bool {
        let covers =
            |reach: &Reach| reach.covers(Some(&listed.row.town_code), None) || !reach.providers.is_empty();
        listed.row.closed_at.is_none() && self.reach.as_ref().is_some_and(covers)
    }
}

/// A follow-up in the columns of [`COLUMNS`]; whoever takes it over comes back to where they were.
pub fn row(words: &Words, listed: &FollowUpListed, looker: &Looker, back: &str) -> Row {
    let FollowUpListed { row, elder, holder, .. } = listed;
    let may = looker.may(listed);
    let is_own = row.held_by.is_some() && row.held_by == looker.user_id;
    let since = row
        .held_since
        .map_or_else(Cell::default, |at| Cell::at(words.calendar.show(at), words.calendar.rfc3339(at)));
    let take = if may && !is_own {
        let address = format!("/follow-ups/{}/take?version={}&back={back}", row.id, row.version);
        Cell::button(words.t("follow_up.take"), address)
    } else {
        Cell::text(if is_own { words.t("follow_up.is_mine") } else { String::new() })
    };
    let hand_over = if may {
        Cell::text(words.t("follow_up.hand_over")).link(format!("/follow-ups/{}/hand-over", row.id))
    } else {
        Cell::default()
    };
    let href = if may { format!("/follow-ups/{}", row.id) } else { format!("/visits/{}", row.visit_id) };
    Row {
        href: Some(href),
        cells: vec![
            Cell::text(elder),
            Cell::text(words.name_of("follow_up_kind", row.kind.name())),
            Cell::text(words.calendar.show(row.due_at)),
            state(words, listed),
            Cell::text(words.pick(&listed.town_zh, &listed.town_en)),
            Cell::text(holder.clone().unwrap_or_else(|| words.t("follow_up.office"))),
            since,
            take,
            hand_over,
        ],
    }
}

/// What came of it; of one that is open, by how long it is overdue.
fn state(words: &Words, listed: &FollowUpListed) -> Cell {
    let row = &listed.row;
    if let Some(result) = row.result {
        return Cell::chip(words.name_of("follow_up_result", result.name()), "off");
    }
    let urgency = Urgency::of(row.due_at, words.now);
    let name = words.name_of("urgency", urgency.name());
    if urgency == Urgency::Waiting {
        return Cell::chip(name, urgency.tone());
    }
    let minutes = (words.now - row.due_at).num_minutes();
    let (key, number) = match minutes {
        0..120 => ("follow_up.overdue_min", minutes),
        120..2_880 => ("follow_up.overdue_h", minutes / 60),
        _ => ("follow_up.overdue_days", minutes / 1_440),
    };
    Cell::chip(words.lang.fill(key, &[("state", &name), ("n", &number.to_string())]), urgency.tone())
}

async fn save_take(
    visitor: Visitor,
    id: web::Path<i64>,
    http: HttpRequest,
    body: String,
) -> Result<HttpResponse> {
    let (id, asked) = (id.into_inner(), Input::parse(http.query_string())?);
    // A row's button has its version in the address.
    let version = Input::parse(&body)?.version().or_else(|_| asked.version())?;
    visitor.app.write(&visitor.scope(), move |tx| take(tx, id, version)).await?;
    Ok(redirect(if asked.text("back") == "day" { DAY } else { "/follow-ups?holder=mine" }))
}
