//! Costs that others have published.

use std::path::Path;

/// From `best_known.csv` in the instance's folder; None where it says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Best {
    pub known: Option<f64>,
    /// Of the published simulated annealing (uhhc only).
    pub annealing: Option<f64>,
}

const KNOWN: [&str; 3] = ["best_known_cost", "best_published", "best_known_distance"];

impl Best {
    pub fn beside(file: &Path, instance: &str) -> Best {
        let folder = file.parent().unwrap_or(Path::new(""));
        std::fs::read_to_string(folder.join("best_known.csv"))
            .map(|text| Best::of(&text, instance))
            .unwrap_or_default()
    }

    fn of(text: &str, instance: &str) -> Best {
        let mut lines = text.lines().map(|line| line.split(',').map(str::trim).collect::<Vec<_>>());
        let heads = lines.next().unwrap_or_default();
        let column = |name: &str| heads.iter().position(|head| *head == name);
        let Some(names) = column("instance") else { return Best::default() };
        let Some(cells) = lines.find(|cells| cells.get(names) == Some(&instance)) else {
            return Best::default();
        };
        let value = |name: &str| cells.get(column(name)?)?.parse::<f64>().ok();
        Best { known: KNOWN.iter().find_map(|name| value(name)), annealing: value("published_sa") }
    }

    /// How much a cost is above the best known, in percent.
    pub fn gap_percent(self, cost: f64) -> Option<f64> {
        let known = self.known.filter(|known| *known > 0.0)?;
        Some(((cost / known - 1.0) * 1e5).round() / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_shapes_are_read() {
        let of = |text: &str| Best::of(text, "b");
        let best = |known, annealing| Best { known, annealing };
        assert_eq!(of("instance,best_known_cost\na,1\nb,2.5\n"), best(Some(2.5), None));
        assert_eq!(of("instance,published_sa,best_published\nb,7,6\n"), best(Some(6.0), Some(7.0)));
        assert_eq!(
            of("set,instance,best_known_distance,routes\r\nS,b,827.3,10\r\n"),
            best(Some(827.3), None)
        );
        assert_eq!(of("instance,best_known_cost\nbb,2\n"), Best::default());
        assert_eq!(of(""), Best::default());
    }

    #[test]
    fn the_gap_is_in_percent() {
        let best = Best { known: Some(200.0), annealing: None };
        assert_eq!(best.gap_percent(201.0), Some(0.5));
        assert_eq!(best.gap_percent(199.0), Some(-0.5));
        assert_eq!(Best::default().gap_percent(1.0), None);
    }
}
