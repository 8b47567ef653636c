//! Charts drawn as SVG from numbers: a band from lowest to highest, the line of means, limits, and gaps that stay gaps. The text
//! beside them is the page's, so that it stays legible at any width; the same numbers stand in a table below.

use std::fmt::Write as _;

use super::table::TableView;

/// Width and height of the drawing's own units; it is stretched to its place.
const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 400.0;
/// Lines across, at most.
const TICKS_MAX: f64 = 5.0;
/// Marks below, from the first to the last.
pub const MARKS: usize = 5;

/// Charts of a page under one heading, and the spans of time to choose from.
#[derive(Default)]
pub struct ChartsView {
    pub heading: String,
    pub tabs: Vec<Tab>,
    pub note: Option<String>,
    /// Said where there is nothing to draw.
    pub empty: String,
    pub charts: Vec<ChartView>,
}

pub struct Tab {
    pub label: String,
    pub href: String,
    pub current: bool,
}

#[derive(Default)]
pub struct ChartView {
    pub heading: String,
    /// What the drawing says, for whoever does not see it.
    pub summary: String,
    pub unit: String,
    /// From the top down; none for a strip.
    pub values: Vec<String>,
    /// From the first instant to the last.
    pub marks: Vec<String>,
    pub is_strip: bool,
    /// In drawing order.
    pub shapes: Vec<Shape>,
    /// What the shapes mean: class of the shape, text.
    pub key: Vec<(&'static str, String)>,
    pub table_label: String,
    pub table: TableView,
}

/// A path of the drawing; the class says what it is.
pub struct Shape {
    pub class: &'static str,
    pub path: String,
}

impl Shape {
    pub fn new(class: &'static str, path: String) -> Shape {
        Shape { class, path }
    }
}

/// What was measured in a span of time, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    pub from_s: i64,
    pub to_s: i64,
    pub lowest: f64,
    pub highest: f64,
    pub mean: f64,
}

/// The time across.
#[derive(Clone, Copy, Debug)]
pub struct Across {
    pub from_s: i64,
    pub to_s: i64,
}

impl Across {
    fn x(self, at_s: i64) -> f64 {
        let length = (self.to_s - self.from_s).max(1) as f64;
        ((at_s - self.from_s) as f64 * WIDTH / length).clamp(0.0, WIDTH)
    }

    /// The instants of the marks below.
    pub fn marks(self) -> Vec<i64> {
        let last = MARKS as i64 - 1;
        (0..=last).map(|mark| self.from_s + (self.to_s - self.from_s) * mark / last).collect()
    }
}

/// The values upwards: round numbers around all that is to be seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Upwards {
    low: f64,
    high: f64,
    step: f64,
}

impl Upwards {
    pub fn over(values: impl IntoIterator<Item = f64>) -> Upwards {
        let ends = values.into_iter().filter(|value| value.is_finite()).fold(None, |ends, value| {
            let (low, high): (f64, f64) = ends.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        let (mut low, mut high) = ends.unwrap_or((0.0, 1.0));
        if high - low < 1e-9 {
            (low, high) = (low - 1.0, high + 1.0);
        }
        let step = round_step((high - low) / TICKS_MAX);
        Upwards { low: (low / step).floor() * step, high: (high / step).ceil() * step, step }
    }

    fn y(self, value: f64) -> f64 {
        (HEIGHT - (value - self.low) * HEIGHT / (self.high - self.low)).clamp(0.0, HEIGHT)
    }

    /// The round values from the top down.
    pub fn ticks(self) -> Vec<f64> {
        let count = ((self.high - self.low) / self.step).round() as usize;
        (0..=count).rev().map(|tick| self.low + tick as f64 * self.step).collect()
    }

    /// The same as they are read.
    pub fn labels(self) -> Vec<String> {
        let decimals = (-self.step.log10().floor()).clamp(0.0, 6.0) as usize;
        let plain = |value: f64| if value == 0.0 { 0.0 } else { value };
        self.ticks().into_iter().map(|value| format!("{:.decimals$}", plain(value))).collect()
    }

    /// A line across at each tick.
    pub fn grid(self) -> String {
        self.ticks().into_iter().map(|value| self.rule(value)).collect()
    }

    /// A line across at a value.
    pub fn rule(self, value: f64) -> String {
        format!("M0 {:.1}H{WIDTH}", self.y(value))
    }

    /// Whether a value is within what is seen.
    pub fn shows(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// The next of 1, 2, 5 and their tens.
fn round_step(least: f64) -> f64 {
    let tens = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    steps.into_iter().map(|step| step * tens).find(|step| *step >= least * 0.999_999).unwrap_or(10.0 * tens)
}

/// Measures that follow each other without a gap. In seconds, the longest pause that is none.
fn runs(measures: &[Measure], pause_s: i64) -> impl Iterator<Item = &[Measure]> {
    measures.chunk_by(move |one, next| next.from_s - one.to_s <= pause_s)
}

/// From lowest to highest.
pub fn band(across: Across, upwards: Upwards, measures: &[Measure], pause_s: i64) -> String {
    let mut path = String::new();
    for run in runs(measures, pause_s) {
        let corner = |at: f64, value: f64| format!("{at:.1} {:.1}", upwards.y(value));
        let mut corners = Vec::new();
        if let [one] = run {
            let (from, to) = (across.x(one.from_s), across.x(one.to_s));
            corners.extend([corner(from, one.highest), corner(to, one.highest)]);
            corners.extend([corner(to, one.lowest), corner(from, one.lowest)]);
        } else {
            let middle = |one: &Measure| across.x(i64::midpoint(one.from_s, one.to_s));
            corners.extend(run.iter().map(|one| corner(middle(one), one.highest)));
            corners.extend(run.iter().rev().map(|one| corner(middle(one), one.lowest)));
        }
        let _ = write!(path, "M{}Z", corners.join("L"));
    }
    path
}

/// Through the means; a measure that stands alone is as long as its span.
pub fn line(across: Across, upwards: Upwards, measures: &[Measure], pause_s: i64) -> String {
    let mut path = String::new();
    for run in runs(measures, pause_s) {
        if let [one] = run {
            let (from, to, y) = (across.x(one.from_s), across.x(one.to_s), upwards.y(one.mean));
            let _ = write!(path, "M{from:.1} {y:.1}H{to:.1}");
            continue;
        }
        let points = run.iter().map(|one| {
            let at = across.x(i64::midpoint(one.from_s, one.to_s));
            format!("{at:.1} {:.1}", upwards.y(one.mean))
        });
        let _ = write!(path, "M{}", points.collect::<Vec<_>>().join("L"));
    }
    path
}

/// A mark at each of some points: instant and value. The line's cap gives its shape.
pub fn points(across: Across, upwards: Upwards, points: impl IntoIterator<Item = (i64, f64)>) -> String {
    points.into_iter().fold(String::new(), |mut path, (at, value)| {
        let _ = write!(path, "M{:.1} {:.1}h0.01", across.x(at), upwards.y(value));
        path
    })
}

/// The spans of a switch, as pieces of a strip.
pub fn strip(across: Across, spans: impl IntoIterator<Item = (i64, i64)>) -> String {
    spans.into_iter().fold(String::new(), |mut path, (from, to)| {
        let _ = write!(path, "M{:.1} 0H{:.1}V{HEIGHT}H{:.1}Z", across.x(from), across.x(to), across.x(from));
        path
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Across = Across { from_s: 0, to_s: 1_000 };

    fn measure(from_s: i64, mean: f64) -> Measure {
        Measure { from_s, to_s: from_s + 100, lowest: mean - 10.0, highest: mean + 10.0, mean }
    }

    #[test]
    fn the_scale_is_of_round_numbers_around_all_values() {
        for (values, labels) in [
            (vec![0.0, 100.0], "100 80 60 40 20 0"),
            (vec![36.4, 38.1], "38.5 38.0 37.5 37.0 36.5 36.0"),
            (vec![-3.0, 4.0], "4 2 0 -2 -4"),
            (vec![70.0], "71.0 70.5 70.0 69.5 69.0"),
            (vec![], "1.0 0.8 0.6 0.4 0.2 0.0"),
        ] {
            assert_eq!(Upwards::over(values.clone()).labels().join(" "), labels, "{values:?}");
        }
    }

    #[test]
    fn a_gap_stays_a_gap() {
        let upwards = Upwards::over([0.0, 100.0]);
        let measures = [measure(0, 50.0), measure(100, 60.0), measure(600, 20.0)];
        assert_eq!(line(DAY, upwards, &measures, 50), "M50.0 200.0L150.0 160.0M600.0 320.0H700.0");
        let band = band(DAY, upwards, &measures, 50);
        assert_eq!(band.matches('M').count(), 2);
        assert!(band.ends_with("M600.0 280.0L700.0 280.0L700.0 360.0L600.0 360.0Z"), "{band}");
        assert_eq!(line(DAY, upwards, &measures, 400).matches('M').count(), 1);
        assert_eq!(line(DAY, upwards, &[], 50), "");
    }

    #[test]
    fn nothing_is_drawn_outside() {
        let upwards = Upwards::over([0.0, 100.0]);
        assert_eq!(points(DAY, upwards, [(-50, 150.0), (2_000, -9.0)]), "M0.0 0.0h0.01M1000.0 400.0h0.01");
        assert_eq!(strip(DAY, [(900, 1_100)]), "M900.0 0H1000.0V400H900.0Z");
        assert_eq!(upwards.rule(25.0), "M0 300.0H1000");
        assert!(upwards.shows(100.0) && !upwards.shows(100.1));
        assert_eq!(DAY.marks(), [0, 250, 500, 750, 1_000]);
    }
}
