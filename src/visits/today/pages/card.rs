//! One visit on the phone.

use super::super::model::masked;
use super::super::route::DayVisit;
use crate::elders::cards::CodeFound;
use crate::visits::checkin::Outcome;
use crate::visits::checkin::store::StepRow;
use crate::visits::model::{VisitEvent, VisitState};
use crate::visits::pages::tone;
use crate::web::Context;

pub struct CardView {
    pub id: i64,
    pub version: i64,
    pub time: String,
    pub elder: String,
    pub service: String,
    pub duration: String,
    pub state: &'static str,
    pub state_name: String,
    pub tone: &'static str,
    pub address: Option<String>,
    /// How to be let in.
    pub door_note: Option<String>,
    /// An address that phones open in their map.
    pub map_href: Option<String>,
    pub task: String,
    pub partners: Option<String>,
    pub steps: Vec<StepView>,
    pub is_open: bool,
    pub may_call: bool,
    pub may_accept: bool,
    pub may_depart: bool,
    pub may_arrive: bool,
    pub may_finish: bool,
    pub may_fail: bool,
    /// Asked where the script of the page cannot work and its forms do.
    pub depart_confirm: String,
    pub arrive_confirm: String,
    pub finish_confirm: String,
}

/// What the office knows of a step.
pub struct StepView {
    pub key: String,
    pub kind: &'static str,
    pub name: String,
    pub time: String,
    /// `accepted` moved the visit, `uploaded` is on record only.
    pub state: &'static str,
    pub state_name: String,
    /// What is wrong with the card that was read.
    pub code_note: Option<String>,
}

pub fn card(context: &Context, day: DayVisit) -> CardView {
    let DayVisit { listed, place, home, task, partners, steps } = day;
    let may_call = place.is_some();
    let (address, door_note) = place.map(|place| (place.address, place.door_note)).unzip();
    let written = |text: Option<String>| text.filter(|text| !text.is_empty());
    let row = &listed.visit;
    let calendar = context.app.calendar;
    let (from, to) = row.starts_at.zip(row.ends_at).unwrap_or((row.window_starts_at, row.window_ends_at));
    let map_href = home.map(|home| {
        let place = format!("{:.6},{:.6}", home.latitude, home.longitude);
        format!("geo:{place}?q={place}")
    });
    let elder = masked(&listed.elder);
    let ask = |key: &str| context.lang.fill(key, &[("elder", &elder)]);
    let with = partners.join(&context.t("list.separator"));
    CardView {
        id: row.id,
        version: row.version,
        time: format!("{}–{}", calendar.show_time(from), calendar.show_time(to)),
        depart_confirm: ask("visit.depart_confirm"),
        arrive_confirm: ask("visit.arrive_confirm"),
        finish_confirm: ask("visit.finish_confirm"),
        elder,
        service: context.pick(&listed.service_zh, &listed.service_en).to_owned(),
        duration: context.lang.fill("visit.minutes", &[("n", &row.duration_min.to_string())]),
        state: row.state.name(),
        state_name: context.name_of("visit_state", row.state.name()),
        tone: tone(row.state),
        may_call,
        address: written(address),
        door_note: written(door_note),
        map_href,
        task,
        partners: (!with.is_empty()).then(|| context.lang.fill("today.together", &[("names", &with)])),
        steps: steps.into_iter().map(|step| step_view(context, step)).collect(),
        is_open: row.state.is_open() && row.state != VisitState::Planned,
        may_accept: row.state.allows(VisitEvent::Accept),
        may_depart: row.state.allows(VisitEvent::Depart),
        may_arrive: row.state.allows(VisitEvent::Arrive),
        may_finish: row.state.allows(VisitEvent::Finish),
        may_fail: row.state.allows(VisitEvent::Fail) && row.state != VisitState::Offered,
    }
}

fn step_view(context: &Context, step: StepRow) -> StepView {
    let (state, text) = match step.outcome {
        Outcome::Taken => ("accepted", "today.accepted"),
        Outcome::Kept => ("uploaded", "today.uploaded"),
    };
    StepView {
        kind: step.kind.name(),
        name: context.name_of("step_kind", step.kind.name()),
        time: context.app.calendar.show_time(step.happened_at),
        state,
        state_name: context.t(text).into_owned(),
        code_note: step
            .code()
            .filter(|found| *found != CodeFound::Right)
            .map(|found| context.name_of("code_found", found.name())),
        key: step.request_key,
    }
}
