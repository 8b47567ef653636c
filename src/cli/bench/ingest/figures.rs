//! What the measurement says, and what it should say.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::per_second;
use crate::cli::bench::report::{Machine, ServerReport};
use crate::devices::simulator::load::Mark;

#[derive(Clone, Debug, Serialize)]
pub struct IngestReport {
    pub machine: Machine,
    pub server: ServerReport,
    /// Readings in a message.
    pub samples: u32,
    /// Devices that send at once.
    pub connections: u32,
    pub figures: Vec<Figure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    pub aim: Option<Aim>,
}

impl Figure {
    pub fn new(name: &str, value: f64, unit: &'static str, aim: Option<Aim>) -> Figure {
        Figure { name: name.to_owned(), value, unit, aim }
    }

    fn is_missed(&self) -> bool {
        match self.aim {
            Some(Aim::AtLeast(least)) => self.value < least,
            Some(Aim::AtMost(most)) => self.value > most,
            None => false,
        }
    }
}

/// The rate over all, of each part between two marks, and how it changes with each million rows in the log.
pub fn rates(how: &str, marks: &[Mark], aim: Option<Aim>) -> Vec<Figure> {
    let Some((rows, taken)) = marks.last() else { return Vec::new() };
    let mut figures = vec![Figure::new(&format!("{how}, all"), per_second(*rows, *taken), "rows/s", aim)];
    // Millions of rows in the log, and the rate up to there.
    let mut parts: Vec<(f64, f64)> = Vec::new();
    let mut before: Mark = (0, Duration::ZERO);
    for mark in marks {
        let rate = per_second(mark.0 - before.0, mark.1.saturating_sub(before.1));
        parts.push((mark.0 as f64 / 1e6, rate));
        figures.push(Figure::new(&format!("{how}, up to {} rows", mark.0), rate, "rows/s", None));
        before = *mark;
    }
    let slope = slope(&parts).round();
    figures.push(Figure::new(&format!("{how}, change with each million"), slope, "rows/s", None));
    figures
}

/// The straight line through the points that lies nearest to them; 0 for fewer than two.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|point| point.0), mean(|point| point.1));
    let along: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    if spread > 0.0 { along / spread } else { 0.0 }
}

impl fmt::Display for IngestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { cores, processor, kernel, program, build } = &self.machine;
        writeln!(f, "{cores} cores, {processor}, Linux {kernel}, songhe {program}, {build} build")?;
        let ServerReport { database, database_version, idle_memory_mb, loaded_memory_mb, .. } = &self.server;
        writeln!(
            f,
            "{database} ({database_version}): memory {idle_memory_mb:.1} MB idle, {loaded_memory_mb:.1} MB after"
        )?;
        writeln!(f, "{} devices at once, {} readings a message\n", self.connections, self.samples)?;
        write!(f, "{:<52}{:>12} {:<8}{:>12}", "figure", "value", "unit", "aim")?;
        for figure in &self.figures {
            let aim = match figure.aim {
                Some(Aim::AtLeast(least)) => format!(">= {least}"),
                Some(Aim::AtMost(most)) => format!("<= {most}"),
                None => String::new(),
            };
            let missed = if figure.is_missed() { "  missed" } else { "" };
            write!(f, "\n{:<52}{:>12.1} {:<8}{aim:>12}{missed}", figure.name, figure.value, figure.unit)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_of_each_part_and_its_change_follow_from_the_marks() {
        let seconds = Duration::from_secs;
        let marks = [(1_000_000, seconds(10)), (2_000_000, seconds(30)), (3_000_000, seconds(70))];
        let figures = rates("x", &marks, Some(Aim::AtLeast(50_000.0)));
        let values: Vec<f64> = figures.iter().map(|figure| figure.value).collect();
        assert_eq!(values, [42_857.0, 100_000.0, 50_000.0, 25_000.0, -37_500.0]);
        assert!(figures[0].is_missed() && !figures[1].is_missed());
        assert!(rates("x", &[], None).is_empty());
    }

    #[test]
    fn a_figure_above_what_it_may_be_is_missed() {
        let figure = |value| Figure::new("memory", value, "MB", Some(Aim::AtMost(300.0)));
        assert!(figure(300.1).is_missed() && !figure(300.0).is_missed());
    }
}
