//! Beds by date: a row for each bed, a bar for each period, drawn as SVG so that no style is needed. Every bar has its own
//! pattern and, where there is room, its word.

use std::collections::HashMap;

use crate::beds::model::{ClaimKind, LeaveKind};
use crate::beds::store::{BedListed, ClaimRow, LeaveRow};
use crate::clock::{Instant, to_millis};
use crate::web::Words;

/// A bar narrower than this, in hundredths of the width, has no room for a word.
const WORD_FROM: f64 = 4.0;

pub struct Timeline {
    pub days: Vec<DayHead>,
    pub rows: Vec<LineView>,
    /// Where now is, in hundredths of the width.
    pub now_x: String,
}

pub struct DayHead {
    pub text: String,
    pub is_today: bool,
    pub is_sunday: bool,
}

pub struct LineView {
    pub bed: i64,
    pub label: String,
    pub href: String,
    /// Who is in it, for the search.
    pub who: String,
    /// The bars in words.
    pub about: String,
    pub bars: Vec<BarView>,
}

pub struct BarView {
    pub class: &'static str,
    pub x: String,
    pub width: String,
    pub word: String,
    /// What a pointer and a screen reader are told.
    pub title: String,
}

/// What the timeline shows.
pub struct Periods<'a> {
    pub beds: &'a [BedListed],
    pub claims: &'a [ClaimRow],
    pub leaves: &'a [LeaveRow],
    /// Starts of days.
    pub from: Instant,
    pub to: Instant,
}

impl Periods<'_> {
    /// Where an instant is, in hundredths of the width.
    fn share(&self, at: Instant) -> f64 {
        let whole = (to_millis(self.to) - to_millis(self.from)) as f64;
        ((to_millis(at) - to_millis(self.from)) as f64 / whole * 100.0).clamp(0.0, 100.0)
    }
}

pub fn timeline(words: &Words, periods: &Periods<'_>) -> Timeline {
    let mut claims: HashMap<i64, Vec<&ClaimRow>> = HashMap::new();
    for claim in periods.claims {
        claims.entry(claim.bed_id).or_default().push(claim);
    }
    let mut leaves: HashMap<i64, Vec<&LeaveRow>> = HashMap::new();
    for leave in periods.leaves {
        leaves.entry(leave.stay_id).or_default().push(leave);
    }
    let rows = periods.beds.iter().map(|listed| {
        let mut bars = Vec::new();
        for claim in claims.get(&listed.bed.id).into_iter().flatten() {
            bars.extend(claim_bars(words, periods, listed, claim));
            if claim.kind == ClaimKind::Stay {
                let inside = leaves.get(&claim.source_id).into_iter().flatten();
                bars.extend(inside.map(|leave| leave_bar(words, periods, leave)));
            }
        }
        let told: Vec<&str> = bars.iter().map(|bar| bar.title.as_str()).collect();
        LineView {
            bed: listed.bed.id,
            about: if told.is_empty() {
                words.name_of("bed_state", "free")
            } else {
                told.join(&words.t("list.separator"))
            },
            label: format!("{} {}-{}", listed.bed.building, listed.bed.room, listed.bed.label),
            href: format!("/beds/{}", listed.bed.id),
            who: listed.resident.clone().unwrap_or_default(),
            bars,
        }
    });
    let rows = rows.collect();
    Timeline {
        days: days(words, periods.from, periods.to),
        rows,
        now_x: format!("{:.3}%", periods.share(words.now)),
    }
}

fn bar(class: &'static str, (from, to): (f64, f64), word: String, title: String) -> BarView {
    let width = (to - from).max(0.2);
    BarView {
        class,
        x: format!("{from:.3}%"),
        width: format!("{width:.3}%"),
        word: if width >= WORD_FROM { word } else { String::new() },
        title,
    }
}

/// A period, and behind an ordered discharge the capacity to come.
fn claim_bars(words: &Words, periods: &Periods<'_>, listed: &BedListed, claim: &ClaimRow) -> Vec<BarView> {
    let (x, end) = (periods.share(claim.starts_at), claim.ends_at.map_or(100.0, |at| periods.share(at)));
    let planned = listed.stay.as_ref().and_then(|stay| stay.planned_ends_at.map(|at| (stay.id, at)));
    let until = planned.filter(|(id, _)| claim.kind == ClaimKind::Stay && claim.source_id == *id);
    let solid = until.map_or(end, |(_, at)| periods.share(at.max(words.now)).min(end));
    let is_now = listed.filled.as_ref().is_some_and(|found| found.claim == *claim);
    let who = listed.resident.as_ref().filter(|_| is_now);
    let kind = words.name_of("claim_kind", claim.kind.name());
    let word = match (who, claim.kind) {
        (Some(name), ClaimKind::Hold) => format!("{kind} {name}"),
        (Some(name), _) => name.clone(),
        (None, _) => kind.clone(),
    };
    let to = claim.ends_at.map_or_else(|| words.t("bed.goes_on"), |at| words.calendar.show(at));
    let who = who.map(|name| format!(" · {name}")).unwrap_or_default();
    let title = format!("{kind} {} – {to}{who}", words.calendar.show(claim.starts_at));
    let mut bars = vec![bar(class(claim.kind), (x, solid), word, title)];
    if let Some((_, at)) = until.filter(|_| solid < end) {
        let text = words.lang.fill("bed.leaves_at", &[("at", &words.calendar.show(at))]);
        bars.push(bar("planned", (solid, end), words.t("bed.after_planned"), text));
    }
    bars
}

/// A leave lies on its stay: the bed is the elder's, and empty.
fn leave_bar(words: &Words, periods: &Periods<'_>, leave: &LeaveRow) -> BarView {
    // One that goes on is known to last until now; when they are back is only expected.
    let known = leave.ends_at.unwrap_or_else(|| leave.due_at.map_or(words.now, |due| due.max(words.now)));
    let kind = words.name_of("leave_kind", leave.kind.name());
    let until = match (leave.ends_at, leave.due_at) {
        (Some(at), _) => words.calendar.show(at),
        (None, Some(due)) => words.lang.fill("bed.back_by", &[("at", &words.calendar.show(due))]),
        (None, None) => words.t("bed.not_back"),
    };
    let title = format!("{kind} {} – {until}", words.calendar.show(leave.starts_at));
    let class = match leave.kind {
        LeaveKind::Home => "leave",
        LeaveKind::Hospital => "hospital",
    };
    bar(class, (periods.share(leave.starts_at), periods.share(known)), kind, title)
}

fn days(words: &Words, from: Instant, to: Instant) -> Vec<DayHead> {
    use chrono::Datelike;
    let (first, last) =
        (words.calendar.day_of(from), words.calendar.day_of(to - chrono::TimeDelta::milliseconds(1)));
    let today = words.calendar.day_of(words.now);
    first
        .iter_days()
        .take_while(|day| *day <= last)
        .map(|day| DayHead {
            text: if day.day() == 1 || day == first {
                format!("{}/{}", day.month(), day.day())
            } else {
                day.day().to_string()
            },
            is_today: day == today,
            is_sunday: day.weekday() == chrono::Weekday::Sun,
        })
        .collect()
}

fn class(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::Stay => "info",
        ClaimKind::Hold => "wait",
        ClaimKind::Outage => "off",
    }
}
