//! Unified home health care: patients with one or more services, lunches, and nine weighted components.

mod patients;
mod prices;
mod write;

use serde_json::Value;

use self::prices::Prices;
use super::json::{Ids, Node, ids, label, names, parse};
use super::{Benchmark, Fault, Score};
use crate::dispatch::solver::{
    Caregiver, Due, Plan, Problem, Rest, RestPlace, Rules, TIME_MAX, Time, Window,
};

/// Longer than any day, in units of the instance.
const DAY_MAX: Time = 100_000;
const _: () = assert!(DAY_MAX as i64 * 1_000 <= TIME_MAX as i64);

#[derive(Debug)]
pub struct Uhhc {
    problem: Problem,
    /// Ticks of one unit.
    scale: Time,
    prices: Prices,
    caregivers: Vec<Value>,
    /// Where each caregiver departs.
    homes: Vec<Value>,
    /// Patient and service of each visit.
    asked: Vec<(Value, Value)>,
    /// Lunches that cannot be had, whatever the plan: they lie outside the shift.
    lost_lunches: i64,
}

/// What is looked up while an instance is read.
struct Lists<'a> {
    skills: Ids,
    services: Vec<Node<'a>>,
    caregivers: Ids,
    terminals: Ids,
    points: Vec<Node<'a>>,
    scale: Time,
}

/// Times are whole minutes; instances that came from elsewhere have up to three decimals.
pub fn read(text: &str) -> Result<Uhhc, Fault> {
    let value = parse(text)?;
    let root = Node::root(&value);
    read_in(&root, 1).or_else(|_| read_in(&root, 1_000))
}

fn read_in(root: &Node<'_>, scale: Time) -> Result<Uhhc, Fault> {
    let (services, points) = (root.get("services")?.list()?, root.get("terminal_points")?.list()?);
    let (caregivers, patients) = (root.get("caregivers")?.list()?, root.get("patients")?.list()?);
    ids(&patients)?;
    let lists = Lists {
        skills: ids(&services)?,
        caregivers: ids(&caregivers)?,
        terminals: ids(&points)?,
        services,
        points,
        scale,
    };
    let metadata = root.get("metadata")?;
    let prices = Prices::of(&metadata, &caregivers)?;
    let mut read = Uhhc {
        problem: Problem {
            travel: vec![root.get("distances")?.matrix(scale)?],
            skills: names(&lists.services)?.iter().map(label).collect(),
            weights: prices.weights(scale),
            rules: Rules { due: due(&metadata)?, familiarity_max: 1, ..Rules::default() },
            ..Problem::default()
        },
        scale,
        prices,
        caregivers: names(&caregivers)?,
        homes: Vec::new(),
        asked: Vec::new(),
        lost_lunches: 0,
    };
    let lunch = root.find("lunch_breaks");
    for node in &caregivers {
        read.caregiver(node, &lists, lunch.as_ref())?;
    }
    for node in &patients {
        read.patient(node, &lists)?;
    }
    Ok(read)
}

fn due(metadata: &Node<'_>) -> Result<Due, Fault> {
    let Some(met) = metadata.find("time_window_met") else { return Ok(Due::Start) };
    match met.text()? {
        "at_service_start" => Ok(Due::Start),
        "at_service_end" => Ok(Due::End),
        _ => Err(met.fault("it is neither at_service_start nor at_service_end")),
    }
}

fn window(node: &Node<'_>, scale: Time) -> Result<Window, Fault> {
    Ok(Window { from: node.get("start")?.ticks(scale)?, to: node.get("end")?.ticks(scale)? })
}

impl Uhhc {
    fn caregiver(
        &mut self,
        node: &Node<'_>,
        lists: &Lists<'_>,
        lunch: Option<&Node<'_>>,
    ) -> Result<(), Fault> {
        let departing = node.get("departing_point")?;
        let arrival = node.find("arrival_point").unwrap_or_else(|| departing.clone());
        let place = |point: &Node<'_>| {
            let point = &lists.points[point.one_of(&lists.terminals)?];
            point.get("distance_matrix_index")?.index()
        };
        let shift = match node.find("working_shift") {
            Some(shift) => window(&shift, self.scale)?,
            None => Window { from: 0, to: DAY_MAX * self.scale },
        };
        let mut caregiver = Caregiver::at(place(&departing)?, shift);
        caregiver.end_place = place(&arrival)?;
        caregiver.name = label(node.get("id")?.value);
        for ability in node.get("abilities")?.list()? {
            caregiver.skills.push(ability.one_of(&lists.skills)?);
        }
        caregiver.overtime_max = if self.prices.hard_overtime { 0 } else { DAY_MAX * self.scale };
        if node.is_true("lunch_break") {
            caregiver.rest = self.lunch(node, lunch, shift)?;
        }
        self.homes.push(departing.value.clone());
        self.problem.caregivers.push(caregiver);
        Ok(())
    }

    /// The lunch of a caregiver who is owed one; None where it cannot be had within the shift, which counts as missed.
    fn lunch(
        &mut self,
        node: &Node<'_>,
        lunch: Option<&Node<'_>>,
        shift: Window,
    ) -> Result<Option<Rest>, Fault> {
        if let Some(lunch) = lunch {
            let mut window = window(lunch, self.scale)?;
            let duration = lunch.get("min_duration")?.ticks(self.scale)?;
            if self.problem.rules.due == Due::End {
                window.to -= duration;
            }
            let earliest = window.from.max(shift.from);
            if earliest <= window.to && earliest + duration <= shift.to {
                let skippable = !self.prices.hard_lunch;
                return Ok(Some(Rest { window, duration, place: RestPlace::AtStop, skippable }));
            }
        }
        if self.prices.hard_lunch {
            return Err(node.fault("its lunch may not be missed, but does not fit into its shift"));
        }
        self.lost_lunches += 1;
        Ok(None)
    }
}

impl Benchmark for Uhhc {
    fn problem(&self) -> &Problem {
        &self.problem
    }

    fn score(&self, plan: &Plan) -> Score {
        let parts = plan.cost.components;
        let scale = f64::from(self.scale);
        let unit = |ticks: i64| ticks as f64 / scale;
        let missed = parts.missed_rests + self.lost_lunches;
        let values = [
            ("travel_time", unit(parts.travel)),
            ("total_tardiness", unit(parts.lateness)),
            ("highest_tardiness", unit(parts.lateness_max)),
            ("total_waiting_time", unit(parts.waiting)),
            ("total_extra_time", unit(parts.overtime)),
            ("max_idle_time", unit(parts.idle_max)),
            ("caregiver_preferences", (parts.continuity + parts.wishes) as f64),
            ("optional_patients", parts.unserved as f64),
            ("missed_lunch_break", missed as f64),
        ];
        let cost: f64 = values.iter().map(|(name, value)| self.prices.weight(name) as f64 * value).sum();
        let mut components = values.to_vec();
        components.push(("unserved", parts.unserved_mandatory as f64));
        Score {
            cost: (parts.unserved_mandatory == 0).then_some((cost * 1e3).round() / 1e3),
            components,
            travel: unit(parts.travel) * 60.0,
        }
    }

    fn solution(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        vec![("json", write::solution(self, plan).to_string())]
    }
}
