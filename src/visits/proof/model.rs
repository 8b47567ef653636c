//! From evidence to a strength with reasons. Pure: what is not in [`Evidence`] does not count.

mod place;
mod rules;
#[cfg(test)]
mod tests;

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use crate::elders::cards::CodeFound;
use crate::text::Lang;
use crate::visits::settings::Setting;

pub use place::Point;
pub use rules::assess;

crate::text_enum! {
    pub enum Strength {
        Strong = "strong",
        Fair = "fair",
        Weak = "weak",
        Contradictory = "contradictory",
    }
}

crate::text_enum! {
    /// What one finding is about; also the causes of exceptions.
    pub enum Element {
        Place = "place",
        Leaving = "leaving",
        Time = "time",
        Duration = "duration",
        Code = "code",
        Signature = "signature",
        Photo = "photo",
        Travel = "travel",
        Clock = "clock",
        Sequence = "sequence",
        Source = "source",
        Missing = "missing",
    }
}

crate::text_enum! {
    /// What one finding says for the proof, from the best to the worst.
    pub enum Verdict {
        Good = "good",
        /// Not given, and not needed.
        Open = "open",
        Fair = "fair",
        Weak = "weak",
        Contradictory = "contradictory",
    }
}

/// One reason: text key `proof.KEY` with values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub element: Element,
    pub verdict: Verdict,
    pub key: String,
    pub values: Vec<(String, String)>,
}

impl Finding {
    /// In words; a value that starts with `@` is itself a key.
    pub fn text(&self, lang: Lang) -> String {
        let shown: Vec<(&str, String)> = self
            .values
            .iter()
            .map(|(name, value)| match value.strip_prefix('@') {
                Some(key) => (name.as_str(), lang.t(key).into_owned()),
                None => (name.as_str(), value.clone()),
            })
            .collect();
        let arguments: Vec<(&str, &str)> =
            shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        lang.fill(&format!("proof.{}", self.key), &arguments)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    pub strength: Strength,
    pub findings: Vec<Finding>,
}

impl Assessment {
    /// What somebody has to look at, the worst first.
    pub fn causes(&self) -> Vec<Element> {
        let mut causes = Vec::new();
        for verdict in [Verdict::Contradictory, Verdict::Weak] {
            for finding in self.findings.iter().filter(|finding| finding.verdict == verdict) {
                if !causes.contains(&finding.element) {
                    causes.push(finding.element);
                }
            }
        }
        causes
    }
}

/// The figures that an office can change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    pub fence_m: f64,
    /// A fix that is vaguer than this says little.
    pub accuracy_max_m: f64,
    /// So much before the window or after it is no matter.
    pub early_min: i64,
    pub duration_fair_percent: i64,
    pub duration_weak_percent: i64,
    pub speed_max_km_h: f64,
    pub clock_max_s: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            fence_m: Setting::FenceM.plain() as f64,
            accuracy_max_m: Setting::AccuracyMaxM.plain() as f64,
            early_min: Setting::EarlyMin.plain(),
            duration_fair_percent: Setting::DurationFairPercent.plain(),
            duration_weak_percent: Setting::DurationWeakPercent.plain(),
            speed_max_km_h: Setting::SpeedMaxKmH.plain() as f64,
            clock_max_s: Setting::ClockMaxS.plain(),
        }
    }
}

/// One report: of arriving, leaving, or finding nobody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Place and accuracy.
    pub position: Option<(Point, f64)>,
    /// Name of why there is none.
    pub no_position: Option<&'static str>,
    /// What the code of the card at the door was found to be.
    pub code: Option<CodeFound>,
    /// The phone's clock was so far ahead.
    pub clock_off_ms: i64,
    pub clock_jumped: bool,
}

/// Another visit of the same caregiver, just before or after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    pub arrived_at: NaiveDateTime,
    pub ended_at: Option<NaiveDateTime>,
    pub home: Point,
}

/// All that is known of a visit.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    pub window: (NaiveDateTime, NaiveDateTime),
    pub duration_min: i64,
    pub has_caregiver: bool,
    pub is_done: bool,
    pub home: Option<Point>,
    pub arrived_at: Option<NaiveDateTime>,
    pub ended_at: Option<NaiveDateTime>,
    pub arrive: Option<Report>,
    pub finish: Option<Report>,
    pub has_photo: bool,
    pub photo_is_repeated: bool,
    pub has_signature: bool,
    pub before: Option<Neighbour>,
    pub after: Option<Neighbour>,
    /// Names of steps that the visit's course does not allow.
    pub kept: Vec<&'static str>,
}
