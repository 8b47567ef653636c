//! A town's week: what each caregiver has to do on each day, and what nobody has yet.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{Datelike, Days, NaiveDate};

use super::list::Visits;
use super::map::day_of;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::registry::store::town_names;
use crate::text::Text;
use crate::visits::model::VisitState;
use crate::visits::store::{DayLoad, away, caregivers_in_town, loads};
use crate::web::{FormField, Input, List, Page, Visitor, Words, html};

const DAYS: u64 = 7;

#[derive(Template)]
#[template(path = "visits_week.html")]
struct WeekPage {
    page: Page,
    view: WeekView,
}

struct WeekView {
    heading: String,
    subheading: String,
    earlier_href: String,
    this_href: String,
    later_href: String,
    fields: Vec<FormField>,
    days: Vec<DayHead>,
    rows: Vec<PersonRow>,
}

struct DayHead {
    label: String,
    is_today: bool,
}

struct PersonRow {
    name: String,
    is_nobody: bool,
    sum: String,
    cells: Vec<WeekCell>,
}

#[derive(Default)]
struct WeekCell {
    href: String,
    /// For those who see no column heads.
    label: String,
    count: String,
    time: String,
    /// Tone and text of what wants eyes.
    chips: Vec<(&'static str, String)>,
    is_today: bool,
}

/// What one caregiver has on one day.
#[derive(Default)]
struct Load {
    visits: i64,
    minutes: i64,
    missed: i64,
}

pub async fn show(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let asked = Input::parse(http.query_string())?;
    let day = day_of(&visitor, &asked)?;
    let first = day - Days::new(u64::from(day.weekday().num_days_from_monday()));
    let days: Vec<NaiveDate> = (0..DAYS).map(|ahead| first + Days::new(ahead)).collect();
    let (scope, words) = (visitor.scope(), Words::of(&visitor));
    let wanted = asked.text("town");
    let look = move |connection: &mut AnyConnection| find(connection, &scope, &wanted, &days, &words);
    let (towns, town, days, found) = visitor.app.db.read(look).await?;
    let words = Words::of(&visitor);
    let address = |day: NaiveDate| format!("/visits/week?day={day}&town={town}");
    let input = Input::of([("day", day.to_string()), ("town", town.clone())]);
    let heads = days.iter().map(|day| DayHead {
        label: format!("{} {}", weekday(&words, *day), day.format("%m-%d")),
        is_today: *day == visitor.today(),
    });
    let view = WeekView {
        heading: visitor.t("visit.week").into_owned(),
        subheading: visitor.lang.fill(
            "visit.week_sub",
            &[("from", &first.to_string()), ("to", &(first + Days::new(DAYS - 1)).to_string())],
        ),
        earlier_href: address(first - Days::new(DAYS)),
        this_href: address(visitor.today()),
        later_href: address(first + Days::new(DAYS)),
        fields: vec![
            FormField::of(&visitor, "day", "date", &input),
            FormField::of(&visitor, "town", "select", &input).options(towns),
        ],
        days: heads.collect(),
        rows: rows(&words, (&town, visitor.today()), &days, found),
    };
    html(&WeekPage { page: Page::new(&visitor, &visitor.t("visit.week")), view })
}

struct Found {
    people: Vec<(i64, String)>,
    loads: Vec<DayLoad>,
    away: Vec<(i64, Instant, Instant)>,
}

type Choices = Vec<(String, String)>;

/// The towns to choose from, the one that is shown, its days, and what is in them.
fn find(
    connection: &mut AnyConnection,
    scope: &Scope,
    wanted: &str,
    days: &[NaiveDate],
    words: &Words,
) -> Result<(Choices, String, Vec<NaiveDate>, Found)> {
    let towns: Choices = town_names(connection, scope, Permission::SeeVisits)?
        .into_iter()
        .map(|(code, chinese, english)| (code, words.pick(&chinese, &english)))
        .collect();
    let known = towns.iter().find(|(code, _)| wanted.is_empty() || code == wanted);
    let town = match known {
        Some((code, _)) => code.clone(),
        None if wanted.is_empty() => String::new(),
        None => return Err(Error::field("town", Text::new("rule.unknown_town"))),
    };
    let (Some(first), Some(last)) = (days.first().copied(), days.last().copied()) else {
        return Err(Error::internal("a week has days"));
    };
    let loads = loads(connection, scope, (&town, first, last), (words.calendar, words.now))?;
    let ids: Vec<i64> = loads.iter().filter_map(|load| load.caregiver_id).collect();
    let people = caregivers_in_town(connection, scope, &town, &ids)?;
    let ids: Vec<i64> = people.iter().map(|(id, _)| *id).collect();
    let period = (words.calendar.bounds(first).0, words.calendar.bounds(last).1);
    let away = away(connection, &ids, period)?;
    Ok((towns, town, days.to_vec(), Found { people, loads, away }))
}

fn rows(words: &Words, (town, today): (&str, NaiveDate), days: &[NaiveDate], found: Found) -> Vec<PersonRow> {
    let mut by: BTreeMap<(Option<i64>, NaiveDate), Load> = BTreeMap::new();
    for load in &found.loads {
        let own = by.entry((load.caregiver_id, load.day)).or_default();
        if load.state == VisitState::NotDone {
            own.missed += load.visits;
        } else {
            own.visits += load.visits;
            own.minutes += load.minutes.unwrap_or_default();
        }
    }
    let row = |id: Option<i64>, name: String| {
        let sum: i64 = days.iter().filter_map(|day| by.get(&(id, *day))).map(|load| load.minutes).sum();
        let cells = days.iter().map(|day| {
            let is_away = id.is_some_and(|id| is_away(words, &found.away, id, *day));
            cell(words, (town, id, *day), by.get(&(id, *day)), (is_away, *day == today))
        });
        PersonRow { name, is_nobody: id.is_none(), sum: time(words, sum), cells: cells.collect() }
    };
    let nobody = row(None, words.t("visit.nobody"));
    std::iter::once(nobody)
        .chain(found.people.iter().map(|(id, name)| row(Some(*id), name.clone())))
        .collect()
}

fn is_away(words: &Words, away: &[(i64, Instant, Instant)], id: i64, day: NaiveDate) -> bool {
    let (from, to) = words.calendar.bounds(day);
    away.iter().any(|(who, starts, ends)| *who == id && *starts < to && from < *ends)
}

fn cell(
    words: &Words,
    (town, id, day): (&str, Option<i64>, NaiveDate),
    load: Option<&Load>,
    (is_away, is_today): (bool, bool),
) -> WeekCell {
    let who = id.map_or_else(|| "state=planned".to_owned(), |id| format!("caregiver={id}"));
    let mut cell = WeekCell {
        href: format!("{}?day={day}&town={town}&{who}", Visits::PATH),
        label: format!("{} {}", weekday(words, day), day.format("%m-%d")),
        is_today,
        ..WeekCell::default()
    };
    if is_away {
        cell.chips.push(("off", words.t("visit.week_away")));
    }
    let Some(load) = load else { return cell };
    if load.visits > 0 {
        cell.count = words.lang.fill("visit.week_count", &[("n", &load.visits.to_string())]);
        cell.time = time(words, load.minutes);
    }
    if load.missed > 0 {
        cell.chips.push(("bad", words.lang.fill("visit.week_missed", &[("n", &load.missed.to_string())])));
    }
    cell
}

/// Hours and minutes; nothing for none.
fn time(words: &Words, minutes: i64) -> String {
    if minutes == 0 {
        return String::new();
    }
    let (hours, minutes) = ((minutes / 60).to_string(), format!("{:02}", minutes % 60));
    words.lang.fill("visit.week_time", &[("h", &hours), ("m", &minutes)])
}

fn weekday(words: &Words, day: NaiveDate) -> String {
    words.name_of("weekday", &day.weekday().number_from_monday().to_string())
}
