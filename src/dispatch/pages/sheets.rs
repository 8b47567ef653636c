//! The day on paper: a sheet for each caregiver, in order of the visits, each with a code that opens it on the phone.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::NaiveDate;

use super::list::town_choices;
use crate::app::Tx;
use crate::dispatch::store::sheets::told_visits;
use crate::elders::{VisitPlace, reveal_visit_places};
use crate::error::{Error, Result};
use crate::text::Text;
use crate::visits::store::{VisitListed, with_names};
use crate::visits::visit_code;
use crate::web::{FormField, Input, Page, QrDrawing, Visitor, Words, draw_qr, html, own_address};

#[derive(Template)]
#[template(path = "day_sheets.html")]
struct SheetsPage {
    page: Page,
    view: SheetsView,
}

struct SheetsView {
    fields: Vec<FormField>,
    /// None before a town was chosen.
    sheets: Option<Vec<Sheet>>,
}

struct Sheet {
    heading: String,
    subheading: String,
    lines: Vec<Line>,
}

struct Line {
    time: String,
    elder: String,
    service: String,
    duration: String,
    address: String,
    code: String,
    drawn: QrDrawing,
}

/// A visit with address and code.
type Printed = (VisitListed, String, String);

pub async fn show(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let asked = Input::parse(http.query_string())?;
    let (scope, words) = (visitor.scope(), Words::of(&visitor));
    let towns = visitor.app.db.read(move |connection| town_choices(connection, &scope, &words)).await?;
    let day = day(&visitor, &asked)?;
    let town = asked.text("town");
    let sheets = if town.is_empty() {
        None
    } else {
        let caregiver = Some(asked.text("caregiver")).filter(|text| !text.is_empty());
        let wrong = |_| Error::field("caregiver", Text::new("rule.unknown_caregiver"));
        let caregiver = caregiver.map(|id| id.parse::<i64>().map_err(wrong)).transpose()?;
        let code = town.clone();
        let found =
            visitor.app.write(&visitor.scope(), move |tx| printed(tx, (&code, day), caregiver)).await?;
        Some(sheets(&visitor, &own_address(&visitor, &http), found)?)
    };
    let input = Input::of([("town", town), ("day", day.to_string())]);
    let view = SheetsView {
        fields: vec![
            FormField::of(&visitor, "town", "select", &input).options(towns),
            FormField::of(&visitor, "day", "date", &input),
        ],
        sheets,
    };
    html(&SheetsPage { page: Page::new(&visitor, &visitor.t("sheet.heading")), view })
}

/// Tomorrow, unless another day is asked for.
fn day(visitor: &Visitor, asked: &Input) -> Result<NaiveDate> {
    let text = asked.text("day");
    if text.is_empty() {
        return Ok(visitor.today().succ_opt().unwrap_or(visitor.today()));
    }
    text.parse().map_err(|_| Error::field("day", Text::new("rule.date")))
}

/// Addresses come in clear, which is written down.
fn printed(
    tx: &mut Tx<'_>,
    (town_code, day): (&str, NaiveDate),
    caregiver: Option<i64>,
) -> Result<Vec<Printed>> {
    let rows = told_visits(tx.connection, tx.scope, (town_code, day), caregiver)?;
    let listed = with_names(tx.connection, rows)?;
    let mut elders: Vec<i64> = listed.iter().map(|listed| listed.visit.elder_id).collect();
    elders.sort_unstable();
    elders.dedup();
    let places = reveal_visit_places(tx, &elders, day)?;
    let with_code = listed.into_iter().map(|listed| {
        let address = places.get(&listed.visit.elder_id).and_then(VisitPlace::line).unwrap_or_default();
        let code = visit_code(tx.keys, listed.visit.id);
        (listed, address, code)
    });
    Ok(with_code.collect())
}

fn sheets(visitor: &Visitor, address: &str, printed: Vec<Printed>) -> Result<Vec<Sheet>> {
    let mut found: Vec<(Option<i64>, Sheet)> = Vec::new();
    for (listed, home, code) in printed {
        let id = listed.visit.caregiver_id;
        if found.last().is_none_or(|(known, _)| *known != id) {
            let town = visitor.pick(&listed.town_zh, &listed.town_en);
            let day = listed.visit.service_on.to_string();
            let heading = listed.caregiver.clone().unwrap_or_default();
            let subheading = format!("{town} · {day}");
            found.push((id, Sheet { heading, subheading, lines: Vec::new() }));
        }
        if let Some((_, sheet)) = found.last_mut() {
            sheet.lines.push(line(visitor, &listed, (home, code), address)?);
        }
    }
    Ok(found.into_iter().map(|(_, sheet)| sheet).collect())
}

fn line(
    visitor: &Visitor,
    listed: &VisitListed,
    (home, code): (String, String),
    address: &str,
) -> Result<Line> {
    let (calendar, visit) = (visitor.app.calendar, &listed.visit);
    let (from, to) =
        visit.starts_at.zip(visit.ends_at).unwrap_or((visit.window_starts_at, visit.window_ends_at));
    Ok(Line {
        time: format!("{}–{}", calendar.show_time(from), calendar.show_time(to)),
        elder: listed.elder.clone(),
        service: visitor.pick(&listed.service_zh, &listed.service_en).to_owned(),
        duration: visitor.lang.fill("visit.minutes", &[("n", &visit.duration_min.to_string())]),
        address: home,
        drawn: draw_qr(&format!("{address}/today?visit={code}"))?,
        code,
    })
}
