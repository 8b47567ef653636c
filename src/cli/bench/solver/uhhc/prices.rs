//! What an instance charges for.

use std::collections::BTreeMap;

use crate::cli::bench::solver::Fault;
use crate::cli::bench::solver::json::Node;
use crate::dispatch::solver::{Time, Weights};

/// An unserved mandatory service costs more than the rest of any plan worth having.
const UNSERVED: i64 = 1_000_000_000;
/// Larger weights are typing errors, and would not be smaller than an unserved service.
const WEIGHT_MAX: f64 = 1e6;

/// Components that the model has.
const KNOWN: [&str; 9] = [
    "travel_time",
    "total_tardiness",
    "highest_tardiness",
    "total_waiting_time",
    "total_extra_time",
    "max_idle_time",
    "caregiver_preferences",
    "optional_patients",
    "missed_lunch_break",
];
/// Components that no plan of ours ever has a value of.
const NEVER: [&str; 2] = ["qualification", "incompabilities"];

#[derive(Debug)]
pub struct Prices {
    weights: BTreeMap<&'static str, i64>,
    pub hard_tardiness: bool,
    pub hard_overtime: bool,
    pub hard_preferences: bool,
    pub hard_patients: bool,
    pub hard_lunch: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Price {
    Absent,
    Hard,
    Soft(i64),
}

impl Prices {
    pub fn of(metadata: &Node<'_>, caregivers: &[Node<'_>]) -> Result<Prices, Fault> {
        let components = metadata.get("cost_components")?;
        let object = components.value.as_object().ok_or_else(|| components.fault("it is not an object"))?;
        for name in object.keys() {
            let is_free = matches!(price(&components, name)?, Price::Absent | Price::Soft(0));
            let is_never = NEVER.contains(&name.as_str()) && price(&components, name)? == Price::Hard;
            if !KNOWN.contains(&name.as_str()) && !is_free && !is_never {
                return Err(components.fault(format!("\"{name}\" has a weight, but cannot be planned for")));
            }
        }
        let mut weights = BTreeMap::new();
        let mut hard = Vec::new();
        for name in KNOWN {
            match price(&components, name)? {
                Price::Absent if is_hard_if_absent(name) => hard.push(name),
                Price::Absent => {}
                Price::Hard if ["travel_time", "total_waiting_time", "max_idle_time"].contains(&name) => {
                    return Err(components.fault(format!("\"{name}\" is HARD, which cannot be planned for")));
                }
                Price::Hard => hard.push(name),
                Price::Soft(weight) => {
                    weights.insert(name, weight);
                }
            }
        }
        let is_hard = |name: &str| hard.contains(&name);
        let prices = Prices {
            hard_tardiness: is_hard("total_tardiness") || is_hard("highest_tardiness"),
            hard_overtime: is_hard("total_extra_time"),
            hard_preferences: is_hard("caregiver_preferences"),
            hard_patients: is_hard("optional_patients"),
            hard_lunch: is_hard("missed_lunch_break"),
            weights,
        };
        prices.refuse_unlike(metadata, caregivers)?;
        Ok(prices)
    }

    /// Families in which waiting or idle time means something else than in the model.
    fn refuse_unlike(&self, metadata: &Node<'_>, caregivers: &[Node<'_>]) -> Result<(), Fault> {
        let (waiting, idle) = (self.weight("total_waiting_time"), self.weight("max_idle_time"));
        if let Some(origin) = metadata.find("origin") {
            let leaves_at_once = ["bazirha", "bazirha-caie"].contains(&origin.text()?);
            if leaves_at_once && (waiting > 0 || idle > 0) {
                return Err(origin.fault("departures at the start of the shift cannot be planned for"));
            }
        }
        match caregivers.iter().find(|caregiver| caregiver.find("working_shift").is_none()) {
            Some(free) if idle > 0 => Err(free.fault("it has no working_shift to be idle in")),
            _ => Ok(()),
        }
    }

    /// Nought for what is HARD or not charged for.
    pub fn weight(&self, name: &str) -> i64 {
        self.weights.get(name).copied().unwrap_or(0)
    }

    /// What is counted in ticks costs its weight; what is counted in pieces costs as many ticks as are in a unit.
    pub fn weights(&self, scale: Time) -> Weights {
        let pieces = |name| self.weight(name) * i64::from(scale);
        Weights {
            unserved_mandatory: UNSERVED * i64::from(scale),
            unserved: pieces("optional_patients"),
            lateness: self.weight("total_tardiness"),
            lateness_max: self.weight("highest_tardiness"),
            overtime: self.weight("total_extra_time"),
            missed_rests: pieces("missed_lunch_break"),
            continuity: pieces("caregiver_preferences"),
            wishes: pieces("caregiver_preferences"),
            idle_max: self.weight("max_idle_time"),
            waiting: self.weight("total_waiting_time"),
            travel: self.weight("travel_time"),
            ..Weights::NONE
        }
    }
}

fn is_hard_if_absent(name: &str) -> bool {
    ["caregiver_preferences", "optional_patients", "missed_lunch_break"].contains(&name)
}

fn price(components: &Node<'_>, name: &str) -> Result<Price, Fault> {
    let Some(node) = components.find(name) else { return Ok(Price::Absent) };
    if node.value.as_str() == Some("HARD") {
        return Ok(Price::Hard);
    }
    let number = node.value.as_f64().ok_or_else(|| node.fault("it is neither a number nor HARD"))?;
    if number < 0.0 {
        return Err(node.fault(format!("{number} is negative")));
    }
    if number.fract() != 0.0 || number > WEIGHT_MAX {
        return Err(node.fault(format!("{number} is not a whole number up to {WEIGHT_MAX}")));
    }
    Ok(Price::Soft(number as i64))
}
