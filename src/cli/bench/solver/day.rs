//! A day of a city, in seconds from midnight: as many visits as possible, then as little travel as possible.

use serde_json::{Map, Value, json};

use super::json::{Node, ids, label, names, parse_with_matrix};
use super::{Benchmark, Fault, Score};
use crate::dispatch::solver::{Caregiver, Plan, Problem, Rest, RestPlace, Time, Visit, Weights, Window};

const SECOND: Time = 1;

#[derive(Debug)]
pub struct Day {
    problem: Problem,
    visits: Vec<Value>,
    caregivers: Vec<Value>,
}

/// `with_breaks`: every caregiver takes the break of the instance; otherwise breaks are left out.
pub fn read(text: &str, with_breaks: bool) -> Result<Day, Fault> {
    let (value, matrix) = parse_with_matrix(text, "matrix", SECOND)?;
    let root = Node::root(&value);
    let (visits, caregivers) = (root.get("visits")?.list()?, root.get("caregivers")?.list()?);
    ids(&visits)?;
    ids(&caregivers)?;
    let mut problem = Problem { travel: vec![matrix], ..Problem::default() };
    let mut skills: Vec<String> = Vec::new();
    for (place, node) in caregivers.iter().enumerate() {
        let mut caregiver = Caregiver::at(place, window(&node.get("shift")?)?);
        caregiver.name = label(node.get("id")?.value);
        for skill in node.get("skills")?.list()? {
            caregiver.skills.push(skill_of(&skill, &mut skills)?);
        }
        if with_breaks {
            let rest = node.get("break")?;
            caregiver.rest = Some(Rest {
                window: window(&rest.get("tw")?)?,
                duration: rest.get("duration")?.ticks(SECOND)?,
                place: RestPlace::OnTheWay,
                skippable: false,
            });
        }
        problem.caregivers.push(caregiver);
    }
    for (index, node) in visits.iter().enumerate() {
        let duration = node.get("duration")?.ticks(SECOND)?;
        let mut visit = Visit::at(caregivers.len() + index, duration, window(&node.get("tw")?)?);
        visit.name = label(node.get("id")?.value);
        visit.skills = vec![skill_of(&node.get("skill")?, &mut skills)?];
        problem.visits.push(visit);
    }
    problem.skills = skills;
    // All shifts together are more than all travel: one more visit is worth any travel.
    let shifts = problem.caregivers.iter().map(|who| i64::from(who.shift.to) - i64::from(who.shift.from));
    let unserved = shifts.sum::<i64>().max(0) + 1;
    problem.weights = Weights { unserved, travel: 1, ..Weights::NONE };
    Ok(Day { problem, visits: names(&visits)?, caregivers: names(&caregivers)? })
}

fn window(node: &Node<'_>) -> Result<Window, Fault> {
    let [from, to] = node.pair()?;
    Ok(Window { from: from.ticks(SECOND)?, to: to.ticks(SECOND)? })
}

fn skill_of(node: &Node<'_>, skills: &mut Vec<String>) -> Result<usize, Fault> {
    let name = node.id()?;
    Ok(skills.iter().position(|skill| *skill == name).unwrap_or_else(|| {
        skills.push(name);
        skills.len() - 1
    }))
}

impl Benchmark for Day {
    fn problem(&self) -> &Problem {
        &self.problem
    }

    fn score(&self, plan: &Plan) -> Score {
        let parts = plan.cost.components;
        let travel = parts.travel as f64;
        Score {
            cost: Some(travel),
            components: vec![
                ("unserved", parts.unserved as f64),
                ("travel", travel),
                ("travel_h", (travel / 36.0).round() / 100.0),
            ],
            travel,
        }
    }

    fn solution(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let (mut routes, mut starts, mut breaks) = (Map::new(), Map::new(), Map::new());
        for (route, caregiver) in plan.routes.iter().zip(&self.caregivers) {
            let visits = route.stops.iter().map(|stop| self.visits[stop.visit].clone());
            routes.insert(label(caregiver), Value::Array(visits.collect()));
            for stop in &route.stops {
                starts.insert(label(&self.visits[stop.visit]), Value::from(stop.start));
            }
            if let Some(rest) = route.rest {
                breaks.insert(label(caregiver), json!([rest.start, rest.end]));
            }
        }
        vec![("json", json!({ "routes": routes, "starts": starts, "breaks": breaks }).to_string())]
    }
}
