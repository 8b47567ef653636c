//! The exception desk: what somebody has to look at, with figures, and one decision for many rows, each by itself.

use std::collections::HashMap;

use super::decide::decide_each;
use super::model::{Age, Decision, ExceptionState};
use super::store::{self, Count, ExceptionRow};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::registry::store::{names_of_towns, town_names};
use crate::text::Text;
use crate::visits::pages::{named_visits, strength_tone};
use crate::visits::proof::{Element, Strength};
use crate::visits::store::{VisitListed, caregiver_names, caregivers_in_reach, get_visits, with_names};
use crate::web::{
    BulkForm, BulkList, Cell, Column, Filter, FilterKind, Group, Input, Line, List, Named, Outcome, Route,
    Row, Visitor, Words, bulk_routes,
};

pub fn routes() -> Vec<Route> {
    bulk_routes::<Exceptions>()
}

struct Exceptions;

impl List for Exceptions {
    const PATH: &'static str = "/visits/exceptions";
    const EXPORT_PATH: &'static str = "/visits/exceptions.xlsx";
    const HEADING: &'static str = "exception.heading";
    const EMPTY: &'static str = "exception.empty";
    const NEED: Permission = Permission::SeeVisits;
    const TOPIC: Option<Topic> = Some(Topic::Visit);
    const ROWS: i64 = 100;
    const COLUMNS: &'static [Column] = &[
        Column::text("visit", "field.visit").unsorted(),
        Column::text("elder", "field.elder_name").unsorted(),
        Column::text("strength", "field.strength"),
        Column::text("cause", "field.causes"),
        Column::text("caregiver", "field.caregiver_id"),
        Column::text("town", "field.town_code"),
        Column::text("age", "field.open_since"),
        Column::text("state", "field.state"),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let towns = town_names(connection, scope, Permission::SeeVisits)?;
        let towns = towns.into_iter().map(|(code, zh, en)| (code, words.pick(&zh, &en))).collect();
        let people = caregivers_in_reach(connection, scope)?;
        let people = people.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
        let state = |value: &str| (value.to_owned(), words.name_of("exception_state", value));
        let mut states: Vec<(String, String)> =
            ExceptionState::NAMES.iter().map(|name| state(name)).collect();
        states.push(("all".to_owned(), words.t("exception.all")));
        states.insert(0, (String::new(), words.t("exception.pending")));
        let filter = |name, label, kind| Filter { name, label, kind };
        Ok(vec![
            filter("cause", "field.causes", words.choices("element", Element::NAMES)),
            filter("strength", "field.strength", words.choices("strength", Strength::NAMES)),
            filter("age", "field.exception_age", words.choices("exception_age", Age::NAMES)),
            filter("state", "field.state", FilterKind::OneOf(states, "")),
            filter("town", "field.town_code", FilterKind::Select(towns)),
            filter("caregiver", "field.caregiver_id", FilterKind::Select(people)),
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = Self::lines(connection, scope, request, words)?;
        Ok(Listed { rows: listed.rows.into_iter().map(|line| line.row).collect(), total: listed.total })
    }
}

impl BulkList for Exceptions {
    const DECIDE: Permission = Permission::AssignVisits;

    fn form(words: &Words) -> BulkForm {
        let decisions = Decision::NAMES.iter().map(|name| (*name, words.name_of("decision", name)));
        BulkForm {
            decisions: decisions.collect(),
            words: "reason",
            words_required: true,
            submit_label: words.t("exception.decide"),
            select_label: words.t("bulk.select_all"),
        }
    }

    fn lines(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Line>> {
        let listed = store::list(connection, scope, request, words.now)?;
        Ok(Listed { rows: lines(connection, listed.rows, words)?, total: listed.total })
    }

    fn groups(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Group>> {
        groups(connection, scope, words)
    }

    fn named(
        connection: &mut AnyConnection,
        scope: &Scope,
        ids: &[i64],
        words: &Words,
    ) -> Result<Vec<Named>> {
        let visits = store::visits_of(connection, scope, ids)?;
        let names =
            named_visits(connection, &visits.iter().map(|(_, visit)| *visit).collect::<Vec<_>>(), words)?;
        let name = |(id, visit): (i64, i64)| {
            let (_, label, href) = names.iter().find(|(known, ..)| *known == visit)?;
            Some((id, label.clone(), href.clone()))
        };
        Ok(visits.into_iter().filter_map(name).collect())
    }

    async fn decide(visitor: &Visitor, chosen: Vec<(i64, i64)>, input: &Input) -> Result<Vec<Outcome>> {
        let decision = Decision::parse(&input.text("decision"))
            .ok_or_else(|| Error::field("decision", Text::new("exception.choose_decision")))?;
        let reason = input.text("reason");
        let work = move |tx: &mut crate::app::Tx<'_>| decide_each(tx, &chosen, decision, &reason);
        let outcomes = visitor.app.write(&visitor.scope(), work).await?;
        Ok(outcomes.into_iter().map(|(id, refusal)| Outcome { id, refusal }).collect())
    }
}

fn lines(connection: &mut AnyConnection, rows: Vec<ExceptionRow>, words: &Words) -> Result<Vec<Line>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.visit_id).collect();
    let visits = get_visits(connection, &ids)?;
    let visits: HashMap<i64, VisitListed> =
        with_names(connection, visits)?.into_iter().map(|listed| (listed.visit.id, listed)).collect();
    let mut people: Vec<i64> = rows.iter().filter_map(|row| row.caregiver_id).collect();
    people.sort_unstable();
    people.dedup();
    let people: HashMap<i64, String> = caregiver_names(connection, &people)?.into_iter().collect();
    let lines = rows.into_iter().filter_map(|row| {
        let listed = visits.get(&row.visit_id)?;
        let causes: Vec<String> =
            row.causes.split(',').map(|cause| words.name_of("element", cause)).collect();
        let caregiver = row.caregiver_id.and_then(|id| people.get(&id).cloned());
        let cells = vec![
            Cell::text(format!("{} · {}", listed.visit.service_on, row.visit_id)),
            Cell::text(&listed.elder),
            Cell::chip(words.name_of("strength", row.strength.name()), strength_tone(row.strength)),
            Cell::text(causes.join(&words.t("list.separator"))),
            Cell::text(caregiver.unwrap_or_default()),
            Cell::text(words.pick(&listed.town_zh, &listed.town_en)),
            Cell::at(words.calendar.show(row.opened_at), words.calendar.rfc3339(row.opened_at)),
            Cell::text(words.name_of("exception_state", row.state.name())),
        ];
        // What has settled by itself is decided by nobody.
        let can_be_chosen = row.state != ExceptionState::Settled;
        let href = Some(format!("/visits/{}", row.visit_id));
        Some(Line { id: row.id, version: row.version, can_be_chosen, row: Row { href, cells } })
    });
    Ok(lines.collect())
}

fn groups(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Group>> {
    const SHOWN: usize = 8;
    let counts = store::open_counts(connection, scope, words.now)?;
    let town_names = names_of_towns(connection)?;
    let mut people = counts.caregivers;
    people.truncate(SHOWN);
    let ids: Vec<i64> = people.iter().map(|(id, _)| *id).collect();
    let names: HashMap<i64, String> = caregiver_names(connection, &ids)?.into_iter().collect();
    let group = |heading: &str, filter: &str, counts: Vec<(String, Count)>| Group {
        heading: words.t(heading),
        counts: counts
            .into_iter()
            .take(SHOWN)
            .map(|(label, (key, count))| (label, format!("/visits/exceptions?{filter}={key}"), count))
            .collect(),
    };
    let town =
        |code: &str| town_names.get(code).map(|town| words.pick(&town.zh, &town.en)).unwrap_or_default();
    let causes = counts.causes.into_iter().map(|count| (words.name_of("element", &count.0), count));
    let ages = counts.ages.into_iter();
    let ages = ages.map(|(age, n)| (words.name_of("exception_age", age.name()), (age.name().to_owned(), n)));
    let towns = counts.towns.into_iter().map(|count| (town(&count.0), count));
    let people = people.into_iter();
    let people = people.map(|(id, n)| (names.get(&id).cloned().unwrap_or_default(), (id.to_string(), n)));
    Ok(vec![
        group("exception.by_cause", "cause", causes.collect()),
        group("exception.by_age", "age", ages.collect()),
        group("exception.by_caregiver", "caregiver", people.collect()),
        group("exception.by_town", "town", towns.collect()),
    ])
}
