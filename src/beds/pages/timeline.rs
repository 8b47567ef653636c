//! Beds by date: a row for each bed, a bar for each period, drawn as SVG so that no style is needed.

use crate::beds::model::ClaimKind;
use crate::beds::store::{BedListed, ClaimRow};
use crate::clock::{Instant, to_millis};
use crate::web::Words;

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
    pub label: String,
    pub href: String,
    /// The bars in words.
    pub about: String,
    pub bars: Vec<BarView>,
}

pub struct BarView {
    pub class: &'static str,
    pub x: String,
    pub width: String,
    /// What a pointer and a screen reader are told.
    pub title: String,
}

/// The periods of the beds between two instants that are starts of days.
pub fn timeline(
    words: &Words,
    beds: &[BedListed],
    claims: &[ClaimRow],
    (from, to): (Instant, Instant),
) -> Timeline {
    let share = |at: Instant| {
        let whole = (to_millis(to) - to_millis(from)) as f64;
        ((to_millis(at) - to_millis(from)) as f64 / whole * 100.0).clamp(0.0, 100.0)
    };
    let rows = beds.iter().map(|listed| {
        let own = claims.iter().filter(|claim| claim.bed_id == listed.bed.id);
        let planned = listed.stay.as_ref().and_then(|stay| stay.planned_ends_at.map(|at| (stay.id, at)));
        let bar = |class, from: f64, to: f64, title: String| BarView {
            class,
            x: format!("{from:.3}"),
            width: format!("{:.3}", (to - from).max(0.2)),
            title,
        };
        let mut bars = Vec::new();
        for claim in own {
            let (x, end) = (share(claim.starts_at), claim.ends_at.map_or(100.0, share));
            // An ordered discharge shows as capacity to come.
            let until = planned.filter(|(id, _)| claim.kind == ClaimKind::Stay && claim.source_id == *id);
            let solid = until.map_or(end, |(_, at)| share(at.max(words.now)).min(end));
            bars.push(bar(class(claim.kind), x, solid, title(words, listed, claim)));
            if let Some((_, at)) = until.filter(|_| solid < end) {
                let text = words.lang.fill("bed.leaves_at", &[("at", &words.calendar.show(at))]);
                bars.push(bar("planned", solid, end, text));
            }
        }
        let told: Vec<&str> = bars.iter().map(|bar| bar.title.as_str()).collect();
        LineView {
            about: if told.is_empty() {
                words.name_of("bed_state", "free")
            } else {
                told.join(&words.t("list.separator"))
            },
            label: format!("{} {}-{}", listed.bed.building, listed.bed.room, listed.bed.label),
            href: format!("/beds/{}", listed.bed.id),
            bars,
        }
    });
    let rows = rows.collect();
    Timeline { days: days(words, from, to), rows, now_x: format!("{:.3}", share(words.now)) }
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
            text: day.day().to_string(),
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

fn title(words: &Words, listed: &BedListed, claim: &ClaimRow) -> String {
    let kind = words.name_of("claim_kind", claim.kind.name());
    let to = claim.ends_at.map_or_else(|| words.t("bed.goes_on"), |at| words.calendar.show(at));
    let is_now = listed.filled.as_ref().is_some_and(|found| found.claim == *claim);
    let who = listed.resident.as_ref().filter(|_| is_now).map(|name| format!(" · {name}"));
    format!("{kind} {} – {to}{}", words.calendar.show(claim.starts_at), who.unwrap_or_default())
}
