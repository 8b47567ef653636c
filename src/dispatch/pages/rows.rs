//! The rows of a proposal as its page shows them: by caregiver, in order of their times.

use std::collections::HashMap;

use crate::db::AnyConnection;
use crate::dispatch::model::{RowChange, RowDecision, Said};
use crate::dispatch::store::lines::{LineRow, lines_of};
use crate::error::Result;
use crate::visits::store::{VisitListed, caregiver_names, get_visits, with_names};
use crate::web::Words;

/// A caregiver's day as proposed.
pub struct PersonView {
    pub id: i64,
    pub name: String,
    pub summary: String,
    pub rows: Vec<RowView>,
}

pub struct RowView {
    pub visit_id: i64,
    pub time: String,
    pub elder: String,
    pub service: String,
    pub change: String,
    pub tone: &'static str,
    /// What it was before, or why it is not served.
    pub note: String,
    /// It can be accepted.
    pub is_choice: bool,
    /// What became of it.
    pub decision: Option<(String, &'static str)>,
}

#[derive(Default)]
pub struct RowsView {
    pub people: Vec<PersonView>,
    pub unserved: Vec<RowView>,
    /// Rows that can still be accepted.
    pub open: usize,
}

pub fn load(connection: &mut AnyConnection, proposal_id: i64, words: &Words) -> Result<RowsView> {
    let lines = lines_of(connection, proposal_id)?;
    let ids: Vec<i64> = lines.iter().map(|line| line.visit_id).collect();
    let rows = get_visits(connection, &ids)?;
    let visits: HashMap<i64, VisitListed> =
        with_names(connection, rows)?.into_iter().map(|listed| (listed.visit.id, listed)).collect();
    let mut people: Vec<i64> =
        lines.iter().flat_map(|line| [line.caregiver_before_id, line.caregiver_after_id]).flatten().collect();
    people.sort_unstable();
    people.dedup();
    let names: HashMap<i64, String> = caregiver_names(connection, &people)?.into_iter().collect();
    let showing = Showing { words, visits: &visits, names: &names };
    Ok(showing.view(&lines))
}

struct Showing<'a> {
    words: &'a Words,
    visits: &'a HashMap<i64, VisitListed>,
    names: &'a HashMap<i64, String>,
}

impl Showing<'_> {
    fn view(&self, lines: &[LineRow]) -> RowsView {
        let mut view = RowsView::default();
        for line in lines {
            let Some(listed) = self.visits.get(&line.visit_id) else { continue };
            let row = self.row(line, listed);
            view.open += usize::from(row.is_choice);
            let Some(id) = line.caregiver_after_id else {
                view.unserved.push(row);
                continue;
            };
            match view.people.iter_mut().find(|person| person.id == id) {
                Some(person) => person.rows.push(row),
                None => view.people.push(PersonView {
                    id,
                    name: self.name(id),
                    summary: String::new(),
                    rows: vec![row],
                }),
            }
        }
        for person in &mut view.people {
            let count = person.rows.len().to_string();
            let changes = person.rows.iter().filter(|row| row.tone != "off").count().to_string();
            person.summary = self.words.lang.fill("proposal.person", &[("n", &count), ("changes", &changes)]);
        }
        view.people.sort_by(|one, other| one.name.cmp(&other.name).then(one.id.cmp(&other.id)));
        view
    }

    fn name(&self, id: i64) -> String {
        self.names.get(&id).cloned().unwrap_or_default()
    }

    fn row(&self, line: &LineRow, listed: &VisitListed) -> RowView {
        let (calendar, visit) = (self.words.calendar, &listed.visit);
        let period = |from, to| format!("{}–{}", calendar.show_time(from), calendar.show_time(to));
        let time = match line.starts_after_at {
            Some(at) => period(at, at + chrono::TimeDelta::minutes(i64::from(visit.duration_min))),
            None => period(visit.window_starts_at, visit.window_ends_at),
        };
        let is_choice = line.change.is_change() && line.decision != RowDecision::Accepted;
        let (change, tone) = if line.fixed {
            (self.words.t("proposal.fixed"), "off")
        } else {
            (self.words.name_of("row_change", line.change.name()), tone(line.change))
        };
        RowView {
            visit_id: line.visit_id,
            time,
            elder: listed.elder.clone(),
            service: self.words.pick(&listed.service_zh, &listed.service_en),
            change,
            tone,
            note: self.note(line),
            is_choice,
            decision: self.decision(line),
        }
    }

    fn note(&self, line: &LineRow) -> String {
        let before = line.caregiver_before_id.zip(line.starts_before_at);
        let before = before.filter(|_| matches!(line.change, RowChange::Moved | RowChange::Unserved));
        let before = before.map(|(id, at)| {
            let at = self.words.calendar.show_time(at);
            self.words.lang.fill("proposal.before", &[("caregiver", &self.name(id)), ("at", &at)])
        });
        let reasons: Vec<Said> = serde_json::from_str(&line.reasons).unwrap_or_default();
        let parts = before.into_iter().chain(reasons.iter().map(|said| self.reason(said)));
        parts.collect::<Vec<_>>().join(&self.words.t("proposal.separator"))
    }

    fn reason(&self, said: &Said) -> String {
        let text = said.to(self.words.lang);
        match said.arguments.iter().find(|(name, _)| name == "count") {
            Some((_, count)) => self.words.lang.fill("proposal.reason", &[("reason", &text), ("n", count)]),
            None => text,
        }
    }

    fn decision(&self, line: &LineRow) -> Option<(String, &'static str)> {
        let name = || self.words.name_of("row_decision", line.decision.name());
        match line.decision {
            RowDecision::Open => None,
            RowDecision::Accepted => Some((name(), "ok")),
            RowDecision::Refused => {
                let said: Option<Said> = serde_json::from_str(&line.refusal).ok();
                let rule = said.map(|said| said.to(self.words.lang)).unwrap_or_default();
                Some((format!("{}{}{rule}", name(), self.words.t("audit.colon")), "bad"))
            }
        }
    }
}

fn tone(change: RowChange) -> &'static str {
    match change {
        RowChange::New => "info",
        RowChange::Moved => "note",
        RowChange::Same => "off",
        RowChange::Unserved => "bad",
    }
}
