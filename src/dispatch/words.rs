//! The solver's reasons as texts.

use super::model::Said;
use super::problem::Built;
use super::rows::DayRows;
use super::solver::{Explanation, Reason, Relaxation, Time, Violation};
use crate::clock::Calendar;
use crate::registry::caregivers::Skill;
use crate::text::Text;

/// Reasons named for a visit that nobody makes.
const REASONS_MAX: usize = 3;

/// The key of a reason.
pub fn reason_key(reason: Reason) -> &'static str {
    match reason {
        Reason::Skill(_) => "dispatch.reason.skill",
        Reason::Gender => "dispatch.reason.gender",
        Reason::Language => "dispatch.reason.language",
        Reason::Barred => "dispatch.reason.barred",
        Reason::Locked => "dispatch.reason.locked",
        Reason::SameGroup => "dispatch.reason.same_group",
        Reason::Window => "dispatch.reason.window",
        Reason::Load => "dispatch.reason.load",
        Reason::Work => "dispatch.reason.work",
        Reason::Shift => "dispatch.reason.shift",
        Reason::OtherVisits => "dispatch.reason.other_visits",
        Reason::Rest => "dispatch.reason.rest",
        Reason::Group => "dispatch.reason.group",
        Reason::Unmovable => "dispatch.reason.unmovable",
        Reason::Changes => "dispatch.reason.changes",
    }
}

pub fn reason(reason: Reason) -> Text {
    let text = Text::new(reason_key(reason));
    match reason {
        Reason::Skill(skill) => {
            let name = Skill::NAMES.get(skill).copied().unwrap_or_default();
            text.with("skill", format!("@enums.skill.{name}"))
        }
        _ => text,
    }
}

/// What would make it possible.
pub fn relaxation(rows: &DayRows, built: &Built, calendar: Calendar, relaxation: Relaxation) -> Text {
    let minutes = |by: Time| (by + 59) / 60;
    match relaxation {
        Relaxation::Earlier { by } => Text::new("dispatch.relax.earlier").with("n", minutes(by)),
        Relaxation::Later { by } => Text::new("dispatch.relax.later").with("n", minutes(by)),
        Relaxation::Overtime { by } => Text::new("dispatch.relax.overtime").with("n", minutes(by)),
        Relaxation::Bump { visit } => named(rows, built, calendar, visit, Text::new("dispatch.relax.bump")),
    }
}

/// The rule that giving the visit `asked` to somebody would break.
pub fn rule(rows: &DayRows, built: &Built, calendar: Calendar, (asked, broken): (usize, &Violation)) -> Text {
    match broken {
        Violation::SkillMissing { .. } => Text::new("dispatch.rule.skill"),
        Violation::GenderWish { .. } => Text::new("dispatch.reason.gender"),
        Violation::LanguageWish { .. } => Text::new("dispatch.reason.language"),
        Violation::Barred { .. } => Text::new("dispatch.rule.barred"),
        Violation::OutsideWindows { .. } | Violation::BeforeWindows { .. } => {
            let window = built.problem.visits[asked].windows[0];
            let at = |time| calendar.show_time(built.instant(time));
            Text::new("dispatch.rule.window").with("from", at(window.from)).with("to", at(window.to))
        }
        Violation::BeforeNow { .. } => Text::new("dispatch.rule.now"),
        Violation::TravelTooShort { visit, ready, .. } if *visit == asked => {
            let ready = (*ready).clamp(i64::from(Time::MIN), i64::from(Time::MAX)) as Time;
            Text::new("dispatch.rule.travel").with("at", calendar.show_time(built.instant(ready)))
        }
        Violation::TravelTooShort { visit, .. } => {
            named(rows, built, calendar, *visit, Text::new("dispatch.rule.next"))
        }
        Violation::DepartsEarly { .. } => Text::new("dispatch.rule.departs"),
        Violation::ReturnsLate { .. } => Text::new("dispatch.rule.returns"),
        Violation::FactNotFirst { visit, .. } if *visit != asked => {
            named(rows, built, calendar, *visit, Text::new("dispatch.rule.past"))
        }
        other => Text::new("dispatch.rule.other").with("rule", other.code()),
    }
}

/// With number and time of another visit, never with whose it is: that may not be for the asker to know.
fn named(rows: &DayRows, built: &Built, calendar: Calendar, job: usize, text: Text) -> Text {
    let part = built.jobs[job].first().map(|part| &rows.visits[part.visit]);
    let (id, at) = part.map_or((0, None), |visit| (visit.id, visit.told.map(|(_, from, _)| from)));
    let at = at.map(|at| calendar.show_time(at)).unwrap_or_default();
    text.with("number", id).with("at", at)
}

/// Why nobody makes a visit: the commonest reasons with how many caregivers each keeps.
pub fn unserved(explanation: &Explanation) -> Vec<Said> {
    let mut counts: Vec<(&'static str, Text, usize)> = Vec::new();
    for rejected in &explanation.rejected {
        let key = reason_key(rejected.reason);
        match counts.iter_mut().find(|(known, ..)| *known == key) {
            Some((_, _, count)) => *count += 1,
            None => counts.push((key, reason(rejected.reason), 1)),
        }
    }
    counts.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
    if counts.is_empty() {
        let key = if explanation.candidates.is_empty() {
            "dispatch.reason.nobody"
        } else {
            "dispatch.reason.costly"
        };
        return vec![Said::of(&Text::new(key))];
    }
    let said = |(_, text, count): (&'static str, Text, usize)| {
        let mut said = Said::of(&text);
        said.arguments.push(("count".to_owned(), count.to_string()));
        said
    };
    counts.into_iter().take(REASONS_MAX).map(said).collect()
}
