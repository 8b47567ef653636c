//! Home health care with synchronised visits: soft windows, one depot, (travel + lateness + largest lateness) / 3.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::json::{Ids, Node, ids, label, names, parse, unit};
use super::{Benchmark, Fault, Score};
use crate::dispatch::solver::{
    Caregiver, Group, Lateness, Plan, Problem, Relation, Time, Visit, Weights, Window,
};

/// Ticks of one unit: times have up to three decimals.
const SCALE: Time = 1_000;
/// Caregivers may return whenever they like.
const OPEN_END: Time = 1 << 27;
/// An unserved service costs more than the lateness of any plan worth having.
const UNSERVED: i64 = 1_000_000_000;

#[derive(Debug)]
pub struct Hhcrsp {
    problem: Problem,
    caregivers: Vec<Value>,
    /// Patient and service of each visit.
    asked: Vec<(Value, Value)>,
}

pub fn read(text: &str) -> Result<Hhcrsp, Fault> {
    let value = parse(text)?;
    let root = Node::root(&value);
    let services = root.get("services")?.list()?;
    let skills = ids(&services)?;
    let defaults: HashMap<usize, Node<'_>> = services
        .iter()
        .enumerate()
        .filter_map(|(index, service)| Some((index, service.find("default_duration")?)))
        .collect();
    let caregivers = root.get("caregivers")?.list()?;
    let patients = root.get("patients")?.list()?;
    ids(&patients)?;
    ids(&caregivers)?;
    let mut read = Hhcrsp {
        problem: Problem {
            travel: vec![root.get("distances")?.matrix(SCALE)?],
            skills: names(&services)?.iter().map(label).collect(),
            weights: Weights {
                unserved_mandatory: UNSERVED,
                lateness: 1,
                lateness_max: 1,
                travel: 1,
                ..Weights::NONE
            },
            ..Problem::default()
        },
        caregivers: names(&caregivers)?,
        asked: Vec::new(),
    };
    for (index, patient) in patients.iter().enumerate() {
        read.patient(patient, index + 1, &skills, &defaults)?;
    }
    for node in &caregivers {
        let mut caregiver = Caregiver::at(0, Window { from: 0, to: OPEN_END });
        caregiver.name = label(node.get("id")?.value);
        for ability in node.get("abilities")?.list()? {
            caregiver.skills.push(ability.one_of(&skills)?);
        }
        read.problem.caregivers.push(caregiver);
    }
    Ok(read)
}

impl Hhcrsp {
    fn patient(
        &mut self,
        patient: &Node<'_>,
        place: usize,
        skills: &Ids,
        defaults: &HashMap<usize, Node<'_>>,
    ) -> Result<(), Fault> {
        let id = patient.get("id")?.value.clone();
        let [open, close] = patient.get("time_window")?.pair()?;
        let window = Window { from: open.ticks(SCALE)?, to: close.ticks(SCALE)? };
        let asked = patient.get("required_caregivers")?;
        let first = self.problem.visits.len();
        for one in asked.list()? {
            let service = one.get("service")?;
            let skill = service.one_of(skills)?;
            let fallback = || defaults.get(&skill).cloned().ok_or_else(|| one.fault("it has no duration"));
            let duration = one.find("duration").map_or_else(fallback, Ok)?.ticks(SCALE)?;
            let mut visit = Visit::at(place, duration, window);
            visit.name = format!("{} {}", label(&id), label(service.value));
            visit.skills = vec![skill];
            visit.lateness = Lateness::Soft { factor: 1 };
            visit.mandatory = true;
            self.problem.visits.push(visit);
            self.asked.push((id.clone(), service.value.clone()));
        }
        let members: Vec<usize> = (first..self.problem.visits.len()).collect();
        match members.len() {
            1 => Ok(()),
            2 => {
                let relation = relation(&patient.get("synchronization")?)?;
                self.problem.groups.push(Group { members, relation });
                Ok(())
            }
            _ => Err(asked.fault("it does not have one or two services")),
        }
    }
}

fn relation(node: &Node<'_>) -> Result<Relation, Fault> {
    let kind = node.get("type")?;
    match kind.text()? {
        "simultaneous" => Ok(Relation::Together),
        "sequential" => {
            let distance = node.get("distance")?;
            let [min, max] = if distance.value.is_object() {
                [distance.get("min")?, distance.get("max")?]
            } else {
                distance.pair()?
            };
            Ok(Relation::After { lag_min: min.ticks(SCALE)?, lag_max: max.ticks(SCALE)? })
        }
        _ => Err(kind.fault("it is neither simultaneous nor sequential")),
    }
}

impl Benchmark for Hhcrsp {
    fn problem(&self) -> &Problem {
        &self.problem
    }

    fn score(&self, plan: &Plan) -> Score {
        let parts = plan.cost.components;
        let unit = |ticks: i64| ticks as f64 / f64::from(SCALE);
        let sum = parts.travel + parts.lateness + parts.lateness_max;
        // Published costs have three decimals.
        let cost = (sum as f64 / 3.0).round() / f64::from(SCALE);
        Score {
            cost: (parts.unserved_mandatory == 0).then_some(cost),
            components: vec![
                ("distance", unit(parts.travel)),
                ("total_tardiness", unit(parts.lateness)),
                ("max_tardiness", unit(parts.lateness_max)),
                ("unserved", parts.unserved_mandatory as f64),
            ],
            travel: unit(parts.travel),
        }
    }

    fn solution(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let routes = plan.routes.iter().zip(&self.caregivers).map(|(route, caregiver)| {
            let stops = route.stops.iter().map(|stop| {
                let (patient, service) = &self.asked[stop.visit];
                json!({
                    "patient": patient,
                    "service": service,
                    "arrival_time": unit(stop.start, SCALE),
                    "departure_time": unit(stop.end, SCALE),
                })
            });
            json!({ "caregiver_id": caregiver, "locations": stops.collect::<Vec<_>>() })
        });
        vec![("json", json!({ "routes": routes.collect::<Vec<_>>() }).to_string())]
    }
}
