//! Vehicle routes with time windows: distances are Euclidean, cut to one decimal, and nothing else counts.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use serde_json::json;

use super::{Benchmark, Fault, Score};
use crate::dispatch::solver::{Caregiver, Matrix, Plan, Problem, Time, Visit, Weights, Window};

/// Ticks of one unit: distances have one decimal.
const SCALE: Time = 10;
/// An unserved customer costs more than any distance worth driving.
const UNSERVED: i64 = 1_000_000_000;
/// Larger coordinates, times and demands are typing errors.
const NUMBER_MAX: i64 = 1_000_000;

#[derive(Debug)]
pub struct Vrptw {
    problem: Problem,
}

/// Header lines, and the numbers of each section by node.
#[derive(Default)]
struct Sections {
    header: HashMap<String, String>,
    sections: HashMap<String, BTreeMap<i64, Vec<i64>>>,
}

pub fn read(text: &str) -> Result<Vrptw, Fault> {
    let file = Sections::of(text)?;
    let dimension = file.number("DIMENSION")?;
    let nodes = file.section("NODE_COORD_SECTION", 2)?;
    if nodes.len() as i64 != dimension || !nodes.keys().copied().eq(1..=dimension) {
        return Err(Fault::new("NODE_COORD_SECTION", format!("it does not have the nodes 1 to {dimension}")));
    }
    if dimension == 0 {
        return Err(Fault::new("NODE_COORD_SECTION", "it has no depot"));
    }
    let points: Vec<(i64, i64)> = nodes.values().map(|numbers| (numbers[0], numbers[1])).collect();
    let service = scaled(file.number("SERVICE_TIME")?);
    let mut problem = Problem {
        travel: vec![distances(&points)],
        weights: Weights { unserved_mandatory: UNSERVED, travel: 1, ..Weights::NONE },
        ..Problem::default()
    };
    for node in 2..=dimension {
        let mut visit = Visit::at((node - 1) as usize, service, file.window(node)?);
        visit.name = (node - 1).to_string();
        visit.load = file.at("DEMAND_SECTION", node, 1)?[0];
        visit.mandatory = true;
        problem.visits.push(visit);
    }
    let mut vehicle = Caregiver::at(0, file.window(1)?);
    vehicle.capacity = Some(file.number("CAPACITY")?);
    let vehicles = file.number("VEHICLES")? as usize;
    problem.caregivers = vec![vehicle; vehicles];
    Ok(Vrptw { problem })
}

fn scaled(number: i64) -> Time {
    number as Time * SCALE
}

fn number(item: &str, text: &str) -> Result<i64, Fault> {
    let number: f64 = text.parse().map_err(|_| Fault::new(item, format!("{text} is not a number")))?;
    // The fraction of what is not a number is not nought either.
    if number.fract() != 0.0 {
        return Err(Fault::new(item, format!("{text} is not a whole number")));
    }
    let whole = number as i64;
    if whole < 0 {
        return Err(Fault::new(item, format!("{text} is negative")));
    }
    if whole > NUMBER_MAX {
        return Err(Fault::new(item, format!("{text} is too large")));
    }
    Ok(whole)
}

impl Sections {
    fn of(text: &str) -> Result<Sections, Fault> {
        let mut file = Sections::default();
        let mut section: Option<String> = None;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "EOF") {
            if line.ends_with("_SECTION") {
                section = Some(line.to_owned());
                file.sections.entry(line.to_owned()).or_default();
            } else if let Some((key, value)) = line.split_once(':') {
                file.header.insert(key.trim().to_owned(), value.trim().to_owned());
            } else if let Some(name) = section.as_ref().filter(|name| *name != "DEPOT_SECTION") {
                file.entry(name, line)?;
            }
        }
        Ok(file)
    }

    fn entry(&mut self, section: &str, line: &str) -> Result<(), Fault> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let item = format!("{section} {}", words[0]);
        let numbers: Vec<i64> = words.iter().map(|word| number(&item, word)).collect::<Result<_, Fault>>()?;
        let nodes = self.sections.entry(section.to_owned()).or_default();
        match nodes.insert(numbers[0], numbers[1..].to_vec()) {
            None => Ok(()),
            Some(_) => Err(Fault::new(item, "it is there twice")),
        }
    }

    fn number(&self, key: &str) -> Result<i64, Fault> {
        let text = self.header.get(key).ok_or_else(|| Fault::new(key, "it is missing"))?;
        number(key, text)
    }

    /// A section in which each node has at least so many numbers.
    fn section(&self, name: &str, numbers: usize) -> Result<&BTreeMap<i64, Vec<i64>>, Fault> {
        let section = self.sections.get(name).ok_or_else(|| Fault::new(name, "it is missing"))?;
        match section.iter().find(|(_, found)| found.len() < numbers) {
            None => Ok(section),
            Some((node, _)) => Err(Fault::new(format!("{name} {node}"), "a number is missing")),
        }
    }

    fn at(&self, name: &str, node: i64, numbers: usize) -> Result<&[i64], Fault> {
        let found = self.section(name, numbers)?.get(&node);
        found.map(Vec::as_slice).ok_or_else(|| Fault::new(format!("{name} {node}"), "it is missing"))
    }

    fn window(&self, node: i64) -> Result<Window, Fault> {
        let numbers = self.at("TIME_WINDOW_SECTION", node, 2)?;
        Ok(Window { from: scaled(numbers[0]), to: scaled(numbers[1]) })
    }
}

fn distances(points: &[(i64, i64)]) -> Matrix {
    let distance = |from: &(i64, i64), to: &(i64, i64)| {
        let (x, y) = (from.0 - to.0, from.1 - to.1);
        (100 * (x * x + y * y)).isqrt() as Time
    };
    let ticks = points.iter().flat_map(|from| points.iter().map(move |to| distance(from, to)));
    Matrix { size: points.len(), ticks: ticks.collect() }
}

impl Benchmark for Vrptw {
    fn problem(&self) -> &Problem {
        &self.problem
    }

    fn score(&self, plan: &Plan) -> Score {
        let parts = plan.cost.components;
        let distance = parts.travel as f64 / f64::from(SCALE);
        let routes = plan.routes.iter().filter(|route| !route.stops.is_empty()).count();
        Score {
            cost: (parts.unserved_mandatory == 0).then_some(distance),
            components: vec![
                ("distance", distance),
                ("routes", routes as f64),
                ("unserved", parts.unserved_mandatory as f64),
            ],
            travel: distance,
        }
    }

    /// Customers are numbered from 1; customer c is node c + 1.
    fn solution(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let customers = |stops: &[crate::dispatch::solver::Stop]| {
            stops.iter().map(|stop| stop.visit + 1).collect::<Vec<usize>>()
        };
        let routes: Vec<Vec<usize>> = plan
            .routes
            .iter()
            .map(|route| customers(&route.stops))
            .filter(|route| !route.is_empty())
            .collect();
        let mut text = String::new();
        for (index, route) in routes.iter().enumerate() {
            let words: Vec<String> = route.iter().map(ToString::to_string).collect();
            let _ = writeln!(text, "Route #{}: {}", index + 1, words.join(" "));
        }
        let cost = plan.cost.components.travel as f64 / f64::from(SCALE);
        let _ = writeln!(text, "Cost {cost:.1}");
        vec![("json", json!({ "routes": routes, "cost": cost }).to_string()), ("sol", text)]
    }
}
