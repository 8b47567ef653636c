//! One line for each instance, for people or for scripts.

use serde_json::{Map, Value, json};

use super::Score;
use super::best::Best;

pub struct Row {
    pub instance: String,
    pub score: Score,
    pub visits: usize,
    pub visits_served: usize,
    pub best: Best,
    /// Spent planning.
    pub seconds: f64,
    pub iterations: u64,
}

pub fn head() -> String {
    line([
        "instance",
        "cost",
        "best known",
        "gap %",
        "visits",
        "travel",
        "seconds",
        "iterations",
        "components",
    ])
}

impl Row {
    fn gap_percent(&self) -> Option<f64> {
        self.best.gap_percent(self.score.cost?)
    }

    /// Under the heads of [`head`]. Components that are nought are left out.
    pub fn line(&self) -> String {
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let known = match (self.best.known, self.best.annealing) {
            (Some(known), Some(annealing)) => format!("{known} ({annealing})"),
            (known, _) => number(known),
        };
        let parts = self.score.components.iter().filter(|(_, value)| *value != 0.0);
        let parts: Vec<String> = parts.map(|(name, value)| format!("{name} {value}")).collect();
        let gap = self.gap_percent().map_or_else(|| "-".to_owned(), |gap| format!("{gap:.2}"));
        line([
            &self.instance,
            &number(self.score.cost),
            &known,
            &gap,
            &format!("{}/{}", self.visits_served, self.visits),
            &self.score.travel.to_string(),
            &format!("{:.1}", self.seconds),
            &self.iterations.to_string(),
            &parts.join(", "),
        ])
    }

    pub fn json(&self) -> String {
        let parts = self.score.components.iter().map(|(name, value)| ((*name).to_owned(), value_of(*value)));
        let components: Map<String, Value> = parts.collect();
        let mut row = json!({
            "instance": self.instance,
            "cost": self.score.cost.map(value_of),
            "components": components,
            "visits": self.visits,
            "visits_served": self.visits_served,
            "travel_s": value_of(self.score.travel),
            "best_known": self.best.known.map(value_of),
            "gap_percent": self.gap_percent(),
            "seconds": (self.seconds * 1e3).round() / 1e3,
            "iterations": self.iterations,
        });
        if let Some(annealing) = self.best.annealing {
            row["published_sa"] = value_of(annealing);
        }
        row.to_string()
    }
}

/// Whole numbers without decimals.
fn value_of(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 { json!(number as i64) } else { json!(number) }
}

fn line(cells: [&str; 9]) -> String {
    let [instance, cost, known, gap, visits, travel, seconds, iterations, parts] = cells;
    let start = format!("{instance:<24}{cost:>12}{known:>20}{gap:>9}{visits:>12}");
    format!("{start}{travel:>12}{seconds:>9}{iterations:>12}  {parts}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            instance: "i-1".to_owned(),
            score: Score {
                cost: Some(101.5),
                components: vec![("travel_time", 60.0), ("waits", 0.0)],
                travel: 3_600.0,
            },
            visits: 10,
            visits_served: 9,
            best: Best { known: Some(100.0), annealing: Some(102.0) },
            seconds: 1.234_56,
            iterations: 77,
        }
    }

    #[test]
    fn people_read_columns() {
        let (head, line) = (head(), row().line());
        for (name, cell) in [
            ("cost", "101.5"),
            ("best known", "100 (102)"),
            ("gap %", &format!("{:.2}", 1.5)),
            ("visits", "9/10"),
        ] {
            let end = |text: &str, what: &str| text.find(what).map(|at| at + what.len());
            assert_eq!(end(&head, name), end(&line, cell), "{name}");
        }
        assert!(line.ends_with("travel_time 60"), "{line}");
    }

    #[test]
    fn scripts_read_objects() {
        let value: Value = serde_json::from_str(&row().json()).unwrap();
        let expected = json!({
            "instance": "i-1", "cost": 101.5, "components": {"travel_time": 60, "waits": 0}, "visits": 10,
            "visits_served": 9, "travel_s": 3600, "best_known": 100, "published_sa": 102, "gap_percent": 1.5,
            "seconds": 1.235, "iterations": 77,
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn a_plan_without_a_cost_has_no_gap() {
        let mut row = row();
        row.score.cost = None;
        let value: Value = serde_json::from_str(&row.json()).unwrap();
        assert!(value["cost"].is_null() && value["gap_percent"].is_null());
        assert!(row.line().contains(" -  "));
    }
}
