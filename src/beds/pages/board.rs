//! The bed board of an institution: exact counts, cards by building, floor and room, and a bed by date timeline.

use actix_web::web::{self, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::rooms::may_furnish;
use super::timeline::{Periods, Timeline, timeline};
use super::tone;
use crate::access::Permission;
use crate::beds::confirm;
use crate::beds::model::{BedState, ClaimKind, Counts, is_stale};
use crate::beds::store::{
    BedListed, ClaimRow, ConfirmationRow, LeaveRow, beds_of_house, claims_between, latest_confirmations,
    leaves_between,
};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::registry::institutions::store::{InstitutionRow, get_institution};
use crate::text::Text;
use crate::web::{Page, Visitor, Words, group_digits, html, redirect};

/// Days before today and in all that the timeline shows.
const DAYS_BEFORE: u64 = 13;
const DAYS: u64 = 28;

/// Bars of the timeline: class and text key.
const LEGEND: &[(&str, &str)] = &[
    ("info", "enums.claim_kind.stay"),
    ("leave", "enums.leave_kind.home"),
    ("hospital", "enums.leave_kind.hospital"),
    ("planned", "bed.after_planned"),
    ("wait", "enums.claim_kind.hold"),
    ("off", "enums.claim_kind.outage"),
];

#[derive(Template)]
#[template(path = "bed_board.html")]
struct BoardPage {
    page: Page,
    board: BoardView,
}

struct BoardView {
    heading: String,
    subheading: String,
    institution: i64,
    states: Vec<StateView>,
    beds: String,
    confirmed: String,
    is_stale: bool,
    may_confirm: bool,
    confirm_label: String,
    search: String,
    found: Vec<(String, String)>,
    search_note: String,
    cards_href: Option<String>,
    timeline_href: Option<String>,
    floors: Vec<FloorView>,
    timeline: Option<Timeline>,
    /// Class and word of each kind of bar.
    legend: Vec<(&'static str, String)>,
    admit_href: Option<String>,
    rooms_href: String,
    /// What to do where there is no bed yet.
    empty: Option<String>,
    may_furnish: bool,
}

struct StateView {
    key: &'static str,
    label: String,
    value: String,
    chip: &'static str,
    icon: &'static str,
    href: Option<String>,
    bar_x: String,
    bar_width: String,
}

struct FloorView {
    number: usize,
    heading: String,
    about: String,
    counts: Counts,
    rooms: Vec<RoomView>,
}

struct RoomView {
    number: String,
    about: String,
    cards: Vec<CardView>,
}

struct CardView {
    id: i64,
    label: String,
    tone: &'static str,
    state: String,
    who: String,
    more: String,
    todo: Option<String>,
    href: String,
}

struct House {
    institution: InstitutionRow,
    beds: Vec<BedListed>,
    claims: Vec<ClaimRow>,
    leaves: Vec<LeaveRow>,
    confirmed: Option<ConfirmationRow>,
}

#[derive(Default)]
struct Asked {
    search: String,
    timeline: bool,
}

fn asked(http: &HttpRequest) -> Result<Asked> {
    let pairs = Query::<Vec<(String, String)>>::from_query(http.query_string())
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    let mut asked = Asked::default();
    for (name, value) in pairs.into_inner() {
        match name.as_str() {
            "q" => asked.search = value.trim().chars().take(40).collect(),
            "view" => asked.timeline = value == "timeline",
            _ => {}
        }
    }
    Ok(asked)
}

pub async fn show(visitor: Visitor, id: web::Path<i64>, http: HttpRequest) -> Result<HttpResponse> {
    let (scope, id, now) = (visitor.scope(), id.into_inner(), visitor.now);
    let asked = asked(&http)?;
    let (wants_timeline, (from, to)) = (asked.timeline, window(&visitor));
    let house = visitor
        .app
        .db
        .read(move |connection| {
            let institution = get_institution(connection, &scope, Permission::SeeBeds, id)?;
            let beds = beds_of_house(connection, &scope, id, now)?;
            let ids: Vec<i64> = beds.iter().map(|listed| listed.bed.id).collect();
            let claims =
                if wants_timeline { claims_between(connection, &ids, from, to)? } else { Vec::new() };
            let stays = claims.iter().filter(|claim| claim.kind == ClaimKind::Stay);
            let stays: Vec<i64> = stays.map(|claim| claim.source_id).collect();
            let leaves = leaves_between(connection, &stays, from, to)?;
            let confirmed = latest_confirmations(connection)?.remove(&id);
            Ok(House { institution, beds, claims, leaves, confirmed })
        })
        .await?;
    let found = found(&house.beds, &asked.search);
    // One match: straight to the bed.
    if let [only] = found.as_slice() {
        let view = if asked.timeline { "?view=timeline" } else { "" };
        return Ok(redirect(&format!("/institutions/{id}/beds{view}#bed-{only}")));
    }
    html(&BoardPage {
        page: Page::new(&visitor, &house.institution.name),
        board: view(&visitor, &house, &asked, &found, (from, to)),
    })
}

/// The days of the timeline, whole.
fn window(visitor: &Visitor) -> (Instant, Instant) {
    let today = visitor.today();
    let first = today.checked_sub_days(chrono::Days::new(DAYS_BEFORE)).unwrap_or(today);
    let last = first.checked_add_days(chrono::Days::new(DAYS - 1)).unwrap_or(today);
    (visitor.app.calendar.bounds(first).0, visitor.app.calendar.bounds(last).1)
}

/// The beds whose resident's name holds the text, or whose room and label are it.
fn found(beds: &[BedListed], search: &str) -> Vec<i64> {
    if search.is_empty() {
        return Vec::new();
    }
    let hits = beds.iter().filter(|listed| {
        let bed = &listed.bed;
        listed.resident.as_deref().is_some_and(|name| name.contains(search))
            || bed.room == search
            || format!("{}-{}", bed.room, bed.label) == search
    });
    hits.map(|listed| listed.bed.id).collect()
}

fn view(
    visitor: &Visitor,
    house: &House,
    asked: &Asked,
    found: &[i64],
    (from, to): (Instant, Instant),
) -> BoardView {
    let words = Words::of(visitor);
    let id = house.institution.id;
    let mut counts = Counts::default();
    house.beds.iter().for_each(|listed| counts.add(listed.state(), 1));
    let confirmed_at = house.confirmed.as_ref().map(|row| row.at);
    let reach = visitor.scope().reach(Permission::ManageStays);
    let may_manage = reach.is_ok_and(|reach| reach.covers(Some(&house.institution.town_code), Some(id)));
    let may_furnish = may_furnish(visitor, &house.institution.town_code, id);
    let path = format!("/institutions/{id}/beds");
    let matches = house.beds.iter().filter(|listed| found.contains(&listed.bed.id)).map(|listed| {
        let name = listed.resident.clone().unwrap_or_default();
        (format!("#bed-{}", listed.bed.id), format!("{name} · {}-{}", listed.bed.room, listed.bed.label))
    });
    BoardView {
        heading: house.institution.name.clone(),
        subheading: visitor.lang.fill("bed.board_sub", &[("at", &visitor.show(visitor.now))]),
        institution: id,
        states: states(visitor, &counts, id),
        beds: group_digits(counts.beds()),
        confirmed: match &house.confirmed {
            Some(row) => {
                visitor.lang.fill("bed.confirmed_at", &[("at", &visitor.show(row.at)), ("who", &row.actor)])
            }
            None => visitor.t("bed.never_confirmed").into_owned(),
        },
        is_stale: is_stale(confirmed_at, visitor.now),
        may_confirm: may_manage,
        confirm_label: visitor.t("bed.confirm").into_owned(),
        search: asked.search.clone(),
        search_note: if asked.search.is_empty() {
            String::new()
        } else {
            visitor.lang.fill("bed.found", &[("n", &found.len().to_string())])
        },
        found: matches.collect(),
        cards_href: asked.timeline.then(|| path.clone()),
        timeline_href: (!asked.timeline).then(|| format!("{path}?view=timeline")),
        floors: if asked.timeline { Vec::new() } else { floors(&words, &house.beds) },
        timeline: asked.timeline.then(|| {
            let (beds, claims, leaves) = (&house.beds, &house.claims, &house.leaves);
            timeline(&words, &Periods { beds, claims, leaves, from, to })
        }),
        legend: LEGEND.iter().map(|(class, key)| (*class, visitor.t(key).into_owned())).collect(),
        admit_href: (may_manage && counts.free > 0).then(|| format!("/institutions/{id}/admit")),
        rooms_href: format!("/institutions/{id}/rooms"),
        empty: house
            .beds
            .is_empty()
            .then(|| visitor.t(if may_furnish { "bed.none_yet" } else { "bed.none" }).into_owned()),
        may_furnish,
    }
}

fn states(visitor: &Visitor, counts: &Counts, institution: i64) -> Vec<StateView> {
    let whole = counts.beds().max(1) as f64;
    let mut before = 0;
    let mut views = Vec::new();
    for state in BedState::ALL {
        let beds = counts.of(*state);
        views.push(StateView {
            key: state.name(),
            label: visitor.name_of("bed_state", state.name()),
            value: group_digits(beds),
            chip: tone(*state),
            icon: icon(*state),
            href: Some(format!("/beds?institution={institution}&state={}", state.name())),
            bar_x: format!("{:.3}", before as f64 * 100.0 / whole),
            bar_width: format!("{:.3}", beds as f64 * 100.0 / whole),
        });
        before += beds;
    }
    views
}

fn icon(state: BedState) -> &'static str {
    match state {
        BedState::Occupied => "user",
        BedState::OnLeave => "calendar-clock",
        BedState::Reserved => "clock",
        BedState::OutOfService => "wrench",
        BedState::Free => "circle-check",
    }
}

/// The beds are in the order of the house.
fn floors(words: &Words, beds: &[BedListed]) -> Vec<FloorView> {
    let mut floors: Vec<FloorView> = Vec::new();
    let (mut last_floor, mut last_room) = (None, None);
    for listed in beds {
        let bed = &listed.bed;
        let place = (bed.building.clone(), bed.floor);
        if last_floor.as_ref() != Some(&place) {
            let floor = words
                .lang
                .fill("bed.floor_of", &[("building", &bed.building), ("floor", &bed.floor.to_string())]);
            floors.push(FloorView {
                number: floors.len() + 1,
                heading: floor,
                about: String::new(),
                counts: Counts::default(),
                rooms: Vec::new(),
            });
            (last_floor, last_room) = (Some(place), None);
        }
        let Some(floor) = floors.last_mut() else { continue };
        floor.counts.add(listed.state(), 1);
        if last_room != Some(bed.room_id) {
            floor.rooms.push(RoomView {
                number: bed.room.clone(),
                about: room_about(words, listed),
                cards: Vec::new(),
            });
            last_room = Some(bed.room_id);
        }
        if let Some(room) = floor.rooms.last_mut() {
            room.cards.push(card(words, listed));
        }
    }
    for floor in &mut floors {
        floor.about = floor_about(words, &floor.counts);
    }
    floors
}

fn floor_about(words: &Words, counts: &Counts) -> String {
    let numbers = [("beds", group_digits(counts.beds())), ("free", group_digits(counts.free))];
    words.lang.fill("bed.floor_sum", &numbers.each_ref().map(|(name, number)| (*name, number.as_str())))
}

fn room_about(words: &Words, listed: &BedListed) -> String {
    let bed = &listed.bed;
    let mut parts = vec![words.name_of("bed_kind", bed.kind.name())];
    parts.push(words.name_of("gender_rule", bed.gender_rule.name()));
    if bed.is_couple_room {
        parts.push(words.t("field.couple_room"));
    }
    if bed.is_isolation {
        parts.push(words.t("field.isolation_room"));
    }
    parts.join(" · ")
}

fn card(words: &Words, listed: &BedListed) -> CardView {
    let state = listed.state();
    let fill = |key: &str, at: Instant| words.lang.fill(key, &[("at", &words.calendar.show(at))]);
    let by_day =
        |key: &str, at: Instant| words.lang.fill(key, &[("at", &words.calendar.day_of(at).to_string())]);
    let until = listed.filled.as_ref().and_then(|found| found.claim.ends_at);
    let planned = listed.stay.as_ref().and_then(|stay| stay.planned_ends_at);
    let more = match (state, &listed.stay) {
        (BedState::Occupied | BedState::OnLeave, Some(stay)) => match planned {
            Some(at) => by_day("bed.leaves_at", at),
            None => by_day("bed.since_at", stay.starts_at),
        },
        _ => until.map(|at| fill("bed.until_at", at)).unwrap_or_default(),
    };
    let who = match (&listed.resident, state) {
        (Some(name), _) => name.clone(),
        (None, BedState::Free | BedState::OutOfService) => String::new(),
        (None, _) => words.t("bed.not_yours"),
    };
    let todo = (listed.risks_open > 0 && listed.stay.is_some())
        .then(|| words.lang.fill("bed.risks_todo", &[("n", &listed.risks_open.to_string())]));
    let href = match &listed.stay {
        Some(stay) => format!("/stays/{}", stay.id),
        None => format!("/beds/{}", listed.bed.id),
    };
    CardView {
        id: listed.bed.id,
        label: listed.bed.label.clone(),
        tone: tone(state),
        state: words.name_of("bed_state", state.name()),
        who,
        more,
        todo,
        href,
    }
}

pub async fn save_confirm(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    visitor.app.write(&visitor.scope(), move |tx| confirm(tx, id)).await?;
    Ok(redirect(&format!("/institutions/{id}/beds")))
}
